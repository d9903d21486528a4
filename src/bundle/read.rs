//! A bundle to the captures in it. It comes from a stranger: everything is read in memory, within limits, and nothing is unpacked.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Cursor, Read as _};
use std::path::Path;

use zip::ZipArchive;

use super::contents::{MANIFEST, Manifest, Recorded, SCHEMA, SCHEMA_NAME, SUMS};
use super::sums;
use super::unreadable::{ContentError, ReadError};
use crate::capture;
use crate::model::{Capture, Side};

/// Largest bundle, in bytes.
pub(super) const LARGEST: u64 = 256 << 20;
/// What its files may unfold to, in bytes.
pub(super) const UNFOLDED: u64 = 1 << 30;
/// What one stored byte may unfold to, in bytes. Captures of equal requests reach 100.
pub(super) const RATIO: u64 = 400;
/// Files below this size may unfold as they will, in bytes.
const SMALL: u64 = 64 << 10;
/// Most files.
pub(super) const MOST_FILES: usize = 512;
/// Longest name of a file, in bytes.
const LONGEST_NAME: usize = 100;

/// What is read of a bundle.
#[derive(Clone, Debug, PartialEq)]
pub struct Contents {
    /// The run that works.
    pub sandbox: Runs,
    /// The run that fails.
    pub runtime: Runs,
}

/// The captures of one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Runs {
    /// The one that is compared with the other side.
    pub first: Capture,
    /// The others of its capture set, which teach what changes by itself.
    pub others: Vec<Capture>,
    /// What a reader must know of captures that are missing.
    pub notes: Vec<String>,
}

impl Runs {
    /// An only capture.
    pub fn one(first: Capture) -> Self {
        Self { first, others: Vec::new(), notes: Vec::new() }
    }

    /// All its captures, the first one first.
    pub fn captures(&self) -> impl Iterator<Item = &Capture> {
        [&self.first].into_iter().chain(&self.others)
    }

    pub(super) fn captures_mut(&mut self) -> impl Iterator<Item = &mut Capture> {
        [&mut self.first].into_iter().chain(&mut self.others)
    }

    /// The first and the others, as a comparison takes them.
    pub fn set(&self) -> (&Capture, &[Capture]) {
        (&self.first, &self.others)
    }
}

impl Contents {
    /// A side's captures.
    pub fn side(self, side: Side) -> Runs {
        match side {
            Side::Sandbox => self.sandbox,
            Side::Runtime => self.runtime,
        }
    }
}

/// True for a file that begins as a zip archive does; a capture begins with a brace.
pub fn is_bundle(path: &Path) -> bool {
    let mut magic = [0; 2];
    // A pipe is not read from: what is taken out of it is gone.
    std::fs::metadata(path).is_ok_and(|found| found.is_file())
        && File::open(path).and_then(|mut file| file.read_exact(&mut magic)).is_ok()
        && magic == *b"PK"
}

/// Reads a bundle.
pub fn read(path: &Path) -> Result<Contents, ReadError> {
    let cannot_open = |source| ReadError::Open { path: path.to_owned(), source };
    let file = File::open(path).map_err(cannot_open)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(cannot_open)?;
    from_slice(&bytes).map_err(|source| ReadError::Content { path: path.to_owned(), source })
}

/// Reads a bundle from the bytes of its file.
pub fn from_slice(bytes: &[u8]) -> Result<Contents, ContentError> {
    if bytes.len() as u64 > LARGEST {
        return Err(ContentError::TooLarge { bytes: bytes.len() as u64 });
    }
    let mut files = unfold(bytes)?;
    check_sums(&files)?;
    let manifest = manifest(files.get(MANIFEST).ok_or_else(|| missing(MANIFEST))?)?;
    let mut side = |recorded: Recorded| -> Result<Runs, ContentError> {
        let mut captures = recorded.captures.iter().map(|name| {
            let bytes = files.remove(name.as_str()).ok_or_else(|| missing(name))?;
            capture::from_slice(&bytes)
                .map_err(|source| ContentError::Capture { name: harmless(name), source })
        });
        let none = || ContentError::Manifest { why: "a side has no capture".to_owned() };
        let first = captures.next().ok_or_else(none)??;
        Ok(Runs { first, others: captures.collect::<Result<_, _>>()?, notes: recorded.notes })
    };
    Ok(Contents { sandbox: side(manifest.sandbox)?, runtime: side(manifest.runtime)? })
}

