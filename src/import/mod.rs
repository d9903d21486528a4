//! What other programs recorded, to raw exchanges: HAR, the answers of Airbyte's Connector Builder, curl command lines.
//!
//! A file is hostile until proven otherwise: it is read twice, first to check all of it and to learn what it is, then to hand out its
//! requests one by one. Nothing of it is held longer than one request; sizes, counts and depths have limits (see `limits`), and an error
//! names the place and never repeats a value. What a source does not tell is said with each request ([`Lack`]).
//!
//! | part | what it knows |
//! |---|---|
//! | `source` | the file, or what came on standard input; what it is by its first bytes |
//! | `har` | HAR 1.1 and 1.2 of any program |
//! | `builder` | the Builder's test read, alone, in an Airbyte message, or from the manifest-server |
//! | `curl` | command lines as shells and browsers write them |
//! | `message`, `target` | method, URL and fields to the head of a message |

mod builder;
mod curl;
mod error;
mod har;
mod json;
mod limits;
mod message;
mod source;
mod target;

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use crate::model::{Lack, Side, SourceFormat};
use crate::redact::{Output, RawExchange};

pub use error::{ContentError, ImportError};
pub use source::Source;

/// What a first reading tells of a source.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// The program that wrote it, and its version.
    pub program: Option<String>,
    /// It is one of those that are known, so that its name is no secret.
    pub is_known_program: bool,
    /// What it does not tell.
    pub lacks: BTreeSet<Lack>,
    /// Its requests that were on the wire.
    pub exchanges: u32,
    /// Those that were not: answers from a cache, `data:` URLs.
    pub skipped: u32,
    /// When the first request began.
    pub began: Option<Timestamp>,
    /// When the last one ended.
    pub ended: Option<Timestamp>,
    /// For each entry in the order of the file its number in the order of start.
    numbers: Vec<u32>,
}

/// A source that was read once and found sound.
pub struct Import {
    source: Source,
    format: SourceFormat,
    survey: Survey,
}

/// Reads a file for the first time; `-` is standard input. `format` forces what it is taken for.
pub fn open(path: &Path, format: Option<SourceFormat>) -> Result<Import, ImportError> {
    Import::of(Source::open(path)?, format)
}

/// The same for bytes that were read already.
pub fn from_bytes(bytes: Vec<u8>, format: Option<SourceFormat>) -> Result<Import, ImportError> {
    Import::of(Source::of_bytes("bytes".into(), bytes), format)
}

impl Import {
    fn of(source: Source, format: Option<SourceFormat>) -> Result<Self, ImportError> {
        let found = source.format(format);
        let survey = found.and_then(|format| {
            let survey = match format {
                SourceFormat::Har => har::survey(&source)?,
                SourceFormat::AirbyteBuilder => builder::survey(&source)?,
                SourceFormat::Curl => curl::survey(&source)?,
            };
            Ok((format, survey))
        });
        match survey {
            Ok((format, survey)) => Ok(Self { source, format, survey }),
            Err(problem) => Err(ImportError::of(source.path(), problem)),
        }
    }

    /// What it was read as.
    pub fn format(&self) -> SourceFormat {
        self.format
    }

    /// What the first reading told.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Reads it again and hands out each request, in the order of the file. `side` decides what is presumed of answers that are not told.
    pub fn read(&self, side: Side, take: &mut dyn FnMut(Told)) -> Result<(), ImportError> {
        let done = match self.format {
            SourceFormat::Har => har::read(&self.source, &self.survey, take),
            SourceFormat::AirbyteBuilder => builder::read(&self.source, take),
            SourceFormat::Curl => curl::read(&self.source, side, take),
        };
        done.map_err(|problem| ImportError::of(self.source.path(), problem))
    }
}

/// What a source tells, one by one.
pub enum Told {
    /// A request and what came of it.
    Exchange(Box<RawExchange>),
    /// What the program itself said, as a command's output would: clues are read from it.
    Output(Output),
}
