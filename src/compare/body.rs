//! The content of two requests: JSON, forms and multipart down to the key, text word by word, the rest by its bytes.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::carried::{Item, holds};
use super::side_by_side::{Both, Found, short};
use super::target::parameters;
use super::value::{Likeness, texts};
use super::{ChangeKind, Locator, Reason, Significance, json, significance};
use crate::model::{Body, Content, FieldValue, Json, Parameter, Part, Piece, Text};

/// Compares both bodies, but for credentials in them.
pub(super) fn compare(both: &Both<'_>, items: [&[Item]; 2], found: &mut Found<'_>) {
    let (one, other) = (&both.sandbox.request.body, &both.runtime.request.body);
    // What was not seen to its end is unknown: the API could not be reached, or refused before the client had sent it.
    if !one.complete || !other.complete {
        return;
    }
    if both.runs.same_key
        && one.digest == other.digest
        && one.length == other.length
        && one.codings == other.codings
    {
        return;
    }
    // An import that does not tell the body, or tells it without its bytes.
    if !both.bytes_known() && (is_opaque(one) || is_opaque(other)) {
        return;
    }
    let before = found.differences.len();
    content(both, one, other, items, found);
    if found.differences.len() == before
        && both.bodies_differ()
        && items.iter().all(|items| items.is_empty())
        && !is_opaque(one)
    {
        found.push(whole(), None, lengths(one, other), Significance::Cosmetic(Reason::Spelling));
    }
}

/// True where two bodies of one run ask for the same.
pub(super) fn equal(both: &Both<'_>) -> bool {
    let (one, other) = (&both.sandbox.request.body, &both.runtime.request.body);
    if one.digest == other.digest && one.length == other.length {
        return true;
    }
    let mut differences = Vec::new();
    let mut found = Found { pair: 0, sandbox: None, runtime: None, differences: &mut differences };
    content(both, one, other, [&[], &[]], &mut found);
    differences.iter().all(|difference| difference.significance != Significance::Material)
}

fn content(both: &Both<'_>, one: &Body, other: &Body, items: [&[Item]; 2], found: &mut Found<'_>) {
    match (&one.content, &other.content) {
        (Content::Empty, Content::Empty) => {}
        (Content::Json(from), Content::Json(to)) => json::compare(both, from, to, "", items, found),
        (Content::JsonLines(from), Content::JsonLines(to)) => json_lines(both, from, to, items, found),
        (Content::Form(from), Content::Form(to)) => forms(both, from, to, items, found),
        (Content::Multipart(from), Content::Multipart(to)) => multipart(both, from, to, items, found),
        (Content::Text(from), Content::Text(to)) => {
            if !items.iter().any(|items| holds(items, &whole())) {
                text(both, from, to, &whole(), found);
            }
        }
        (Content::Opaque(_), Content::Opaque(_)) => opaque(both, one, other, found),
        (Content::Empty, _) => found.push(whole(), None, (None, Some(kind(other))), Significance::Material),
        (_, Content::Empty) => found.push(whole(), None, (Some(kind(one)), None), Significance::Material),
        (Content::Json(json), Content::Form(form)) | (Content::Form(form), Content::Json(json))
            if same_members(both, json, form) =>
        {
            found.push(
                whole(),
                None,
                (Some(kind(one)), Some(kind(other))),
                Significance::Cosmetic(Reason::Consequence),
            );
        }
        _ => {
            let same = both.runs.same_key && one.digest == other.digest;
            let significance =
                if same { Significance::Cosmetic(Reason::Consequence) } else { Significance::Material };
            found.push(whole(), None, (Some(kind(one)), Some(kind(other))), significance);
        }
    }
}

fn whole() -> Locator {
    Locator::Body { pointer: String::new() }
}

fn is_opaque(body: &Body) -> bool {
    matches!(body.content, Content::Opaque(_))
}

/// How long two bodies are that differ; of one length, the second is said to be others.
pub(super) fn lengths(one: &Body, other: &Body) -> (Option<String>, Option<String>) {
    let others = if one.length == other.length { " other" } else { "" };
    (Some(format!("{} bytes", one.length)), Some(format!("{}{others} bytes", other.length)))
}

