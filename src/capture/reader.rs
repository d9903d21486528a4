//! A capture file to the model.
//!
//! samewire writes one entry a line, so that a file that breaks off is read up to the break. A file that another program
//! has laid out anew is read as one JSON document.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use super::format::{Closing, FORMAT, Opening, ReadEntry, Since};
use super::lines::{self, Blocks, Blockwise, Lines, Slice, Whole};
use super::unreadable::{ContentError, ReadError};
use super::upgrade::{Part, STEPS, upgrade};
use super::writer::OPENING;
use crate::model::{Capture, Exchange, KnownJson, Reader, Tear};
use crate::threads;

/// Least bytes of entries that are worth a thread.
const LEAST_SHARE: usize = 1 << 20;

/// Largest file that is read, in bytes.
const LARGEST: u64 = 4 << 30;

/// Reads a capture. A torn tail is left out and reported in [`Capture::completeness`].
pub fn read(path: &Path) -> Result<Capture, ReadError> {
    read_sharing(path, &Arc::default())
}

/// Reads a capture. JSON that `known` has from captures read before is shared with them.
pub fn read_sharing(path: &Path, known: &Arc<KnownJson>) -> Result<Capture, ReadError> {
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
    let file = File::open(path).map_err(cannot_open)?;
    let mut blocks = Blockwise::new(file.take(LARGEST));
    let read = match by_lines(&mut blocks, known).map_err(cannot_open)? {
        Some(read) => read,
        None => of_document(&blocks.rest().map_err(cannot_open)?, known),
    };
    read.map_err(|source| ReadError::Content { path: path_owned(), source })
}

/// Reads a capture from the bytes of its file.
pub fn from_slice(bytes: &[u8]) -> Result<Capture, ContentError> {
    let known = Arc::default();
    match by_lines(&mut Whole(Some(bytes)), &known) {
        Ok(Some(read)) => read,
        Ok(None) => of_document(bytes, &known),
        Err(never) => match never {},
    }
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

/// The members of an entry after its facts.
#[derive(Deserialize)]
struct Rest {
    #[serde(rename = "_samewire_since", default)]
    since: Since,
}

#[derive(Deserialize)]
struct Numbered {
    format: u32,
}

/// Reads the layout that samewire writes; `None` where the first line is not as samewire writes it.
fn by_lines<B: Blocks>(
    blocks: &mut B,
    known: &Arc<KnownJson>,
) -> Result<Option<Result<Capture, ContentError>>, B::Error> {
    let Some(first) = blocks.next()? else { return Ok(None) };
    let mut length = first.bytes.len();
    let mut lines = Lines(first);
    let mut parts = match lines.next().and_then(|line| Parts::of_opening_line(line.bytes, known)) {
        Some(Ok(parts)) => parts,
        Some(Err(error)) => return Ok(Some(Err(error))),
        None => return Ok(None),
    };
    loop {
        if let Err(error) = parts.take_lines(lines) {
            return Ok(Some(Err(error)));
        }
        let Some(next) = blocks.next()? else { return Ok(Some(parts.assemble(length))) };
        length += next.bytes.len();
        lines = Lines(next);
    }
}

/// Reads any other layout.
fn of_document(bytes: &[u8], known: &Arc<KnownJson>) -> Result<Capture, ContentError> {
    let document: Document<'_> = serde_json::from_slice(bytes).map_err(|error| {
        if error.is_data() {
            return ContentError::NotHar { reason: reason(&error) };
        }
        if error.is_eof() && (bytes.is_empty() || bytes.starts_with(OPENING.0.as_bytes())) {
            return ContentError::BrokenOpening { offset: bytes.len() as u64 };
        }
        ContentError::NotJson { line: error.line(), column: error.column(), reason: reason(&error) }
    })?;
    let opening = slice(bytes, document.log.opening.ok_or(ContentError::NotRecorded)?);
    let format = number_of(opening).ok_or_else(|| ContentError::Malformed {
        place: "log._samewire".to_owned(),
        offset: opening.offset as u64,
        reason: "it has no format number".to_owned(),
    })?;
    let mut parts = Parts::new(format, opening, false, known)?;
    let entries: Vec<_> = document.log.entries.into_iter().map(|raw| slice(bytes, raw)).collect();
    parts.take_entries(&entries)?;
    if let Some(closing) = document.log.closing {
        let member = |name: &str, raw: &RawValue| format!(r#""{name}":{}"#, raw.get());
        let since = document.log.since.map(|raw| format!(",{}", member("_samewire_since", raw)));
        let object = format!("{{{}{}}}", member("_samewire_closing", closing), since.unwrap_or_default());
        parts.close(offset_in(bytes, closing), object.as_bytes())?;
    }
    parts.assemble(bytes.len())
}

