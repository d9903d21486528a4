//! A capture file to the model.
//!
//! samewire writes one entry a line, so that a file that breaks off is read up to the break. A file that another program
//! has laid out anew is read as one JSON document.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::thread;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::format::{Closing, FORMAT, Opening, ReadEntry, Since};
use super::unreadable::{ContentError, ReadError};
use super::upgrade::{Part, STEPS, upgrade};
use super::writer::{CLOSING, OPENING};
use crate::model::{Capture, Exchange, Tear};

/// Least number of entries that are worth a thread.
const LEAST_SHARE: usize = 256;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// Reads a capture. A torn tail is left out and reported in [`Capture::completeness`].
pub fn read(path: &Path) -> Result<Capture, ReadError> {
    let path_owned = || path.to_owned();
    let cannot_open = |source: io::Error| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::NotFound { path: path_owned() },
        _ => ReadError::Open { path: path_owned(), source },
    };
    // Looked at before it is opened, as opening a named pipe waits for its other end.
    let found = std::fs::metadata(path).map_err(cannot_open)?;
    if !found.is_file() {
        return Err(ReadError::NotAFile { path: path_owned() });
    }
    if found.len() > LARGEST {
        return Err(ReadError::TooLarge { path: path_owned(), bytes: found.len(), limit: LARGEST });
    }
    let mut bytes = Vec::with_capacity(usize::try_from(found.len()).unwrap_or(0) + 1);
    let file = File::open(path).map_err(cannot_open)?;
    file.take(LARGEST).read_to_end(&mut bytes).map_err(cannot_open)?;
    from_slice(&bytes).map_err(|source| ReadError::Content { path: path_owned(), source })
}

/// Reads a capture from the bytes of its file.
pub fn from_slice(bytes: &[u8]) -> Result<Capture, ContentError> {
    Parts::of_lines(bytes).map_or_else(|| Parts::of_document(bytes), Ok)?.assemble()
}

/// A part of the file, and where it begins.
#[derive(Clone, Copy)]
struct Slice<'a> {
    offset: usize,
    bytes: &'a [u8],
}

/// The parts of a file.
struct Parts<'a> {
    format: u32,
    length: usize,
    opening: Slice<'a>,
    entries: Vec<Slice<'a>>,
    /// The members after the entries, as an object.
    closing: Option<(usize, Vec<u8>)>,
    /// Parts may be torn: each stands on a line of its own, as samewire wrote it.
    by_line: bool,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `log`")]
struct Document<'a> {
    #[serde(borrow)]
    log: Log<'a>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with `entries`")]
struct Log<'a> {
    #[serde(rename = "_samewire", borrow)]
    opening: Option<&'a RawValue>,
    #[serde(borrow)]
    entries: Vec<&'a RawValue>,
    #[serde(rename = "_samewire_closing", borrow)]
    closing: Option<&'a RawValue>,
    #[serde(rename = "_samewire_since", borrow)]
    since: Option<&'a RawValue>,
}

/// The members after the entries.
#[derive(Default, Deserialize)]
pub(super) struct Tail {
    #[serde(rename = "_samewire_closing", default)]
    pub(super) closing: Closing,
    #[serde(rename = "_samewire_since", default)]
    since: Since,
}

#[derive(Deserialize)]
struct Numbered {
    format: u32,
}

impl<'a> Parts<'a> {
    /// The layout that samewire writes; none where the first line is not as samewire writes it.
    fn of_lines(bytes: &'a [u8]) -> Option<Self> {
        let mut lines = Lines { bytes, offset: 0 };
        let first = lines.next()?;
        let head = first.bytes.trim_ascii_end();
        if !head.starts_with(OPENING.0.as_bytes()) || !head.ends_with(OPENING.1.as_bytes()) {
            return None;
        }
        let whole = [head, b"]}}"].concat();
        let document: Document<'_> = serde_json::from_slice(&whole).ok()?;
        let raw = document.log.opening?;
        let opening = within(bytes, offset_in(&whole, raw), raw.get().len())?;
        let format = number_of(opening)?;

        let mut entries = Vec::new();
        let mut closing = None;
        for line in lines {
            let text = line.bytes.trim_ascii_end();
            if let Some(members) = text.strip_prefix(CLOSING.as_bytes()) {
                // `],MEMBERS}}`: what stands between is an object's inside. Without its end it is torn, and stays so.
                let object = match members.strip_suffix(b"}}") {
                    Some(members) => [b"{", members, b"}"].concat(),
                    None => [b"{", members].concat(),
                };
                closing = Some((line.offset, object));
                break;
            }
            entries.push(Slice { offset: line.offset, bytes: text.strip_prefix(b",").unwrap_or(text) });
        }
        Some(Self { format, length: bytes.len(), opening, entries, closing, by_line: true })
    }

