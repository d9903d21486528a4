//! Archives and compressed files, opened within limits. What cannot be opened is said.

use std::io::{self, Cursor, Read, Seek};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::utf16::{self, Utf8};
use super::{Hit, Place, Scan, Scanner, Unread};
use crate::redact::ZstdReader;

/// Most archives one within the other.
const DEEPEST: usize = 6;
/// Most bytes that come out of the archives of one file.
const UNFOLDED: u64 = 2 << 30;
/// Most bytes for each byte of it, above the first 64 MiB; real files stay far below.
const RATIO: u64 = 300;
/// Longest archive within another; it is held in memory.
const NESTED: u64 = 64 << 20;
/// Most bytes that come out of something compressed in base64.
const IN_MEMORY: u64 = 32 << 20;
/// Most files of an archive.
const MOST_FILES: usize = 100_000;
/// Bytes that tell what a file is.
const HEAD: usize = 264;
/// What exceeds a limit fails to be read with this message.
const TOO_MUCH: &str = "it unfolds to more than the limit";

/// The search of one file.
pub(super) struct Job<'a> {
    pub(super) scanner: &'a Scanner<'a>,
    pub(super) scan: Scan,
    depth: usize,
    /// Bytes that archives may still unfold to.
    left: u64,
}

/// What a file is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Gzip,
    Zstd,
    Brotli,
    Zip,
    Tar,
    /// An archive that is not opened.
    Closed(&'static str),
    Text,
}

fn kind(path: &str, head: &[u8]) -> Kind {
    let ends = |end: &str| path.len() > end.len() && path.to_ascii_lowercase().ends_with(end);
    match head {
        [0x1f, 0x8b, 8, ..] => Kind::Gzip,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Kind::Zstd,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Zip,
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, ..] => Kind::Closed("bzip2"),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Kind::Closed("xz"),
        [b'7', b'z', 0xbc, 0xaf, ..] => Kind::Closed("7z"),
        [b'R', b'a', b'r', b'!', 0x1a, ..] => Kind::Closed("RAR"),
        _ if head.get(257..262) == Some(b"ustar") => Kind::Tar,
        _ if ends(".br") => Kind::Brotli,
        _ => Kind::Text,
    }
}

impl<'a> Job<'a> {
    pub(super) fn new(scanner: &'a Scanner<'a>) -> Self {
        Self { scanner, scan: Scan::default(), depth: 0, left: UNFOLDED }
    }

    pub(super) fn finish(self) -> Scan {
        self.scan
    }

    pub(super) fn unread(&mut self, path: &str, why: String) {
        let unread = Unread { path: path.to_owned(), why };
        if !self.scan.unread.contains(&unread) {
            self.scan.unread.push(unread);
        }
    }

    /// A file that lies on a disk or in memory.
    pub(super) fn file(&mut self, path: &str, mut file: impl Read + Seek) {
        let length = file.seek(io::SeekFrom::End(0)).unwrap_or(0);
        self.left = UNFOLDED.min(self.scanner.limits.unfolded + length.saturating_mul(RATIO));
        let path = self.name(path);
        let outcome = file.rewind().and_then(|()| {
            let head = head_of(&mut file)?;
            file.rewind()?;
            if kind(&path, &head) == Kind::Zip {
                self.scan.files += 1;
                self.zip(&path, file);
                return Ok(());
            }
            self.content(&path, &mut file)
        });
        if let Err(error) = outcome {
            self.unread(&path, in_words(&error));
        }
    }

    /// What comes as a stream: nobody knows how long it is.
    pub(super) fn stream(&mut self, path: &str, mut from: impl Read) {
        if let Err(error) = self.content(path, &mut from as &mut dyn Read) {
            self.unread(path, in_words(&error));
        }
    }

