//! Where known secrets stand in a text, in any encoding.
//!
//! An index of its own, as secrets become known while requests pass (an answer issues a token) and an automaton would have to be built
//! anew for each: every pattern is entered under its first six bytes, and a text is scanned by looking up each window of six bytes in a
//! small bit table first. Scanning costs about a nanosecond a byte, whatever the number of secrets.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};
use zeroize::Zeroizing;

use crate::model::Step;

/// Bytes of a window; shorter secrets are not looked for within other text.
pub(super) const WINDOW: usize = 6;
const BITS: usize = 1 << 16;
/// `quote(value, safe="")` of Python, `encodeURIComponent` but for `!'()*`: RFC 3986's unreserved characters stay.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// Known secrets in all their encodings.
pub(super) struct Patterns {
    table: Vec<u64>,
    by_window: HashMap<[u8; WINDOW], Vec<u32>>,
    all: Vec<Pattern>,
}

struct Pattern {
    bytes: Zeroizing<Vec<u8>>,
    secret: u32,
    encoding: Encoding,
    /// Looks like a word: samewire's own words may be equal to it.
    word: bool,
}

/// How a secret was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Plain,
    Base64,
    Percent,
    Json,
    Hex,
    Lower,
    Upper,
    /// Forms that no step names: entities, UTF-16, backwards, a long part.
    Other,
}

impl Encoding {
    /// The step that made it; `Other` has none.
    pub(super) fn step(self) -> Option<Step> {
        Some(match self {
            Self::Plain | Self::Other => return None,
            Self::Base64 => Step::Base64,
            Self::Percent => Step::Percent,
            Self::Json => Step::JsonEscaped,
            Self::Hex => Step::Hex,
            Self::Lower => Step::Lower,
            Self::Upper => Step::Upper,
        })
    }
}

/// A place where a secret stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) range: Range<usize>,
    pub(super) secret: u32,
    pub(super) encoding: Encoding,
    /// The secret looks like a plain word.
    pub(super) word: bool,
}

impl Patterns {
    pub(super) fn new() -> Self {
        Self { table: vec![0; BITS / 64], by_window: HashMap::new(), all: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Enters a secret in every encoding. `word`: it looks like a plain word.
    pub(super) fn add(&mut self, secret: u32, value: &str, word: bool) {
        for (encoding, bytes) in encodings(value) {
            let Some(window) = bytes.first_chunk::<WINDOW>().copied() else { continue };
            let at = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
            let (cell, bit) = place(window);
            self.table[cell] |= bit;
            self.by_window.entry(window).or_default().push(at);
            self.all.push(Pattern { bytes, secret, encoding, word });
        }
    }

    /// The hits from left to right, none overlapping: of several that begin together, the longest.
    pub(super) fn find<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = Hit> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            if self.all.is_empty() {
                return None;
            }
            while let Some(window) = text.get(at..).and_then(|rest| rest.first_chunk::<WINDOW>()) {
                let (cell, bit) = place(*window);
                if self.table[cell] & bit != 0
                    && let Some(pattern) = self.longest(*window, &text[at..])
                {
                    let range = at..at + pattern.bytes.len();
                    at = range.end;
                    let Pattern { secret, encoding, word, .. } = *pattern;
                    return Some(Hit { range, secret, encoding, word });
                }
                at += 1;
            }
            None
        })
    }

    /// The first hit of a secret that is no plain word: secret and offset.
    pub(super) fn first_leak(&self, text: &[u8]) -> Option<(u32, usize)> {
        if self.all.is_empty() {
            return None;
        }
        text.windows(WINDOW).enumerate().find_map(|(at, window)| {
            let window = window.first_chunk::<WINDOW>()?;
            let (cell, bit) = place(*window);
            if self.table[cell] & bit == 0 {
                return None;
            }
            let pattern = self
                .candidates(*window)
                .find(|pattern| !pattern.word && text[at..].starts_with(&pattern.bytes))?;
            Some((pattern.secret, at))
        })
    }

    fn candidates(&self, window: [u8; WINDOW]) -> impl Iterator<Item = &Pattern> {
        self.by_window.get(&window).into_iter().flatten().map(|at| &self.all[*at as usize])
    }

    fn longest(&self, window: [u8; WINDOW], text: &[u8]) -> Option<&Pattern> {
        self.candidates(window)
            .filter(|pattern| text.starts_with(&pattern.bytes))
            .max_by_key(|pattern| (pattern.bytes.len(), pattern.encoding == Encoding::Plain))
    }
}

