//! White space and characters that nobody sees.

use crate::model::Blank;

/// What kind of invisible character this is.
pub(super) fn kind(letter: char) -> Option<Blank> {
    Some(match letter {
        ' ' => Blank::Space,
        '\t' => Blank::Tab,
        '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}' => Blank::Newline,
        '\u{a0}' | '\u{202f}' | '\u{2000}'..='\u{200a}' | '\u{3000}' => Blank::NoBreakSpace,
        '\u{200b}'..='\u{200f}'
        | '\u{2060}'..='\u{2064}'
        | '\u{feff}'
        | '\u{ad}'
        | '\u{202a}'..='\u{202e}' => Blank::ZeroWidth,
        letter if letter.is_control() => Blank::Control,
        _ => return None,
    })
}

/// Cuts a text into what is invisible before it, itself, and what is invisible after it. Terminal sequences
/// (`ESC [ 200 ~`, the marks around a pasted text) count as one invisible character.
pub(super) fn split(text: &str) -> (&str, &str, &str) {
    let mut start = 0;
    loop {
        let rest = &text[start..];
        let sequence = control_sequence(rest);
        match rest.chars().next() {
            _ if sequence > 0 => start += sequence,
            Some(letter) if kind(letter).is_some() => start += letter.len_utf8(),
            _ => break,
        }
    }
    let mut end = text.len();
    while end > start {
        let rest = &text[start..end];
        if let Some(letter) = rest.chars().next_back().filter(|letter| kind(*letter).is_some()) {
            end -= letter.len_utf8();
        } else if let Some(at) =
            rest.rfind('\u{1b}').filter(|at| control_sequence(&rest[*at..]) == rest.len() - at)
        {
            end = start + at;
        } else {
            break;
        }
    }
    (&text[..start], &text[start..end], &text[end..])
}

/// Length of the control sequence (ECMA-48, section 5.4) that the text begins with; 0 for none.
fn control_sequence(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let parameters = rest.bytes().take_while(|byte| (0x20..0x40).contains(byte)).count();
    match rest.as_bytes().get(parameters) {
        Some(0x40..=0x7e) if parameters <= 8 => 2 + parameters + 1,
        _ => 0,
    }
}

/// The telling kind of a run of invisible characters: the rarest one.
pub(super) fn telling(run: &str) -> Option<Blank> {
    run.chars().filter_map(kind).max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_cut_off() {
        assert_eq!(split(" \ttoken\r\n"), (" \t", "token", "\r\n"));
        assert_eq!(split("\u{1b}[200~tok en\u{1b}[201~"), ("\u{1b}[200~", "tok en", "\u{1b}[201~"));
        assert_eq!(split("\u{feff}x\u{a0}"), ("\u{feff}", "x", "\u{a0}"));
        assert_eq!(split("  "), ("  ", "", ""));
        assert_eq!(split("\u{1b}[m"), ("\u{1b}[m", "", ""));
        assert_eq!(split(""), ("", "", ""));
        assert_eq!(telling(" \n"), Some(Blank::Newline));
    }
}
