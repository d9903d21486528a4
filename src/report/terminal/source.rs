//! Places shown as compilers show source: the line, and a mark under what matters.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::diagnose::Role;
use crate::report::{Excerpt, escape};

use super::page::{Page, Paint};

/// Lines of a diff that are shown; the rest is counted.
const PATCH_LINES: usize = 24;

/// The margin of a finding's source lines.
#[derive(Clone, Copy)]
pub(super) struct Margin {
    /// Digits of the largest line number.
    digits: usize,
    /// The colour of primary marks.
    paint: Paint,
}

impl Margin {
    pub(super) fn new<'a>(excerpts: impl Iterator<Item = &'a Excerpt>, paint: Paint) -> Self {
        let largest = excerpts.filter_map(|excerpt| excerpt.line).max().unwrap_or_default();
        Self { digits: largest.to_string().len(), paint }
    }

    /// `  --> heading`, or `  ::: heading` for a place that is not the first.
    pub(super) fn heading(self, page: &mut Page, first: bool, heading: &str) {
        let arrow = format!("{}{} ", self.blank(1), if first { "-->" } else { ":::" });
        let indent = arrow.len();
        page.paragraph(&[(Paint::Frame, &arrow)], (Paint::Plain, heading), indent);
    }

    /// An empty line of the margin.
    pub(super) fn bar(self, page: &mut Page) {
        page.line(&[(Paint::Frame, &format!("{}|", self.blank(2)))]);
    }

    /// `   = word:  text`.
    pub(super) fn remark(self, page: &mut Page, word: &str, text: &str) {
        let sign = format!("{}= ", self.blank(2));
        let word = format!("{:<7}", format!("{word}:"));
        let indent = sign.len() + word.len();
        page.paragraph(&[(Paint::Frame, &sign), (Paint::Strong, &word)], (Paint::Plain, text), indent);
    }

    /// The line of an excerpt with its mark and label.
    pub(super) fn excerpt(self, page: &mut Page, excerpt: &Excerpt, role: Role, label: &str) {
        let number = excerpt.line.map(|line| line.to_string()).unwrap_or_default();
        let margin = format!(" {number:>digits$} | ", digits = self.digits);
        let room = page.width().saturating_sub(margin.len());
        let label = if says(excerpt, label) { String::new() } else { escape::inert(label) };
        let (sign, paint) = match role {
            Role::Primary => ("^", self.paint),
            Role::Related => ("-", Paint::Frame),
        };
        let bar = format!("{}| ", self.blank(2));
        if excerpt.start == 0 && excerpt.end == excerpt.text.len() && excerpt.text.width() > room {
            // All of it matters: wrapped rather than cut.
            for (at, line) in Page::wrapped(&excerpt.text, room).iter().enumerate() {
                page.line(&[(Paint::Frame, if at == 0 { &margin } else { &bar }), (Paint::Plain, line)]);
            }
            if !label.is_empty() {
                let lead = format!("{sign} ");
                let indent = bar.len() + lead.len();
                page.paragraph(&[(Paint::Frame, &bar), (paint, &lead)], (paint, &label), indent);
            }
            return;
        }
        let shown = Window::new(excerpt, room);
        let margin = if shown.text.is_empty() { margin.trim_end() } else { &margin };
        page.line(&[(Paint::Frame, margin), (Paint::Plain, &shown.text)]);

        let mark = sign.repeat(shown.length);
        let before = " ".repeat(shown.column);
        let beside = if label.is_empty() { mark.clone() } else { format!("{mark} {label}") };
        if label.is_empty() || shown.column + beside.width() <= room {
            page.line(&[(Paint::Frame, &bar), (Paint::Plain, &before), (paint, &beside)]);
            return;
        }
        page.line(&[(Paint::Frame, &bar), (Paint::Plain, &before), (paint, &mark)]);
        // No room beside the mark: below it, moved left where it would become a narrow column.
        let column = shown.column.min(room / 3);
        let bar = bar + &" ".repeat(column);
        let indent = bar.len();
        page.paragraph(&[(Paint::Frame, &bar)], (paint, &label), indent);
    }

    /// A remedy's unified diff, of a long one the beginning.
    pub(super) fn patch(self, page: &mut Page, patch: &str) {
        let margin = self.blank(4);
        let lines = patch.lines().count();
        let shown = if lines > PATCH_LINES + 1 { PATCH_LINES } else { lines };
        for line in patch.lines().take(shown) {
            let paint = match line.as_bytes().first() {
                Some(b'+') => Paint::Good,
                Some(b'-') => Paint::Error,
                _ => Paint::Plain,
            };
            page.line(&[(Paint::Plain, &margin), (paint, line)]);
        }
        if lines > shown {
            let rest = format!("... {} more lines; --format json has all of them", lines - shown);
            page.line(&[(Paint::Plain, &margin), (Paint::Faint, &rest)]);
        }
    }

    /// A label where there is no line to show.
    pub(super) fn label(self, page: &mut Page, label: &str) {
        let bar = format!("{}| ", self.blank(2));
        let indent = bar.len();
        page.paragraph(&[(Paint::Frame, &bar)], (Paint::Plain, label), indent);
    }

    /// As wide as a line number and `more` columns.
    fn blank(self, more: usize) -> String {
        " ".repeat(self.digits + more)
    }
}

