//! The head of a message as bytes: its lines and its framing, nothing decoded and nothing lost.

use std::ops::Range;

use bytes::Bytes;
use memchr::{memchr, memchr_iter};

/// Whose heads they are: requests and answers differ in start line and framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// From a client.
    Request,
    /// From an origin, to a request with a method that allows a body in the answer or not.
    Response {
        /// The request was HEAD: whatever the fields say, no body follows.
        to_head: bool,
    },
}

/// How the end of a message's body is told (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// There is no body, and no field decides it.
    Empty,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding`, `chunked` last.
    Chunked,
    /// The connection's end.
    UntilClose,
}

/// Framing that two readers could understand differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ambiguous {
    /// `Content-Length` that is no number, or several that differ.
    ContentLength,
    /// `Transfer-Encoding` of a request that does not end in one `chunked`, or of HTTP/1.0.
    TransferEncoding,
}

/// A message's head.
#[derive(Clone)]
pub struct Head {
    /// From the first byte of the start line to the blank line's end.
    pub raw: Bytes,
    /// Without its line end.
    start: Range<usize>,
    lines: Vec<Line>,
    /// How the body's end is told.
    pub framing: Result<Framing, Ambiguous>,
    /// HTTP/1.0 or earlier.
    pub is_http10: bool,
    status: u16,
}

/// A field line. An obsolete line folding (RFC 9112, section 5.2) belongs to the line that it folds.
#[derive(Clone)]
struct Line {
    /// All of it, without its line end.
    whole: Range<usize>,
    name: Range<usize>,
    /// Without the white space around it.
    value: Range<usize>,
}

/// One field of a [`Head`].
#[derive(Clone, Copy)]
pub struct FieldLine<'a> {
    /// The line as sent, without its line end.
    pub whole: &'a [u8],
    /// Up to the colon; empty where there is none.
    pub name: &'a [u8],
    /// Without the white space around it.
    pub value: &'a [u8],
}

impl<'a> FieldLine<'a> {
    /// True when it has this name, in any case.
    #[inline]
    pub fn is(&self, name: &str) -> bool {
        // Nearly all names differ in length already.
        self.name.len() == name.len() && self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// True when the value is a list that holds this token, in any case.
    pub fn lists(&self, token: &str) -> bool {
        self.tokens().any(|own| own.eq_ignore_ascii_case(token.as_bytes()))
    }

    /// The parts of a comma-separated value.
    pub fn tokens(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
    }
}

impl Head {
    /// Splits a head. It never fails: what is wrong with it shows in its parts.
    pub fn new(raw: Bytes, kind: Kind) -> Self {
        let mut ends = memchr_iter(b'\n', &raw);
        let first = ends.next().unwrap_or(raw.len());
        let start = 0..without_return(&raw, 0, first);
        let mut lines: Vec<Line> = Vec::with_capacity(16);
        let mut begin = first + 1;
        for end in ends {
            let whole = begin..without_return(&raw, begin, end);
            begin = end + 1;
            if whole.is_empty() {
                break;
            }
            match lines.last_mut() {
                Some(folded) if matches!(raw[whole.start], b' ' | b'\t') => {
                    folded.whole.end = whole.end;
                    folded.value = trimmed(&raw, folded.value.start..whole.end);
                }
                _ => lines.push(line(&raw, whole)),
            }
        }
        let is_http10 = match kind {
            Kind::Request => !raw[start.clone()].ends_with(b"HTTP/1.1"),
            Kind::Response { .. } => !raw[start.clone()].starts_with(b"HTTP/1.1"),
        };
        let status = if kind == Kind::Request { 0 } else { status(&raw[start.clone()]) };
        let mut head = Self { raw, start, lines, framing: Ok(Framing::Empty), is_http10, status };
        head.framing = head.read_framing(kind);
        head
    }

    /// The start line without its line end.
    pub fn start_line(&self) -> &[u8] {
        &self.raw[self.start.clone()]
    }

    /// Method and target of a request, version or status left out; empty where they are missing.
    pub fn request_line(&self) -> (&[u8], &[u8]) {
        let mut words = self.start_line().split(|byte| *byte == b' ');
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }

    /// The status code of an answer, 0 where there is none.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The field lines in order.
    pub fn fields(&self) -> impl Iterator<Item = FieldLine<'_>> {
        self.lines.iter().map(|line| FieldLine {
            whole: &self.raw[line.whole.clone()],
            name: &self.raw[line.name.clone()],
            value: &self.raw[line.value.clone()],
        })
    }

    /// How many field lines there are.
    pub fn field_count(&self) -> usize {
        self.lines.len()
    }

    /// The value of the first field of this name.
    pub fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields().find(|field| field.is(name)).map(|field| field.value)
    }

    /// True when a field of this name lists this token.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        self.fields().any(|field| field.is(name) && field.lists(token))
    }

    fn read_framing(&self, kind: Kind) -> Result<Framing, Ambiguous> {
        if let Kind::Response { to_head } = kind {
            match self.status() {
                100..=199 | 204 | 304 => return Ok(Framing::Empty),
                _ if to_head => return Ok(Framing::Empty),
                _ => {}
            }
        }
        let (mut length, mut coded, mut chunked, mut last) = (None, false, 0, false);
        let mut differing = false;
        for field in self.fields() {
            if field.is("content-length") {
                let parts = if kind == Kind::Request { 1 } else { usize::MAX };
                for part in field.value.splitn(parts, |byte| *byte == b',').map(<[u8]>::trim_ascii) {
                    match (decimal(part), length) {
                        (Some(new), None) => length = Some(new),
                        (Some(new), Some(old)) if new == old => {}
                        _ => differing = true,
                    }
                }
            } else if field.is("transfer-encoding") {
                coded = true;
                for token in field.tokens() {
                    last = token.eq_ignore_ascii_case(b"chunked");
                    chunked += u8::from(last).min(u8::MAX - chunked);
                }
            }
        }
        if coded {
            return match kind {
                _ if self.is_http10 || chunked > 1 => Err(Ambiguous::TransferEncoding),
                _ if last => Ok(Framing::Chunked),
                Kind::Request => Err(Ambiguous::TransferEncoding),
                Kind::Response { .. } => Ok(Framing::UntilClose),
            };
        }
        match (length, kind) {
            _ if differing => Err(Ambiguous::ContentLength),
            (Some(length), _) => Ok(Framing::Length(length)),
            (None, Kind::Request) => Ok(Framing::Empty),
            (None, Kind::Response { .. }) => Ok(Framing::UntilClose),
        }
    }
}

fn status(start_line: &[u8]) -> u16 {
    let code = start_line.split(|byte| *byte == b' ').nth(1);
    code.and_then(|code| std::str::from_utf8(code).ok()?.parse().ok()).unwrap_or(0)
}

/// Where the line ends without the carriage return before its line feed.
fn without_return(raw: &[u8], begin: usize, end: usize) -> usize {
    if end > begin && raw.get(end - 1) == Some(&b'\r') { end - 1 } else { end }
}

fn line(raw: &[u8], whole: Range<usize>) -> Line {
    let (name, value) = match memchr(b':', &raw[whole.clone()]) {
        Some(colon) => {
            let colon = whole.start + colon;
            (whole.start..colon, trimmed(raw, colon + 1..whole.end))
        }
        None => (whole.start..whole.start, whole.clone()),
    };
    Line { whole, name, value }
}

/// Without spaces, tabs and line breaks at both ends.
fn trimmed(raw: &[u8], range: Range<usize>) -> Range<usize> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let bytes = &raw[range.clone()];
    let before = bytes.iter().take_while(|byte| blank(byte)).count();
    let after = bytes[before..].iter().rev().take_while(|byte| blank(byte)).count();
    range.start + before..range.end - after
}

/// A number in digits only (no sign, no blanks).
pub(super) fn decimal(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(raw: &'static str) -> Head {
        Head::new(Bytes::from_static(raw.as_bytes()), Kind::Request)
    }

    fn response(raw: &'static str) -> Head {
        Head::new(Bytes::from_static(raw.as_bytes()), Kind::Response { to_head: false })
    }

    #[test]
    fn lines_keep_their_bytes_and_values_lose_their_blanks() {
        let head =
            request("GET /a HTTP/1.1\r\nHost:x\r\nX-A: \t b \r\nbroken\r\nAuthorization: Bearer \r\n\r\n");
        assert_eq!(head.request_line(), (&b"GET"[..], &b"/a"[..]));
        let fields: Vec<_> = head.fields().map(|f| (f.whole, f.name, f.value)).collect();
        assert_eq!(fields[1], (&b"X-A: \t b "[..], &b"X-A"[..], &b"b"[..]));
        assert_eq!(fields[2], (&b"broken"[..], &b""[..], &b"broken"[..]));
        assert_eq!(fields[3], (&b"Authorization: Bearer "[..], &b"Authorization"[..], &b"Bearer"[..]));
    }

    #[test]
    fn framing_of_requests() {
        let of = |fields: &'static str| {
            let raw = format!("POST / HTTP/1.1\r\n{fields}\r\n");
            Head::new(raw.into(), Kind::Request).framing
        };
        assert_eq!(of(""), Ok(Framing::Empty));
        assert_eq!(of("Content-Length: 5\r\ncontent-length: 5\r\n"), Ok(Framing::Length(5)));
        assert_eq!(of("Content-Length: 5\r\nContent-Length: 6\r\n"), Err(Ambiguous::ContentLength));
        for bad in ["+5", "5, 5", "", "0x5", "5 5", "99999999999999999999"] {
            let raw = format!("POST / HTTP/1.1\r\nContent-Length: {bad}\r\n\r\n");
            let head = Head::new(raw.into(), Kind::Request);
            assert_eq!(head.framing, Err(Ambiguous::ContentLength), "{bad}");
        }
        assert_eq!(of("Transfer-Encoding: gzip, Chunked\r\nContent-Length: 5\r\n"), Ok(Framing::Chunked));
        for bad in ["chunked, chunked", "gzip", "chunked, gzip", "xchunked"] {
            let raw = format!("POST / HTTP/1.1\r\nTransfer-Encoding: {bad}\r\n\r\n");
            let head = Head::new(raw.into(), Kind::Request);
            assert_eq!(head.framing, Err(Ambiguous::TransferEncoding), "{bad}");
        }
        let old = request("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(old.framing, Err(Ambiguous::TransferEncoding));
    }

    #[test]
    fn framing_of_answers() {
        assert_eq!(response("HTTP/1.1 200 OK\r\n\r\n").framing, Ok(Framing::UntilClose));
        assert_eq!(response("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n").framing, Ok(Framing::Empty));
        assert_eq!(
            response("HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\n").framing,
            Ok(Framing::Length(5))
        );
        let coded = response("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n");
        assert_eq!(coded.framing, Ok(Framing::UntilClose));
        let head = Bytes::from_static(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        assert_eq!(Head::new(head, Kind::Response { to_head: true }).framing, Ok(Framing::Empty));
    }

    #[test]
    fn a_folded_line_is_one_field() {
        let head = response("HTTP/1.1 200 OK\r\nX-A: one\r\n\ttwo\r\nContent-Length:\r\n 7\r\n\r\n");
        let fields: Vec<_> = head.fields().map(|f| (f.name, f.value)).collect();
        assert_eq!(fields[0], (&b"X-A"[..], &b"one\r\n\ttwo"[..]));
        assert_eq!(head.framing, Ok(Framing::Length(7)));
    }
}
