//! What looks like a word or a name, and what looks like a random string.
//!
//! A name is shown, so this test decides what may be read in a capture where no allow-list helps: names of fields and keys, segments of
//! paths, words of messages. It asks whether the letters follow each other as they do in words: each group of three neighbours
//! must occur in several words of technical English (and much of what is written in code besides). A random run of ten letters passes
//! in about one of a thousand cases, one of twelve in three of ten thousand; digits within letters never pass.

use std::sync::LazyLock;

/// Longest name that is shown, in bytes.
const LONGEST_NAME: usize = 64;
/// Longest word within a name.
const LONGEST_WORD: usize = 20;

/// True where a text looks like a name: words of letters joined by `-_.:` and the like, with few digits.
pub fn is_name(text: &str) -> bool {
    is_made_of_words(text, |letter| {
        matches!(letter, '_' | '-' | '.' | ':' | '[' | ']' | '$' | '@' | '~' | ' ')
    })
}

/// True where a text looks like one word of prose or a segment of a path.
pub(super) fn is_word(text: &str) -> bool {
    is_made_of_words(text, |letter| matches!(letter, '_' | '-' | '.'))
}

fn is_made_of_words(text: &str, joins: impl Fn(char) -> bool) -> bool {
    if text.is_empty() || text.len() > LONGEST_NAME {
        return false;
    }
    let mut tally = Tally::default();
    text.split(joins).filter(|part| !part.is_empty()).all(|part| tally.take(part)) && tally.is_plausible()
}

/// What a name is made of so far.
#[derive(Default)]
struct Tally {
    pieces: usize,
    short: usize,
    letters: usize,
    digits: usize,
}

impl Tally {
    /// Takes a run of letters and digits; false where it cannot be part of a name.
    fn take(&mut self, part: &str) -> bool {
        if !part.is_ascii() {
            // Other scripts: letters only, and not many of them.
            self.pieces += 1;
            self.letters += part.len();
            return part.chars().all(char::is_alphabetic) && part.chars().count() <= 12;
        }
        let letters = part.trim_end_matches(|letter: char| letter.is_ascii_digit());
        let digits = part.len() - letters.len();
        self.digits += digits;
        if digits > if letters.is_empty() { 4 } else { 3 } {
            return false;
        }
        if letters.is_empty() {
            self.pieces += 1;
            return true;
        }
        if !letters.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return false;
        }
        let mut pieces = 0;
        let sound = camel_pieces(letters).all(|piece| {
            pieces += 1;
            self.short += usize::from(piece.len() < 3);
            is_pronounceable(piece)
        });
        self.pieces += pieces;
        self.letters += letters.len();
        // Capitals come at the start of words, and words have more than two or three letters.
        sound && pieces <= (letters.len() / 4).max(if (8..11).contains(&letters.len()) { 3 } else { 2 })
    }

    fn is_plausible(&self) -> bool {
        let long = self.pieces - self.short;
        self.letters > 0 && self.pieces <= 10 && self.digits <= 4 && self.short <= long + 2
    }
}

/// The pieces of `camelCase`, `HTTPServer`, `startDate`.
pub(super) fn camel_pieces(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let mut start = 0;
    std::iter::from_fn(move || {
        if start >= bytes.len() {
            return None;
        }
        let mut end = start + 1;
        while end < bytes.len() && !begins_piece(bytes, end) {
            end += 1;
        }
        let piece = &text[start..end];
        start = end;
        Some(piece)
    })
}

fn begins_piece(bytes: &[u8], at: usize) -> bool {
    if !bytes[at].is_ascii_uppercase() {
        return false;
    }
    let after_upper = bytes[at - 1].is_ascii_uppercase();
    let before_lower = bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase);
    !after_upper || before_lower
}

/// True where the letters of one piece follow each other as in words. Abbreviations of up to five capitals pass.
fn is_pronounceable(piece: &str) -> bool {
    if piece.len() > LONGEST_WORD {
        return false;
    }
    let capitals = piece.bytes().all(|byte| byte.is_ascii_uppercase());
    if piece.len() < 3 || (capitals && piece.len() <= 5) {
        return true;
    }
    let code = |at: usize| match at.checked_sub(1).and_then(|at| piece.as_bytes().get(at)) {
        Some(letter) => usize::from(letter.to_ascii_lowercase() - b'a') + 1,
        None => 0,
    };
    (0..piece.len()).all(|at| TRIGRAMS.contains(code(at), code(at + 1), code(at + 2)))
}