    /// A file's name as it may be told; one that holds a secret is a place of its own.
    fn name(&mut self, path: &str) -> String {
        let found = self.scanner.plain(path.as_bytes());
        if found.is_empty() {
            return path.to_owned();
        }
        let mut shown = path.to_owned();
        for hit in found.iter().rev() {
            if shown.is_char_boundary(hit.range.start)
                && shown.is_char_boundary(hit.range.end.min(shown.len()))
            {
                shown.replace_range(hit.range.start..hit.range.end.min(shown.len()), "‹hidden›");
            }
        }
        for hit in found {
            let place = Place { path: shown.clone(), line: 0, column: 0, pointer: None, within: Vec::new() };
            self.scan.hits.push(Hit {
                rule: hit.rule,
                what: hit.what,
                name: hit.name,
                place,
                checksum: hit.sound,
            });
        }
        shown
    }

    /// Content that comes as a stream.
    fn content(&mut self, path: &str, from: &mut dyn Read) -> io::Result<()> {
        self.scan.files += 1;
        let head = head_of(from)?;
        let whole = Cursor::new(head.clone()).chain(from);
        match kind(path, &head) {
            Kind::Gzip => self.unfold(path, MultiGzDecoder::new(whole)),
            Kind::Zstd => self.unfold(path, ZstdReader::new(whole)),
            Kind::Brotli => self.unfold(path, brotli_decompressor::Decompressor::new(whole, 4096)),
            Kind::Zip => {
                let mut bytes = Vec::new();
                whole.take(NESTED + 1).read_to_end(&mut bytes)?;
                if bytes.len() as u64 > NESTED {
                    self.unread(
                        path,
                        format!("an archive within another, of more than {} MiB", NESTED >> 20),
                    );
                } else {
                    self.zip(path, Cursor::new(bytes));
                }
                Ok(())
            }
            Kind::Tar => self.tar(path, whole),
            Kind::Closed(what) => {
                self.unread(path, format!("{what} is not opened; unpack it and name the folder"));
                Ok(())
            }
            Kind::Text => match utf16::order(&head) {
                Some(order) => self.text(path, &[], Utf8::new(whole, order)),
                None => self.text(path, &[], whole),
            },
        }
    }

    /// What a decoder gives, within the limits.
    fn unfold(&mut self, path: &str, from: impl Read) -> io::Result<()> {
        if self.depth >= DEEPEST {
            self.unread(path, format!("more than {DEEPEST} archives one within the other"));
            return Ok(());
        }
        self.depth += 1;
        self.scan.files -= 1;
        let mut limited = Limited { from, left: self.left };
        let outcome = self.content(path, &mut limited as &mut dyn Read);
        self.left = self.left.min(limited.left);
        self.depth -= 1;
        outcome
    }

    fn zip(&mut self, path: &str, file: impl Read + Seek) {
        self.scan.files -= 1;
        let mut archive = match zip::ZipArchive::new(file) {
            Ok(archive) => archive,
            Err(error) => return self.unread(path, format!("damaged: {error}")),
        };
        for at in 0..archive.len().min(MOST_FILES) {
            let (name, outcome) = match archive.by_index(at) {
                Ok(entry) if !entry.is_file() => continue,
                Ok(entry) => {
                    let name =
                        entry.name().map_or_else(|_| format!("file {at}"), std::borrow::Cow::into_owned);
                    let inner = self.name(&format!("{path}!{name}"));
                    let outcome = self.entry(&inner, entry);
                    (inner, outcome)
                }
                Err(error) => (format!("{path}!file {at}"), Err(io::Error::other(error.to_string()))),
            };
            if let Err(error) = outcome {
                self.unread(&name, in_words(&error));
            }
        }
        if archive.len() > MOST_FILES {
            self.unread(path, format!("more than {MOST_FILES} files"));
        }
    }

    fn tar(&mut self, path: &str, from: impl Read) -> io::Result<()> {
        self.scan.files -= 1;
        let mut archive = tar::Archive::new(from);
        for (at, entry) in archive.entries()?.enumerate() {
            if at >= MOST_FILES {
                self.unread(path, format!("more than {MOST_FILES} files"));
                break;
            }
            let entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let name = entry
                .path()
                .map_or_else(|_| format!("file {at}"), |name| name.to_string_lossy().into_owned());
            let inner = self.name(&format!("{path}!{name}"));
            if let Err(error) = self.entry(&inner, entry) {
                self.unread(&inner, in_words(&error));
            }
        }
        Ok(())
    }

