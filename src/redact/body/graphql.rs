//! GraphQL documents: names and structure are shown, literals are hidden.

use crate::model::Text;

use super::super::secret::Scope;
use super::super::words::Row;

/// True for a `query` that is a GraphQL document.
pub(super) fn is_document(name: &str, text: &str) -> bool {
    let text = text.trim_start();
    matches!(name, "query" | "mutation" | "document")
        && text.contains('{')
        && text.trim_end().ends_with('}')
        && ["query", "mutation", "subscription", "fragment", "{", "#"]
            .iter()
            .any(|start| text.starts_with(start))
}

/// Redacts a document. Comments count as literals.
pub(super) fn redact(scope: &Scope<'_>, text: &str) -> Text {
    let mut shown = Text::default();
    let mut rest = text;
    let mut row = Row::default();
    let mut between = "";
    let mut open = Vec::new();
    let known = scope.redactor.places(text);
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '"' => string_end(rest),
            '#' => rest.find('\n').unwrap_or(rest.len()),
            letter if is_name_part(letter) => rest.find(|letter| !is_name_part(letter)).unwrap_or(rest.len()),
            letter => letter.len_utf8(),
        };
        let (token, after) = rest.split_at(end);
        let at = text.len() - rest.len();
        if let Some(place) = known.across(at..at + end) {
            shown.push(scope.hidden(&text.as_bytes()[at..place.end], true));
            rest = &text[place.end..];
            continue;
        }
        match first {
            '"' => {
                let quotes = if token.starts_with("\"\"\"") && token.len() >= 6 { 3 } else { 1 };
                let closed = token.len() >= 2 * quotes && token.ends_with('"');
                let inner = &token[quotes..token.len() - if closed { quotes } else { 0 }];
                shown.push_shown(&token[..quotes]);
                shown.push(scope.hidden(inner.as_bytes(), false));
                shown.push_shown(if closed { &token[..quotes] } else { "" });
            }
            '#' => shown.push(scope.hidden(token.as_bytes(), false)),
            letter if is_punctuator(letter, &mut open) => shown.push_shown(token),
            letter if is_name_part(letter) && !row.take(between, token, after) => {
                shown.push(scope.hidden(token.as_bytes(), false));
            }
            letter if letter.is_ascii_digit() || letter == '-' => shown.push(scope.typed(token)),
            letter if is_name_part(letter) => shown.push_shown(&scope.redactor.name(token)),
            // No GraphQL: whatever it is, it may be a part of something.
            _ => {
                shown.push(scope.hidden(rest.as_bytes(), false));
                break;
            }
        }
        between = token;
        rest = after;
    }
    scope.redactor.masked(scope, shown)
}

/// A punctuator or a blank of the GraphQL specification, section 2.1; brackets must fit.
fn is_punctuator(letter: char, open: &mut Vec<char>) -> bool {
    match letter {
        '(' => open.push(')'),
        '[' => open.push(']'),
        '{' => open.push('}'),
        ')' | ']' | '}' => return open.pop() == Some(letter),
        _ => return "!$&.:=@|,\u{feff}".contains(letter) || letter.is_ascii_whitespace(),
    }
    true
}

fn is_name_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '-')
}

fn string_end(text: &str) -> usize {
    if let Some(block) = text.strip_prefix("\"\"\"") {
        return block.find("\"\"\"").map_or(text.len(), |at| at + 6);
    }
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            b'"' | b'\n' if !escaped => return at + usize::from(byte == b'"'),
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}
