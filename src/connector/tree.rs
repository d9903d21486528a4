//! JSON and YAML as one tree: order, lines and the spelling of numbers are kept, and values are wiped when it goes.

use std::collections::BTreeMap;
use std::fmt;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError};
use serde::de::{Deserialize as _, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::model::JsonType;

/// How deep values may be nested.
const DEPTH: usize = 100;

/// How many nodes a YAML file's aliases may unfold to.
const NODES: usize = 200_000;

/// A value and the line it begins on, or its key does.
#[derive(Clone)]
pub(super) struct Node {
    /// From 1; unknown for JSON that is part of another file.
    pub(super) line: Option<u32>,
    pub(super) value: Value,
}

/// A value.
#[derive(Clone)]
pub(super) enum Value {
    Null,
    Boolean(bool),
    /// In its own spelling.
    Number(Zeroizing<String>),
    String(Zeroizing<String>),
    Array(Vec<Node>),
    /// In the order of the file; of equal keys the last counts.
    Object(Vec<(String, Node)>),
}

/// Where a file is not what it should be. Never says what stands there: it may be a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Malformed {
    #[error("not {what}: line {line}, column {column}")]
    Syntax { what: &'static str, line: usize, column: usize },
    #[error("nested more than {DEPTH} levels deep")]
    Deep,
    #[error("its aliases unfold to more than {NODES} values")]
    Large,
    #[error("empty")]
    Empty,
}

impl Node {
    pub(super) fn kind(&self) -> JsonType {
        match self.value {
            Value::Null => JsonType::Null,
            Value::Boolean(_) => JsonType::Boolean,
            Value::Number(_) => JsonType::Number,
            Value::String(_) => JsonType::String,
            Value::Array(_) => JsonType::Array,
            Value::Object(_) => JsonType::Object,
        }
    }

    pub(super) fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn members(&self) -> &[(String, Node)] {
        match &self.value {
            Value::Object(members) => members,
            _ => &[],
        }
    }

    pub(super) fn elements(&self) -> &[Node] {
        match &self.value {
            Value::Array(elements) => elements,
            _ => &[],
        }
    }

    /// The member with this key.
    pub(super) fn member(&self, key: &str) -> Option<&Node> {
        self.members().iter().rev().find(|(name, _)| name == key).map(|(_, node)| node)
    }

    /// The string at this key.
    pub(super) fn text(&self, key: &str) -> Option<&str> {
        self.member(key).and_then(Node::as_str)
    }

    /// The node at a JSON pointer (RFC 6901).
    pub(super) fn at(&self, pointer: &str) -> Option<&Node> {
        pointer.split('/').skip(1).try_fold(self, |node, segment| {
            let key = segment.replace("~1", "/").replace("~0", "~");
            match &node.value {
                Value::Object(_) => node.member(&key),
                Value::Array(elements) => elements.get(key.parse::<usize>().ok()?),
                _ => None,
            }
        })
    }

    /// Visits this node and all below it, parents first, each with its JSON pointer.
    pub(super) fn walk<'a>(&'a self, pointer: &str, visit: &mut impl FnMut(&str, &'a Node)) {
        visit(pointer, self);
        for (key, node) in self.members() {
            node.walk(&child(pointer, key), visit);
        }
        for (at, node) in self.elements().iter().enumerate() {
            node.walk(&format!("{pointer}/{at}"), visit);
        }
    }
}

/// The JSON pointer of a member.
pub(super) fn child(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1"))
}

/// Shows kind and place only.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Node({:?}, line {:?})", self.kind(), self.line)
    }
}

/// Reads JSON. Lines are not known then, but for places of errors.
pub(super) fn json(text: &str) -> Result<Node, Malformed> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| Malformed::Syntax {
        what: "JSON",
        line: error.line(),
        column: error.column(),
    })?;
    from_raw(raw, 0)
}

fn from_raw(raw: &RawValue, depth: usize) -> Result<Node, Malformed> {
    if depth > DEPTH {
        return Err(Malformed::Deep);
    }
    let broken = |_| Malformed::Syntax { what: "JSON", line: 0, column: 0 };
    let text = raw.get();
    let value = match text.as_bytes().first() {
        Some(b'{') => {
            let mut members: Vec<(String, Node)> = Vec::new();
            let mut source = serde_json::Deserializer::from_str(text);
            for (key, value) in source.deserialize_map(Members).map_err(broken)? {
                let node = from_raw(value, depth + 1)?;
                members.retain(|(name, _)| *name != key);
                members.push((key, node));
            }
            Value::Object(members)
        }
        Some(b'[') => {
            let elements: Vec<&RawValue> = serde_json::from_str(text).map_err(broken)?;
            Value::Array(
                elements.into_iter().map(|element| from_raw(element, depth + 1)).collect::<Result<_, _>>()?,
            )
        }
        Some(b'"') => {
            let mut source = serde_json::Deserializer::from_str(text);
            Value::String(Zeroizing::new(String::deserialize(&mut source).map_err(broken)?))
        }
        Some(b't' | b'f') => Value::Boolean(text == "true"),
        Some(b'n') | None => Value::Null,
        Some(_) => Value::Number(Zeroizing::new(text.to_owned())),
    };
    Ok(Node { line: None, value })
}