/// Groups of three letters that occur in words; `_` is a word's edge.
struct Trigrams {
    bits: Vec<u64>,
}

static TRIGRAMS: LazyLock<Trigrams> = LazyLock::new(|| Trigrams::parse(include_str!("trigrams.txt")));

impl Trigrams {
    /// Each line: two letters, then every letter that may follow them.
    fn parse(text: &str) -> Self {
        let code =
            |byte: u8| if byte == b'_' { 0 } else { usize::from(byte.to_ascii_lowercase() - b'a') + 1 };
        let mut bits = vec![0; (27 * 27 * 27) / 64 + 1];
        for line in text.lines() {
            let [first, second, rest @ ..] = line.as_bytes() else { continue };
            for third in rest {
                let at = index(code(*first), code(*second), code(*third));
                bits[at / 64] |= 1 << (at % 64);
            }
        }
        Self { bits }
    }

    fn contains(&self, first: usize, second: usize, third: usize) -> bool {
        let at = index(first, second, third);
        self.bits[at / 64] >> (at % 64) & 1 == 1
    }
}

fn index(first: usize, second: usize, third: usize) -> usize {
    (first * 27 + second) * 27 + third
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_the_trade_are_shown() {
        let names = [
            "Authorization",
            "X-Api-Key",
            "X-Amz-Content-Sha256",
            "api_key",
            "clientSecret",
            "startDate",
            "page",
            "page[size]",
            "auth[token]",
            "filter.updated_at",
            "OAuthToken",
            "HTTPServer",
            "oauth2",
            "X-B3-TraceId",
            "traceparent",
            "$filter",
            "@type",
            "s:Envelope",
            "grant_type",
            "DD-APPLICATION-KEY",
            "Inicio",
            "Fim",
            "Loja",
            "chave",
            "senha",
            "usuario",
            "contraseña",
            "PRIVATE-TOKEN",
            "x86_64",
            "AWS4-HMAC-SHA256",
            "v1",
            "id",
            "UpdatedSince2",
            "Content-Type",
            "Ocp-Apim-Subscription-Key",
            "integrations",
            "workspace_name",
            "embedded",
            "scoped-token",
            "First Name",
            "cursor",
            "parallelism",
            "Idempotency-Key",
        ];
        let hidden: Vec<_> = names.into_iter().filter(|name| !is_name(name)).collect();
        assert!(hidden.is_empty(), "{hidden:?}");
    }

    #[test]
    fn secrets_are_not_names() {
        for secret in [
            "Corr3ct-Ab3dE9x#1",
            "Hunter-k2Jd8fA$9",
            "Zx!q-aBcDeFg&k",
            "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "AKIAIOSFODNN7EXAMPLE",
            "xoxb-abcdefgh1234",
            "550e8400-e29b-41d4-a716-446655440000",
            "d41d8cd98f00b204e9800998ecf8427e",
            "qwrtpsdfghjk",
            "aGVsbG8gd29ybGQ",
            "",
            "1234567",
            "a1b2c3",
            "U88+6E^x",
            "hQkzRtbWnAeX",
            "p4ssword",
        ] {
            assert!(!is_name(secret) && !is_word(secret), "{secret}");
        }
    }

    #[test]
    fn random_strings_hardly_ever_pass() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap()
        };
        let alphabets: [(&[u8], usize, usize); 4] = [
            (b"abcdefghijklmnopqrstuvwxyz", 12, 100),
            (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", 12, 200),
            (b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12, 40),
            (b"ABCDEFGHIJKLMNOPQRSTUVWXYZ", 12, 100),
        ];
        for (alphabet, length, most) in alphabets {
            let passed = (0..100_000)
                .filter(|_| {
                    let text: String =
                        (0..length).map(|_| char::from(alphabet[next() % alphabet.len()])).collect();
                    is_name(&text)
                })
                .count();
            println!("{} letters: {passed} of 100000", alphabet.len());
            assert!(passed <= most, "{passed} of {} letters", alphabet.len());
        }
    }
}
