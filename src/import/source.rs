//! The file, or what came on standard input, and what it is.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use jiff::Timestamp;

use crate::model::SourceFormat;

use super::limits::{LARGEST_HAR, LARGEST_WHOLE, LONGEST_ENTRY};
use super::{ContentError, ImportError};

/// Bytes by which the content is judged.
const HEAD: usize = 64 << 10;

/// What is imported.
pub struct Source {
    path: PathBuf,
    content: Content,
    head: Vec<u8>,
    changed_at: Option<Timestamp>,
}

enum Content {
    File(u64),
    Bytes(Vec<u8>),
}

impl Source {
    /// Opens a file, or reads standard input to its end.
    pub(super) fn open(path: &Path) -> Result<Self, ImportError> {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().take(LARGEST_WHOLE + 1).read_to_end(&mut bytes);
            read.map_err(|source| ImportError::Open { path: path.to_owned(), source })?;
            return Ok(Self::of_bytes("standard input".into(), bytes));
        }
        let path_owned = || path.to_owned();
        let cannot_open = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
                ImportError::NotFound { path: path_owned() }
            }
            _ => ImportError::Open { path: path_owned(), source },
        };
        // Looked at before it is opened, as opening a named pipe waits for its other end.
        let found = std::fs::metadata(path).map_err(cannot_open)?;
        if !found.is_file() {
            return Err(ImportError::NotAFile { path: path_owned() });
        }
        let mut head = Vec::new();
        File::open(path)
            .and_then(|file| file.take(HEAD as u64).read_to_end(&mut head))
            .map_err(cannot_open)?;
        let changed_at = found.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        Ok(Self { path: path_owned(), content: Content::File(found.len()), head, changed_at })
    }

    /// What was read already, under a name for messages.
    pub(super) fn of_bytes(path: PathBuf, bytes: Vec<u8>) -> Self {
        let head = bytes[..bytes.len().min(HEAD)].to_vec();
        Self { path, content: Content::Bytes(bytes), head, changed_at: None }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// When the file was last changed.
    pub(super) fn changed_at(&self) -> Option<Timestamp> {
        self.changed_at
    }

    fn length(&self) -> u64 {
        match &self.content {
            Content::File(length) => *length,
            Content::Bytes(bytes) => bytes.len() as u64,
        }
    }

    /// What it is, by its first bytes; what cannot be text is refused whatever is asked for.
    pub(super) fn format(&self, asked: Option<SourceFormat>) -> Result<SourceFormat, ContentError> {
        if let Some(kind) = packed(&self.head) {
            return Err(ContentError::Packed { kind });
        }
        if self.head.iter().all(u8::is_ascii_whitespace) {
            return Err(ContentError::Empty);
        }
        if self.head.starts_with(b"\xff\xfe") || self.head.starts_with(b"\xfe\xff") || self.head.contains(&0)
        {
            return Err(ContentError::Encoding);
        }
        let format = match asked {
            Some(format) => format,
            None => guess(self.text_head())?,
        };
        let limit = if format == SourceFormat::Har { LARGEST_HAR } else { LARGEST_WHOLE };
        if self.length() > limit {
            return Err(ContentError::TooLarge { bytes: self.length(), limit });
        }
        Ok(format)
    }

    /// The first bytes, without a byte-order mark and blanks.
    fn text_head(&self) -> &[u8] {
        self.head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.head).trim_ascii_start()
    }

    /// All of it, without a byte-order mark.
    pub(super) fn whole(&self) -> Result<Vec<u8>, ContentError> {
        let mut bytes = Vec::new();
        let mut reader = self.reader(Meter::default())?;
        reader.by_ref().take(LARGEST_WHOLE).read_to_end(&mut bytes).map_err(ContentError::Read)?;
        Ok(bytes)
    }

    /// A stream over all of it, without a byte-order mark, that ends with an error where it goes on too long without a mark of the meter.
    pub(super) fn reader(&self, meter: Meter) -> Result<impl Read + '_, ContentError> {
        let inner: Box<dyn Read + '_> = match &self.content {
            Content::File(_) => {
                Box::new(File::open(&self.path).map_err(ContentError::Read)?.take(LARGEST_HAR))
            }
            Content::Bytes(bytes) => Box::new(bytes.as_slice()),
        };
        let mut reader = BufReader::with_capacity(64 << 10, Metered { inner, meter });
        let start = reader.fill_buf().map_err(ContentError::Read)?;
        if start.starts_with(b"\xef\xbb\xbf") {
            reader.consume(3);
        }
        Ok(reader)
    }
}

/// Counts what is read since the last mark.
#[derive(Clone, Default)]
pub(super) struct Meter {
    since: Rc<Cell<u64>>,
    limited: Rc<Cell<bool>>,
    exceeded: Rc<Cell<bool>>,
}

impl Meter {
    /// One that allows so much between two marks, and no more.
    pub(super) fn limited() -> Self {
        let meter = Self::default();
        meter.limited.set(true);
        meter
    }