    /// Any other layout.
    fn of_document(bytes: &'a [u8]) -> Result<Self, ContentError> {
        let document: Document<'a> = serde_json::from_slice(bytes).map_err(|error| {
            if error.is_data() {
                return ContentError::NotHar { reason: reason(&error) };
            }
            if error.is_eof() && (bytes.is_empty() || bytes.starts_with(OPENING.0.as_bytes())) {
                return ContentError::BrokenOpening { offset: bytes.len() as u64 };
            }
            ContentError::NotJson { line: error.line(), column: error.column(), reason: reason(&error) }
        })?;
        let slice = |raw: &'a RawValue| Slice { offset: offset_in(bytes, raw), bytes: raw.get().as_bytes() };
        let opening = slice(document.log.opening.ok_or(ContentError::NotRecorded)?);
        let format = number_of(opening).ok_or_else(|| ContentError::Malformed {
            place: "log._samewire".to_owned(),
            offset: opening.offset as u64,
            reason: "it has no format number".to_owned(),
        })?;
        let member = |name: &str, raw: Option<&RawValue>| {
            raw.map_or_else(String::new, |raw| format!(r#""{name}":{}"#, raw.get()))
        };
        let closing = document.log.closing.map(|raw| {
            let since = member("_samewire_since", document.log.since);
            let comma = if since.is_empty() { "" } else { "," };
            let object = format!("{{{}{comma}{since}}}", member("_samewire_closing", Some(raw)));
            (offset_in(bytes, raw), object.into_bytes())
        });
        let entries = document.log.entries.into_iter().map(slice).collect();
        Ok(Self { format, length: bytes.len(), opening, entries, closing, by_line: false })
    }

    fn assemble(self) -> Result<Capture, ContentError> {
        if self.format > FORMAT {
            return Err(ContentError::Newer { format: self.format });
        }
        let opening: Opening<'static> = match self.part(Part::Opening, self.opening.bytes) {
            Ok(opening) => opening,
            Err(error) => return Err(malformed("log._samewire", self.opening.offset, &error)),
        };
        let mut capture = Capture {
            side: opening.side,
            run: opening.run.into_owned(),
            inputs: opening.inputs.into_owned(),
            key_id: opening.key_id.into_owned(),
            connections: Vec::new(),
            exchanges: Vec::with_capacity(self.entries.len()),
            clues: Vec::new(),
            completeness: crate::model::Completeness::default(),
        };
        let mut torn_at = None;
        for (at, (slice, entry)) in self.entries.iter().zip(self.read_entries()).enumerate() {
            match entry {
                Ok(entry) => {
                    capture.exchanges.push(Exchange::from(entry.facts));
                    capture.connections.extend(entry.since.connections);
                    capture.clues.extend(entry.since.clues);
                }
                Err(error) if self.is_torn(slice.bytes, &error) => {
                    torn_at = Some(slice.offset);
                    break;
                }
                Err(error) => return Err(malformed(&format!("entry {}", at + 1), slice.offset, &error)),
            }
        }
        let tail = match &self.closing {
            None => Err(self.length),
            Some((offset, bytes)) => match self.part::<Tail>(Part::Closing, bytes) {
                Ok(tail) => Ok(tail),
                Err(error) if self.is_torn(bytes, &error) => Err(*offset),
                Err(error) => return Err(malformed("log._samewire_closing", *offset, &error)),
            },
        };
        match (tail, torn_at) {
            (Ok(tail), None) => {
                capture.run.ended_at = tail.closing.ended_at;
                capture.run.exit = tail.closing.exit;
                capture.completeness = tail.closing.completeness;
                capture.connections.extend(tail.since.connections);
                capture.clues.extend(tail.since.clues);
            }
            (_, Some(offset)) | (Err(offset), None) => {
                let lost = (self.length - offset) as u64;
                capture.completeness.torn = Some(Tear { offset: offset as u64, lost });
            }
        }
        in_order(&mut capture)?;
        Ok(capture)
    }

    /// Reads the entries on all processors: they are most of a file, and each stands for itself.
    fn read_entries(&self) -> Vec<serde_json::Result<ReadEntry>> {
        let read = |share: &[Slice<'_>]| -> Vec<_> {
            share.iter().map(|slice| self.part(Part::Entry, slice.bytes)).collect()
        };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        let share = self.entries.len().div_ceil(processors).max(LEAST_SHARE);
        thread::scope(|scope| {
            let mut shares = self.entries.chunks(share);
            let first = shares.next();
            let started: Vec<_> = shares
                .map(|share| (share, thread::Builder::new().spawn_scoped(scope, move || read(share))))
                .collect();
            let mut entries = first.map(read).unwrap_or_default();
            for (share, thread) in started {
                // Where there is no thread to be had, this one does it.
                let done = thread.ok().and_then(|thread| thread.join().ok());
                entries.extend(done.unwrap_or_else(|| read(share)));
            }
            entries
        })
    }

    /// True where a part is not even JSON, and may be so because a write was cut short.
    fn is_torn(&self, bytes: &[u8], error: &serde_json::Error) -> bool {
        self.by_line && (!error.is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_err())
    }

    /// Reads a part, through the upgrade steps where it is of an older format.
    fn part<T: DeserializeOwned>(&self, part: Part, bytes: &[u8]) -> serde_json::Result<T> {
        if self.format == FORMAT {
            return serde_json::from_slice(bytes);
        }
        let mut value = serde_json::from_slice(bytes)?;
        upgrade(STEPS, self.format, part, &mut value);
        serde_json::from_value(value)
    }
}

