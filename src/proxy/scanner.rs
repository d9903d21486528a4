//! Finds the heads in a stream of bytes, without I/O: fed with splits of any kind, it yields each head as it
//! stood there and follows the framing of the bodies to the next one.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use memchr::{memchr, memchr_iter};

use super::head::{Framing, Head, Kind};

/// Longest line of a chunk's size and extensions; as hyper's.
const CHUNK_LINE: usize = 16 * 1024;

/// What a [`HeadScanner`] found.
pub enum Found {
    /// A head and when its first byte was read. Of an answer, possibly an interim one (1xx).
    Head(Head, Timestamp),
    /// The trailer lines after the last chunk, each with its line end. Never empty.
    Trailers(Bytes),
}

/// Finds heads in the bytes of one direction of a connection.
pub struct HeadScanner {
    kind: Kind,
    state: State,
    /// The beginning of a head or of trailers.
    partial: BytesMut,
    /// Where the next heads are kept.
    room: BytesMut,
    /// Bytes of a head or of trailers before it is given up.
    limit: usize,
    found: VecDeque<Found>,
    /// When the first byte of the head in `partial` was read.
    begun: Timestamp,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before a start line: empty lines may stand here (RFC 9112, section 2.2).
    Between,
    Head,
    Length(u64),
    ChunkLine {
        size: u64,
        digits: usize,
        seen: usize,
        in_size: bool,
    },
    ChunkData(u64),
    /// The line end after a chunk; how much of it has come.
    ChunkEnd(u8),
    Trailers,
    /// To the connection's end nothing is a head.
    Rest,
    /// Its place is lost; `partial` holds a head that never ended, if that is why.
    Lost,
}

impl HeadScanner {
    /// A scanner of requests or answers; a head longer than `limit` bytes is given up.
    pub fn new(kind: Kind, limit: usize) -> Self {
        let (partial, room) = (BytesMut::new(), BytesMut::new());
        let (state, found, begun) = (State::Between, VecDeque::new(), Timestamp::UNIX_EPOCH);
        Self { kind, state, partial, room, limit, found, begun }
    }

    /// Says what the next answer answers. To be called before its request is sent.
    pub fn expect(&mut self, to_head: bool) {
        self.kind = Kind::Response { to_head };
    }

    /// Reads on; `now` is when the input was read.
    pub fn feed(&mut self, mut input: &[u8], now: Timestamp) {
        while !input.is_empty() {
            let used = self.step(input, now);
            input = &input[used..];
        }
    }

    /// What was found next.
    pub fn next_found(&mut self) -> Option<Found> {
        self.found.pop_front()
    }

    /// The next head and when its first byte was read; trailers before it that nobody asked for are passed over.
    pub fn next_head(&mut self) -> Option<(Head, Timestamp)> {
        loop {
            match self.found.pop_front()? {
                Found::Head(head, begun) => return Some((head, begun)),
                Found::Trailers(_) => {}
            }
        }
    }

    /// The trailers, when they are next.
    pub fn next_trailers(&mut self) -> Option<Bytes> {
        match self.found.pop_front()? {
            Found::Trailers(lines) => Some(lines),
            head @ Found::Head(..) => {
                self.found.push_front(head);
                None
            }
        }
    }

    /// The beginning of a head whose end has not come, as far as it was kept.
    pub fn unfinished(&self) -> Option<(&[u8], Timestamp)> {
        let kept = matches!(self.state, State::Head | State::Lost) && !self.partial.is_empty();
        kept.then_some((&self.partial, self.begun))
    }

    /// True between two messages, both of which end and begin here; what was found is taken.
    pub fn is_between(&self) -> bool {
        self.state == State::Between && self.found.is_empty()
    }

    /// Gives back the memory that is held for the next heads.
    pub fn rest(&mut self) {
        self.room = BytesMut::new();
        self.found.shrink_to_fit();
    }

    /// Copies a head to where several of them lie: memory for each alone would be given back by the recorder's thread, which costs more than
    /// to make the copy.
    fn keep(&mut self, head: &[u8]) -> Bytes {
        const ROOM: usize = 2048;
        if self.room.capacity() < head.len() {
            self.room = BytesMut::with_capacity(ROOM.max(head.len()));
        }
        self.room.extend_from_slice(head);
        self.room.split().freeze()
    }

    /// Looks no further: what follows is not HTTP.
    pub fn stop(&mut self) {
        self.state = State::Rest;
        self.partial = BytesMut::new();
    }

