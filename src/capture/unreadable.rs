//! Why a file cannot be read as a capture.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::format::FORMAT;

/// Why a capture cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// There is no such file.
    #[error("{} does not exist: check the name", path.display())]
    NotFound {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder, a device or the like.
    #[error("{} is not a regular file: name a capture file", path.display())]
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
    /// It is larger than any capture that can be compared.
    #[error("{} is too large to read ({bytes} bytes, at most {limit}): record less, with --host or --body-limit", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: u64,
        /// The largest size.
        limit: u64,
    },
    /// Its content is not a capture.
    #[error("{} is not a capture that can be read", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ContentError,
    },
}

/// Why content is not a capture that can be read.
#[derive(Debug, Error)]
pub enum ContentError {
    /// It breaks off before the first entry.
    #[error("it breaks off at byte {offset}, before its first entry: nothing was recorded, record again")]
    BrokenOpening {
        /// Its length.
        offset: u64,
    },
    /// It is not JSON.
    #[error(
        "line {line}, column {column}: it is not JSON ({reason}): name a HAR file that samewire recorded"
    )]
    NotJson {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// It is JSON, but not a HAR.
    #[error("it is JSON but not a HAR ({reason}): name a HAR file that samewire recorded")]
    NotHar {
        /// What is wrong.
        reason: String,
    },
    /// It is a HAR of another program.
    #[error("it is a HAR, but samewire did not record it: record the run with `samewire record`")]
    NotRecorded,
    /// A newer samewire made it.
    #[error(
        "it was made by a newer samewire (format {format}, this one reads up to {FORMAT}): upgrade samewire"
    )]
    Newer {
        /// Its format.
        format: u32,
    },
    /// A member is not what the format says.
    #[error(
        "byte {offset}: {place} is malformed ({reason}): the file was changed by another program, record again"
    )]
    Malformed {
        /// Which part.
        place: String,
        /// Where the part begins.
        offset: u64,
        /// What is wrong with it.
        reason: String,
    },
}
