//! Two requests side by side, where the terminal is wide enough: a line a place, the same place of both sides beside each other.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::report::Differing;
use crate::report::advice::count;
use crate::report::escape;
use crate::report::page::{Pair, Row, Section, Span, State, Stop};

use super::page::{Page, Paint};

/// The widest column of names; longer names are cut.
const NAMES: usize = 32;

/// Lines of one value; the rest is cut.
const LINES: usize = 4;

/// The part of an exchange of which equal places are shown too: what stands around a difference.
const AROUND: &str = "Fields";

/// Each pair, and how many there are besides.
pub(super) fn pairs(page: &mut Page, differing: &Differing) {
    for one in &differing.pairs {
        page.gap();
        pair(page, one);
    }
    if differing.more > 0 {
        page.gap();
        let rest = format!(
            "{} with differences not shown side by side; --format html shows all",
            count(differing.more, "more pair")
        );
        page.paragraph(&[], (Paint::Faint, &rest), 2);
    }
}

/// Where the columns of a pair are.
#[derive(Clone, Copy)]
struct Columns {
    names: usize,
    values: usize,
}

fn pair(page: &mut Page, pair: &Pair) {
    let shown: Vec<(&Section, Vec<&Row>)> = pair
        .sections
        .iter()
        .map(|section| (section, section.rows.iter().filter(|row| is_shown(section, row)).collect()))
        .collect();
    let rows = || shown.iter().flat_map(|(_, rows)| rows);
    let names = rows().map(|row| escape::inert(&row.name).width()).max().unwrap_or_default().min(NAMES);
    // `≠ name | value | value`
    let values = page.width().saturating_sub(2 + names + 6) / 2;
    let columns = Columns { names, values };
    page.paragraph(
        &[(Paint::Strong, "side by side"), (Paint::Plain, ": ")],
        (Paint::Plain, &pair.request),
        2,
    );
    columns.line(
        page,
        (Paint::Plain, "", ""),
        [
            (Paint::Strong, &heading("sandbox", pair.sandbox.as_ref())),
            (Paint::Strong, &heading("runtime", pair.runtime.as_ref())),
        ],
    );
    for (section, rows) in shown.iter().filter(|(_, rows)| !rows.is_empty()) {
        columns.line(page, (Paint::Frame, "", section.name), [(Paint::Plain, ""), (Paint::Plain, "")]);
        for one in rows {
            columns.row(page, one);
        }
    }
    let all: usize = pair.sections.iter().map(|section| section.rows.len() + section.more).sum();
    let hidden = all - rows().count();
    if hidden > 0 {
        let text =
            format!("{} equal, or different in a way that does not count, not shown", count(hidden, "place"));
        page.paragraph(&[(Paint::Plain, "  ")], (Paint::Faint, &text), 2);
    }
}

fn is_shown(section: &Section, row: &Row) -> bool {
    row.state == State::Material || section.name == AROUND
}

/// `sandbox #1 -> 200`
fn heading(side: &str, stop: Option<&Stop>) -> String {
    stop.map_or_else(|| side.to_owned(), |stop| format!("{side} #{} -> {}", stop.exchange, stop.answer))
}

impl Columns {
    fn row(self, page: &mut Page, row: &Row) {
        let paint = match row.state {
            State::Same => Paint::Faint,
            State::Material => Paint::Error,
            State::Aside | State::Cosmetic | State::Expected | State::Awaited => Paint::Note,
        };
        let text = if row.state == State::Same { Paint::Faint } else { Paint::Plain };
        let same = row.state == State::Same;
        let [sandbox, runtime] = [&row.sandbox, if same { &row.sandbox } else { &row.runtime }]
            .map(|value| Cell::new(value.as_deref(), self.values, if same { 1 } else { LINES }));
        for at in 0..sandbox.0.len().max(runtime.0.len()).max(1) {
            let lead = if at == 0 { (paint, row.mark(), row.name.as_str()) } else { (paint, "", "") };
            self.line(page, lead, [(text, sandbox.text(at)), (text, runtime.text(at))]);
            if !sandbox.marks(at).is_empty() || !runtime.marks(at).is_empty() {
                self.line(
                    page,
                    (paint, "", ""),
                    [(Paint::Frame, sandbox.marks(at)), (paint, runtime.marks(at))],
                );
            }
        }
    }

