//! Values with something compressed in them: a secret in there is found by no search.

use super::{body, forms};

/// Shorter values hold nothing compressed.
const SHORTEST: usize = 16;

/// True for base64 or hexadecimal digits of something compressed, or of an archive.
pub(super) fn is_packed(text: &str) -> bool {
    let text = text.trim().trim_matches(['"', '\'']);
    let text = text.rsplit(',').next().filter(|_| text.starts_with("data:")).unwrap_or(text);
    text.len() >= SHORTEST
        && [forms::hex_bytes(text), forms::base64_bytes(text)]
            .iter()
            .flatten()
            .any(|bytes| body::unpacks(bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn what_is_compressed_is_known_in_any_encoding() {
        let text = br#"{"api_key":"k9QxT2vLpR7aWzY3bN8cF5dG","page":1}"#;
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        gzip.write_all(text).unwrap();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(text).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(text).unwrap();
        // Brotli without compression (RFC 7932, section 9.2).
        let header = 0xb | u32::try_from(text.len() - 1).unwrap() << 7 | 1 << 23;
        let brotli = [&header.to_le_bytes()[..3], text, &[3]].concat();
        let zstd = ruzstd::encoding::compress_to_vec(&text[..], ruzstd::encoding::CompressionLevel::Fastest);
        let bzip2 = [&b"BZh91AY&SY"[..], &[7; 30]].concat();
        let xz = [&b"\xfd7zXZ\0\0"[..], &[7; 30]].concat();
        let packed =
            [gzip.finish().unwrap(), zlib.finish().unwrap(), bare.finish().unwrap(), brotli, zstd, bzip2, xz];
        for (at, bytes) in packed.into_iter().enumerate() {
            let hex = bytes.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
            let base64 = STANDARD.encode(&bytes);
            for text in [&hex, &base64, &URL_SAFE_NO_PAD.encode(&bytes), &format!("data:x;base64,{base64}")] {
                assert!(is_packed(text), "{at}: {text}");
            }
        }
    }

    #[test]
    fn identifiers_are_not() {
        for text in [
            "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "d41d8cd98f00b204e9800998ecf8427e",
            "eyJhIjoxLCJiIjoyfQ==",
            "page-two-of-many",
        ] {
            assert!(!is_packed(text), "{text}");
        }
    }
}