/// Exchanges by their number, and of each connection what was said last.
fn in_order(capture: &mut Capture) -> Result<(), ContentError> {
    capture.exchanges.sort_by_key(|exchange| exchange.number);
    let twice = capture.exchanges.windows(2).find(|pair| pair[0].number == pair[1].number);
    if let Some(pair) = twice {
        return Err(ContentError::Malformed {
            place: format!("exchange {}", pair[0].number),
            offset: 0,
            reason: "two entries have its number".to_owned(),
        });
    }
    capture.connections.reverse();
    capture.connections.sort_by_key(|connection| connection.number);
    capture.connections.dedup_by_key(|connection| connection.number);
    Ok(())
}

/// Lines with their offsets, each with its line end.
struct Lines<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Slice<'a>;

    fn next(&mut self) -> Option<Slice<'a>> {
        let rest = self.bytes.get(self.offset..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let slice = Slice { offset: self.offset, bytes: &rest[..length] };
        self.offset += length;
        Some(slice)
    }
}

fn number_of(opening: Slice<'_>) -> Option<u32> {
    serde_json::from_slice::<Numbered>(opening.bytes).ok().map(|numbered| numbered.format)
}

/// Where a borrowed part stands in what it was borrowed from.
fn offset_in(bytes: &[u8], raw: &RawValue) -> usize {
    (raw.get().as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize)
}

fn within(bytes: &[u8], offset: usize, length: usize) -> Option<Slice<'_>> {
    let bytes = bytes.get(offset..offset.checked_add(length)?)?;
    Some(Slice { offset, bytes })
}

fn malformed(place: &str, offset: usize, error: &serde_json::Error) -> ContentError {
    ContentError::Malformed { place: place.to_owned(), offset: offset as u64, reason: reason(error) }
}

/// What is wrong, without the value that is: it may be a file that nobody has redacted.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    match text.split_once(", expected ") {
        Some((_, expected)) => format!("expected {expected}"),
        None => text.to_owned(),
    }
}
