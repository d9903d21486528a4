//! Undoing what is commonly done to a token on its way: blanks, quotes, a scheme, encodings, case.

use std::borrow::Cow;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{blank, literal, schemes, wrapping};

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
    .with_decode_padding_mode(DecodePaddingMode::Indifferent)
    .with_decode_allow_trailing_bits(true);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

/// Bytes as text: UTF-8, or else Latin-1, as field values once were (RFC 9110, section 5.5).
pub(super) fn text_of(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(bytes.iter().map(|byte| char::from(*byte)).collect()),
    }
}

/// Without invisible characters around it.
pub(super) fn trimmed(text: &str) -> Option<&str> {
    let (before, rest, after) = blank::split(text);
    (!before.is_empty() || !after.is_empty()).then_some(rest)
}

/// Without enclosing quotes; the quote. Python shows bytes as `b'...'`, and puts them into a text like that.
pub(super) fn unquoted(text: &str) -> Option<(char, &str)> {
    let text = text.strip_prefix('b').filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(text);
    let quote = text.chars().next()?;
    let closing = match quote {
        '"' | '\'' | '`' => quote,
        '\u{201c}' => '\u{201d}',
        '\u{2018}' => '\u{2019}',
        '\u{ab}' => '\u{bb}',
        _ => return None,
    };
    let rest = text[quote.len_utf8()..].strip_suffix(closing)?;
    Some((quote, rest))
}

/// Without an auth-scheme before it: the scheme as sent, what stood between, the rest.
pub(super) fn unschemed(text: &str) -> Option<(&str, &str, &str)> {
    let end = text.find([' ', '\t', ':', '='])?;
    let (scheme, rest) = text.split_at(end);
    if !schemes::is_known(scheme) {
        return None;
    }
    let blanks = rest.trim_start_matches([' ', '\t', ':', '=']);
    let separator = &rest[..rest.len() - blanks.len()];
    (separator.contains([' ', '\t']) && !blanks.is_empty()).then_some((scheme, separator, blanks))
}

/// Without the dots that say that it was cut.
pub(super) fn unabridged(text: &str) -> Option<&str> {
    text.strip_suffix("...").or_else(|| text.strip_suffix('\u{2026}')).filter(|rest| !rest.is_empty())
}

/// Percent-decoded, `+` as a blank where that is asked for. `None` where there is nothing to decode or the result is not text.
pub(super) fn percent_decoded(text: &str, plus: bool) -> Option<String> {
    let encoded = text
        .as_bytes()
        .windows(3)
        .any(|three| three[0] == b'%' && three[1].is_ascii_hexdigit() && three[2].is_ascii_hexdigit());
    let blank = plus && text.contains('+');
    if !encoded && !blank {
        return None;
    }
    let text = if plus { Cow::Owned(text.replace('+', " ")) } else { Cow::Borrowed(text) };
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(&text).collect();
    Some(text_of(&bytes).into_owned())
}

/// Decoded from base64 of either alphabet, line breaks and padding forgiven. `None` where the result is not printable text.
pub(super) fn base64_decoded(text: &str) -> Option<String> {
    base64_bytes(text).and_then(printable)
}

/// The same, whatever comes out.
pub(super) fn base64_bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() < 8
        || !text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=\r\n".contains(&byte))
    {
        return None;
    }
    let stripped: Cow<'_, str> = if text.contains(['\r', '\n']) {
        Cow::Owned(text.replace(['\r', '\n'], ""))
    } else {
        Cow::Borrowed(text)
    };
    STANDARD.decode(stripped.as_bytes()).or_else(|_| URL_SAFE.decode(stripped.as_bytes())).ok()
}

/// Decoded from hexadecimal digits. `None` where the result is not printable text.
pub(super) fn hex_decoded(text: &str) -> Option<String> {
    hex_bytes(text).and_then(printable)
}

