//! A file in the layout that samewire writes, block by block: however large it is, little of its text is in memory at a time.

use std::io::{self, Read};

use super::writer::{CLOSING, OPENING};

/// Bytes that are read at a time. A longer line makes a longer block.
const BLOCK: u64 = 2 << 20;

/// A part of the file, and where it begins.
#[derive(Clone, Copy)]
pub(super) struct Slice<'a> {
    pub(super) offset: usize,
    pub(super) bytes: &'a [u8],
}

/// A file's bytes, as blocks of whole lines.
pub(super) trait Blocks {
    type Error;

    /// The next one; the last one may end within a line.
    fn next(&mut self) -> Result<Option<Slice<'_>>, Self::Error>;
}

/// The blocks of a file that is read as it goes.
pub(super) struct Blockwise<R> {
    source: R,
    /// Bytes that are read at a time.
    step: u64,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    offset: usize,
    /// Bytes of the buffer that were given out.
    given: usize,
    ended: bool,
}

impl<R: Read> Blockwise<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, step: BLOCK, buffer: Vec::new(), offset: 0, given: 0, ended: false }
    }

    /// All bytes from the last block on.
    pub(super) fn rest(mut self) -> io::Result<Vec<u8>> {
        self.source.read_to_end(&mut self.buffer)?;
        Ok(self.buffer)
    }
}

impl<R: Read> Blocks for Blockwise<R> {
    type Error = io::Error;

    fn next(&mut self) -> io::Result<Option<Slice<'_>>> {
        self.buffer.drain(..self.given);
        self.offset += self.given;
        loop {
            let seen = self.buffer.len();
            let more = (&mut self.source).take(self.step).read_to_end(&mut self.buffer)?;
            self.ended |= (more as u64) < self.step;
            let line_end = || memchr::memrchr(b'\n', &self.buffer[seen..]).map(|at| seen + at + 1);
            if let Some(end) = if self.ended { Some(self.buffer.len()) } else { line_end() } {
                self.given = end;
                let slice = Slice { offset: self.offset, bytes: &self.buffer[..end] };
                return Ok((end > 0).then_some(slice));
            }
        }
    }
}

/// Bytes that are there as a whole: one block.
pub(super) struct Whole<'a>(pub(super) Option<&'a [u8]>);

impl Blocks for Whole<'_> {
    type Error = std::convert::Infallible;

    fn next(&mut self) -> Result<Option<Slice<'_>>, Self::Error> {
        Ok(self.0.take().map(|bytes| Slice { offset: 0, bytes }))
    }
}

/// Lines with their offsets, each with its line end.
pub(super) struct Lines<'a>(pub(super) Slice<'a>);

impl<'a> Iterator for Lines<'a> {
    type Item = Slice<'a>;

    fn next(&mut self) -> Option<Slice<'a>> {
        let Slice { offset, bytes } = self.0;
        if bytes.is_empty() {
            return None;
        }
        let (line, rest) = bytes.split_at(memchr::memchr(b'\n', bytes).map_or(bytes.len(), |end| end + 1));
        self.0 = Slice { offset: offset + line.len(), bytes: rest };
        Some(Slice { offset, bytes: line })
    }
}

/// The opening line without its line end; none where a line is not as samewire writes it.
pub(super) fn opening(line: &[u8]) -> Option<&[u8]> {
    let head = line.trim_ascii_end();
    (head.starts_with(OPENING.0.as_bytes()) && head.ends_with(OPENING.1.as_bytes())).then_some(head)
}

/// The members of the closing line, as an object; none for another line. Without its end it is torn, and stays so.
pub(super) fn closing(line: &[u8]) -> Option<Vec<u8>> {
    let members = line.trim_ascii_end().strip_prefix(CLOSING.as_bytes())?;
    // `],MEMBERS}}`: what stands between is an object's inside.
    Some(match members.strip_suffix(b"}}") {
        Some(members) => [b"{", members, b"}"].concat(),
        None => [b"{", members].concat(),
    })
}

/// The entry in a line.
pub(super) fn entry(line: Slice<'_>) -> Slice<'_> {
    let text = line.bytes.trim_ascii_end();
    Slice { offset: line.offset, bytes: text.strip_prefix(b",").unwrap_or(text) }
}

/// An entry from the value of its member `_samewire` on; none where it is not as samewire writes it. samewire writes HAR's members first,
/// makes them of the others, and does not read them.
pub(super) fn facts(entry: &[u8]) -> Option<&[u8]> {
    if !entry.starts_with(br#"{"startedDateTime":"#) {
        return None;
    }
    // Within a string the quotation mark would be escaped.
    let own = memchr::memmem::find(entry, OWN)?;
    Some(&entry[own + OWN.len() - 1..])
}

/// What stands before the facts of an entry, and their first byte.
const OWN: &[u8] = br#","_samewire":{"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_whole_lines_whatever_is_read_at_a_time() {
        let text = b"one\n\na longer line\nfour\nwithout end";
        for step in 1..=text.len() as u64 + 1 {
            let mut blocks = Blockwise { step, ..Blockwise::new(&text[..]) };
            let mut read = Vec::new();
            while let Some(block) = blocks.next().unwrap() {
                assert_eq!(block.offset, read.len());
                read.extend_from_slice(block.bytes);
                assert!(block.bytes.ends_with(b"\n") || read.len() == text.len(), "{step} at a time");
            }
            assert_eq!(read, text, "{step} at a time");
        }
    }

    #[test]
    fn facts_begin_after_hars_members_and_not_within_a_string() {
        let entry = br#"{"startedDateTime":"x","comment":",\"_samewire\":{","_samewire":{"a":{"b":1,"_samewire":{}}}}"#;
        assert_eq!(facts(entry), Some(&br#"{"a":{"b":1,"_samewire":{}}}}"#[..]));
        for other in [&br#"{"_samewire":{"a":{"b":1,"_samewire":{}}},"startedDateTime":"x"}"#[..], b"{}", b""]
        {
            assert_eq!(facts(other), None);
        }
    }

    #[test]
    fn what_is_no_capture_is_given_back_as_a_whole() {
        let text = b"{\n\"log\": {}\n}\n";
        let mut blocks = Blockwise { step: 4, ..Blockwise::new(&text[..]) };
        blocks.next().unwrap();
        assert_eq!(blocks.rest().unwrap(), text);
    }
}