/// All files, by name.
fn unfold(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, ContentError> {
    let not_zip = |error: zip::result::ZipError| ContentError::NotZip { why: error.to_string() };
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(not_zip)?;
    if archive.len() > MOST_FILES {
        return Err(ContentError::TooMany { files: archive.len() });
    }
    let mut files = BTreeMap::new();
    let mut left = UNFOLDED;
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).map_err(not_zip)?;
        let name = entry.name().map(std::borrow::Cow::into_owned).map_err(not_zip)?;
        let refused = |why| ContentError::Name { name: harmless(&name), why };
        if !is_plain(&name) {
            return Err(refused("its name is no plain one"));
        }
        if !entry.is_file() {
            return Err(refused("it is not a file"));
        }
        let limit = left.min(entry.compressed_size().saturating_mul(RATIO).max(SMALL));
        let mut content = Vec::new();
        // What the archive says of the size is not believed.
        let read = (&mut entry).take(limit + 1).read_to_end(&mut content);
        read.map_err(|error| ContentError::Damaged { name: harmless(&name), why: error.to_string() })?;
        if content.len() as u64 > limit {
            return Err(ContentError::Bomb { name: harmless(&name) });
        }
        left -= content.len() as u64;
        if files.contains_key(&name) {
            return Err(refused("it is there twice"));
        }
        files.insert(name, content);
    }
    Ok(files)
}

/// A name as bundles have it: `captures/sandbox.har`.
fn is_plain(name: &str) -> bool {
    let part = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
    };
    name.len() <= LONGEST_NAME && name.split('/').count() <= 2 && name.split('/').all(part)
}

/// A stranger's name for a file, in an error message.
fn harmless(name: &str) -> String {
    if is_plain(name) {
        return name.to_owned();
    }
    let start: String = name.chars().take(LONGEST_NAME).collect();
    format!("a file called {start:?}")
}

fn check_sums(files: &BTreeMap<String, Vec<u8>>) -> Result<(), ContentError> {
    let listed = files.get(SUMS).ok_or_else(|| missing(SUMS))?;
    let wrong = || ContentError::WrongSum { name: SUMS.to_owned() };
    let listed = str::from_utf8(listed).ok().and_then(sums::read).ok_or_else(wrong)?;
    for (name, content) in files.iter().filter(|(name, _)| *name != SUMS) {
        if listed.get(name.as_str()).is_none_or(|sum| *sum != sums::digest(content)) {
            return Err(ContentError::WrongSum { name: name.clone() });
        }
    }
    let there: BTreeSet<&str> = files.keys().map(String::as_str).collect();
    match listed.keys().find(|name| !there.contains(**name)) {
        Some(name) => Err(missing(name)),
        None => Ok(()),
    }
}

fn manifest(bytes: &[u8]) -> Result<Manifest, ContentError> {
    let malformed = |why: String| ContentError::Manifest { why };
    let value: serde_json::Value =
        serde_json::from_slice(bytes).map_err(|error| malformed(format!("it is not JSON: {error}")))?;
    match value.get("schema").and_then(serde_json::Value::as_str) {
        Some(SCHEMA) => {}
        Some(schema)
            if schema.strip_prefix(SCHEMA_NAME).is_some_and(|number| number.parse::<u32>().is_ok()) =>
        {
            return Err(ContentError::Newer { schema: schema.to_owned() });
        }
        _ => return Err(malformed("it does not say that it is of a bundle".to_owned())),
    }
    serde_json::from_value(value).map_err(|error| malformed(error.to_string()))
}

fn missing(name: &str) -> ContentError {
    ContentError::Missing { name: harmless(name) }
}
