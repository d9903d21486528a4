//! Output to lines: cut anywhere, with terminal sequences taken out.

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

/// A line without terminal sequences (ECMA-48: CSI and OSC), and as it stands after carriage returns.
fn plain(line: &str) -> String {
    let line = line.trim_end_matches('\r');
    let line = line.rsplit('\r').next().unwrap_or(line);
    let mut plain = String::with_capacity(line.len());
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        if letter != '\u{1b}' {
            plain.push(letter);
            continue;
        }
        match letters.next() {
            Some('[') => {
                letters.find(|letter| ('\u{40}'..='\u{7e}').contains(letter));
            }
            Some(']') => {
                letters.find(|letter| matches!(letter, '\u{7}' | '\u{1b}'));
            }
            _ => {}
        }
    }
    plain
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