/// A capture that is put together from the parts of its file.
struct Parts<'k> {
    format: u32,
    known: &'k Arc<KnownJson>,
    /// One for each share of the entries that are read at a time.
    readers: Vec<Mutex<Reader>>,
    /// Parts may be torn: each stands on a line of its own, as samewire wrote it.
    by_line: bool,
    capture: Capture,
    /// Entries so far.
    entries: usize,
    /// Where the first torn part begins; nothing after it counts.
    torn_at: Option<usize>,
    closed: bool,
}

impl<'k> Parts<'k> {
    fn new(
        format: u32,
        opening: Slice<'_>,
        by_line: bool,
        known: &'k Arc<KnownJson>,
    ) -> Result<Self, ContentError> {
        if format > FORMAT {
            return Err(ContentError::Newer { format });
        }
        let opened: Opening<'static> = part(format, Part::Opening, opening.bytes)
            .map_err(|error| malformed("log._samewire", opening.offset, &error))?;
        Ok(Self {
            format,
            known,
            readers: Vec::new(),
            by_line,
            capture: opened.begun(),
            entries: 0,
            torn_at: None,
            closed: false,
        })
    }

    /// Begins with the first line of a file; none where it is not as samewire writes it.
    fn of_opening_line(line: &[u8], known: &'k Arc<KnownJson>) -> Option<Result<Self, ContentError>> {
        let head = lines::opening(line)?;
        let whole = [head, b"]}}"].concat();
        let document: Document<'_> = serde_json::from_slice(&whole).ok()?;
        let raw = document.log.opening?;
        let opening = slice(&whole, raw);
        Some(Self::new(number_of(opening)?, opening, true, known))
    }

    /// Takes the entries of these lines, and the closing part where it comes.
    fn take_lines(&mut self, lines: Lines<'_>) -> Result<(), ContentError> {
        if self.closed {
            return Ok(());
        }
        let mut entries = Vec::new();
        let mut last = None;
        for line in lines {
            if let Some(object) = lines::closing(line.bytes) {
                last = Some((line.offset, object));
                break;
            }
            entries.push(lines::entry(line));
        }
        self.take_entries(&entries)?;
        last.map_or(Ok(()), |(offset, object)| self.close(offset, &object))
    }

