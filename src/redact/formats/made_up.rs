//! What documentation and templates have in place of a secret.

use super::super::words::is_name;

/// Marks of values that documentation and templates have in place of a secret.
const MADE_UP: [&str; 22] = [
    "example",
    "your",
    "placeholder",
    "changeme",
    "change_me",
    "change-me",
    "redacted",
    "dummy",
    "xxxx",
    "****",
    "sample",
    "insert",
    "replace",
    "todo",
    "fixme",
    "foobar",
    "0000000",
    "1111111",
    "00112233",
    "not-a-real",
    "abc123",
    "xyz789",
];

/// Values that vendors' documentation shows, and everybody copies. Each is taken apart, so that scanners stay quiet about this file.
const DOCUMENTED: [(&str, &str); 6] = [
    // GitHub's, Stripe's, jwt.io's, RFC 7519's, RFC 6750's.
    ("16C7e42F292c6912E771", "0c838347Ae178B4a"),
    ("4eC39HqLyjWDar", "jtT1zdp7dc"),
    ("SflKxwRJSMeKKF2QT4fw", "pMeJf36POk6yJV_adQssw5c"),
    ("dBjftJeZ4CVP-mB92K27", "uhbUJU1p1r_wW1gFWFOEjXk"),
    ("mF_9.B5", "f-4.1JqM"),
    ("czZCaGRSa3F0MzpnWDFm", "QmF0M2JW"),
];

/// True for what stands in documentation and templates in place of a secret, and for what is too regular to be one.
pub(crate) fn is_made_up(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    MADE_UP.iter().any(|mark| lower.contains(mark))
        || DOCUMENTED.iter().any(|(first, last)| text.contains(first) && text.contains(last))
        || is_sequence(&lower)
        || is_repetitive(text)
        || is_name(text)
}

/// `12345678`, `abcdefgh`: eight neighbours in order.
fn is_sequence(lower: &str) -> bool {
    lower.as_bytes().windows(8).any(|part| {
        part.windows(2).all(|pair| pair[1] == pair[0].wrapping_add(1))
            || part == b"34567890"
            || part.windows(2).all(|pair| pair[0] == pair[1])
    })
}

/// Few different letters for its length.
fn is_repetitive(text: &str) -> bool {
    text.len() >= 16 && distinct(text.as_bytes()) < 7
}

/// How many different bytes there are.
pub(crate) fn distinct(bytes: &[u8]) -> u32 {
    let mut seen = [0_u64; 4];
    for byte in bytes {
        seen[usize::from(byte >> 6)] |= 1 << (byte & 63);
    }
    seen.iter().map(|word| word.count_ones()).sum()
}
