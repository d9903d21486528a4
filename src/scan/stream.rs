//! A text of any length, read in windows that overlap, and the lines in it.

use std::io::{self, Read};
use std::panic::resume_unwind;
use std::thread;

use super::layer::Found;
use super::open::Job;
use super::pointer::Tracker;
use super::{Hit, Place, Scanner, blobs};
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

/// A part of a text, with what is needed before it.
struct Window {
    bytes: Vec<u8>,
    /// What lies before was looked at already.
    new: usize,
    /// What lies behind is looked at with the next one.
    cut: usize,
}

impl Job<'_> {
    /// Looks through a text. Where it breaks off, what came before is looked at all the same.
    pub(super) fn text(&mut self, path: &str, within: &[String], mut from: impl Read) -> io::Result<()> {
        let mut position: Option<Position> = None;
        let mut ahead = Window { bytes: Vec::new(), new: 0, cut: 0 };
        let mut end = None;
        while end.is_none() {
            let mut windows = Vec::new();
            while end.is_none() && windows.len() < self.scanner.threads {
                end = self.read(path, &mut ahead, &mut from);
                let Window { bytes, new, cut } = ahead;
                let kept = cut.saturating_sub(BEFORE);
                ahead = Window { bytes: bytes[kept..].to_vec(), new: cut - kept, cut: 0 };
                windows.push(Window { bytes, new, cut });
            }
            let looked_at = self.scanner.windows(&windows, within.len());
            for (Window { bytes, new, cut }, (found, unread)) in windows.iter().zip(looked_at) {
                let position = position.get_or_insert_with(|| Position::new(bytes));
                for why in unread {
                    self.unread(path, why);
                }
                let mut at = *new;
                for hit in found.into_iter().filter(|hit| (*new..*cut).contains(&hit.range.start)) {
                    position.advance(&bytes[at..hit.range.start]);
                    at = hit.range.start;
                    self.report(path, within, position, hit);
                }
                position.advance(&bytes[at..*cut]);
            }
        }
        end.unwrap_or(Ok(()))
    }

    /// Reads on until there is something to look at; what it answers is how the text ended, where it did.
    fn read(&mut self, path: &str, window: &mut Window, from: &mut impl Read) -> Option<io::Result<()>> {
        loop {
            let before = window.bytes.len();
            let most = self.scanner.limits.window;
            let outcome = from.take(most as u64).read_to_end(&mut window.bytes);
            let read = window.bytes.len() - before;
            self.scan.bytes += read as u64;
            if outcome.is_err() || read < most {
                window.cut = window.bytes.len();
                return Some(outcome.map(|_| ()));
            }
            window.cut = self.cut(path, &window.bytes, window.new);
            if window.cut > window.new {
                return None;
            }
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

/// What was found in a window, and what could not be looked into.
type LookedAt = (Vec<Found>, Vec<String>);

impl Scanner<'_> {
    /// Looks at windows, each on a thread of its own.
    fn windows(&self, windows: &[Window], depth: usize) -> Vec<LookedAt> {
        let look = |window: &Window| {
            let mut unread = Vec::new();
            (self.layer(&window.bytes, depth, &mut unread), unread)
        };
        let [first, others @ ..] = windows else { return Vec::new() };
        thread::scope(|scope| {
            let running: Vec<_> = others.iter().map(|window| scope.spawn(|| look(window))).collect();
            let mut all = vec![look(first)];
            all.extend(
                running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))),
            );
            all
        })
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
