//! Runs of base64 in a text, decoded where something readable or another archive comes out.

use std::ops::Range;

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::utf16;

/// Shorter runs hold no secret that would not be found by its name.
const SHORTEST: usize = 24;

const CONFIG: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_allow_trailing_bits(true)
    .with_decode_padding_mode(DecodePaddingMode::Indifferent);
const PLAIN: GeneralPurpose = GeneralPurpose::new(&STANDARD, CONFIG);
const URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, CONFIG);

/// A run and what it says.
pub(super) struct Blob {
    pub(super) range: Range<usize>,
    pub(super) bytes: Vec<u8>,
}

const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

static LETTERS: [bool; 256] = {
    let mut letters = [false; 256];
    // Counted in both: `u8` would overflow after the last, and a cast could lose something.
    let (mut at, mut byte) = (0, 0_u8);
    while at < 256 {
        letters[at] = is_letter(byte);
        at += 1;
        byte = byte.wrapping_add(1);
    }
    letters
};

/// Hands the runs of base64 that decode to something to `take`, from left to right.
pub(super) fn each(text: &[u8], mut take: impl FnMut(Blob)) {
    let mut at = 0;
    while at + SHORTEST <= text.len() {
        // Look at the last letter that a run beginning here must have: most places are passed over by that.
        if !LETTERS[usize::from(text[at + SHORTEST - 1])] {
            at += SHORTEST;
            continue;
        }
        let mut start = at + SHORTEST - 1;
        while start > at && LETTERS[usize::from(text[start - 1])] {
            start -= 1;
        }
        let run = run(text, start);
        let end = run.end;
        if run.len() >= SHORTEST
            && let Some(bytes) = decode(&text[run.clone()])
        {
            take(Blob { range: run, bytes });
        }
        at = end.max(at + 1);
    }
}

/// From `start` over lines of equal length, as mail and PEM have them, to the padding.
fn run(text: &[u8], start: usize) -> Range<usize> {
    let length = |from: usize| text[from..].iter().take_while(|byte| LETTERS[usize::from(**byte)]).count();
    let mut end = start + length(start);
    let first = end - start;
    if first >= 60 && first.is_multiple_of(4) {
        loop {
            let gap = if text[end..].starts_with(b"\r\n") {
                2
            } else if text[end..].starts_with(b"\n") {
                1
            } else {
                break;
            };
            let next = length(end + gap);
            if next == 0 || next > first {
                break;
            }
            end += gap + next;
            if next < first {
                break;
            }
        }
    }
    end += text[end..].iter().take(2).take_while(|byte| **byte == b'=').count();
    start..end
}

/// True where a run of base64 goes on to the end of the text.
pub(super) fn is_open(text: &[u8]) -> Option<usize> {
    let length = text.iter().rev().take_while(|byte| LETTERS[usize::from(**byte)]).count();
    (length >= SHORTEST).then(|| text.len() - length)
}

fn decode(run: &[u8]) -> Option<Vec<u8>> {
    // Most runs are names and paths; the first letters tell.
    let head = &run[..run.len().min(64) / 4 * 4];
    if !is_telling(&PLAIN.decode(head).or_else(|_| URL.decode(head)).ok()?) {
        return None;
    }
    let joined: Vec<u8> = run.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let whole = match joined.iter().position(|byte| *byte == b'=') {
        None if joined.len() % 4 == 1 => &joined[..joined.len() - 1],
        _ => &joined[..],
    };
    PLAIN.decode(whole).or_else(|_| URL.decode(whole)).ok()
}

/// Text, or the head of something that may hold text.
fn is_telling(bytes: &[u8]) -> bool {
    let archive = [
        &b"\x1f\x8b"[..],
        b"PK\x03\x04",
        b"BZh91AY&SY",
        b"\xfd7zXZ\0",
        b"7z\xbc\xaf",
        b"Rar!\x1a",
        b"\x28\xb5\x2f\xfd",
        b"\x78\x01",
        b"\x78\x5e",
        b"\x78\x9c",
        b"\x78\xda",
        b"\xff\xfe",
        b"\xfe\xff",
    ];
    if archive.iter().any(|magic| bytes.starts_with(magic)) || utf16::order(bytes).is_some() {
        return true;
    }
    let printable = bytes
        .iter()
        .filter(|byte| (0x20..0x7f).contains(*byte) || matches!(byte, b'\n' | b'\r' | b'\t'))
        .count();
    printable * 10 >= bytes.len() * 9
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        each(text.as_bytes(), |blob| found.push(String::from_utf8_lossy(&blob.bytes).into_owned()));
        found
    }

    #[test]
    fn runs_are_decoded() {
        let words = "some words that are long enough, even for several lines of base64 as mails have them";
        for text in
            [PLAIN.encode(words), URL.encode(words), PLAIN.encode(words).trim_end_matches('=').to_owned()]
        {
            assert_eq!(found(&format!("a \"{text}\", b")), [words]);
            assert_eq!(found(&text), [words]);
        }
        let mail = PLAIN
            .encode(words)
            .as_bytes()
            .chunks(76)
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect::<Vec<_>>()
            .join("\r\n");
        assert_eq!(found(&mail), [words]);
        assert!(found("/usr/lib/python3/dist-packages/some/long/path/to/a/file").is_empty());
        assert!(found("short c2hvcnQ= text").is_empty());
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_survived(text in "[a-zA-Z0-9+/=\r\n ]{0,200}") {
            found(&text);
        }
    }
}