/// What a body is, in a few words.
fn kind(body: &Body) -> String {
    match &body.content {
        Content::Empty => "no body".to_owned(),
        Content::Json(json) => short(&format_args!("JSON {}", json::display(json))),
        Content::JsonLines(lines) => format!("{} lines of JSON", lines.len()),
        Content::Form(parameters) => {
            let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            short(&format_args!("form {}", names.join("&")))
        }
        Content::Multipart(parts) => format!("multipart, {} parts", parts.len()),
        Content::Text(_) => format!("text, {} bytes", body.length),
        Content::Opaque(_) => format!("{} bytes", body.length),
    }
}

fn json_lines(both: &Both<'_>, from: &[Json], to: &[Json], items: [&[Item]; 2], found: &mut Found<'_>) {
    for at in 0..from.len().max(to.len()) {
        let pointer = format!("/{at}");
        match (from.get(at), to.get(at)) {
            (Some(one), Some(other)) => json::compare(both, one, other, &pointer, items, found),
            (one, other) => {
                let values = (one.map(json::display), other.map(json::display));
                found.push(Locator::Body { pointer }, None, values, Significance::Material);
            }
        }
    }
}

fn forms(both: &Both<'_>, from: &[Parameter], to: &[Parameter], items: [&[Item]; 2], found: &mut Found<'_>) {
    parameters(both, [from, to], items, found, |name, nth| Locator::Form { name: name.to_owned(), nth });
}

/// The same names and values, once as JSON and once as a form: only the media type differs.
fn same_members(both: &Both<'_>, json: &Json, form: &[Parameter]) -> bool {
    let Json::Object(members) = json else { return false };
    members.len() == form.len()
        && members.iter().all(|(name, member)| {
            let value = form
                .iter()
                .find(|parameter| parameter.name == *name)
                .and_then(|parameter| parameter.value.as_ref());
            match (member, value) {
                (Json::String(text) | Json::Number(text), Some(value)) => {
                    !matches!(texts(both, name, text, value), Likeness::Differs(_))
                }
                (Json::Bool(flag), Some(value)) => value
                    .as_shown()
                    .is_some_and(|shown| shown.eq_ignore_ascii_case(if *flag { "true" } else { "false" })),
                _ => false,
            }
        })
}

/// Parts by name and occurrence; their boundary is made anew for each request.
fn multipart(both: &Both<'_>, from: &[Part], to: &[Part], items: [&[Item]; 2], found: &mut Found<'_>) {
    let nth =
        |parts: &[Part], at: usize| parts[..at].iter().filter(|part| part.name == parts[at].name).count();
    let find = |parts: &[Part], part: &Part, nth: usize| {
        parts.iter().filter(|other| other.name == part.name).nth(nth).cloned()
    };
    let several = |part: &Part| {
        [from, to].iter().any(|parts| parts.iter().filter(|other| other.name == part.name).count() > 1)
    };
    let place = |part: &Part, nth: usize| {
        let nth = if several(part) { u32::try_from(nth + 1).unwrap_or(u32::MAX) } else { 0 };
        Locator::Form { name: part.name.clone().unwrap_or_default(), nth }
    };
    for (at, one) in from.iter().enumerate() {
        let nth = nth(from, at);
        match find(to, one, nth) {
            Some(other) => part(both, one, &other, &place(one, nth), items, found),
            None => found.push(place(one, nth), None, (Some(part_kind(one)), None), Significance::Material),
        }
    }
    for (at, other) in to.iter().enumerate() {
        let nth = nth(to, at);
        if find(from, other, nth).is_none() {
            found.push(place(other, nth), None, (None, Some(part_kind(other))), Significance::Material);
        }
    }
}

