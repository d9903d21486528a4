//! Why something cannot be imported. No message repeats a value of the file: nobody has redacted it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::limits;

/// Why a file cannot be imported.
#[derive(Debug, Error)]
pub enum ImportError {
    /// There is no such file.
    #[error("{} does not exist: check the name", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a device or the like.
    #[error("{} is not a regular file: name a file, or - for standard input", path.display())]
    NotAFile {
        /// What it is not.
        path: PathBuf,
    },
    /// It cannot be opened or read.
    #[error("cannot read {}: check its permissions", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content cannot be imported.
    #[error("{} cannot be imported", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ContentError,
    },
}

impl ImportError {
    pub(super) fn of(path: &Path, source: ContentError) -> Self {
        let path = path.to_owned();
        match source {
            ContentError::Read(source) => Self::Open { path, source },
            source => Self::Content { path, source },
        }
    }
}

/// Why content cannot be imported.
#[derive(Debug, Error)]
pub enum ContentError {
    /// It cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
    /// Nothing is in it.
    #[error("it is empty: export it again")]
    Empty,
    /// It is an archive.
    #[error("it is a {kind} file: unpack it first, and name what is in it")]
    Packed {
        /// gzip, zip and so on.
        kind: &'static str,
    },
    /// It is text in another encoding.
    #[error("it is UTF-16 or binary: save it as UTF-8 text")]
    Encoding,
    /// It is nothing that is known here.
    #[error("{hint}")]
    Unknown {
        /// What it is instead, or what to do.
        hint: &'static str,
    },
    /// It is larger than what is read.
    #[error(
        "it has {bytes} bytes, and at most {limit} are read: export fewer requests, or leave the answers' content out"
    )]
    TooLarge {
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
    /// One request takes too much, or the file goes on without any.
    #[error(
        "{place} is longer than {} MiB: export without the answers' content, or only the requests to the API", limits::LONGEST_ENTRY >> 20
    )]
    TooLong {
        /// Where.
        place: String,
    },
    /// There are more than what is read.
    #[error("{place}: more than {limit} {what}: export only the requests to the API")]
    TooMany {
        /// Where.
        place: String,
        /// Of what.
        what: &'static str,
        /// How many are read.
        limit: usize,
    },
    /// It is not JSON, or a member is not what it should be.
    #[error("{place}, line {line}, column {column}: {reason}: export it again, or mend it there")]
    Json {
        /// Which part.
        place: String,
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A value cannot have been on the wire.
    #[error("{place}: {reason}: export it again, or take it out")]
    Value {
        /// Which request, and which part of it.
        place: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// It is a capture already.
    #[error("samewire wrote it: it needs no import, name it in `samewire diff` as it is")]
    Recorded,
    /// It tells of no request.
    #[error("it tells of no request: {hint}")]
    NoRequest {
        /// What to do.
        hint: &'static str,
    },
}

impl ContentError {
    /// A value at a place.
    pub(super) fn value(place: impl Into<String>, reason: &'static str) -> Self {
        Self::Value { place: place.into(), reason }
    }

    /// The same of an entry that its caller counts.
    pub(super) fn within(self, whole: &str) -> Self {
        match self {
            Self::Value { place, reason } => Self::Value { place: format!("{whole}, {place}"), reason },
            Self::TooMany { place, what, limit } => {
                Self::TooMany { place: format!("{whole}, {place}"), what, limit }
            }
            other => other,
        }
    }
}
