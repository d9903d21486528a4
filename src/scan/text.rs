//! What a text looks like: made up, random, a password.

use crate::redact;
use crate::redact::formats::{distinct, is_made_up};

/// Words that speak of themselves: `my-password`, `s3cr3t`.
pub(super) fn is_made_up_words(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    ["passw", "secret", "s3cr3t", "token", "example", "your", "test", "dummy"]
        .iter()
        .any(|word| lower.contains(word))
}

/// Shannon's entropy in bits a byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let length = f64::from(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// How a value looks that stands where a secret may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Look {
    /// A placeholder, code, a number, a path: nothing.
    Harmless,
    /// Words: somebody's password at most.
    Words,
    /// Letters and digits, short: a password.
    Mixed,
    /// Long and without order.
    Random,
}

/// How a value looks.
pub(super) fn look(value: &str) -> Look {
    if value.len() < 4 || is_code(value) || redact::is_placeholder(value) || is_stand_in(value) {
        return Look::Harmless;
    }
    if redact::is_wordlike(value) {
        return Look::Words;
    }
    let bytes = value.as_bytes();
    let digits = bytes.iter().filter(|byte| byte.is_ascii_digit()).count();
    let letters = bytes.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    if is_made_up(value) || letters == 0 || is_uuid(value) && distinct(bytes) < 8 {
        return if letters == 0 && digits < 12 { Look::Harmless } else { Look::Words };
    }
    if value
        .split(['/', '.', ':', ',', '|', '_', '-', '+', '='])
        .all(|part| part.len() < 24 && is_plain_part(part))
    {
        return Look::Words;
    }
    let signs = bytes.len() - digits - letters;
    let hexadecimal = bytes.iter().all(u8::is_ascii_hexdigit);
    let least = if hexadecimal { 2.6 } else { 3.1 };
    if value.len() >= 16 && digits >= 2 && entropy(bytes) >= least {
        return Look::Random;
    }
    if value.len() >= 24 && entropy(bytes) >= 4.0 && mixed_case(value) {
        return Look::Random;
    }
    if value.len() >= 8 && digits + signs >= 2 && letters >= 2 { Look::Mixed } else { Look::Words }
}

fn mixed_case(value: &str) -> bool {
    let upper = value.bytes().filter(u8::is_ascii_uppercase).count();
    let lower = value.bytes().filter(u8::is_ascii_lowercase).count();
    upper >= 4 && lower >= 4
}

/// Empty, a number, or like a word.
fn is_plain_part(part: &str) -> bool {
    part.is_empty()
        || (part.len() <= 6 && part.bytes().all(|byte| byte.is_ascii_digit()))
        || redact::is_wordlike(part)
}

/// True for a name in source code, however many digits it has: `rust_openssl.hpke.X25519PrivateKey`, `sha224WithRSAEncryption`.
///
/// Half of its letters and more are in words, and it is put together as names are: in `CamelCase` or with dots and underscores.
pub(super) fn is_code_name(value: &str) -> bool {
    let is_identifier = |part: &str| {
        part.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    if !value.split('.').all(is_identifier) {
        return false;
    }
    let (mut letters, mut in_words, mut longest, mut humps) = (0, 0, 0, false);
    for run in value.split(|letter: char| !letter.is_ascii_alphabetic()) {
        letters += run.len();
        for piece in redact::camel_pieces(run) {
            // Capitals alone are abbreviations, and may be anything.
            if piece.len() >= 3
                && piece.bytes().any(|byte| byte.is_ascii_lowercase())
                && redact::is_wordlike(piece)
            {
                in_words += piece.len();
                longest = longest.max(piece.len());
                humps |= piece.starts_with(|letter: char| letter.is_ascii_uppercase());
            }
        }
    }
    longest >= 4 && 2 * in_words >= letters && (humps || value.contains(['.', '_']))
}

/// Signs that are code or a template rather than a value.
fn is_code(value: &str) -> bool {
    value.contains("::")
        || value.ends_with("...")
        || value.contains(['(', ')', '{', '}', '[', ']', '<', '>', '‹', '›', '…', '`', '\\', ' ', '"'])
        || value.starts_with(['$', '%', '/', '.', '-', '&', '@', '#', '*', '?', '!', ':'])
        || value.starts_with("http")
        || value.contains("://")
        || !value.is_ascii() && value.chars().any(|letter| !letter.is_alphanumeric() && !letter.is_ascii())
}

/// Words that stand for a password in examples.
fn is_stand_in(value: &str) -> bool {
    const WORDS: [&str; 22] = [
        "pass",
        "passwd",
        "password",
        "pwd",
        "secret",
        "token",
        "test",
        "user",
        "username",
        "admin",
        "root",
        "foo",
        "bar",
        "baz",
        "null",
        "none",
        "true",
        "false",
        "string",
        "value",
        "key",
        "undefined",
    ];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// `xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`.
pub(super) fn is_uuid(value: &str) -> bool {
    value.len() == 36
        && value.bytes().enumerate().all(|(at, byte)| {
            if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart() {
        for (value, expected) in [
            ("k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u", Look::Random),
            ("9f86d081884c7d659a2feaa0c55ad015", Look::Random),
            ("hunter2-k2Jd8", Look::Mixed),
            ("umbrella", Look::Words),
            ("config.api_key", Look::Words),
            ("source_acme.auth.TokenAuthenticator", Look::Words),
            ("{{ config['api_key'] }}", Look::Harmless),
            ("${API_KEY}", Look::Harmless),
            ("os.environ[\"A1B2\"]", Look::Harmless),
            ("/etc/ssl/key9.pem", Look::Harmless),
            ("****************", Look::Harmless),
            ("12345", Look::Harmless),
            ("2026-11-22", Look::Harmless),
            ("YOUR_API_KEY_HERE_123", Look::Words),
        ] {
            assert_eq!(look(value), expected, "{value}");
        }
    }

    #[test]
    fn names_in_code_are_told_from_tokens() {
        for name in [
            "mlkem.MLKEM768PrivateKey",
            "x25519.X25519PublicKey",
            "rust_openssl.hpke.MLKEM1024P384PrivateKey",
            "rfc5652.SignatureAlgorithmIdentifier",
            "Gost28147_89_EncryptedKey",
            "PKCS12PrivateKeyTypes",
            "sha512WithRSAEncryption",
        ] {
            assert!(is_code_name(name), "{name}");
        }
        for token in [
            "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "s.k9QxT2vLpR7aWzY3bN8cF5dG",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4OTEifQ.aN7kQ2xT8vLpR",
            "prod.k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u",
            "key_k9QxT2vLpR7aWzY3bN8cF5dG",
            "4f7a9c2e8b1d6035",
        ] {
            assert!(!is_code_name(token), "{token}");
        }
    }

    #[test]
    fn entropy_is_shannons() {
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
    }
}