fn part(both: &Both<'_>, one: &Part, other: &Part, at: &Locator, items: [&[Item]; 2], found: &mut Found<'_>) {
    if items.iter().any(|items| holds(items, at)) {
        return;
    }
    let name = one.name.as_deref().unwrap_or_default();
    let differs = |likeness: Likeness| matches!(likeness, Likeness::Differs(_));
    let field = |part: &Part, key: &str| {
        part.fields.iter().find(|field| field.name.key == key).and_then(|field| match &field.value {
            FieldValue::Text(text) => Some(text.clone()),
            _ => None,
        })
    };
    let named = texts(
        both,
        "filename",
        &one.file_name.clone().unwrap_or_default(),
        &other.file_name.clone().unwrap_or_default(),
    );
    if differs(named) || field(one, "content-type") != field(other, "content-type") {
        return found.push(
            at.clone(),
            None,
            (Some(part_kind(one)), Some(part_kind(other))),
            Significance::Material,
        );
    }
    match (&one.content, &other.content) {
        (Content::Text(from), Content::Text(to)) => text(both, from, to, at, found),
        (Content::Json(from), Content::Json(to)) if json::equal(both, from, to, name) => {}
        (from, to) if from == to && one.length == other.length => {}
        _ => found.push(
            at.clone(),
            None,
            (Some(part_kind(one)), Some(part_kind(other))),
            Significance::Material,
        ),
    }
}

fn part_kind(part: &Part) -> String {
    match (&part.content, &part.file_name) {
        (Content::Text(text), None) => short(text),
        (_, Some(name)) => short(&format_args!("file {name}, {} bytes", part.length)),
        _ => format!("{} bytes", part.length),
    }
}

/// Bytes that were not looked into: by their tag, or by their length where tags cannot be compared.
fn opaque(both: &Both<'_>, one: &Body, other: &Body, found: &mut Found<'_>) {
    if both.bodies_differ() {
        found.push(whole(), None, lengths(one, other), Significance::Material);
    }
}

/// Texts of more words are compared as a whole; aligning them would take too long.
const WORDS: usize = 20_000;

/// A word of a text, or a hidden piece of it.
struct Word<'t> {
    piece: Cow<'t, Piece>,
    hash: u64,
}

/// Texts are aligned word by word; the words that changed are what is shown.
fn text(both: &Both<'_>, from: &Text, to: &Text, at: &Locator, found: &mut Found<'_>) {
    let likeness = texts(both, "", from, to);
    if !matches!(likeness, Likeness::Differs(_)) {
        if let Some(significance) = significance::value(likeness) {
            found.push(at.clone(), None, (Some(short(from)), Some(short(to))), significance);
        }
        return;
    }
    let (one, other) = (words(from), words(to));
    if one.len().max(other.len()) > WORDS {
        return found.push(at.clone(), None, (Some(short(from)), Some(short(to))), Significance::Material);
    }
    let hashes = |words: &[Word<'_>]| words.iter().map(|word| word.hash).collect::<Vec<u64>>();
    let (mut lost, mut won, mut worst) = (Text::default(), Text::default(), None);
    for op in capture_diff_slices(Algorithm::Myers, &hashes(&one), &hashes(&other)) {
        let DiffOp::Equal { .. } = op else {
            let (old, new) = (part_of(&one[op.old_range()]), part_of(&other[op.new_range()]));
            let likeness = texts(both, "", &old, &new);
            if let Some(significance) = significance::value(likeness) {
                worst = worst.filter(|worst| *worst == Significance::Material).or(Some(significance));
                for (side, words) in [(&mut lost, old), (&mut won, new)] {
                    if !side.is_empty() && !words.is_empty() {
                        side.push_shown(" … ");
                    }
                    side.push(words);
                }
            }
            continue;
        };
    }
    if let Some(significance) = worst {
        found.push_kind(
            at.clone(),
            ChangeKind::Altered,
            None,
            (Some(short(&lost)), Some(short(&won))),
            significance,
        );
    }
}

fn part_of(words: &[Word<'_>]) -> Text {
    let mut text = Text::default();
    for word in words {
        match word.piece.as_ref() {
            Piece::Shown(shown) => text.push_shown(shown),
            Piece::Hidden(secret) => text.push_hidden(Arc::clone(secret)),
        }
    }
    text
}

fn words(text: &Text) -> Vec<Word<'_>> {
    let word = |word: &str| {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        Word { piece: Cow::Owned(Piece::Shown(word.to_owned())), hash: hasher.finish() }
    };
    let mut words = Vec::new();
    for piece in &text.pieces {
        match piece {
            Piece::Shown(shown) => {
                words.extend(shown.split_inclusive([' ', '\n', '\t', ',', ';', '<', '>', '&']).map(word));
            }
            Piece::Hidden(secret) => {
                words.push(Word { piece: Cow::Borrowed(piece), hash: secret.fingerprint.exact.0 });
            }
        }
    }
    words
}
