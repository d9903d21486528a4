//! zstd (RFC 8878): frames one after the other, those that are to be skipped among them.

use std::io::{self, BufRead, BufReader, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// Reads what zstd compressed, with as much memory as RFC 9659 allows a sender on the web to ask for or a little more.
pub struct ZstdReader<R: Read> {
    /// Nothing after an error.
    state: Option<State<BufReader<R>>>,
}

enum State<R: Read> {
    Between(R),
    Within(Box<StreamingDecoder<R, FrameDecoder>>),
}

/// Largest window, in bytes: what the command line tool uses by default, and eight times more.
const WINDOW: u64 = 64 << 20;

impl<R: Read> ZstdReader<R> {
    /// Reads from `from`.
    pub fn new(from: R) -> Self {
        Self { state: Some(State::Between(BufReader::new(from))) }
    }
}

/// Passes a frame over that holds nothing: magic number, length, content.
fn skip(from: &mut impl BufRead) -> io::Result<bool> {
    let head = from.fill_buf()?;
    let skippable = head.len() >= 4 && head[0] & 0xf0 == 0x50 && head[1..4] == [0x2a, 0x4d, 0x18];
    if skippable {
        let mut head = [0; 8];
        from.read_exact(&mut head)?;
        let length = u32::from_le_bytes([head[4], head[5], head[6], head[7]]);
        io::copy(&mut from.take(u64::from(length)), &mut io::sink())?;
    }
    Ok(skippable)
}

impl<R: Read> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.state.take() {
                None => return Err(io::Error::other("damaged zstd")),
                Some(State::Between(mut from)) => {
                    while skip(&mut from)? {}
                    if from.fill_buf()?.is_empty() {
                        self.state = Some(State::Between(from));
                        return Ok(0);
                    }
                    let decoder =
                        StreamingDecoder::new_with_max_window_size(from, WINDOW).map_err(io::Error::other)?;
                    self.state = Some(State::Within(Box::new(decoder)));
                }
                Some(State::Within(mut decoder)) => {
                    let count = decoder.read(buffer)?;
                    if count > 0 || buffer.is_empty() {
                        self.state = Some(State::Within(decoder));
                        return Ok(count);
                    }
                    self.state = Some(State::Between(decoder.into_inner()));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    use super::*;

    fn read(bytes: &[u8]) -> Option<String> {
        let mut text = String::new();
        ZstdReader::new(bytes).read_to_string(&mut text).ok().map(|_| text)
    }

    #[test]
    fn all_frames_are_read() {
        let frame = compress_to_vec(&b"text"[..], CompressionLevel::Fastest);
        let skippable = b"\x5a\x2a\x4d\x18\x03\0\0\0xyz";
        assert_eq!(read(&frame).as_deref(), Some("text"));
        assert_eq!(read(&[&frame[..], skippable, &frame, skippable].concat()).as_deref(), Some("texttext"));
        assert_eq!(read(b"").as_deref(), Some(""));
        assert_eq!(read(&frame[..frame.len() - 1]), None);
        assert_eq!(read(&[&frame[..], b"rest"].concat()), None);
        assert_eq!(read(b"not zstd"), None);
    }
}
