//! The sink for captured text within a line of Markdown: plain words stay, everything else stands in code spans.
//!
//! Escaping is not enough. Sites look for `@name`, `#12`, addresses and commit ids in the text that remains after Markdown was read, and
//! make links of them; only code is left alone. So only what cannot be any of those stays outside of code.

use crate::report::escape;

/// The longest stretch of captured text in one line, in characters.
const LONGEST: usize = 1_200;

/// Letters from which a commit id is made, and how many of them sites take for one.
const COMMIT: usize = 7;

/// Captured text as prose. What stands in backticks or in `‹›` stays whole, in a code span.
pub(super) fn prose(text: &str) -> String {
    let text = escape::inert(&shortened(text, LONGEST));
    let mut out = String::with_capacity(text.len() + 16);
    let mut rest = text.as_str();
    while let Some(next) = rest.chars().next() {
        let (taken, piece) = match next {
            ' ' => (1, " ".to_owned()),
            '`' | '‹' => match quoted(rest, next) {
                Some(inner) if next == '`' => (inner.len() + 2, code(inner)),
                Some(inner) => (inner.len(), code(inner)),
                None => word(rest, out.is_empty()),
            },
            _ => word(rest, out.is_empty()),
        };
        // Two spans that touch would be read as one.
        if out.ends_with('`') && piece.starts_with('`') {
            out.push(' ');
        }
        out.push_str(&piece);
        rest = &rest[taken..];
    }
    out.trim().to_owned()
}

/// Captured text as one code span, whatever backticks are in it.
pub(super) fn code(text: &str) -> String {
    if text.is_empty() {
        return "(empty)".to_owned();
    }
    let fence = "`".repeat(longest_run(text) + 1);
    let padded = text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if padded { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The longest run of backticks.
pub(super) fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

/// At most this many characters.
pub(super) fn shortened(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// What stands between two backticks, or from `‹` to `›` with both.
fn quoted(text: &str, open: char) -> Option<&str> {
    let after = &text[open.len_utf8()..];
    if open == '`' {
        return after.find('`').map(|end| &after[..end]).filter(|inner| !inner.is_empty());
    }
    after.find('›').map(|end| &text[..open.len_utf8() + end + '›'.len_utf8()])
}

/// One word at the beginning of a text: how many bytes it has, and how it is written.
fn word(text: &str, first: bool) -> (usize, String) {
    let end = text
        .char_indices()
        .skip(1)
        .find(|(_, character)| matches!(character, ' ' | '`' | '‹'))
        .map_or(text.len(), |(at, _)| at);
    let word = &text[..end];
    let core = word.trim_start_matches(['(', '"']);
    let before = &word[..word.len() - core.len()];
    let trimmed = core.trim_end_matches(['.', ',', ';', ':', ')', '!', '?', '"']);
    let after = &core[trimmed.len()..];
    // `1.` or `1)` at the beginning of a line would open a list.
    let opens_list = first && before.is_empty() && after.starts_with(['.', ')']);
    if trimmed.is_empty()
        || (is_plain(trimmed) && !(opens_list && trimmed.bytes().all(|byte| byte.is_ascii_digit())))
    {
        return (end, word.to_owned());
    }
    (end, format!("{before}{}{after}", code(trimmed)))
}

/// True for what no site makes anything of: letters, also with a hyphen or an apostrophe between them, and short numbers.
fn is_plain(word: &str) -> bool {
    if word.len() >= COMMIT && word.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return false;
    }
    let letters = |part: &str| !part.is_empty() && part.chars().all(char::is_alphabetic);
    word.split(['-', '\'', '’']).all(letters) || word.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_stay_and_the_rest_is_code() {
        for (text, written) in [
            ("runtime's config has no key; it has 2 others", "runtime's config has no key; it has 2 others"),
            ("sends `Bearer` with config.api_key", "sends `Bearer` with `config.api_key`"),
            ("POST https://api.example.com/v1 (403)", "POST `https://api.example.com/v1` (403)"),
            ("has ‹config.api_key 40 chars k7qa›.", "has `‹config.api_key 40 chars k7qa›`."),
            ("ask @octocat, see #12 and GH-12", "ask `@octocat`, see `#12` and `GH-12`"),
            ("at deadbeef or 1234567", "at `deadbeef` or `1234567`"),
            ("1. one", "`1`. one"),
            ("<img src=x onerror=alert(1)>", "`<img` `src=x` `onerror=alert(1)>`"),
            ("[x](javascript:alert(1))", "`[x](javascript:alert(1`))"),
            ("a `` b ` c", "a `` ` `` `  b  ` c"),
            ("`a``b`", "`a` `b`"),
            ("a\nb\u{202e}", "`a\\nb\\u{202e}`"),
        ] {
            assert_eq!(prose(text), written);
        }
    }

    /// The text outside of code spans, as section 6.1 of the specification finds them.
    fn outside(text: &str) -> String {
        let run = |at: usize| text[at..].bytes().take_while(|byte| *byte == b'`').count();
        let mut left = String::new();
        let mut at = 0;
        while at < text.len() {
            let open = run(at);
            if open == 0 {
                let character = text[at..].chars().next().unwrap();
                left.push(character);
                at += character.len_utf8();
                continue;
            }
            let mut end = at + open;
            while end < text.len() && run(end) != open {
                end += run(end).max(text[end..].chars().next().unwrap().len_utf8());
            }
            if end < text.len() {
                at = end + open;
                left.push(' ');
            } else {
                left.push_str(&text[at..at + open]);
                at += open;
            }
        }
        left
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]
        #[test]
        fn nothing_that_means_something_is_left_outside_of_code(text in any::<String>()) {
            let left = outside(&prose(&text));
            prop_assert!(!left.contains(|c: char| "`@#<>[]*_~|\\/$&=+".contains(c)), "{left:?}");
        }

        #[test]
        fn nor_of_what_is_made_of_signs(text in "[`@#a1.:/<\\[\\]()*_ ‹›-]{0,40}") {
            let left = outside(&prose(&text));
            prop_assert!(!left.contains(|c: char| "`@#<>[]*_~|\\/$&=+".contains(c)), "{left:?}");
        }
    }
}
