//! Why a bundle cannot be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::capture;

use super::read::{LARGEST, MOST_FILES, RATIO, UNFOLDED};

/// Why a bundle cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// It cannot be opened or read.
    #[error("cannot read {}: check its name and permissions", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its content is not a bundle.
    #[error("{} is not a bundle that can be read", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Why.
        source: ContentError,
    },
}

/// Why content is not a bundle that can be read. Names of files in it are shown as far as they are harmless.
#[derive(Debug, Error)]
pub enum ContentError {
    /// It is larger than any bundle should be.
    #[error("it is too large ({bytes} bytes, at most {LARGEST}): ask for a bundle of fewer exchanges")]
    TooLarge {
        /// Its size.
        bytes: u64,
    },
    /// It is no zip archive, or a broken one.
    #[error("it is not a zip archive or is damaged ({why}): get it again")]
    NotZip {
        /// What is wrong.
        why: String,
    },
    /// It has more files than any bundle.
    #[error("it holds {files} files, and a bundle has at most {MOST_FILES}: it is another kind of archive")]
    TooMany {
        /// How many.
        files: usize,
    },
    /// It unfolds to more than a bundle may.
    #[error(
        "{name} unfolds to too much (at most {UNFOLDED} bytes in all, and {RATIO} for each that is stored): it is hostile or damaged, do not use it"
    )]
    Bomb {
        /// At which file.
        name: String,
    },
    /// A name in it leads out of it, is there twice or is no file's.
    #[error("it holds {name}, which no bundle does ({why}): it was not made by samewire, do not use it")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A file cannot be unfolded.
    #[error("{name} is damaged ({why}): get the bundle again")]
    Damaged {
        /// The file.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// A file that a bundle has is not there.
    #[error("{name} is missing: it is no bundle that samewire made, or a part of one")]
    Missing {
        /// The file.
        name: String,
    },
    /// The list of sums says another thing.
    #[error("{name} is not what SHA256SUMS says: it was changed after the bundle was made, ask for it again")]
    WrongSum {
        /// The file.
        name: String,
    },
    /// A newer samewire made it.
    #[error("it was made by a newer samewire ({schema}): upgrade samewire")]
    Newer {
        /// Its form.
        schema: String,
    },
    /// `bundle.json` is not what the form says.
    #[error("bundle.json is malformed ({why}): it was not made by samewire")]
    Manifest {
        /// What is wrong.
        why: String,
    },
    /// A capture in it cannot be read.
    #[error("{name} in it is not a capture that can be read")]
    Capture {
        /// The file.
        name: String,
        /// Why.
        source: capture::ContentError,
    },
}
