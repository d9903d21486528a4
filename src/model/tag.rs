//! Keyed tags, and the ordinals that stand in their place in bundles.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A keyed tag: 60 bits of HMAC-SHA256 under the machine's key. Equal values have equal tags under one key.
///
/// In a bundle an ordinal stands in its place (`S1`, `P7`): equal where the tags were equal, and nothing else. No key makes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tag(pub u64);

/// Consonants alone, in two cases: no tag looks like a key to a scanner (those want a digit), and none spells a word, `key` and `token` included.
const ALPHABET: &[u8; 32] = b"BbcdDfghFjkmnpqrstGvHxyzJKLMNQRT";

/// The letters that older captures have in their place.
const OLDER: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// What each byte stands for in a tag; [`NOT_A_LETTER`] for those that stand in none.
const DIGITS: [u8; 256] = digits();

const NOT_A_LETTER: u8 = u8::MAX;

const fn digits() -> [u8; 256] {
    let mut digits = [NOT_A_LETTER; 256];
    let mut digit: u8 = 0;
    // A letter that is in both stands for the same in both.
    while digit < 32 {
        digits[OLDER[digit as usize] as usize] = digit;
        digits[ALPHABET[digit as usize] as usize] = digit;
        digit += 1;
    }
    digits
}

/// The kinds of ordinals: the letter they are written with, and the bits above a tag's 60 that mark them.
const ORDINALS: [(char, u64); 2] = [('S', 1 << 60), ('P', 2 << 60)];

impl Tag {
    /// The ordinal of a value: `S1`.
    pub fn of_nth_value(number: u32) -> Self {
        Self(ORDINALS[0].1 | u64::from(number))
    }

    /// The ordinal of what is only a normal form, a block or a claim of values: `P1`.
    pub fn of_nth_part(number: u32) -> Self {
        Self(ORDINALS[1].1 | u64::from(number))
    }

    /// True for an ordinal.
    pub fn is_ordinal(self) -> bool {
        self.0 >> 60 != 0
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((letter, mark)) = ORDINALS.iter().find(|(_, mark)| self.0 & mark != 0) {
            return write!(f, "{letter}{}", self.0 & !mark);
        }
        let mut text = *b"xxxx.xxxx.xxxx";
        for (place, at) in text.iter_mut().filter(|place| **place != b'.').zip(0..12_u32) {
            let digit = (self.0 >> (55 - 5 * at)) & 31;
            *place = ALPHABET[usize::try_from(digit).unwrap_or(0)];
        }
        // The alphabet is ASCII.
        f.write_str(str::from_utf8(&text).unwrap_or_default())
    }
}

impl std::str::FromStr for Tag {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        for (letter, mark) in ORDINALS {
            if let Some(number) = text.strip_prefix(letter) {
                let plain = number.bytes().all(|byte| byte.is_ascii_digit()) && !number.starts_with('0');
                let number = number.parse::<u32>().ok().filter(|_| plain).ok_or("not an ordinal")?;
                return Ok(Self(mark | u64::from(number)));
            }
        }
        if text.len() != 14 {
            return Err("a tag is three groups of four letters");
        }
        let mut value = 0_u64;
        for (at, byte) in text.bytes().enumerate() {
            if at == 4 || at == 9 {
                if byte != b'.' {
                    return Err("a tag is three groups of four letters");
                }
                continue;
            }
            let digit = DIGITS[usize::from(byte)];
            if digit == NOT_A_LETTER {
                return Err("not a tag");
            }
            value = value << 5 | u64::from(digit);
        }
        Ok(Self(value))
    }
}

impl Serialize for Tag {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Tag {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TagVisitor;

        impl serde::de::Visitor<'_> for TagVisitor {
            type Value = Tag;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a tag")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Tag, E> {
                text.parse().map_err(E::custom)
            }
        }

        deserializer.deserialize_str(TagVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_reads_back_what_it_wrote() {
        for value in [0, 1, 31, (1 << 60) - 1, 0x0123_4567_89ab_cdef & ((1 << 60) - 1)] {
            let tag = Tag(value);
            assert_eq!(tag.to_string().parse::<Tag>(), Ok(tag));
            assert!(!tag.is_ordinal());
        }
        let (older, now): (Tag, Tag) = ("k7qa.w2f9.m3xd".parse().unwrap(), "kQqB.HJfT.mKxd".parse().unwrap());
        assert_eq!(older, now);
        assert_eq!(
            older.to_string(),
            "kQqB.HJfT.mKxd",
            "what older captures say is written in today's letters"
        );
        for text in [
            "abcdefghijkm",
            "abcd.efghijkm",
            "abcdefg.hijkm.",
            "abcd.efgh.ijkl",
            "abcd.efgh.ijk",
            "ébcd.efgh.ijk",
        ] {
            assert!(text.parse::<Tag>().is_err(), "{text}");
        }
    }

    #[test]
    fn no_tag_has_a_digit_or_spells_a_word() {
        assert!(ALPHABET.iter().all(u8::is_ascii_alphabetic));
        let lower = ALPHABET.to_ascii_lowercase();
        assert!(lower.iter().all(|letter| !b"aeiouw".contains(letter)));
        let mut letters = ALPHABET.to_vec();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 32);
        // An older letter is no other's letter of today, so that each text reads in one way.
        for (at, older) in OLDER.iter().enumerate() {
            let now = ALPHABET.iter().position(|letter| letter == older);
            assert!(now.is_none_or(|now| now == at), "{}", char::from(*older));
        }
    }

    #[test]
    fn an_ordinal_reads_back_and_is_no_tag() {
        for (ordinal, text) in [
            (Tag::of_nth_value(1), "S1"),
            (Tag::of_nth_value(u32::MAX), "S4294967295"),
            (Tag::of_nth_part(12), "P12"),
        ] {
            assert_eq!(ordinal.to_string(), text);
            assert_eq!(text.parse::<Tag>(), Ok(ordinal));
            assert!(ordinal.is_ordinal());
        }
        for text in ["S", "S0", "S01", "S-1", "S+1", "S4294967296", "Q1", "s1"] {
            assert!(text.parse::<Tag>().is_err(), "{text}");
        }
    }
}