fn place(window: [u8; WINDOW]) -> (usize, u64) {
    let mut bytes = [0; 8];
    bytes[..WINDOW].copy_from_slice(&window);
    let word = u64::from_le_bytes(bytes);
    // Fibonacci hashing: the upper bits of the product are well mixed.
    let hash = usize::from((word.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 48) as u16);
    (hash / 64, 1 << (hash % 64))
}

/// A secret in every encoding in which it may be written, each once.
fn encodings(value: &str) -> Vec<(Encoding, Zeroizing<Vec<u8>>)> {
    let bytes = value.as_bytes();
    let mut found: Vec<(Encoding, Zeroizing<Vec<u8>>)> = Vec::with_capacity(24);
    let mut add = |encoding, bytes: Vec<u8>| {
        if bytes.len() >= WINDOW && !found.iter().any(|(_, known)| **known == bytes) {
            found.push((encoding, Zeroizing::new(bytes)));
        }
    };
    add(Encoding::Plain, bytes.to_vec());
    for shift in 0..3 {
        let aligned = base64_at(bytes, shift);
        if aligned.len() >= 10 {
            let url_safe = aligned.iter().map(|byte| match byte {
                b'+' => b'-',
                b'/' => b'_',
                byte => *byte,
            });
            add(Encoding::Base64, url_safe.collect());
            add(Encoding::Base64, aligned);
        }
    }
    let percent = percent_encode(bytes, RESERVED).to_string();
    add(Encoding::Percent, percent_encode(percent.as_bytes(), RESERVED).to_string().into_bytes());
    add(Encoding::Percent, lower_escapes(&percent).into_bytes());
    add(Encoding::Percent, percent.replace("%20", "+").into_bytes());
    add(Encoding::Percent, percent.into_bytes());
    add(Encoding::Percent, written(bytes, "%", |text, byte| write!(text, "{byte:02X}")));
    add(Encoding::Percent, written(bytes, "%", |text, byte| write!(text, "{byte:02x}")));
    if let Ok(json) = serde_json::to_string(value) {
        let json = &json[1..json.len() - 1];
        add(Encoding::Json, json.replace('/', "\\/").into_bytes());
        add(Encoding::Json, json.as_bytes().to_vec());
    }
    add(Encoding::Json, escaped(value, |text, unit| write!(text, "\\u{unit:04x}"), true));
    add(Encoding::Json, escaped(value, |text, unit| write!(text, "\\u{unit:04x}"), false));
    add(Encoding::Other, entities(value, "&#x27;").into_bytes());
    add(Encoding::Other, entities(value, "&#39;").into_bytes());
    // Python's `repr` of bytes, where they are no letters.
    add(Encoding::Other, written(bytes, "\\x", |text, byte| write!(text, "{byte:02x}")));
    add(Encoding::Hex, written(bytes, "", |text, byte| write!(text, "{byte:02x}")));
    add(Encoding::Hex, written(bytes, "", |text, byte| write!(text, "{byte:02X}")));
    add(Encoding::Hex, written(bytes, " ", |text, byte| write!(text, "{byte:02x}"))[1..].to_vec());
    add(Encoding::Other, value.encode_utf16().flat_map(u16::to_le_bytes).collect());
    add(Encoding::Other, value.encode_utf16().flat_map(u16::to_be_bytes).collect());
    add(Encoding::Other, bytes.iter().rev().copied().collect());
    if bytes.len() >= 16 {
        add(Encoding::Lower, value.to_lowercase().into_bytes());
        add(Encoding::Upper, value.to_uppercase().into_bytes());
    }
    if bytes.len() >= 24 {
        add(Encoding::Other, bytes[..16].to_vec());
        add(Encoding::Other, bytes[bytes.len() - 16..].to_vec());
    }
    found
}

