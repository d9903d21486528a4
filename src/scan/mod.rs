//! Searches any bytes for secrets: logs, HAR files, archives, from samewire or not. Bytes in, places out, and never the secret itself.
//!
//! | part | what it knows |
//! |---|---|
//! | `special` | private keys, users and passwords in URLs |
//! | `assigned`, `names` | values under names that say they are secret |
//! | `vendors` | names of vendors whose keys have no prefix: alone they say it too |
//! | `text` | what is random, made up, a placeholder |
//! | `layer` | one text: all of these and the known secrets, with escapes and base64 undone |
//! | `escapes`, `blobs` | what is undone |
//! | `stream` | a text of any length, in windows; lines, columns and JSON pointers |
//! | `pointer` | where in a JSON document a byte stands |
//! | `open` | archives and compressed files, within limits |

mod assigned;
mod blobs;
mod escapes;
mod layer;
mod names;
mod open;
mod pointer;
mod special;
mod stream;
mod text;
mod utf16;
mod vendors;

use std::fmt;
use std::io::{Read, Seek};

use serde::Serialize;

use crate::redact::Redactor;

/// Searches for the secrets that a redactor knows, and for those that anyone would know by their look.
pub struct Scanner<'a> {
    redactor: &'a Redactor,
    limits: Limits,
    /// How many parts of one text are looked at side by side.
    threads: usize,
}

/// How much is held in memory and unfolded, in bytes.
#[derive(Clone, Copy)]
struct Limits {
    /// What is read of a text at a time.
    window: usize,
    /// Longest run of base64 that is decoded as one.
    run: usize,
    /// What may come out of the archives of any file, however small it is.
    unfolded: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { window: 8 << 20, run: 64 << 20, unfolded: 64 << 20 }
    }
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Scan {
    /// Files that were looked into, those in archives counted one by one.
    pub files: u64,
    /// Bytes that were looked at, after archives were opened.
    pub bytes: u64,
    /// The secrets, in the order in which they stand.
    pub hits: Vec<Hit>,
    /// What could not be looked into.
    pub unread: Vec<Unread>,
}

/// A secret that was found. Holds nothing of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The rule that found it: `github-token`, `secret-by-name`, `known-secret`.
    pub rule: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// Of a known secret: its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it is.
    #[serde(flatten)]
    pub place: Place,
    /// Whether its checksum fits, where its form has one. One that does not fit may be made up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<bool>,
}

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// The file; `!` stands between an archive and a file in it.
    pub path: String,
    /// Its line, from 1; 0 where the file's own name holds it.
    pub line: u64,
    /// The byte in that line, from 1.
    pub column: u64,
    /// Its place in a JSON document (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Encodings around it, the outermost first: `base64`, `gzip`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if self.line == 0 {
            return f.write_str(" (its name)");
        }
        write!(f, ":{}:{}", self.line, self.column)?;
        if let Some(pointer) = &self.pointer {
            write!(f, " {pointer}")?;
        }
        if !self.within.is_empty() {
            write!(f, " (in {})", self.within.join(", in "))?;
        }
        Ok(())
    }
}

/// Something that could not be looked into: it may hold anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unread {
    /// The file.
    pub path: String,
    /// Why.
    pub why: String,
}

impl<'a> Scanner<'a> {
    /// Searches for what `redactor` knows besides what can be known by its look.
    pub fn new(redactor: &'a Redactor) -> Self {
        Self { redactor, limits: Limits::default(), threads: 1 }
    }

    /// Looks at so many parts of a long text side by side; each takes some 30 MiB of memory.
    pub fn on_threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Searches bytes that are called `path` in what is told.
    pub fn bytes(&self, path: &str, bytes: &[u8]) -> Scan {
        self.file(path, std::io::Cursor::new(bytes))
    }

    /// Searches what comes as a stream.
    pub fn stream(&self, path: &str, from: impl Read) -> Scan {
        let mut job = open::Job::new(self);
        job.stream(path, from);
        job.finish()
    }

    /// Searches a file, which is read as a stream; only archives in archives are held in memory, up to a limit.
    pub fn file(&self, path: &str, file: impl Read + Seek) -> Scan {
        let mut job = open::Job::new(self);
        job.file(path, file);
        job.finish()
    }
}

impl Scan {
    /// True where everything was looked into and nothing found.
    pub fn is_clean(&self) -> bool {
        self.hits.is_empty() && self.unread.is_empty()
    }

    /// Adds what another search found.
    pub fn merge(&mut self, other: Self) {
        self.files += other.files;
        self.bytes += other.bytes;
        self.hits.extend(other.hits);
        self.unread.extend(other.unread);
    }
}

#[cfg(test)]
mod tests;
