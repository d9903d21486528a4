//! YAML as Python reads it, with the places of keys and values in the text.

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use zeroize::Zeroizing;

use super::{DEPTH, Malformed, NODES, Node, Span, Value};

/// Reads the first document of a YAML file, as Python does: of equal keys the last counts, `<<` merges.
pub(in crate::connector) fn yaml(text: &str) -> Result<Node, Malformed> {
    let mut tree = Builder::default();
    let body = text.trim_start_matches('\u{feff}');
    let offsets = Offsets::new(body, text.len() - body.len());
    for event in Parser::new_from_str(body) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        let line = u32::try_from(span.start.line()).ok();
        let place = offsets.at(span.start.index())..offsets.at(span.end.index());
        if tree.take(event, line, place, text)? {
            break;
        }
    }
    tree.root.ok_or(Malformed::Empty)
}

/// The parser counts characters; texts are cut by bytes.
struct Offsets {
    before: usize,
    /// Of each character; empty for ASCII.
    bytes: Vec<usize>,
}

impl Offsets {
    fn new(text: &str, before: usize) -> Self {
        let mut bytes = Vec::new();
        if !text.is_ascii() {
            bytes.extend(text.char_indices().map(|(at, _)| at));
            bytes.push(text.len());
        }
        Self { before, bytes }
    }

    fn at(&self, character: usize) -> usize {
        let last = self.bytes.last().copied().unwrap_or(character);
        self.before + self.bytes.get(character).copied().unwrap_or(last)
    }
}

fn syntax(error: &ScanError) -> Malformed {
    Malformed::Syntax { what: "YAML", line: error.marker().line(), column: error.marker().col() + 1 }
}

/// An array or an object that is not complete yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next, in an object, its line, which is the member's, and its place.
    key: Option<(String, Option<u32>, Range<usize>)>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: BTreeMap<usize, Node>,
    root: Option<Node>,
    unfolded: usize,
}

impl Builder {
    /// Takes one event; true when the document is complete.
    fn take(
        &mut self,
        event: Event<'_>,
        line: Option<u32>,
        place: Range<usize>,
        text: &str,
    ) -> Result<bool, Malformed> {
        let flow = text.as_bytes().get(place.start).is_some_and(|first| b"[{".contains(first));
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if plain { scalar(&text) } else { string(&text) };
                let span = Span { value: place, ..Span::default() };
                self.complete(Node { line, span, value }, anchor);
            }
            Event::SequenceStart(anchor, _) => {
                self.begin(
                    Value::Array(Vec::new()),
                    line,
                    anchor,
                    Span { value: place, flow, ..Span::default() },
                )?;
            }
            Event::MappingStart(anchor, _) => {
                self.begin(
                    Value::Object(Vec::new()),
                    line,
                    anchor,
                    Span { value: place, flow, ..Span::default() },
                )?;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(mut open) = self.open.pop() {
                    open.node.span.value.end = place.end;
                    self.complete(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let mut node = node.unwrap_or(Node { line, span: Span::default(), value: Value::Null });
                node.span.shared = true;
                node.walk("", &mut |_, _| self.unfolded += 1);
                if self.unfolded > NODES {
                    return Err(Malformed::Large);
                }
                node.line = line;
                self.complete(node, 0);
            }
            Event::DocumentEnd => return Ok(true),
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) => {}
        }
        Ok(false)
    }

    fn begin(&mut self, value: Value, line: Option<u32>, anchor: usize, span: Span) -> Result<(), Malformed> {
        if self.open.len() >= DEPTH {
            return Err(Malformed::Deep);
        }
        self.open.push(Open { node: Node { line, span, value }, anchor, key: None });
        Ok(())
    }

    fn complete(&mut self, node: Node, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut open.node.value {
            Value::Array(elements) => elements.push(node),
            Value::Object(members) => match open.key.take() {
                None => open.key = Some((key(&node), node.line, node.span.value)),
                Some((key, _, _)) if key == "<<" => merge(members, &node),
                Some((key, line, place)) => {
                    members.retain(|(name, _)| *name != key);
                    let span = Span { key: place, ..node.span };
                    members.push((key, Node { line, span, value: node.value }));
                }
            },
            _ => {}
        }
    }
}

/// What a key that is no string is called: templates see such keys in their own spelling too.
fn key(node: &Node) -> String {
    match &node.value {
        Value::String(text) | Value::Number(text) => text.to_string(),
        Value::Boolean(value) => value.to_string(),
        _ => String::new(),
    }
}

/// Adds the members of a merged mapping, or of several, where there are none of that name.
fn merge(members: &mut Vec<(String, Node)>, from: &Node) {
    for source in std::iter::once(from).chain(from.elements()) {
        for (key, node) in source.members() {
            if members.iter().all(|(name, _)| name != key) {
                members.push((key.clone(), node.clone()));
            }
        }
    }
}

fn string(text: &str) -> Value {
    Value::String(Zeroizing::new(text.to_owned()))
}

/// A plain scalar's value in YAML 1.1's terms, which Python's parser speaks.
fn scalar(text: &str) -> Value {
    let number = || {
        text.as_bytes().first().is_some_and(|first| first.is_ascii_digit() || b"+-.".contains(first))
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && text.parse::<f64>().is_ok()
    };
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Boolean(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Boolean(false),
        _ if number() => Value::Number(Zeroizing::new(text.to_owned())),
        _ => string(text),
    }
}