/// The same, whatever comes out.
pub(super) fn hex_bytes(text: &str) -> Option<Vec<u8>> {
    if text.len() < 16 || text.len() % 2 == 1 {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn printable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8(bytes).ok()?;
    let plain = |letter: char| !letter.is_control() || matches!(letter, '\t' | '\r' | '\n');
    let sound = text.len() >= 4 && text.chars().all(plain) && (text.len() >= 16 || text.is_ascii());
    sound.then_some(text)
}

/// JSON's escapes undone. `None` where there are none or they are broken.
pub(super) fn json_unescaped(text: &str) -> Option<String> {
    if !text.contains('\\') {
        return None;
    }
    serde_json::from_str(&format!("\"{}\"", text.replace("\\'", "'"))).ok()
}

/// HTML's and XML's entities undone. `None` where there are none.
pub(super) fn entities_decoded(text: &str) -> Option<String> {
    if !text.contains('&') || !text.contains(';') {
        return None;
    }
    let mut decoded = String::with_capacity(text.len());
    let mut rest = text;
    let mut changed = false;
    while let Some(at) = rest.find('&') {
        decoded.push_str(&rest[..at]);
        rest = &rest[at..];
        let entity =
            rest.find(';').filter(|end| *end <= 8).and_then(|end| Some((entity(&rest[1..end])?, end)));
        let (letter, end) = entity.unwrap_or(('&', 0));
        changed |= end > 0;
        decoded.push(letter);
        rest = &rest[end + 1..];
    }
    decoded.push_str(rest);
    changed.then_some(decoded)
}

fn entity(name: &str) -> Option<char> {
    Some(match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)?
        }
    })
}

/// The value that Python's literal reader makes of it, where that is another one.
pub(super) fn cast(text: &str) -> Option<String> {
    literal::cast(text)
}

/// Everything undone, again and again, until nothing changes; then without blanks and in lower case. Two values with one core are
/// one secret, changed on the way.
pub(super) fn core(text: &str) -> String {
    let mut value = text.to_owned();
    // Each round takes a layer off; nobody wraps a token deeper than this.
    for _ in 0..6 {
        let next = peel(&value);
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    value.retain(|letter| blank::kind(letter).is_none() && letter != '+');
    value.to_lowercase()
}

fn peel(text: &str) -> Option<String> {
    if let Some(rest) = trimmed(text) {
        return Some(rest.to_owned());
    }
    if let Some((_, rest)) = unquoted(text) {
        return Some(rest.to_owned());
    }
    if let Some((_, _, rest)) = unschemed(text) {
        return Some(rest.to_owned());
    }
    // Not an object: Airbyte's widget tokens are base64 of one, and another kind of token than the one in it.
    if let Some(rest) = wrapping::unwrapped(text).filter(|_| !text.starts_with('{')) {
        return Some(rest);
    }
    json_unescaped(text)
        .or_else(|| hex_decoded(text))
        .or_else(|| base64_decoded(text))
        .or_else(|| percent_decoded(text, false))
        .or_else(|| entities_decoded(text))
        .filter(|next| next != text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_come_off() {
        assert_eq!(core(" \"Bearer dG9rZW4tVmFsdWU=\"\n"), "token-value");
        assert_eq!(core("token%2DValue%0A"), "token-value");
        assert_eq!(core("746f6b656e2d56616c7565"), "token-value");
        assert_eq!(core(r"token\u002dValue"), "token-value");
        assert_eq!(core("token&#x2d;Value"), "token-value");
        assert_eq!(core("token-\nVal\u{200b}ue"), "token-value");
    }

    #[test]
    fn what_is_not_encoded_stays() {
        assert_eq!(
            base64_decoded("Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFy"),
            Some("foobarbazquxfoobarbazquxfoobar".into())
        );
        assert_eq!(base64_decoded("k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u"), None);
        assert_eq!(percent_decoded("100%", false), None);
        assert_eq!(unschemed("Bearer abc"), Some(("Bearer", " ", "abc")));
        assert_eq!(unschemed("hunter abc"), None);
    }
}