    /// Takes at least one byte of a non-empty input; says how many.
    fn step(&mut self, input: &[u8], now: Timestamp) -> usize {
        match self.state {
            State::Between => {
                let blank = input.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
                if blank < input.len() {
                    self.state = State::Head;
                    self.begun = now;
                }
                blank
            }
            State::Head => self.head(input),
            State::Length(left) => {
                let used = take(left, input);
                self.state = match left - used as u64 {
                    0 => State::Between,
                    left => State::Length(left),
                };
                used
            }
            State::ChunkLine { .. } => self.chunk_line(input),
            State::ChunkData(left) => {
                let used = take(left, input);
                self.state = match left - used as u64 {
                    0 => State::ChunkEnd(0),
                    left => State::ChunkData(left),
                };
                used
            }
            State::ChunkEnd(seen) => {
                self.state = match (seen, input[0]) {
                    (0, b'\r') => State::ChunkEnd(1),
                    (1, b'\n') => CHUNK_START,
                    _ => State::Lost,
                };
                1
            }
            State::Trailers => self.trailers(input),
            State::Rest | State::Lost => input.len(),
        }
    }

    fn head(&mut self, input: &[u8]) -> usize {
        let kept = self.partial.len();
        for feed in memchr_iter(b'\n', input) {
            let line = &input[..feed];
            // The blank line: this line feed follows another one, perhaps with a carriage return between.
            let ends = matches!(
                (line, &self.partial[..]),
                ([.., b'\n', b'\r'] | [.., b'\n'], _)
                    | ([b'\r'], [.., b'\n'])
                    | ([], [.., b'\n'] | [.., b'\n', b'\r'])
            );
            if !ends {
                continue;
            }
            if kept + feed >= self.limit {
                break;
            }
            let (own, _) = input.split_at(feed + 1);
            let raw = if kept == 0 {
                self.keep(own)
            } else {
                self.partial.extend_from_slice(own);
                self.partial.split().freeze()
            };
            let head = Head::new(raw, self.kind);
            self.state = match (self.kind, head.framing) {
                (Kind::Response { .. }, _) if matches!(head.status(), 100 | 102..=199) => State::Between,
                (Kind::Response { .. }, _) if head.status() == 101 => State::Rest,
                (_, Ok(Framing::Empty | Framing::Length(0))) => State::Between,
                (_, Ok(Framing::Length(length))) => State::Length(length),
                (_, Ok(Framing::Chunked)) => CHUNK_START,
                (_, Ok(Framing::UntilClose)) => State::Rest,
                (_, Err(_)) => State::Lost,
            };
            self.found.push_back(Found::Head(head, self.begun));
            return feed + 1;
        }
        let room = self.limit.saturating_sub(kept).min(input.len());
        self.partial.extend_from_slice(&input[..room]);
        if kept + input.len() > self.limit {
            self.state = State::Lost;
        }
        input.len()
    }

    /// `1a;name=value CR LF` (RFC 9112, section 7.1).
    fn chunk_line(&mut self, input: &[u8]) -> usize {
        let State::ChunkLine { mut size, mut digits, mut seen, mut in_size } = self.state else { return 0 };
        for (at, byte) in input.iter().enumerate() {
            seen += 1;
            let digit = char::from(*byte).to_digit(16).filter(|_| in_size);
            match (*byte, digit) {
                (b'\n', _) if digits > 0 => {
                    self.state = if size == 0 { State::Trailers } else { State::ChunkData(size) };
                    return at + 1;
                }
                (_, Some(digit)) if size >> 60 == 0 => {
                    size = size << 4 | u64::from(digit);
                    digits += 1;
                }
                (b'\n', _) | (_, Some(_)) => {
                    self.state = State::Lost;
                    return at + 1;
                }
                _ => in_size = false,
            }
        }
        self.state = if seen > CHUNK_LINE || (digits == 0 && !in_size) {
            State::Lost
        } else {
            State::ChunkLine { size, digits, seen, in_size }
        };
        input.len()
    }

    fn trailers(&mut self, input: &[u8]) -> usize {
        // Taken line by line: the blank line that ends them is an empty one at a line's beginning.
        let end = memchr(b'\n', input).map_or(input.len(), |feed| feed + 1);
        self.partial.extend_from_slice(&input[..end]);
        if self.partial == b"\r\n"[..] || self.partial.ends_with(b"\n\r\n") {
            let lines = self.partial.len() - 2;
            let mut lines = self.partial.split().split_to(lines);
            if !lines.is_empty() {
                self.found.push_back(Found::Trailers(lines.split().freeze()));
            }
            self.state = State::Between;
        } else if self.partial.len() > self.limit {
            self.partial.clear();
            self.state = State::Lost;
        }
        end
    }
}

