//! What people have reviewed: the project's file `samewire.toml`, with expected differences and names that may be shown.

mod find;
mod members;
mod read;

use std::path::PathBuf;

use thiserror::Error;

use crate::compare::Expectation;

pub use find::find;
pub use read::{parse, read};

/// The name of the file.
pub const FILE: &str = "samewire.toml";

/// What the file says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reviewed {
    /// Differences that are expected, in the order of the file.
    pub expected: Vec<Expectation>,
    /// Names of fields, parameters and members whose values may be shown.
    pub shown: Vec<String>,
}

/// Why a file cannot be used.
#[derive(Debug, Error)]
pub enum ExpectError {
    /// It cannot be read.
    #[error("cannot read {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no TOML, or says something that is not understood.
    #[error("{file}:{line}: {what}")]
    Content {
        /// The file, as the user knows it.
        file: String,
        /// The line, from 1.
        line: u32,
        /// What is wrong, and what is allowed.
        what: String,
    },
}
