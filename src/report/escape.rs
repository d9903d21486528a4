//! The one sink of captured text: what could steer a terminal, reorder a line or hide in it becomes inert and visible.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

/// True for a character that must not reach a terminal or a reader's eye as it is.
///
/// Control characters (escape sequences begin with one), characters that reorder text, characters that take no room, and blanks
/// that look like a space and are none.
pub(super) fn is_hazardous(character: char) -> bool {
    if character.is_ascii() {
        return character.is_ascii_control();
    }
    character.width().is_none_or(|width| width == 0)
        || character.is_whitespace()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' | '\u{2800}' | '\u{3164}'
            | '\u{ffa0}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
}

/// Text that is safe to show.
pub fn inert(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_inert(&mut shown, character);
    }
    shown
}

/// A line that is safe to show, its trailing spaces as `·`, and where the marked bytes went.
pub(super) fn inert_line(text: &str, start: usize, end: usize) -> (String, usize, usize) {
    let spaces_from = text.trim_end_matches(' ').len();
    let mut shown = String::with_capacity(text.len());
    let (mut shown_start, mut shown_end) = (None, None);
    for (at, character) in text.char_indices() {
        if at >= start {
            shown_start.get_or_insert(shown.len());
        }
        if at >= end {
            shown_end.get_or_insert(shown.len());
        }
        if at >= spaces_from {
            shown.push('·');
        } else {
            push_inert(&mut shown, character);
        }
    }
    let last = shown.len();
    (shown, shown_start.unwrap_or(last), shown_end.unwrap_or(last))
}

fn push_inert(shown: &mut String, character: char) {
    if !is_hazardous(character) {
        return shown.push(character);
    }
    match character {
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        other => {
            // Writing to a string cannot fail.
            let _ = write!(shown, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_steers_hides_or_reorders_is_spelled_out() {
        assert_eq!(inert("\u{1b}[31mred\u{9b}0m"), "\\u{1b}[31mred\\u{9b}0m");
        assert_eq!(inert("a\r\n\tb\u{7f}\0"), "a\\r\\n\\tb\\u{7f}\\u{0}");
        assert_eq!(inert("\u{202e}evil\u{2066}\u{200f}"), "\\u{202e}evil\\u{2066}\\u{200f}");
        assert_eq!(inert("x\u{200b}\u{feff}\u{ad}\u{2060}"), "x\\u{200b}\\u{feff}\\u{ad}\\u{2060}");
        assert_eq!(inert("a\u{a0}b\u{3000}c\u{2028}d"), "a\\u{a0}b\\u{3000}c\\u{2028}d");
        assert_eq!(inert("e\u{301}\u{fe0f}\u{e0041}"), "e\\u{301}\\u{fe0f}\\u{e0041}");
    }

    #[test]
    fn ordinary_text_stays() {
        for text in ["‹config.api_key 40 chars kQqB.HJfT›", "Zürich, São Paulo", "東京", "a \\ b", "…"]
        {
            assert_eq!(inert(text), text);
        }
    }

    #[test]
    fn trailing_spaces_are_seen_and_marks_move_along() {
        assert_eq!(inert_line("Authorization: Bearer ", 15, 22), ("Authorization: Bearer·".into(), 15, 23));
        assert_eq!(inert_line("a\tb", 2, 3), ("a\\tb".into(), 3, 4));
        assert_eq!(inert_line("", 0, 0), (String::new(), 0, 0));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn nothing_hazardous_passes(text in any::<String>(), start in 0_usize..20, more in 0_usize..20) {
            prop_assert!(!inert(&text).chars().any(is_hazardous));
            let (line, from, to) = inert_line(&text, start, start + more);
            prop_assert!(!line.chars().any(is_hazardous));
            prop_assert!(from <= to && line.is_char_boundary(from) && line.is_char_boundary(to));
        }
    }
}
