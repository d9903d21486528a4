//! Secrets that are known by their form: a vendor's prefix, and what comes after it.

mod checksum;
mod made_up;
mod table;

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

pub(crate) use made_up::{distinct, is_made_up};
use table::TABLE;

/// A form of secret.
pub(crate) struct Format {
    /// Its name in reports.
    pub(crate) rule: &'static str,
    /// What it is, in words.
    pub(crate) what: &'static str,
    /// What stands before the prefix and belongs to it.
    before: Option<Run>,
    /// How it begins.
    prefixes: &'static [&'static str],
    /// What comes then.
    rest: &'static [Part],
    /// Whether it fits together, where the form lets that be told.
    check: Option<fn(&str) -> bool>,
    /// Where the fact is from.
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers, and for a test that each row has one"))]
    source: &'static str,
}

/// A part of a form.
enum Part {
    /// So many bytes of a kind.
    Run(Run),
    /// These bytes.
    Text(&'static str),
    /// These bytes, where they are there.
    Maybe(&'static str),
}

/// From `least` to `most` bytes of a kind.
struct Run {
    kind: Kind,
    least: usize,
    most: usize,
}

/// Kinds of bytes.
#[derive(Clone, Copy)]
enum Kind {
    Digit,
    /// `0-9a-f`
    Hex,
    /// `0-9a-fA-F`
    AnyHex,
    /// `A-Z0-9`
    Upper,
    /// `a-z0-9`
    Lower,
    /// `A-Za-z0-9`
    Alnum,
    /// `A-Za-z0-9_`
    Word,
    /// `A-Za-z0-9_-`
    Url,
    /// `A-Za-z0-9_.-`
    Dotted,
    /// `A-Za-z0-9+/`
    Base64,
    /// `A-Za-z0-9_+/=.~!-`, for tokens that are only said to be long
    Any,
    /// `A-Za-z0-9%`
    Escaped,
}

impl Kind {
    fn has(self, byte: u8) -> bool {
        match self {
            Self::Digit => byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::AnyHex => byte.is_ascii_hexdigit(),
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Lower => byte.is_ascii_lowercase() || byte.is_ascii_digit(),
            Self::Alnum => byte.is_ascii_alphanumeric(),
            Self::Word => byte.is_ascii_alphanumeric() || byte == b'_',
            Self::Url => byte.is_ascii_alphanumeric() || b"_-".contains(&byte),
            Self::Dotted => byte.is_ascii_alphanumeric() || b"_-.".contains(&byte),
            Self::Base64 => byte.is_ascii_alphanumeric() || b"+/".contains(&byte),
            Self::Any => byte.is_ascii_alphanumeric() || b"_+/=.~!-".contains(&byte),
            Self::Escaped => byte.is_ascii_alphanumeric() || byte == b'%',
        }
    }
}

/// A secret of a known form.
pub(crate) struct Hit {
    pub(crate) format: &'static Format,
    pub(crate) range: Range<usize>,
    /// Whether its checksum fits; `None` where the form has none.
    pub(crate) sound: Option<bool>,
}

struct Prefixes {
    automaton: Option<AhoCorasick>,
    /// The row of each pattern.
    rows: Vec<usize>,
}

static PREFIXES: LazyLock<Prefixes> = LazyLock::new(|| {
    let all = || {
        TABLE
            .iter()
            .enumerate()
            .flat_map(|(row, format)| format.prefixes.iter().map(move |prefix| (row, *prefix)))
    };
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::Standard)
        .kind(Some(AhoCorasickKind::DFA))
        .build(all().map(|(_, prefix)| prefix));
    Prefixes { automaton: automaton.ok(), rows: all().map(|(row, _)| row).collect() }
});

/// The secrets of known forms in a text, from left to right; what documentation shows in their place is left out.
pub(crate) fn find(text: &[u8], found: &mut Vec<Hit>) {
    for (format, range, random) in of_a_form(text) {
        let (Ok(token), Ok(random)) =
            (std::str::from_utf8(&text[range.clone()]), std::str::from_utf8(random))
        else {
            continue;
        };
        if !is_made_up(random) {
            found.push(Hit { format, sound: format.check.map(|check| check(token)), range });
        }
    }
}

/// True where something in a text has the form of a vendor's secret, made up or not.
pub(super) fn has_one(text: &str) -> bool {
    of_a_form(text.as_bytes()).next().is_some()
}

/// What has the form of a secret: the form, its place, and what of it is random.
fn of_a_form(text: &[u8]) -> impl Iterator<Item = (&'static Format, Range<usize>, &[u8])> {
    let prefixes = PREFIXES.automaton.iter().flat_map(move |automaton| automaton.find_overlapping_iter(text));
    prefixes.filter_map(move |prefix| {
        let format = PREFIXES.rows.get(prefix.pattern().as_usize()).and_then(|row| TABLE.get(*row))?;
        let range = format.range(text, prefix.start(), prefix.end())?;
        let start = if format.before.is_some() { range.start } else { prefix.end() };
        let random = &text[start..range.end];
        Some((format, range, random))
    })
}

impl Format {
    fn range(&self, text: &[u8], start: usize, prefix_end: usize) -> Option<Range<usize>> {
        let start = match &self.before {
            None => start,
            Some(run) => {
                let length =
                    text[..start].iter().rev().take(run.most).take_while(|b| run.kind.has(**b)).count();
                if length < run.least {
                    return None;
                }
                start - length
            }
        };
        let glued = text[..start].last().is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if glued && text[start].is_ascii_alphanumeric() {
            return None;
        }
        let mut at = prefix_end;
        let mut last = Kind::Digit;
        let mut open = false;
        for part in self.rest {
            open = false;
            match part {
                Part::Text(literal) => {
                    at += text[at..].starts_with(literal.as_bytes()).then_some(literal.len())?;
                }
                Part::Maybe(literal) => {
                    at += if text[at..].starts_with(literal.as_bytes()) { literal.len() } else { 0 };
                }
                Part::Run(run) => {
                    let length =
                        text[at..].iter().take(run.most).take_while(|byte| run.kind.has(**byte)).count();
                    if length < run.least {
                        return None;
                    }
                    at += length;
                    last = run.kind;
                    open = true;
                }
            }
        }
        // A longer run is something else.
        let goes_on = open && text.get(at).is_some_and(|byte| last.has(*byte));
        (!goes_on).then_some(start..at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Redactor};
    use super::*;

    /// A token of a form, made of letters that look random.
    fn sample(format: &Format, prefix: &str) -> String {
        let mut state = 7_usize;
        let mut push = |text: &mut String, run: &Run| {
            for _ in 0..run.least {
                loop {
                    state = (state * 1_103_515_245 + 12_345) % (1 << 31);
                    let byte = u8::try_from(33 + (state >> 8) % 94).unwrap();
                    if run.kind.has(byte) && byte.is_ascii_alphanumeric() {
                        text.push(char::from(byte));
                        break;
                    }
                }
            }
        };
        let mut text = String::new();
        format.before.iter().for_each(|run| push(&mut text, run));
        text.push_str(prefix);
        for part in format.rest {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Maybe(_) => {}
                Part::Run(run) => push(&mut text, run),
            }
        }
        text
    }

