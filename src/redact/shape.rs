//! What a value looks like, without a character of it.

use crate::model::{Class, Length, Shape};

use super::clock::Clock;
use super::fingerprint::Tagger;
use super::placeholder::placeholder;
use super::{blank, dates, envelope, forms, jwt, words};

/// Prefixes that vendors put before every token of a kind: public, and telling.
#[rustfmt::skip]
const PUBLIC_PREFIXES: &[&str] = &[
    "github_pat_", "sk_live_", "sk_test_", "pk_live_", "pk_test_", "rk_live_", "rk_test_", "sk-ant-", "sk-proj-", "whsec_", "xoxb-", "xoxp-", "xoxa-", "xapp-",
    "glpat-", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "AKIA", "ASIA", "AIza", "ya29.", "dapi", "dop_v1_", "shpat_", "shpss_", "shpca_", "pat-na1-", "pat-eu1-",
    "SG.", "npm_", "pypi-", "hf_", "EAAG", "lin_api_", "secret_", "figd_", "sq0atp-", "key-", "sk-", "airbyte_",
];

/// The length as it may be told.
pub(super) fn length(bytes: usize) -> Length {
    match bytes {
        1..8 => Length::Under { under: 8 },
        8..16 => Length::Under { under: 16 },
        bytes => Length::Exact(u32::try_from(bytes).unwrap_or(u32::MAX)),
    }
}

/// What a value looks like. A secret's numbers are told less about: no distance in time.
pub(super) fn shape(raw: &[u8], text: &str, secret: bool, clock: &Clock, tagger: &Tagger) -> Shape {
    let (before, inner, after) = blank::split(text);
    let (quotes, unquoted) =
        forms::unquoted(inner).map_or((None, inner), |(quote, inner)| (Some(quote), inner));
    let class = if std::str::from_utf8(raw).is_err()
        && raw.iter().any(|byte| *byte < 0x20 && !b"\t\r\n\x1b".contains(byte))
    {
        Class::Binary
    } else {
        class(inner, secret, clock, tagger)
    };
    Shape {
        length: length(raw.len()),
        leading: blank::telling(before),
        trailing: blank::telling(after),
        inside: blank::telling(inner),
        quotes,
        scheme: forms::unschemed(unquoted).map(|(scheme, _, _)| scheme.to_owned()),
        public_prefix: public_prefix(unquoted).or_else(|| cut_jwt(unquoted, &class)).map(str::to_owned),
        envelope: envelope::facts(unquoted, clock, tagger).map(Box::new),
        class,
    }
}

/// How every JWT begins (base64 of `{"`), where this is none, or none any more.
fn cut_jwt(text: &str, class: &Class) -> Option<&'static str> {
    (*class == Class::Opaque && text.len() >= 19 && text.starts_with("eyJ")).then_some("eyJ")
}

/// A vendor's prefix before a longer rest.
pub(super) fn public_prefix(text: &str) -> Option<&'static str> {
    PUBLIC_PREFIXES.iter().copied().find(|prefix| text.len() >= prefix.len() + 16 && text.starts_with(prefix))
}

/// What kind of value a text without blanks around it is.
pub(super) fn class(text: &str, secret: bool, clock: &Clock, tagger: &Tagger) -> Class {
    if let Some(class) = placeholder(text) {
        return class;
    }
    if let Some(jwt) = jwt::facts(text, clock, tagger) {
        return Class::Jwt(Box::new(jwt));
    }
    let stopped = Clock::default();
    let clock = if secret { &stopped } else { clock };
    if let Some(class) = dates::date(text, clock).or_else(|| dates::timestamp(text, clock)) {
        return class;
    }
    if let Some(version) = uuid_version(text) {
        return Class::Uuid { version };
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Class::Integer;
    }
    if is_number(digits) {
        return Class::Number;
    }
    if text.len() >= 8 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Class::Hex;
    }
    if is_url(text) {
        return Class::Url;
    }
    if text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).all(words::is_word) {
        return Class::Words;
    }
    Class::Opaque
}

fn is_number(text: &str) -> bool {
    text == "inf"
        || (text.contains(|letter: char| letter.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte))
            && text.parse::<f64>().is_ok())
}

/// The version digit of a UUID in its usual form.
pub(super) fn uuid_version(text: &str) -> Option<u8> {
    let bytes = text.as_bytes();
    let sound = bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        });
    sound.then(|| char::from(bytes[14]).to_digit(16)).flatten().and_then(|digit| u8::try_from(digit).ok())
}

/// An absolute URL.
pub(super) fn is_url(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| {
        (2..=12).contains(&scheme.len())
            && scheme.bytes().all(|byte| byte.is_ascii_lowercase() || b"+-.".contains(&byte))
            && !rest.is_empty()
            && !rest.contains(char::is_whitespace)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Blank;

    #[test]
    fn kinds_of_values() {
        let tagger = Tagger::new(&[1; 32]);
        let class = |text| class(text, false, &Clock::default(), &tagger);
        assert_eq!(class("550e8400-e29b-41d4-a716-446655440000"), Class::Uuid { version: 4 });
        assert_eq!(class("d41d8cd98f00b204e9800998ecf8427e"), Class::Hex);
        assert_eq!(class("12345"), Class::Integer);
        assert_eq!(class("1.10"), Class::Number);
        assert_eq!(class("hello world"), Class::Words);
        assert_eq!(class("https://api.example.com/x"), Class::Url);
        assert_eq!(class("k9QxT2vLpR7aWzY3"), Class::Opaque);
    }

    #[test]
    fn what_is_around_a_value() {
        let tagger = Tagger::new(&[1; 32]);
        let of = |text: &str| shape(text.as_bytes(), text, true, &Clock::default(), &tagger);
        let quoted = of("\"k9QxT2vLpR7aWzY3\"\n");
        assert_eq!((quoted.quotes, quoted.trailing), (Some('"'), Some(Blank::Newline)));
        assert_eq!(of("Bearer k9QxT2vLpR7aWzY3").scheme.as_deref(), Some("Bearer"));
        assert_eq!(of("ghp_k9QxT2vLpR7aWzY3k9QxT2vLpR7a").public_prefix.as_deref(), Some("ghp_"));
        assert_eq!(of("short").length, Length::Under { under: 8 });
        assert_eq!(of("").class, Class::Empty);
        assert_eq!(of(" ").class, Class::Empty);
    }
}