    fn entry(&mut self, path: &str, from: impl Read) -> io::Result<()> {
        if self.depth >= DEEPEST {
            self.unread(path, format!("more than {DEEPEST} archives one within the other"));
            return Ok(());
        }
        self.depth += 1;
        let mut limited = Limited { from, left: self.left };
        let outcome = self.content(path, &mut limited as &mut dyn Read);
        self.left = self.left.min(limited.left);
        self.depth -= 1;
        outcome
    }
}

/// A part of something compressed: its name and its content.
type Part = (String, Vec<u8>);

/// What something compressed in base64 holds, each part with its name; `None` where it is nothing compressed.
pub(super) fn in_memory(bytes: &[u8]) -> Option<Result<Vec<Part>, String>> {
    let read = |name: &str, from: &mut dyn Read| {
        let mut out = Vec::new();
        match from.take(IN_MEMORY + 1).read_to_end(&mut out) {
            Ok(_) if out.len() as u64 > IN_MEMORY => {
                Err(format!("{name} in base64 unfolds to more than {} MiB", IN_MEMORY >> 20))
            }
            // What came before the damage is looked at all the same.
            Ok(_) => Ok(vec![(name.to_owned(), out)]),
            Err(_) if !out.is_empty() => Ok(vec![(name.to_owned(), out)]),
            Err(_) => Err(format!("damaged {name} in base64")),
        }
    };
    match kind("", bytes) {
        Kind::Gzip => Some(read("gzip", &mut MultiGzDecoder::new(bytes))),
        Kind::Zstd => Some(read("zstd", &mut ZstdReader::new(bytes))),
        Kind::Zip => Some(zip_in_memory(bytes)),
        Kind::Text => match utf16::order(bytes) {
            Some(order) => Some(read("UTF-16", &mut Utf8::new(bytes, order))),
            // RFC 1950: the check of the first two bytes; text may pass it by chance.
            None if bytes.len() > 8
                && bytes[0] == 0x78
                && (u32::from(bytes[0]) * 256 + u32::from(bytes[1])) % 31 == 0 =>
            {
                read("deflate", &mut ZlibDecoder::new(bytes)).ok().map(Ok)
            }
            None => None,
        },
        Kind::Brotli | Kind::Tar => None,
        Kind::Closed(what) => Some(Err(format!("{what} in base64 is not opened"))),
    }
}

fn zip_in_memory(bytes: &[u8]) -> Result<Vec<Part>, String> {
    let damaged = |_| "damaged zip in base64".to_owned();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(damaged)?;
    let mut parts = Vec::new();
    let mut left = IN_MEMORY;
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(damaged)?;
        let mut out = Vec::new();
        entry.take(left + 1).read_to_end(&mut out).map_err(|_| "damaged zip in base64".to_owned())?;
        left = left
            .checked_sub(out.len() as u64)
            .ok_or_else(|| format!("zip in base64 unfolds to more than {} MiB", IN_MEMORY >> 20))?;
        parts.push((format!("zip, file {}", at + 1), out));
    }
    Ok(parts)
}

/// Fails where more comes than may.
struct Limited<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Limited<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.from.read(buffer)?;
        self.left = self.left.checked_sub(count as u64).ok_or_else(|| io::Error::other(TOO_MUCH))?;
        Ok(count)
    }
}

fn head_of(from: &mut (impl Read + ?Sized)) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    from.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        io::ErrorKind::Other if error.to_string() == TOO_MUCH => {
            format!("{TOO_MUCH} of {} GiB, or {RATIO} times its size", UNFOLDED >> 30)
        }
        _ => format!("cannot be read to its end: {error}"),
    }
}
