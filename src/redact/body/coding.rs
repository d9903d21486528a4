//! Content codings, undone within limits.

use std::io::Read;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};

use crate::model::Coding;

use super::super::forms;
use super::super::message::Head;
use super::zstd::ZstdReader;

/// Most bytes that come out of a decoder.
const MOST: usize = 8 << 20;
/// Most bytes for each byte that went in, above the first 64 KiB: real text stays below a hundred.
const RATIO: usize = 400;
/// Most codings one over the other.
const DEEPEST: usize = 3;

/// The content codings in the order applied, and whether all of them can be undone.
pub(super) fn codings(head: &Head<'_>) -> (Vec<Coding>, bool) {
    let mut found = Vec::new();
    for line in &head.lines {
        if line.name.eq_ignore_ascii_case(b"content-encoding") {
            let value = forms::text_of(line.value).to_ascii_lowercase();
            found.extend(
                value
                    .split(',')
                    .map(str::trim)
                    .filter(|name| !name.is_empty() && *name != "identity")
                    .map(super::coding_of),
            );
        }
    }
    let known = found.len() <= DEEPEST && !found.contains(&Coding::Unknown);
    (found, known)
}

/// Undoes the codings, the last one first. `None` where one is broken or too much comes out.
pub(super) fn decode(bytes: &[u8], codings: &[Coding]) -> Option<Vec<u8>> {
    let limit = MOST.min((64 << 10) + bytes.len().saturating_mul(RATIO));
    let mut bytes = bytes.to_vec();
    for coding in codings.iter().rev() {
        bytes = match coding {
            Coding::Gzip => read(MultiGzDecoder::new(bytes.as_slice()), limit)?,
            // RFC 9110 means zlib by it; some servers send bare deflate.
            Coding::Deflate => read(ZlibDecoder::new(bytes.as_slice()), limit)
                .or_else(|| read(DeflateDecoder::new(bytes.as_slice()), limit))?,
            Coding::Brotli => read(brotli_decompressor::Decompressor::new(bytes.as_slice(), 4096), limit)?,
            Coding::Zstd => read(ZstdReader::new(bytes.as_slice()), limit)?,
            Coding::Unknown => return None,
        };
    }
    Some(bytes)
}

/// True for bytes that something comes out of when they are unpacked, and for archives that are not opened here.
pub(super) fn unpacks(bytes: &[u8]) -> bool {
    const CLOSED: [&[u8]; 5] = [b"BZh", b"\xfd7zXZ\0", b"PK\x03\x04", b"7z\xbc\xaf", b"Rar!\x1a"];
    let is_control = |letter: char| letter.is_control() && !letter.is_ascii_whitespace();
    if std::str::from_utf8(bytes).is_ok_and(|text| !text.contains(is_control)) {
        return false;
    }
    let whole = |coding| decode(bytes, &[coding]).is_some_and(|text| !text.is_empty());
    CLOSED.iter().any(|magic| bytes.starts_with(magic))
        || bytes.starts_with(b"\x1f\x8b")
        || whole(Coding::Zstd)
        || whole(Coding::Brotli)
        || read(ZlibDecoder::new(bytes), MOST).is_some()
        || is_deflated(bytes)
}

/// Bare deflate has no mark: many bytes begin like it, few end with it.
fn is_deflated(bytes: &[u8]) -> bool {
    let mut decoder = DeflateDecoder::new(bytes);
    let mut text = Vec::new();
    let read = decoder.by_ref().take(MOST as u64).read_to_end(&mut text);
    read.is_ok() && !text.is_empty() && decoder.total_in() == bytes.len() as u64
}

fn read(from: impl Read, limit: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
    (bytes.len() <= limit).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
    use ruzstd::encoding::CompressionLevel;

    use super::*;

    #[test]
    fn codings_are_undone() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(b"text").unwrap();
        assert_eq!(decode(&gzip.finish().unwrap(), &[Coding::Gzip]).as_deref(), Some(&b"text"[..]));
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"text").unwrap();
        assert_eq!(decode(&zlib.finish().unwrap(), &[Coding::Deflate]).as_deref(), Some(&b"text"[..]));
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(b"text").unwrap();
        assert_eq!(decode(&bare.finish().unwrap(), &[Coding::Deflate]).as_deref(), Some(&b"text"[..]));
        let zstd = ruzstd::encoding::compress_to_vec(&b"text"[..], CompressionLevel::Fastest);
        assert_eq!(decode(&zstd, &[Coding::Zstd]).as_deref(), Some(&b"text"[..]));
        assert_eq!(decode(&zstd.repeat(2), &[Coding::Zstd]).as_deref(), Some(&b"texttext"[..]));
        for (coding, name) in [(Coding::Gzip, "gzip"), (Coding::Zstd, "zstd")] {
            assert_eq!(decode(format!("not {name}").as_bytes(), &[coding]), None);
        }
        assert_eq!(decode(&zstd[..zstd.len() - 2], &[Coding::Zstd]), None);
    }

    #[test]
    fn a_bomb_does_not_go_off() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
        gzip.write_all(&vec![0; 64 << 20]).unwrap();
        assert_eq!(decode(&gzip.finish().unwrap(), &[Coding::Gzip]), None);
        let zstd = ruzstd::encoding::compress_to_vec(vec![0; 16 << 20].as_slice(), CompressionLevel::Fastest);
        assert_eq!(decode(&zstd, &[Coding::Zstd]), None);
    }
}
