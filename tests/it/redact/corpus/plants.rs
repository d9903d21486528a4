//! What is planted: kinds of secrets, drawn from a seed.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

/// A secret, and what of it must not be found again.
pub(super) struct Plant {
    pub(super) kind: &'static str,
    /// What is sent.
    pub(super) value: String,
    /// Parts that no output may hold: all of it, but for what is public in it.
    pub(super) needles: Vec<String>,
    /// Made of real words, wholly or in part: only a name or the user can tell that it is a secret.
    pub(super) words: bool,
}

/// Numbers that follow from a seed (xorshift).
pub(super) struct Draw(u64);

impl Draw {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(super) fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % most
    }

    fn of(&mut self, alphabet: &str, length: usize) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        (0..length).map(|_| letters[self.below(letters.len())]).collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap()).collect()
    }

    /// Groups of letters with something between them.
    fn groups(&mut self, alphabet: &str, count: usize, length: usize, between: &str) -> String {
        (0..count).map(|_| self.of(alphabet, length)).collect::<Vec<_>>().join(between)
    }

    fn words(&mut self, count: usize, between: &str) -> String {
        const WORDS: &[&str] = &[
            "saddle", "pepper", "walnut", "candle", "velvet", "orchid", "umbrella", "harbor", "lantern",
            "meadow", "falcon", "copper",
        ];
        (0..count).map(|_| WORDS[self.below(WORDS.len())]).collect::<Vec<_>>().join(between)
    }
}

const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const MIXED: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const BASE62: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const HEX: &str = "0123456789abcdef";
const DIGITS: &str = "0123456789";
const PRINTABLE: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'()*+,-./:;<=>?@[]^_`{|}~";
const ACCENTED: &str = "ABCDEFGHKLMNPQRSTUVWXYZabcdefghikmnpqrstuvwxyzéßøüñ";
const CYRILLIC: &str = "абвгдежзийклмнопрстуфхцчшщъыьэюяАБВГДЕЖЗИКЛМН";
const HAN: &str =
    "天地玄黃宇宙洪荒日月盈昃辰宿列張寒來暑往秋收冬藏閏餘成歲律呂調陽雲騰致雨露結為霜金生麗水玉出崑岡";
const KANA: &str =
    "あいうえおかきくけこさしすせそたちつてとなにぬねのアイウエオカキクケコサシスセソタチツテト";

/// One secret of every kind.
pub(super) fn plants(seed: u64) -> Vec<Plant> {
    let mut draw = Draw::new(seed);
    let draw = &mut draw;
    let mut plants: Vec<Plant> = [
        ("base62", draw.of(BASE62, 40)),
        ("letters", draw.of(MIXED, 32)),
        ("capitals", draw.of(UPPER, 24)),
        ("lower case", draw.of(LOWER, 28)),
        ("hexadecimal", draw.of(HEX, 32)),
        ("base64", STANDARD.encode(draw.bytes(34))),
        ("base64url", URL_SAFE_NO_PAD.encode(draw.bytes(32))),
        ("base32", draw.of(BASE32, 32)),
        ("TOTP seed", draw.groups(BASE32, 8, 4, " ")),
        ("product key", draw.groups(UPPER, 5, 5, "-")),
        ("app password", draw.groups(LOWER, 4, 4, "-")),
        ("dotted", draw.groups(BASE62, 4, 8, ".")),
        ("colons", draw.groups(UPPER, 5, 5, ":")),
        ("small groups", draw.groups(&BASE62.to_lowercase(), 7, 4, "-")),
        ("printable", draw.of(PRINTABLE, 24)),
        ("accented", draw.of(ACCENTED, 11) + "-" + &draw.of(ACCENTED, 11)),
        ("Chinese", draw.of(HAN, 7) + "-" + &draw.of(HAN, 7)),
        ("Cyrillic", draw.of(CYRILLIC, 12) + "-" + &draw.of(CYRILLIC, 12)),
        ("Japanese", draw.of(KANA, 16)),
        ("emoji", draw.of(MIXED, 7) + "\u{1f511} " + &draw.of(ACCENTED, 9) + "\u{2764}"),
        ("connection string", format!("{}=={}", draw.of(BASE62, 20), draw.of(HEX, 8))),
        ("lines", draw.groups(BASE62, 3, 20, "\n")),
        ("digits", draw.of(DIGITS, 16)),
        ("card", draw.groups(DIGITS, 4, 4, "-")),
        ("dotted digits", draw.groups(DIGITS, 4, 5, ".")),
        ("short", format!("{}7{}4", draw.of(BASE62, 6), draw.of(BASE62, 4))),
    ]
    .into_iter()
    .map(|(kind, value)| Plant { kind, needles: vec![value.clone()], value, words: false })
    .collect();
    for (kind, prefix) in [("GitHub", "ghp_"), ("Stripe", "sk_live_"), ("Slack", "xoxb-")] {
        let rest = draw.of(BASE62, 36);
        plants.push(Plant { kind, value: format!("{prefix}{rest}"), needles: vec![rest], words: false });
    }
    let subject = format!("u{}", draw.of(BASE62, 15));
    let claims = URL_SAFE_NO_PAD.encode(format!(r#"{{"sub":"{subject}","exp":1893456000}}"#));
    let signature = URL_SAFE_NO_PAD.encode(draw.bytes(32));
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    plants.push(Plant {
        kind: "JWT",
        value: format!("{header}.{claims}.{signature}"),
        needles: vec![signature, subject],
        words: false,
    });
    let (first, second) = (STANDARD.encode(draw.bytes(48)), STANDARD.encode(draw.bytes(48)));
    plants.push(Plant {
        kind: "PEM",
        value: format!("-----BEGIN PRIVATE KEY-----\n{first}\n{second}\n-----END PRIVATE KEY-----"),
        needles: vec![first, second],
        words: false,
    });
    for (kind, value) in [
        ("phrase", format!("{} {}9", draw.words(2, " "), draw.of(MIXED, 14))),
        ("words", draw.words(5, " ")),
        ("hyphened words", draw.words(4, "-")),
        ("words and a number", format!("{}-{}", draw.words(3, "-"), draw.of("123456789", 2))),
    ] {
        plants.push(Plant { kind, needles: vec![value.clone()], value, words: true });
    }
    plants
}