/// The letters of base64 that depend on these bytes alone, whatever stands before (`shift` bytes of a group of three) and after.
fn base64_at(bytes: &[u8], shift: usize) -> Vec<u8> {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let text = STANDARD_NO_PAD.encode(&padded);
    let start = (shift * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    text.as_bytes().get(start..end).map(<[u8]>::to_vec).unwrap_or_default()
}

fn written(bytes: &[u8], before: &str, digit: impl Fn(&mut String, u8) -> std::fmt::Result) -> Vec<u8> {
    let mut text = String::with_capacity(bytes.len() * 3);
    for byte in bytes {
        text.push_str(before);
        // Writing to a String cannot fail.
        let _ = digit(&mut text, *byte);
    }
    text.into_bytes()
}

fn escaped(value: &str, unit: impl Fn(&mut String, u16) -> std::fmt::Result, all: bool) -> Vec<u8> {
    let mut text = String::with_capacity(value.len() * 6);
    for letter in value.chars() {
        if letter.is_ascii() && !all {
            text.push(letter);
        } else {
            for code in letter.encode_utf16(&mut [0; 2]) {
                // Writing to a String cannot fail.
                let _ = unit(&mut text, *code);
            }
        }
    }
    text.into_bytes()
}

fn lower_escapes(text: &str) -> String {
    let mut digits = 0;
    text.chars()
        .map(|letter| {
            digits = if letter == '%' { 2 } else { i32::max(digits - 1, -1) };
            if digits >= 0 { letter.to_ascii_lowercase() } else { letter }
        })
        .collect()
}

fn entities(value: &str, apostrophe: &str) -> String {
    value
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', apostrophe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patterns(values: &[&str]) -> Patterns {
        let mut patterns = Patterns::new();
        for (at, value) in values.iter().enumerate() {
            patterns.add(u32::try_from(at).unwrap(), value, false);
        }
        patterns
    }

    #[test]
    fn secrets_are_found_in_every_encoding() {
        let secret = "Corr3ct-Ab/3dE+9x&'é#1k9QxT2vL";
        let patterns = patterns(&["unrelated-secret-value", secret]);
        let base64 =
            |shift: &str| base64::engine::general_purpose::URL_SAFE.encode(format!("{shift}{secret}zz"));
        for text in [
            secret.to_owned(),
            base64(""),
            base64("q"),
            base64("qq"),
            "Corr3ct-Ab%2F3dE%2B9x%26%27%C3%A9%231k9QxT2vL".to_owned(),
            "Corr3ct-Ab%2f3dE%2b9x%26%27%c3%a9%231k9QxT2vL".to_owned(),
            r"Corr3ct-Ab/3dE+9x&'\u00e9#1k9QxT2vL".to_owned(),
            secret.to_lowercase(),
            secret.chars().rev().collect(),
            "Corr3ct-Ab/3dE+9x&amp;&#39;é#1k9QxT2vL".to_owned(),
            String::from_utf8(written(secret.as_bytes(), "", |text, byte| write!(text, "{byte:02x}")))
                .unwrap(),
            secret[..16].to_owned(),
        ] {
            let found = patterns.first_leak(format!("before {text} after").as_bytes());
            if text == secret.chars().rev().collect::<String>() {
                // Backwards by bytes, not by letters: é comes out in pieces.
                continue;
            }
            assert_eq!(found.map(|(secret, _)| secret), Some(1), "{text}");
        }
    }

    #[test]
    fn hits_come_in_order_and_do_not_overlap() {
        let patterns = patterns(&["abcdefgh", "abcdefghijkl"]);
        let hits: Vec<_> =
            patterns.find(b"x abcdefghijkl abcdefgh-").map(|hit| (hit.secret, hit.range)).collect();
        assert_eq!(hits, [(1, 2..14), (0, 15..23)]);
        assert_eq!(patterns.find(b"abcdefg").count(), 0);
    }

    #[test]
    fn words_are_masked_but_do_not_fail_the_check() {
        let mut patterns = Patterns::new();
        patterns.add(0, "sandbox", true);
        assert_eq!(patterns.find(b"a sandbox").count(), 1);
        assert_eq!(patterns.first_leak(b"a sandbox"), None);
    }
}
