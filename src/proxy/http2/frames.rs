//! Frames of HTTP/2 as they pass (RFC 9113, section 4): which streams begin and which are reset. What is in them stays
//! unread. No I/O.

use h2::Reason;

/// A frame's header: length, type, flags, stream.
const HEADER: usize = 9;
/// The code of a `RST_STREAM` frame.
const CODE: usize = 4;

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;

/// A frame that says what becomes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// The beginning of a head, or of trailers.
    Headers { stream: u32 },
    /// The stream is over, and why.
    Reset { stream: u32, reason: Reason },
}

/// Finds the frames in one direction of a connection.
#[derive(Debug, Default)]
pub(super) struct FrameReader {
    /// Bytes to pass over before the next header.
    skip: usize,
    /// The header that is being read, and the code behind it.
    read: [u8; HEADER + CODE],
    /// Bytes of it that have come.
    seen: usize,
}

impl FrameReader {
    /// The first frame comes after this many bytes.
    pub(super) fn after(skip: usize) -> Self {
        Self { skip, ..Self::default() }
    }

    /// Takes the next bytes, in pieces of any size.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut found: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            if self.skip > 0 {
                let passed = self.skip.min(bytes.len());
                self.skip -= passed;
                bytes = &bytes[passed..];
                continue;
            }
            let (taken, rest) = bytes.split_at(bytes.len().min(self.wanted() - self.seen));
            self.read[self.seen..self.seen + taken.len()].copy_from_slice(taken);
            self.seen += taken.len();
            bytes = rest;
            if self.seen < HEADER || self.seen < self.wanted() {
                continue;
            }
            if let Some(frame) = self.frame() {
                found(frame);
            }
            self.skip = self.length() - (self.seen - HEADER);
            self.seen = 0;
        }
    }

    /// Bytes that tell what the frame says.
    fn wanted(&self) -> usize {
        let has_code = self.seen >= HEADER && self.read[3] == RST_STREAM && self.length() >= CODE;
        if has_code { HEADER + CODE } else { HEADER }
    }

    fn length(&self) -> usize {
        let [high, middle, low, ..] = self.read;
        usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
    }

    fn frame(&self) -> Option<Frame> {
        let number = |at: usize| {
            self.read[at..at + 4].iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte))
        };
        // The first bit is reserved.
        let stream = number(5) & (u32::MAX >> 1);
        match self.read[3] {
            HEADERS => Some(Frame::Headers { stream }),
            RST_STREAM if self.seen == HEADER + CODE => {
                Some(Frame::Reset { stream, reason: Reason::from(number(HEADER)) })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(reader: &mut FrameReader, pieces: &[&[u8]]) -> Vec<Frame> {
        let mut all = Vec::new();
        for piece in pieces {
            reader.feed(piece, |frame| all.push(frame));
        }
        all
    }

    #[test]
    fn frames_are_found_in_pieces_of_any_size() {
        let frames = [
            &b"PRI"[..],
            &[0, 0, 0, 4, 0, 0, 0, 0, 0],
            // A payload that looks like a frame.
            &[0, 0, 9, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 9],
            &[0, 0, 2, 1, 4, 0x80, 0, 1, 5, 7, 7],
            &[0, 0, 4, 3, 0, 0, 0, 0, 7, 0, 0, 0, 11],
            // Not as long as it must be.
            &[0, 0, 3, 3, 0, 0, 0, 0, 9, 0, 0, 1],
            &[0, 0, 0, 1, 0, 0, 0, 0, 3],
        ]
        .concat();
        let expected = [
            Frame::Headers { stream: 0x105 },
            Frame::Reset { stream: 7, reason: Reason::ENHANCE_YOUR_CALM },
            Frame::Headers { stream: 3 },
        ];
        for size in 1..=frames.len() {
            let pieces: Vec<&[u8]> = frames.chunks(size).collect();
            assert_eq!(found(&mut FrameReader::after(3), &pieces), expected, "pieces of {size}");
        }
    }
}