    /// A new stretch begins.
    pub(super) fn mark(&self) {
        self.since.set(0);
    }

    /// True where a stretch was too long.
    pub(super) fn exceeded(&self) -> bool {
        self.exceeded.get()
    }
}

struct Metered<R> {
    inner: R,
    meter: Meter,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let meter = &self.meter;
        if meter.limited.get() && meter.since.get() > LONGEST_ENTRY {
            meter.exceeded.set(true);
            return Err(io::Error::other("too long"));
        }
        let length = self.inner.read(buffer)?;
        meter.since.set(meter.since.get() + length as u64);
        Ok(length)
    }
}

fn packed(head: &[u8]) -> Option<&'static str> {
    let kinds: [(&[u8], &str); 6] = [
        (b"\x1f\x8b", "gzip"),
        (b"PK\x03\x04", "zip"),
        (b"PK\x05\x06", "zip"),
        (b"\x28\xb5\x2f\xfd", "zstd"),
        (b"BZh", "bzip2"),
        (b"\xfd7zXZ", "xz"),
    ];
    kinds.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, kind)| *kind)
}

fn guess(head: &[u8]) -> Result<SourceFormat, ContentError> {
    let has = |text: &str| memchr::memmem::find(head, text.as_bytes()).is_some();
    let unknown = |hint| Err(ContentError::Unknown { hint });
    match head.first() {
        Some(b'{') if has("schema.getpostman.com") => unknown(
            "it is a Postman collection, which tells what would be sent: in Postman choose Code > cURL for the request, and import that",
        ),
        Some(b'{') if has("_postman_variable_scope") => unknown(
            "it is a Postman environment, which holds variables and no request: in Postman choose Code > cURL for the request, and import that",
        ),
        Some(b'{') if has("\"__export_format\"") => unknown(
            "it is an Insomnia workspace, which tells what would be sent: in Insomnia copy the request as curl, or export its HAR",
        ),
        Some(b'{') => Ok(match first_key(head) {
            Some(
                b"slices"
                | b"logs"
                | b"auxiliary_requests"
                | b"inferred_schema"
                | b"record"
                | b"type"
                | b"data"
                | b"test_read_limit_reached"
                | b"inferred_datetime_formats"
                | b"latest_config_update"
                | b"trace",
            ) if !has("\"entries\"") || has("\"slices\"") && !has("\"startedDateTime\"") => {
                SourceFormat::AirbyteBuilder
            }
            _ => SourceFormat::Har,
        }),
        Some(b'[') => unknown(
            "it is a JSON list: of a Charles session export HAR instead (File > Export Session > HTTP Archive); of other programs their HAR",
        ),
        Some(b'<') => unknown("it is XML or HTML: export the session as HAR instead"),
        _ if has("Invoke-WebRequest") || has("Invoke-RestMethod") => {
            unknown("it is a PowerShell command: in the browser choose \"Copy as cURL (bash)\" instead")
        }
        _ if begins_with(head, &["fetch(", "await fetch(", "const "]) && has("fetch(") => {
            unknown("it is a JavaScript fetch() call: in the browser choose \"Copy as cURL (bash)\" instead")
        }
        _ if has("insomnia.rest/") && !has("curl ") => unknown(
            "it is an Insomnia collection, which tells what would be sent: in Insomnia copy the request as curl, or export its HAR",
        ),
        _ if begins_with(head, &["meta {", "info:"])
            && (has("\nget {") || has("\npost {") || has("opencollection")) =>
        {
            unknown(
                "it is a Bruno request, which tells what would be sent: in Bruno choose Generate Code > curl, and import that",
            )
        }
        _ if is_message(head) => unknown(
            "it is an HTTP message as text: save the session as HAR in the program that wrote it, or write the request as a curl line",
        ),
        _ if has("curl") => Ok(SourceFormat::Curl),
        _ if begins_with(head, &["http ", "https ", "wget ", "import requests", "import httpx"]) => unknown(
            "it is a command or code of another client: write the request as a curl line, or record it with `samewire record`",
        ),
        _ => unknown(
            "it is neither a HAR, nor a test read of the Airbyte Builder, nor a curl command line: see docs/import.md",
        ),
    }
}

fn begins_with(head: &[u8], starts: &[&str]) -> bool {
    starts.iter().any(|start| head.starts_with(start.as_bytes()))
}

/// A start line: `POST /v1/lots HTTP/1.1`, `HTTP/1.1 200 OK`.
fn is_message(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let request = [&b" HTTP/1.1"[..], b" HTTP/1.0", b" HTTP/2"].iter().any(|version| line.ends_with(version));
    let method = || line.iter().take_while(|byte| byte.is_ascii_uppercase()).count();
    line.starts_with(b"HTTP/") || (request && method() > 2 && line.get(method()) == Some(&b' '))
}

/// The first key of a JSON object.
fn first_key(head: &[u8]) -> Option<&[u8]> {
    let rest = head.strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    Some(&rest[..end])
}
