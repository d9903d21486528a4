//! Words of a command line or of a file that nobody has redacted, as an error message may repeat them.

use std::borrow::Cow;

use crate::model::Piece;

use super::{Key, Redactor};

/// Shorter ones are options, numbers and slips.
const SHORT: usize = 5;

/// The word as far as it cannot be a secret; in the place of the rest stands how long it is.
pub fn repeatable(word: &str) -> Cow<'_, str> {
    if (word.len() <= SHORT && !word.chars().any(char::is_control)) || is_slip(word) {
        return Cow::Borrowed(word);
    }
    // `./auth_test.py`
    if let Some(rest) = word.strip_prefix("./") {
        return match repeatable(rest) {
            Cow::Borrowed(_) => Cow::Borrowed(word),
            Cow::Owned(shown) => Cow::Owned(format!("./{shown}")),
        };
    }
    // No tag is shown: any key will do.
    let text = Redactor::new(Key::from_bytes([0; 32])).prose(word);
    if text.as_shown() == Some(word) {
        return Cow::Borrowed(word);
    }
    let mut shown = String::new();
    let mut at = 0;
    for piece in &text.pieces {
        match piece {
            Piece::Shown(words) => {
                shown.push_str(words);
                at += words.len();
            }
            Piece::Hidden(_) => {
                shown.push_str("‹hidden›");
            }
        }
    }
    if at == 0 { Cow::Owned(format!("‹{} characters›", word.chars().count())) } else { Cow::Owned(shown) }
}

/// `pyhton3`: a word that was mistyped.
fn is_slip(word: &str) -> bool {
    let letters = word.trim_end_matches(|letter: char| letter.is_ascii_digit());
    word.len() <= 10
        && word.len() - letters.len() <= 2
        && letters.bytes().all(|byte| byte.is_ascii_lowercase())
}

/// A message in which these words may be repeated, with what could be a secret in them taken out.
pub fn without_secrets<'w>(message: &str, words: impl IntoIterator<Item = &'w str>) -> String {
    let mut parts: Vec<&str> = words.into_iter().flat_map(parts).collect();
    // The longest first: a part of a word may be a word itself.
    parts.sort_unstable_by_key(|part| std::cmp::Reverse(part.len()));
    parts.dedup();
    let mut message = message.to_owned();
    for part in parts {
        let shown = repeatable(part);
        if shown == part {
            continue;
        }
        message = message.replace(part, &shown);
        let quoted = format!("{part:?}");
        message = message.replace(&quoted[1..quoted.len() - 1], &shown);
    }
    message
}

/// A word, the value of an option in it, and what follows a short option.
fn parts(word: &str) -> impl Iterator<Item = &str> {
    let value = word.split_once('=').map(|(_, value)| value);
    let joined = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')).and_then(|rest| rest.get(1..));
    [Some(word), value, joined].into_iter().flatten().filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_type_is_repeated() {
        for word in [
            "record",
            "--body-limit",
            "5 bananas",
            "sandbox",
            "curl",
            "pyhton3",
            "./auth_test.py",
            "/opt/connector/bin/source-acme",
            "token-vanished",
            "tea",
            "-12",
            "127.0.0.1",
        ] {
            assert_eq!(repeatable(word), word);
        }
    }

    #[test]
    fn what_may_be_a_secret_is_not() {
        for secret in ["k9QxT2vLpR7aWzY3bN8cF5dG", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", "Zx!q-aB:cDeF&k@9"] {
            let said = repeatable(secret).into_owned();
            assert_eq!(said, format!("‹{} characters›", secret.len()));
            for word in [
                secret.to_owned(),
                format!("--token={secret}"),
                format!("-p{secret}"),
                format!("https://me:{secret}@api.example.com/v1"),
            ] {
                let message = format!("invalid value '{word}': {word:?} is none");
                let said = without_secrets(&message, [word.as_str()]);
                assert!(!said.contains(secret) && !said.contains(&secret[..12]), "{said}");
                assert!(said.starts_with("invalid value '"), "{said}");
            }
        }
        let url = repeatable("https://me:k9QxT2vLpR7aWzY3bN8cF5dG@api.example.com/v1").into_owned();
        assert_eq!(url, "https://‹hidden›:‹hidden›@api.example.com/v1");
    }
}
