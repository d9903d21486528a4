//! What looks like a word or a name, and what looks like a random string.
//!
//! A name is shown, so this test decides what may be read in a capture where no allow-list helps: names of fields and keys, segments of
//! paths, words of messages. It asks whether the letters follow each other as they do in words: each group of three neighbours
//! must occur in several words of technical English (and much of what is written in code besides). A random run of ten letters passes
//! in about one of a thousand cases, one of twelve in three of ten thousand; digits within letters never pass. Letters with accents and
//! Cyrillic ones are judged in the same way by the words of their languages, other scripts by a list of words.

use std::sync::LazyLock;

use super::scripts;

/// Longest name that is shown, in bytes.
const LONGEST_NAME: usize = 64;
/// Longest word within a name.
const LONGEST_WORD: usize = 20;
/// Most letters of a name that no word vouches for: abbreviations in capitals, single letters. A product key is made of nothing else.
const MOST_UNPROVEN: usize = 10;

/// True where a text looks like a name: words of letters joined by `-_.:` and the like, with few digits.
pub fn is_name(text: &str) -> bool {
    is_made_of_words(text, |letter| {
        matches!(letter, '_' | '-' | '.' | ':' | '[' | ']' | '$' | '@' | '~' | ' ')
    })
}

/// True where a text looks like one word of prose.
pub(super) fn is_word(text: &str) -> bool {
    is_made_of_words(text, |letter| matches!(letter, '_' | '-' | '.'))
}

/// True where a text looks like a segment of a path: a word, or several with colons between them.
pub(super) fn is_segment(text: &str) -> bool {
    is_made_of_words(text, |letter| matches!(letter, '_' | '-' | '.' | ':'))
}

/// Words, and what only passes for words, in the order in which they are shown: a random string may fall into short pieces each
/// of which could be anything, so that a row of them is hidden from some length on.
#[derive(Default)]
pub(super) struct Row {
    unproven: usize,
}

impl Row {
    /// Most bytes in a row that no word vouches for.
    const MOST: usize = 10;

    /// Takes what stands next and may be shown by itself, what stands between it and the one before, and the text after it;
    /// false where it must not be shown.
    pub(super) fn take(&mut self, between: &str, word: &str, after: &str) -> bool {
        let mut tally = Tally::default();
        for part in word.split(|letter: char| !letter.is_alphanumeric()).filter(|part| !part.is_empty()) {
            let digits = part.len() <= 8 && part.bytes().all(|byte| byte.is_ascii_digit());
            if !tally.take(part) && !digits {
                // It is hidden in any case, and ends the row.
                self.unproven = 0;
                return true;
            }
        }
        // A blank parts two words, a sign may stand within a string.
        let follows = !between.is_empty() && !between.contains(char::is_whitespace);
        let ahead = after.find(|letter: char| letter.is_alphanumeric() || letter.is_whitespace());
        let ahead = ahead.unwrap_or(after.len());
        let glued = follows || ahead > 0;
        let shouted = !glued && word.len() == 5 && is_abbreviation(word) && follows_words(word);
        if shouted || tally.letters >= tally.unproven + tally.in_pairs + 3 {
            // `/srv/GWO5`: a word within it vouches for itself alone.
            let unproven = if shouted { 0 } else { tally.unproven + tally.digits };
            let full = !shouted && tally.unproven > 0 && self.unproven + unproven > Self::MOST;
            self.unproven = unproven;
            return !full;
        }
        self.unproven += tally.unproven + tally.digits;
        if glued {
            let signs = word.chars().filter(|letter| !letter.is_alphanumeric()).count();
            let before = if follows && self.unproven > 0 { between.len() } else { 0 };
            self.unproven += tally.in_pairs + signs + before;
        }
        self.unproven + ahead <= Self::MOST
    }
}

fn is_made_of_words(text: &str, joins: impl Fn(char) -> bool) -> bool {
    if text.is_empty() || text.len() > LONGEST_NAME {
        return false;
    }
    // `DATA_BASE_HOST`: a variable's name, not a product key.
    let capitals = text.contains('_') && !text.contains(['-', ':', ' ']);
    let mut tally = Tally { capitals, ..Tally::default() };
    text.split(joins).filter(|part| !part.is_empty()).all(|part| tally.take(part)) && tally.is_plausible()
}

/// What a name is made of so far.
#[derive(Default)]
struct Tally {
    pieces: usize,
    short: usize,
    letters: usize,
    /// Of the letters, those that do not follow each other as in words.
    unproven: usize,
    /// Of the others, those of pieces of two letters, which say little.
    in_pairs: usize,
    digits: usize,
    /// A few capitals in a row may be a word.
    capitals: bool,
}