/// True where the marked text itself is what the label would say, be it shortened.
fn says(excerpt: &Excerpt, label: &str) -> bool {
    let marked = excerpt.text.get(excerpt.start..excerpt.end).unwrap_or_default();
    let begun = label.trim_end_matches(['.', '…']);
    marked.contains(label) || (begun.len() < label.len() && marked.starts_with(begun))
}

/// The part of a line that fits, the mark in it.
struct Window {
    text: String,
    /// Columns before the mark.
    column: usize,
    /// Columns of the mark, at least one.
    length: usize,
}

impl Window {
    fn new(excerpt: &Excerpt, room: usize) -> Self {
        let (line, start, end) = escape::inert_line(&excerpt.text, excerpt.start, excerpt.end);
        let (before, rest) = line.split_at(start);
        let marked = &rest[..end - start];
        let (column, length) = (before.width(), marked.width());
        if line.width() <= room {
            return Self { text: line.clone(), column, length: length.max(1) };
        }
        // Keep the line's beginning as long as the mark still fits; otherwise begin a little before the mark.
        let skip = if column + length < room { 0 } else { column.saturating_sub(room / 4) };
        let (from, skipped) = columns_to_bytes(&line, skip);
        let lead = if from > 0 { "…" } else { "" };
        let (to, _) = columns_to_bytes(&line[from..], room.saturating_sub(1 + lead.width()));
        let tail = if from + to < line.len() { "…" } else { "" };
        let text = format!("{lead}{}{tail}", &line[from..from + to]);
        let column = (column - skipped + lead.width()).min(room.saturating_sub(1));
        let length = length.min(text.width().saturating_sub(column)).max(1);
        Self { text, column, length }
    }
}

/// The byte offset after at most `columns` columns, and how many columns that are.
fn columns_to_bytes(text: &str, columns: usize) -> (usize, usize) {
    let mut taken = 0;
    for (at, character) in text.char_indices() {
        let width = character.width().unwrap_or_default();
        if taken + width > columns {
            return (at, taken);
        }
        taken += width;
    }
    (text.len(), taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_window_fits_and_its_mark_is_in_it(text in any::<String>(), start in 0_usize..80, more in 0_usize..80, room in 20_usize..90) {
            let floor = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let (start, end) = (floor(start), floor(start + more));
            let window = Window::new(&Excerpt { line: None, text: text.clone(), start, end }, room);
            prop_assert!(window.text.width() <= room, "{:?}", window.text);
            prop_assert!(window.length >= 1);
            prop_assert!(window.column + window.length <= room + 1);
        }
    }

    #[test]
    fn a_long_line_keeps_its_mark() {
        let text = format!("GET /v1?{}api_key= HTTP/1.1", "filter=abcdef&".repeat(12));
        let start = text.find("api_key").unwrap();
        let window = Window::new(&Excerpt { line: Some(1), text, start, end: start + 8 }, 50);
        assert_eq!(&window.text[window.text.find("api_key").unwrap()..], "api_key= HTTP/1.1");
        assert!(window.text.starts_with('…'));
    }
}