/// Reads an object's members in order, their values unread.
struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(member) = map.next_entry()? {
            members.push(member);
        }
        Ok(members)
    }
}

/// Reads the first document of a YAML file, as Python does: of equal keys the last counts, `<<` merges.
pub(super) fn yaml(text: &str) -> Result<Node, Malformed> {
    let mut tree = Builder::default();
    for event in Parser::new_from_str(text.trim_start_matches('\u{feff}')) {
        let (event, span) = event.map_err(|error| syntax(&error))?;
        let line = u32::try_from(span.start.line()).ok();
        if tree.take(event, line)? {
            break;
        }
    }
    tree.root.ok_or(Malformed::Empty)
}

fn syntax(error: &ScanError) -> Malformed {
    Malformed::Syntax { what: "YAML", line: error.marker().line(), column: error.marker().col() + 1 }
}

/// An array or an object that is not complete yet.
struct Open {
    node: Node,
    anchor: usize,
    /// The key whose value comes next, in an object, and its line, which is the member's.
    key: Option<(String, Option<u32>)>,
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
    fn take(&mut self, event: Event<'_>, line: Option<u32>) -> Result<bool, Malformed> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain && tag.is_none();
                let value = if plain { scalar(&text) } else { string(&text) };
                self.complete(Node { line, value }, anchor);
            }
            Event::SequenceStart(anchor, _) => self.begin(Value::Array(Vec::new()), line, anchor)?,
            Event::MappingStart(anchor, _) => self.begin(Value::Object(Vec::new()), line, anchor)?,
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    self.complete(open.node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned();
                let mut node = node.unwrap_or(Node { line, value: Value::Null });
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

    fn begin(&mut self, value: Value, line: Option<u32>, anchor: usize) -> Result<(), Malformed> {
        if self.open.len() >= DEPTH {
            return Err(Malformed::Deep);
        }
        self.open.push(Open { node: Node { line, value }, anchor, key: None });
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
                None => open.key = Some((key(&node), node.line)),
                Some((key, _)) if key == "<<" => merge(members, &node),
                Some((key, line)) => {
                    members.retain(|(name, _)| *name != key);
                    members.push((key, Node { line, ..node }));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_keeps_the_spelling_of_numbers_and_the_last_of_equal_keys() {
        let tree = json(r#"{"b": 90071992547409913207, "a": 1.10, "b": "\ud83d\ude00\/"}"#).unwrap();
        assert_eq!(tree.text("b"), Some("😀/"));
        assert!(matches!(&tree.member("a").unwrap().value, Value::Number(text) if text.as_str() == "1.10"));
        assert_eq!(tree.members().len(), 2);
    }

    #[test]
    fn an_error_names_the_place_and_not_the_text() {
        let error = json("{\n  \"api_key\": 'planted-secret'}").unwrap_err().to_string();
        assert_eq!(error, "not JSON: line 2, column 14");
        assert!(yaml("a: [planted-secret").unwrap_err().to_string().starts_with("not YAML: line "));
    }

    #[test]
    fn yaml_has_lines_aliases_and_merges() {
        let tree = yaml("base: &base\n  a: 1\n  b: 'no'\nmore:\n  <<: *base\n  b: no\n").unwrap();
        let more = tree.member("more").unwrap();
        assert_eq!(more.member("a").unwrap().kind(), JsonType::Number);
        assert_eq!(more.member("b").unwrap().kind(), JsonType::Boolean);
        assert_eq!(tree.at("/base/b").unwrap().line, Some(3));
    }

    #[test]
    fn hostile_nesting_is_refused() {
        for text in ["[".repeat(100_000), "- ".repeat(100_000), "{\"a\":".repeat(100_000)] {
            assert!(json(&text).is_err());
            assert!(yaml(&text).is_err());
        }
        let level = |level| format!("a{level}: &a{level} [*a{0}, *a{0}]\n", level - 1);
        let laughs = (1..30).map(level).collect::<Vec<_>>().concat();
        let laughs = format!(
            "a0: &a0 [x, x]
{laughs}"
        );
        assert_eq!(yaml(&laughs).unwrap_err(), Malformed::Large);
    }
}