impl Tally {
    /// Takes a run of letters and digits; false where it cannot be part of a name.
    fn take(&mut self, part: &str) -> bool {
        if !part.chars().all(scripts::is_alphabet) {
            self.pieces += 1;
            self.letters += part.len();
            return scripts::is_known(part);
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
        if !letters.chars().all(char::is_alphabetic) {
            return false;
        }
        let mut pieces = 0;
        let sound = camel_pieces(letters).all(|piece| {
            pieces += 1;
            self.short += usize::from(piece.len() < 3);
            let short = is_abbreviation(piece);
            let capitals = piece.len() > 2 && short && !self.capitals;
            let proven = piece.len() > 1 && !capitals && follows_words(piece);
            self.unproven += if proven { 0 } else { piece.len() };
            self.in_pairs += if proven && piece.len() == 2 { 2 } else { 0 };
            proven || short
        });
        self.pieces += pieces;
        self.letters += letters.len();
        // Capitals come at the start of words, and words have more than two or three letters.
        sound && pieces <= (letters.len() / 4).max(if (8..11).contains(&letters.len()) { 3 } else { 2 })
    }

    fn is_plausible(&self) -> bool {
        let long = self.pieces - self.short;
        self.letters > 0
            && self.pieces <= 10
            && self.digits <= 4
            && self.short <= long + 2
            && self.unproven <= MOST_UNPROVEN
    }
}

/// The pieces of `camelCase`, `HTTPServer`, `startDate`.
pub(crate) fn camel_pieces(text: &str) -> impl Iterator<Item = &str> {
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

/// Too short to be judged by its letters: one or two of any kind, or up to five capitals.
fn is_abbreviation(piece: &str) -> bool {
    piece.len() < 3 || (piece.len() <= 5 && piece.bytes().all(|byte| byte.is_ascii_uppercase()))
}

/// True where the letters of one piece follow each other as in words.
fn follows_words(piece: &str) -> bool {
    if piece.chars().count() > LONGEST_WORD {
        return false;
    }
    if !piece.is_ascii() {
        return scripts::follows_words(piece, |three| {
            let [first, second, third] = three.map(|letter| u8::try_from(letter).map_or(0, code_of));
            TRIGRAMS.contains(first, second, third)
        });
    }
    let code = |at: usize| match at.checked_sub(1).and_then(|at| piece.as_bytes().get(at)) {
        Some(letter) => code_of(*letter),
        None => 0,
    };
    (0..piece.len()).all(|at| TRIGRAMS.contains(code(at), code(at + 1), code(at + 2)))
}

/// A letter of any case as a number from 1; a word's edge is 0.
fn code_of(letter: u8) -> usize {
    if letter.is_ascii_alphabetic() { usize::from(letter.to_ascii_lowercase() - b'a') + 1 } else { 0 }
}

/// Groups of three letters that occur in words; `_` is a word's edge.
struct Trigrams {
    bits: Vec<u64>,
}

static TRIGRAMS: LazyLock<Trigrams> = LazyLock::new(|| Trigrams::parse(include_str!("trigrams.txt")));

impl Trigrams {
    /// Each line: two letters, then every letter that may follow them.
    fn parse(text: &str) -> Self {
        let mut bits = vec![0; (27 * 27 * 27) / 64 + 1];
        for line in text.lines() {
            let [first, second, rest @ ..] = line.as_bytes() else { continue };
            for third in rest {
                let at = index(code_of(*first), code_of(*second), code_of(*third));
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
            "descrição",
            "número",
            "UsuárioAtivo",
            "größe",
            "prénom",
            "użytkownik",
            "пароль",
            "имя_пользователя",
            "用户名",
            "访问令牌",
            "パスワード",
            "비밀번호",
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
            "XKQPT-ZRWBM-MNVCJ-LKJHG",
            "QWRTP:ZXCVB:MNBVC",
            "kQxTvLpRaéWz",
            "bNcFdGhéJeM-kQxTvLp",
            "xéqzüvßk",
            "гжквщпрт",
            "漢杉鷹竹",
            "ゆぽねめ",
            "뷁쀍쁄",
        ] {
            assert!(!is_name(secret) && !is_word(secret), "{secret}");
        }
    }

    #[test]
    fn a_row_counts_the_pairs_and_signs_of_a_glued_run() {
        let mut row = Row::default();
        let shown = [("", "lk", "|VO|"), ("|", "VO", "|is]"), ("|", "is", "|||||]")];
        let shown = shown.map(|(between, word, after)| row.take(between, word, after));
        assert_eq!(shown, [true, true, false]);
        assert!(!Row::default().take("", "lk", "]|[|]|[|]"));
        let mut row = Row::default();
        assert!(row.take(" ", "/srv/GWO", " NRFV") && row.take(" ", "NRFV", " CKTB"));
        assert!(!row.take(" ", "CKTB", " QEIM"));
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
