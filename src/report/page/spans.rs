//! Where two values differ, down to the character. What is hidden (`‹...›`) is one sign: letters of its facts are no letters of the value.

use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};

/// Signs of a value up to which single ones are marked. Beyond it the whole value is.
const SIGNS: usize = 600;

/// Characters of a value that are shown.
const SHOWN: usize = 1_500;

/// Values that have less in common than this, in percent of the longer one, are marked as a whole.
const IN_COMMON: usize = 40;

/// A stretch of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What it says.
    pub text: String,
    /// The other side has something else there.
    pub marked: bool,
}

/// A value that is not marked.
pub(super) fn plain(value: &str) -> Vec<Span> {
    whole(value, false)
}

/// A value that is marked as a whole.
pub(super) fn marked(value: &str) -> Vec<Span> {
    whole(value, true)
}

/// Two values with marks where they differ.
pub(super) fn compared(sandbox: &str, runtime: &str) -> (Vec<Span>, Vec<Span>) {
    let (from, to) = (signs(sandbox), signs(runtime));
    let longer = from.len().max(to.len());
    if longer > SIGNS || sandbox == runtime {
        let differ = sandbox != runtime;
        return (whole(sandbox, differ), whole(runtime, differ));
    }
    let ops = capture_diff_slices(Algorithm::Myers, &from, &to);
    let equal = |op: &DiffOp| matches!(op, DiffOp::Equal { .. });
    let shared: usize = ops.iter().filter(|op| equal(op)).map(|op| op.old_range().len()).sum();
    if shared * 100 < longer * IN_COMMON {
        return (marked(sandbox), marked(runtime));
    }
    let (from, to) = (dotted(&from), dotted(&to));
    let (mut left, mut right) = (Vec::new(), Vec::new());
    for op in ops {
        push(&mut left, &from[op.old_range()].concat(), !equal(&op));
        push(&mut right, &to[op.new_range()].concat(), !equal(&op));
    }
    (left, right)
}

fn whole(value: &str, marked: bool) -> Vec<Span> {
    let mut text = visible(value);
    if let Some((cut, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(cut);
        text.push('…');
    }
    if text.is_empty() { Vec::new() } else { vec![Span { text, marked }] }
}

fn push(spans: &mut Vec<Span>, text: &str, marked: bool) {
    if text.is_empty() {
        return;
    }
    match spans.last_mut() {
        Some(last) if last.marked == marked => last.text.push_str(text),
        _ => spans.push(Span { text: text.to_owned(), marked }),
    }
}

/// A value as it is shown.
fn visible(value: &str) -> String {
    dotted(&signs(value)).concat()
}

/// Spaces at the ends of a value, which nobody sees, as `·`.
fn dotted<'a>(signs: &[&'a str]) -> Vec<&'a str> {
    let first = signs.iter().position(|sign| *sign != " ").unwrap_or(signs.len());
    let last = signs.iter().rposition(|sign| *sign != " ").unwrap_or_default();
    let outside = |at: usize| at < first || at > last;
    signs.iter().enumerate().map(|(at, sign)| if *sign == " " && outside(at) { "·" } else { *sign }).collect()
}

/// Characters, and what is hidden as one.
fn signs(text: &str) -> Vec<&str> {
    let mut signs = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let hidden = if first == '‹' { rest.find('›').map(|at| at + '›'.len_utf8()) } else { None };
        let (sign, after) = rest.split_at(hidden.unwrap_or(first.len_utf8()));
        signs.push(sign);
        rest = after;
    }
    signs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(spans: &[Span]) -> String {
        spans
            .iter()
            .map(|span| if span.marked { format!("[{}]", span.text) } else { span.text.clone() })
            .collect()
    }

    #[test]
    fn marks_are_as_narrow_as_the_difference() {
        for (one, other, left, right) in [
            ("Bearer ‹config.api_key 40 chars›", "Bearer ", "Bearer [‹config.api_key 40 chars›]", "Bearer·"),
            ("/v1/lots", "/v1/lots/", "/v1/lots", "/v1/lots[/]"),
            ("‹a 40 chars›", "‹b 40 chars›", "[‹a 40 chars›]", "[‹b 40 chars›]"),
            ("2026-01-01", "2026-02-01", "2026-0[1]-01", "2026-0[2]-01"),
            ("json", "form", "[json]", "[form]"),
            ("same", "same", "same", "same"),
        ] {
            let (from, to) = compared(one, other);
            assert_eq!((shown(&from).as_str(), shown(&to).as_str()), (left, right));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]
        #[test]
        fn nothing_is_lost(one in "[a-c ‹›/]{0,30}", other in "[a-c ‹›/]{0,30}") {
            let (left, right) = compared(&one, &other);
            let text = |spans: &[Span]| spans.iter().map(|span| span.text.as_str()).collect::<String>();
            prop_assert_eq!(text(&left), visible(&one));
            prop_assert_eq!(text(&right), visible(&other));
            prop_assert_eq!(one == other, !left.iter().chain(&right).any(|span| span.marked));
        }
    }
}
