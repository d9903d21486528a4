//! A text of any length, read in windows that overlap, and the lines in it.

use std::io::{self, Read};

use super::layer::Found;
use super::open::Job;
use super::pointer::Tracker;
use super::{Hit, Place, blobs};
use crate::redact;

/// Bytes at a window's end that the next one looks at again: no secret is longer.
const OVERLAP: usize = 64 << 10;
/// Bytes before a place that are needed to understand it: the name that a value stands under.
const BEFORE: usize = 512;

/// Where the reading is.
struct Position {
    line: u64,
    /// Bytes of the line that came before.
    column: u64,
    json: Option<Tracker>,
}

impl Job<'_> {
    /// Looks through a text.
    pub(super) fn text(&mut self, path: &str, within: &[String], mut from: impl Read) -> io::Result<()> {
        let mut buffer: Vec<u8> = Vec::new();
        let mut position: Option<Position> = None;
        // What lies before `new` was looked at already.
        let mut new = 0;
        let window = self.scanner.limits.window;
        loop {
            let read = from.by_ref().take(window as u64).read_to_end(&mut buffer)?;
            self.scan.bytes += read as u64;
            let last = read < window;
            let cut = if last { buffer.len() } else { self.cut(path, &buffer, new) };
            if cut <= new && !last {
                continue;
            }
            let position = position.get_or_insert_with(|| Position::new(&buffer));
            let mut unread = Vec::new();
            let found = self.scanner.layer(&buffer, within.len(), &mut unread);
            for why in unread {
                self.unread(path, why);
            }
            let mut at = new;
            for hit in found.into_iter().filter(|hit| (new..cut).contains(&hit.range.start)) {
                position.advance(&buffer[at..hit.range.start]);
                at = hit.range.start;
                self.report(path, within, position, hit);
            }
            if last {
                return Ok(());
            }
            position.advance(&buffer[at..cut]);
            let kept = cut.saturating_sub(BEFORE);
            buffer.drain(..kept);
            new = cut - kept;
        }
    }

    /// Where a window ends: before what may go on in the next one.
    fn cut(&mut self, path: &str, buffer: &[u8], new: usize) -> usize {
        let longest = self.scanner.limits.run;
        let cut = buffer.len() - OVERLAP.min(buffer.len() - new);
        match blobs::is_open(buffer) {
            Some(start) if start < cut && buffer.len() - start <= longest => start.max(new),
            Some(start) if start < cut => {
                self.unread(path, format!("base64 of more than {} MiB in one piece", longest >> 20));
                cut
            }
            _ => cut,
        }
    }

    fn report(&mut self, path: &str, within: &[String], position: &Position, hit: Found) {
        let place = Place {
            path: path.to_owned(),
            line: position.line,
            column: position.column + 1,
            pointer: position.json.as_ref().and_then(|json| json.pointer(redact::is_wordlike)),
            within: within.iter().cloned().chain(hit.within).collect(),
        };
        self.scan.hits.push(Hit {
            rule: hit.rule,
            what: hit.what,
            name: hit.name,
            place,
            checksum: hit.sound,
        });
    }
}

impl Position {
    fn new(start: &[u8]) -> Self {
        let first = start.iter().find(|byte| !byte.is_ascii_whitespace() && !b"\xef\xbb\xbf".contains(*byte));
        let json = first.is_some_and(|byte| matches!(byte, b'{' | b'['));
        Self { line: 1, column: 0, json: json.then(Tracker::default) }
    }

    fn advance(&mut self, bytes: &[u8]) {
        let lines = memchr::memchr_iter(b'\n', bytes).count();
        match memchr::memrchr(b'\n', bytes) {
            None => self.column += bytes.len() as u64,
            Some(end) => {
                self.line += lines as u64;
                self.column = (bytes.len() - end - 1) as u64;
            }
        }
        if let Some(json) = &mut self.json {
            json.feed(bytes);
        }
    }
}