    /// `≠ name | value | value`, each cut to its column.
    fn line(self, page: &mut Page, (paint, sign, name): (Paint, &str, &str), values: [(Paint, &str); 2]) {
        let name = padded(name, self.names);
        let sign = padded(sign, 1) + " ";
        let [sandbox, runtime] = values.map(|(paint, text)| (paint, padded(text, self.values)));
        page.line(&[
            (paint, &sign),
            (if paint == Paint::Error { Paint::Strong } else { paint }, &name),
            (Paint::Frame, " | "),
            (sandbox.0, &sandbox.1),
            (Paint::Frame, " | "),
            (runtime.0, &runtime.1),
        ]);
    }
}

/// A value in its column: lines, each with the marks below it.
struct Cell(Vec<(String, String)>);

impl Cell {
    fn new(value: Option<&[Span]>, columns: usize, most: usize) -> Self {
        let Some(spans) = value else { return Self(vec![("(not there)".to_owned(), String::new())]) };
        // Where all of it differs, the sign at the line's beginning says so.
        let partly = spans.iter().any(|span| span.marked) && spans.iter().any(|span| !span.marked);
        let mut lines = vec![(String::new(), String::new())];
        let mut taken = 0;
        for span in spans {
            for character in escape::inert(&span.text).chars() {
                let width = character.width().unwrap_or_default();
                if taken + width > columns {
                    lines.push((String::new(), String::new()));
                    taken = 0;
                }
                taken += width;
                if let Some((text, marks)) = lines.last_mut() {
                    text.push(character);
                    marks.extend(std::iter::repeat_n(if span.marked && partly { '^' } else { ' ' }, width));
                }
            }
        }
        if lines.len() > most {
            lines.truncate(most);
            if let Some((text, _)) = lines.last_mut() {
                *text = cut(text, columns);
            }
        }
        for (_, marks) in &mut lines {
            marks.truncate(marks.trim_end().len());
        }
        Self(lines)
    }

    fn text(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(text, _)| text)
    }

    fn marks(&self, at: usize) -> &str {
        self.0.get(at).map_or("", |(_, marks)| marks)
    }
}

/// Inert, and exactly this wide.
fn padded(text: &str, columns: usize) -> String {
    let text = escape::inert(text);
    let text = if text.width() > columns { cut(&text, columns) } else { text };
    let missing = columns.saturating_sub(text.width());
    text + &" ".repeat(missing)
}

/// The beginning of a text, with a sign that more follows, in these columns.
fn cut(text: &str, columns: usize) -> String {
    let mut kept = String::new();
    let mut taken = 0;
    for character in text.chars() {
        taken += character.width().unwrap_or_default();
        if taken >= columns {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn a_cell_keeps_to_its_column(texts in proptest::collection::vec((any::<String>(), any::<bool>()), 0..4), columns in 10_usize..90) {
            let spans: Vec<Span> = texts.into_iter().map(|(text, marked)| Span { text, marked }).collect();
            let cell = Cell::new(Some(&spans), columns, LINES);
            prop_assert!(!cell.0.is_empty() && cell.0.len() <= LINES);
            for (text, marks) in &cell.0 {
                prop_assert!(text.width() <= columns && marks.width() <= columns, "{text:?} {marks:?}");
                prop_assert_eq!(padded(text, columns).width(), columns);
            }
        }
    }

    #[test]
    fn marks_stand_below_what_differs() {
        let span = |text: &str, marked| Span { text: text.to_owned(), marked };
        let cell = Cell::new(Some(&[span("Bearer ", false), span("abc", true)]), 8, LINES);
        assert_eq!(
            cell.0,
            [("Bearer a".to_owned(), "       ^".to_owned()), ("bc".to_owned(), "^^".to_owned())]
        );
        let whole = Cell::new(Some(&[span("abc", true)]), 8, LINES);
        assert_eq!(whole.marks(0), "");
        assert_eq!(Cell::new(None, 20, LINES).text(0), "(not there)");
        assert_eq!(cut("abcdef", 4), "abc…");
    }
}
