//! JSON and YAML as one tree: order, lines and the spelling of numbers are kept, and values are wiped when it goes.

mod yaml;

use std::fmt;
use std::ops::Range;

use serde::de::{Deserialize as _, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use zeroize::Zeroizing;

use crate::model::JsonType;

pub(super) use yaml::yaml;

/// How deep values may be nested.
const DEPTH: usize = 100;

/// How many nodes a YAML file's aliases may unfold to.
const NODES: usize = 200_000;

/// A value and the line it begins on, or its key does.
#[derive(Clone)]
pub(super) struct Node {
    /// From 1; unknown for JSON that is part of another file.
    pub(super) line: Option<u32>,
    /// Where it stands in the text.
    pub(super) span: Span,
    pub(super) value: Value,
}

/// Where a value and its key stand in a YAML text, in bytes; empty where that is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    /// The key of a member, quotes included.
    pub(super) key: Range<usize>,
    /// The value. Of a mapping or sequence in block style only the start is known for sure.
    pub(super) value: Range<usize>,
    /// A mapping or sequence in flow style: `{...}`, `[...]`.
    pub(super) flow: bool,
    /// It stands elsewhere too, by an alias.
    pub(super) shared: bool,
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
    Ok(Node { line: None, span: Span::default(), value })
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
