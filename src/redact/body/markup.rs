//! XML and HTML: names of elements and attributes are shown, everything else is tagged word by word.

use crate::model::Text;

use super::super::forms;
use super::super::policy::is_credential_name;
use super::super::secret::Scope;
use super::super::words::Row;

/// Redacts a document. It need not be well-formed.
pub(super) fn redact(scope: &Scope<'_>, text: &str) -> Text {
    let mut shown = Text::default();
    let mut rest = text;
    let mut element = String::new();
    while !rest.is_empty() {
        let end = rest.find('<').unwrap_or(rest.len());
        push_content(scope, &mut shown, &rest[..end], &element);
        rest = &rest[end..];
        if rest.is_empty() {
            break;
        }
        if let Some(data) = rest.strip_prefix("<![CDATA[") {
            let end = data.find("]]>").unwrap_or(data.len());
            shown.push_shown("<![CDATA[");
            push_content(scope, &mut shown, &data[..end], &element);
            rest = &data[end..];
            if let Some(after) = rest.strip_prefix("]]>") {
                shown.push_shown("]]>");
                rest = after;
            }
        } else if rest.starts_with("<!") || rest.starts_with("<?") {
            let end = if rest.starts_with("<!--") {
                rest.find("-->").map(|at| at + 3)
            } else {
                rest.find('>').map(|at| at + 1)
            };
            let (token, after) = rest.split_at(end.unwrap_or(rest.len()));
            shown.push(scope.tagged(token));
            rest = after;
        } else {
            let (token, after) = rest.split_at(tag_end(rest));
            element = push_tag(scope, &mut shown, token);
            rest = after;
        }
    }
    scope.redactor.masked(scope, shown)
}

/// The text of an element: one secret where its name says so, else word by word.
fn push_content(scope: &Scope<'_>, shown: &mut Text, text: &str, element: &str) {
    let start = text.len() - text.trim_start().len();
    let inner = text.trim();
    if inner.is_empty() || !is_credential_name(element) {
        shown.push(scope.tagged(text));
        return;
    }
    shown.push_shown(&text[..start]);
    let decoded = forms::entities_decoded(inner);
    shown.push_hidden(scope.secret(decoded.as_deref().unwrap_or(inner).as_bytes(), true));
    shown.push_shown(&text[start + inner.len()..]);
}

/// One past the `>` that ends a tag, quoted ones not counted.
fn tag_end(text: &str) -> usize {
    let mut quote = None;
    for (at, letter) in text.char_indices().skip(1) {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (Some(open), letter) if open == letter => quote = None,
            (None, '>') => return at + 1,
            _ => {}
        }
    }
    text.len()
}

/// Where a name within a tag ends. A `/` ends it only where it ends the tag: the parts of a random string must not pass for names.
fn name_end(text: &str) -> usize {
    let ends = |(at, letter): &(usize, char)| {
        "<>='\"".contains(*letter)
            || letter.is_ascii_whitespace()
            || (*letter == '/' && text[at + 1..].starts_with('>'))
    };
    text.char_indices().find(ends).map_or(text.len(), |(at, _)| at)
}

/// Writes a tag and returns the element's name; empty for a closing tag.
fn push_tag(scope: &Scope<'_>, shown: &mut Text, tag: &str) -> String {
    let mut rest = tag;
    let mut element = None;
    let mut attribute = String::new();
    let mut assigned = false;
    let known = scope.redactor.places(tag);
    let mut row = Row::default();
    while let Some(first) = rest.chars().next() {
        if first == '"' || first == '\'' {
            let inner = &rest[1..];
            let end = inner.find(first).unwrap_or(inner.len());
            let quote = &rest[..1];
            shown.push_shown(quote);
            let value = forms::entities_decoded(&inner[..end]);
            shown.push(scope.value(&attribute, value.as_deref().unwrap_or(&inner[..end]).as_bytes()));
            if end < inner.len() {
                shown.push_shown(quote);
            }
            rest = inner.get(end + 1..).unwrap_or_default();
            assigned = false;
        } else if assigned && !first.is_ascii_whitespace() && first != '>' {
            // HTML allows values without quotes.
            let end = rest.find(|letter: char| letter.is_ascii_whitespace() || letter == '>');
            let (value, after) = rest.split_at(end.unwrap_or(rest.len()));
            let decoded = forms::entities_decoded(value);
            shown.push(scope.value(&attribute, decoded.as_deref().unwrap_or(value).as_bytes()));
            rest = after;
            assigned = false;
        } else if "<>/=".contains(first) || first.is_ascii_whitespace() {
            shown.push_shown(&rest[..1]);
            rest = &rest[1..];
            assigned |= first == '=';
        } else {
            let end = name_end(rest);
            let name = &rest[..end];
            let at = tag.len() - rest.len();
            if known.across(at..at + end).is_none() && row.take(" ", name, "") {
                shown.push_shown(&scope.redactor.name(name));
            } else {
                shown.push(scope.hidden(name.as_bytes(), false));
            }
            name.clone_into(&mut attribute);
            element.get_or_insert_with(|| name.to_owned());
            rest = &rest[end..];
        }
    }
    if tag.starts_with("</") { String::new() } else { element.unwrap_or_default() }
}