    fn take_entries(&mut self, slices: &[Slice<'_>]) -> Result<(), ContentError> {
        if self.torn_at.is_some() {
            return Ok(());
        }
        let entries = self.read_entries(slices);
        let capture = &mut self.capture;
        for (slice, entry) in slices.iter().zip(entries.into_iter().flatten()) {
            self.entries += 1;
            match entry {
                Ok(entry) => {
                    capture.exchanges.push(Exchange::from(entry.facts));
                    capture.connections.extend(entry.since.connections);
                    capture.clues.extend(entry.since.clues);
                }
                Err(error) if self.by_line && is_torn(slice.bytes, &error) => {
                    self.torn_at = Some(slice.offset);
                    break;
                }
                Err(error) => {
                    return Err(malformed(&format!("entry {}", self.entries), slice.offset, &error));
                }
            }
        }
        Ok(())
    }

    /// Reads entries on all processors: they are most of a file, and each stands for itself.
    fn read_entries(&mut self, entries: &[Slice<'_>]) -> Vec<Vec<serde_json::Result<ReadEntry>>> {
        let (format, by_line) = (self.format, self.by_line);
        let bytes: usize = entries.iter().map(|slice| slice.bytes.len()).sum();
        let share = entries.len().div_ceil(threads::processors().min(bytes / LEAST_SHARE + 1)).max(1);
        let shares = entries.len().div_ceil(share);
        if self.readers.len() < shares {
            self.readers.resize_with(shares, || Mutex::new(Reader::new(self.known)));
        }
        let shares: Vec<_> = entries.chunks(share).zip(&self.readers).collect();
        threads::each(&shares, |(share, reader)| {
            let mut reader = reader.lock().unwrap_or_else(PoisonError::into_inner);
            reader.sharing(|| share.iter().map(|slice| entry(format, slice.bytes, by_line)).collect())
        })
    }

    fn close(&mut self, offset: usize, object: &[u8]) -> Result<(), ContentError> {
        self.closed = true;
        let capture = &mut self.capture;
        match part::<Tail>(self.format, Part::Closing, object) {
            Ok(tail) if self.torn_at.is_none() => {
                capture.run.ended_at = tail.closing.ended_at;
                capture.run.exit = tail.closing.exit;
                capture.completeness = tail.closing.completeness;
                capture.connections.extend(tail.since.connections);
                capture.clues.extend(tail.since.clues);
            }
            Ok(_) => {}
            Err(error) if self.by_line && is_torn(object, &error) => {
                self.torn_at.get_or_insert(offset);
            }
            Err(error) => return Err(malformed("log._samewire_closing", offset, &error)),
        }
        Ok(())
    }

    /// The capture of a file of this many bytes.
    fn assemble(mut self, length: usize) -> Result<Capture, ContentError> {
        let torn_at = self.torn_at.or((!self.closed).then_some(length));
        if let Some(offset) = torn_at {
            let lost = (length - offset) as u64;
            self.capture.completeness.torn = Some(Tear { offset: offset as u64, lost });
        }
        self.capture.exchanges.shrink_to_fit();
        in_order(&mut self.capture)?;
        Ok(self.capture)
    }
}

/// Reads an entry.
fn entry(format: u32, bytes: &[u8], by_line: bool) -> serde_json::Result<ReadEntry> {
    match lines::facts(bytes).filter(|_| by_line).map(str::from_utf8) {
        Some(Ok(text)) if format == FORMAT => entry_of(text),
        Some(Ok(text)) => part(format, Part::Entry, format!("{{\"_samewire\":{text}").as_bytes()),
        _ => part(format, Part::Entry, bytes),
    }
}

/// Reads an entry from the value of its member `_samewire` on.
fn entry_of(text: &str) -> serde_json::Result<ReadEntry> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter();
    let facts = match values.next() {
        Some(facts) => facts?,
        // Nothing but white space, of which the parser has the better words.
        None => serde_json::from_str(text)?,
    };
    let rest = text.get(values.byte_offset()..).unwrap_or_default();
    let since = match rest {
        "}" => Since::default(),
        _ => serde_json::from_str::<Rest>(&format!("{{{}", rest.strip_prefix(',').unwrap_or(rest)))?.since,
    };
    Ok(ReadEntry { facts, since })
}

/// True where a part is not even JSON, and may be so because a write was cut short.
fn is_torn(bytes: &[u8], error: &serde_json::Error) -> bool {
    !error.is_data() || serde_json::from_slice::<IgnoredAny>(bytes).is_err()
}

/// Reads a part, through the upgrade steps where it is of an older format.
fn part<T: DeserializeOwned>(format: u32, part: Part, bytes: &[u8]) -> serde_json::Result<T> {
    if format == FORMAT {
        // Looked through at once, text is not looked through again string by string.
        return match std::str::from_utf8(bytes) {
            Ok(text) => serde_json::from_str(text),
            Err(_) => serde_json::from_slice(bytes),
        };
    }
    let mut value = serde_json::from_slice(bytes)?;
    upgrade(STEPS, format, part, &mut value);
    // As text again, which is what can be shared.
    serde_json::from_str(&value.to_string())
}

/// Exchanges by their number, and of each connection what was said last.
fn in_order(capture: &mut Capture) -> Result<(), ContentError> {
    // Mostly they are in order; where not, each is moved once.
    if !capture.exchanges.is_sorted_by_key(|exchange| exchange.number) {
        capture.exchanges.sort_by_cached_key(|exchange| exchange.number);
    }
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

/// A borrowed part, with its place in what it was borrowed from.
fn slice<'a>(bytes: &[u8], raw: &'a RawValue) -> Slice<'a> {
    Slice { offset: offset_in(bytes, raw), bytes: raw.get().as_bytes() }
}

fn number_of(opening: Slice<'_>) -> Option<u32> {
    serde_json::from_slice::<Numbered>(opening.bytes).ok().map(|numbered| numbered.format)
}

/// Where a borrowed part stands in what it was borrowed from.
fn offset_in(bytes: &[u8], raw: &RawValue) -> usize {
    (raw.get().as_ptr() as usize).saturating_sub(bytes.as_ptr() as usize)
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