const CHUNK_START: State = State::ChunkLine { size: 0, digits: 0, seen: 0, in_size: true };

/// As much of the input as is left of a body.
fn take(left: u64, input: &[u8]) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(input.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scan(kind: Kind, pieces: &[&[u8]]) -> Vec<(bool, Vec<u8>)> {
        let mut scanner = HeadScanner::new(kind, 64 * 1024);
        for piece in pieces {
            scanner.feed(piece, Timestamp::UNIX_EPOCH);
        }
        std::iter::from_fn(|| scanner.next_found())
            .map(|found| match found {
                Found::Head(head, _) => (true, head.raw.to_vec()),
                Found::Trailers(lines) => (false, lines.to_vec()),
            })
            .collect()
    }

    const PIPELINED: &[u8] = b"\r\nPOST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n\r\n\r\n\
        POST /2 HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n\
        5;a=\"b\"\r\nhello\r\n1A  \r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n\
        GET /3 HTTP/1.1\r\nHost: a\r\n\r\n";

    #[test]
    fn pipelined_requests_come_apart() {
        let found = scan(Kind::Request, &[PIPELINED]);
        assert_eq!(found.len(), 4);
        assert!(found[0].1.starts_with(b"POST /1") && found[0].1.ends_with(b"4\r\n\r\n"));
        assert!(found[1].1.starts_with(b"POST /2") && found[1].1.ends_with(b"chunked\n\n"));
        assert_eq!(found[2], (false, b"X-Sum: 1\r\nX-More: 2\r\n".to_vec()));
        assert!(found[3].1.starts_with(b"GET /3"));
    }

    #[test]
    fn answers_follow_interim_answers_and_heads_without_bodies() {
        let bytes = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n\
            HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n\
            HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 body, not head\r\n\r\n";
        let found = scan(Kind::Response { to_head: false }, &[bytes]);
        assert_eq!(found.len(), 4);
        let found = scan(
            Kind::Response { to_head: true },
            &[b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"],
        );
        assert_eq!(found.len(), 2);
    }

    #[test]
    fn a_head_beyond_the_limit_is_given_up_but_its_beginning_kept() {
        let mut scanner = HeadScanner::new(Kind::Request, 64);
        for piece in [&b"GET / HTTP/1.1\r\nX-Long: "[..], &[b'a'; 100], b"\r\n\r\n"] {
            scanner.feed(piece, Timestamp::UNIX_EPOCH);
        }
        assert!(scanner.next_head().is_none());
        assert_eq!(scanner.unfinished().map(|(bytes, _)| bytes.len()), Some(64));
    }

    #[test]
    fn broken_chunks_lose_the_place() {
        for body in ["x\r\n", "\r\n", "5\r\nhelloXX", "fffffffffffffffff\r\n", ";a\r\n"] {
            let bytes =
                format!("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n{body}GET / HTTP/1.1\r\n\r\n");
            assert_eq!(scan(Kind::Request, &[bytes.as_bytes()]).len(), 1, "{body}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(128))]

        #[test]
        fn splits_make_no_difference(cuts in prop::collection::vec(0..PIPELINED.len(), 0..12)) {
            let mut cuts = cuts;
            cuts.sort_unstable();
            let mut pieces = Vec::new();
            let mut from = 0;
            for cut in cuts {
                pieces.push(&PIPELINED[from..cut]);
                from = cut;
            }
            pieces.push(&PIPELINED[from..]);
            prop_assert_eq!(scan(Kind::Request, &pieces), scan(Kind::Request, &[PIPELINED]));
        }

        #[test]
        fn any_bytes_in_any_splits_are_taken(pieces in prop::collection::vec(
            prop_oneof![
                prop::collection::vec(any::<u8>(), 0..40),
                Just(b"\r\n".to_vec()), Just(b"POST / HTTP/1.1\r\n".to_vec()),
                Just(b"Transfer-Encoding: chunked\r\n\r\n".to_vec()), Just(b"content-length: 3\r\n\r\n".to_vec()),
                Just(b"0\r\n\r\n".to_vec()), Just(b" folded\n".to_vec()),
            ], 0..20)) {
            let pieces: Vec<&[u8]> = pieces.iter().map(Vec::as_slice).collect();
            let whole = pieces.concat();
            for kind in [Kind::Request, Kind::Response { to_head: false }] {
                prop_assert_eq!(scan(kind, &pieces), scan(kind, &[&whole]));
            }
        }
    }
}
