//! Output to lines: cut anywhere, with terminal sequences taken out.

use std::str::Chars;

/// Longer lines are cut: the rest of them is not looked at. In bytes; the Connector Builder writes its whole result
/// in one line.
pub(super) const LIMIT: usize = 16 << 20;

/// One stream's lines.
#[derive(Default)]
pub(super) struct Lines {
    /// The line that is not complete yet.
    open: Vec<u8>,
    /// Lines completed so far.
    count: u64,
}

impl Lines {
    /// Takes a piece of output and hands each line that it completes to `each`, with its number from 1.
    pub(super) fn push(&mut self, mut data: &[u8], mut each: impl FnMut(u64, &str)) {
        while let Some(end) = data.iter().position(|byte| *byte == b'\n') {
            self.extend(&data[..end]);
            self.complete(&mut each);
            data = &data[end + 1..];
        }
        self.extend(data);
    }

    /// The stream has ended: what is left is a line too.
    pub(super) fn finish(&mut self, mut each: impl FnMut(u64, &str)) {
        if !self.open.is_empty() {
            self.complete(&mut each);
        }
    }

    fn extend(&mut self, data: &[u8]) {
        let room = LIMIT.saturating_sub(self.open.len());
        self.open.extend_from_slice(&data[..data.len().min(room)]);
    }

    fn complete(&mut self, each: &mut impl FnMut(u64, &str)) {
        self.count += 1;
        let line = plain(&String::from_utf8_lossy(&self.open));
        each(self.count, line.trim_end());
        // A line may have held a secret.
        zeroize::Zeroize::zeroize(&mut self.open);
    }
}

/// A line without terminal sequences (ECMA-48), and as it stands after carriage returns and backspaces.
fn plain(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\u{1b}' => skip_sequence(&mut letters),
            '\u{9b}' => skip_control_sequence(&mut letters),
            '\u{8}' => {
                plain.pop();
            }
            _ => plain.push(letter),
        }
    }
    plain
}

fn skip_sequence(letters: &mut Chars<'_>) {
    match letters.next() {
        Some('[') => skip_control_sequence(letters),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(letters),
        // `(B`, a character set: intermediate bytes go on to a final one.
        Some(' '..='/') => {
            letters.find(|letter| !(' '..='/').contains(letter));
        }
        _ => {}
    }
}

/// Strings go on to BEL or to ST, which is an escape and a backslash.
fn skip_string(letters: &mut Chars<'_>) {
    if letters.find(|letter| matches!(letter, '\u{7}' | '\u{1b}' | '\u{9c}')) == Some('\u{1b}') {
        letters.next();
    }
}

fn skip_control_sequence(letters: &mut Chars<'_>) {
    letters.find(|letter| ('\u{40}'..='\u{7e}').contains(letter));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(u64, String)> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.push(piece, |number, line| found.push((number, line.to_owned())));
        }
        lines.finish(|number, line| found.push((number, line.to_owned())));
        found
    }

    #[test]
    fn lines_are_numbered_and_plain() {
        let text = b"one\r\n\x1b[31mtwo\x1b[0m\n\n10%\r100%\nlast";
        let expected = [(1, "one"), (2, "two"), (3, ""), (4, "100%"), (5, "last")];
        assert_eq!(lines([&text[..]]), expected.map(|(number, line)| (number, line.to_owned())));
    }

    #[test]
    fn terminal_sequences_leave_nothing_behind() {
        for (line, shown) in [
            ("a\u{1b}(B\u{1b}[mb", "ab"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;https://h/\u{1b}\\b\u{1b}]8;;\u{1b}\\", "ab"),
            ("a\u{1b}P1;2|x\u{1b}\\b", "ab"),
            ("a\u{9b}31mb\u{1b}=", "ab"),
            ("b\u{8}bo\u{8}o", "bo"),
            ("\u{8}\u{8}a\u{1b}", "a"),
        ] {
            assert_eq!(plain(line), shown, "{line:?}");
        }
    }

    #[test]
    fn a_line_without_end_is_cut() {
        let long = vec![b'a'; LIMIT + 10];
        let found = lines([&long[..], b"\nb\n"]);
        assert_eq!((found[0].1.len(), found[1].1.as_str()), (LIMIT, "b"));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn where_it_is_cut_does_not_matter(text: Vec<u8>, size in 1_usize..9) {
            proptest::prop_assert_eq!(lines(text.chunks(size)), lines([&text[..]]));
        }
    }
}