    /// What is almost of a form: broken off, in a longer word, with another prefix, words where something random stands.
    fn near_misses(format: &Format, prefix: &str, token: &str) -> Vec<String> {
        let mut near = vec![token[..token.len().min(prefix.len() + 3)].to_owned()];
        match format.rest.last() {
            Some(Part::Run(run)) if run.least > 0 => near.push(token[..token.len() - 1].to_owned()),
            _ => {}
        }
        let alone = format.prefixes.iter().filter(|other| prefix.contains(**other)).count() == 1;
        if alone && token.as_bytes()[0].is_ascii_alphanumeric() && format.before.is_none() {
            near.push(format!("Z{token}"));
        }
        near.push(token.replacen(prefix, "?", 1));
        if format.before.is_none() {
            near.push(format!("{prefix}get_value_of_the_field_name"));
        }
        near
    }

    #[test]
    fn every_form_is_found_and_has_a_source() {
        for format in TABLE {
            assert!(!format.source.is_empty() && !format.what.is_empty(), "{}", format.rule);
            for prefix in format.prefixes {
                let token = sample(format, prefix);
                let text = format!("a: \"{token}\", b");
                let mut found = Vec::new();
                find(text.as_bytes(), &mut found);
                assert!(
                    found
                        .iter()
                        .any(|hit| hit.format.rule == format.rule && text[hit.range.clone()] == token),
                    "{} not found in {text}",
                    format.rule
                );
                for near in near_misses(format, prefix, &token) {
                    let mut found = Vec::new();
                    find(near.as_bytes(), &mut found);
                    assert!(
                        found.iter().all(|hit| hit.format.rule != format.rule),
                        "{} found in {near}",
                        format.rule
                    );
                }
            }
        }
        assert!(TABLE.len() >= 200, "{}", TABLE.len());
    }

    #[test]
    fn no_form_is_shown_anywhere() {
        let mut redactor = Redactor::new(Key::from_bytes([3; 32]));
        redactor.open_name("tenant");
        for format in TABLE {
            for prefix in format.prefixes {
                let token = sample(format, prefix);
                let public = token.find(prefix).map_or(0, |at| at + prefix.len());
                let needles = [&token[public..], &token[..public - prefix.len()]];
                for text in [
                    format!("the answer was {token}, so it failed"),
                    format!("id={token}&page=2"),
                    format!("https://api.example.com/x/{token}/y?q={token}#{token}"),
                    token.clone(),
                ] {
                    let shown = format!(
                        "{} {} {} {:?}",
                        redactor.prose(&text),
                        redactor.named("tenant", &text),
                        redactor.name(&text),
                        redactor.command(&[text.clone().into()])
                    );
                    let whole = needles.iter().any(|needle| needle.len() >= 8 && shown.contains(needle));
                    assert!(!whole, "{}: {shown}", format.rule);
                }
            }
        }
    }

    #[test]
    fn names_of_rules_are_in_order() {
        let names: Vec<_> = TABLE.iter().map(|format| format.rule).collect();
        let mut sorted = names.clone();
        sorted.sort_unstable();
        assert_eq!(names, sorted);
    }

    #[test]
    fn parts_of_longer_words_are_no_secrets() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "xghp_16C7e42F292c6912E7710c838347Ae178B4a",
            "npm_install_all_of_the_packages_that_we_have",
            "sk_live_your_key_here",
            "SG.short.short",
        ] {
            let mut found = Vec::new();
            find(text.as_bytes(), &mut found);
            assert!(found.is_empty(), "{text}");
        }
    }
}
