//! JSON: names and structure stay, values are typed or hidden.
//!
//! A reader of its own, because `serde_json` keeps neither a number's spelling nor a key that comes twice.

use crate::model::{Json, Text};

use super::super::policy::{is_credential_name, is_explanation, is_sensitive_name};
use super::super::secret::Scope;
use super::graphql;

/// Deepest nesting; beyond it a text is not read as JSON.
const DEEPEST: usize = 64;
/// From this length on a list of small numbers may be a text, and from twice as many on a key.
const BYTES: usize = 8;
/// Elements of an answer's array that are kept one by one; what follows is one value with a length and a tag.
const KEPT: usize = 8;

/// A JSON value as it was written.
#[derive(Debug, PartialEq, Eq)]
pub(in super::super) enum Node {
    Null,
    Bool(bool),
    /// In its own spelling.
    Number(String),
    String(String),
    Array(Vec<Node>),
    Object(Vec<(String, Node)>),
}

impl Node {
    /// Values in it, itself counted.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Array(items) => 1 + items.iter().map(Self::size).sum::<usize>(),
            Self::Object(members) => 1 + members.iter().map(|(_, value)| value.size()).sum::<usize>(),
            _ => 1,
        }
    }

    /// One line that tells equal values from others.
    fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Self::Number(number) => text.push_str(number),
            Self::String(string) => quote(string, text),
            Self::Array(items) => {
                text.push('[');
                for item in items {
                    item.write(text);
                    text.push(',');
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (name, value) in members {
                    quote(name, text);
                    text.push(':');
                    value.write(text);
                    text.push(',');
                }
                text.push('}');
            }
        }
    }
}

fn quote(string: &str, text: &mut String) {
    use std::fmt::Write as _;
    // Writing to a String cannot fail.
    let _ = write!(text, "{string:?}");
}

/// Reads one JSON value, white space around it allowed.
pub(in super::super) fn parse(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0 };
    let value = reader.value(0)?;
    reader.blanks();
    (reader.at == text.len()).then_some(value)
}

/// Reads JSON values, one a line.
pub(super) fn lines(text: &str) -> Option<Vec<Node>> {
    text.split(['\n', '\u{1e}']).map(str::trim).filter(|line| !line.is_empty()).map(parse).collect()
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> Option<()> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > DEEPEST {
            return None;
        }
        self.blanks();
        match self.peek()? {
            b'n' => self.take("null").map(|()| Node::Null),
            b't' => self.take("true").map(|()| Node::Bool(true)),
            b'f' => self.take("false").map(|()| Node::Bool(false)),
            b'"' => self.string().map(Node::String),
            b'[' => self.array(depth),
            b'{' => self.object(depth),
            _ => self.number(),
        }
    }

    fn array(&mut self, depth: usize) -> Option<Node> {
        self.at += 1;
        let mut items = Vec::new();
        self.blanks();
        if self.take("]").is_some() {
            return Some(Node::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.blanks();
            if self.take("]").is_some() {
                return Some(Node::Array(items));
            }
            self.take(",")?;
        }
    }

    fn object(&mut self, depth: usize) -> Option<Node> {
        self.at += 1;
        let mut members = Vec::new();
        self.blanks();
        if self.take("}").is_some() {
            return Some(Node::Object(members));
        }
        loop {
            self.blanks();
            let name = self.string()?;
            self.blanks();
            self.take(":")?;
            members.push((name, self.value(depth + 1)?));
            self.blanks();
            if self.take("}").is_some() {
                return Some(Node::Object(members));
            }
            self.take(",")?;
        }
    }

    fn string(&mut self) -> Option<String> {
        self.take("\"")?;
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.peek()? {
                b'"' if !escaped => break,
                b'\\' => escaped = !escaped,
                _ => escaped = false,
            }
            self.at += 1;
        }
        let raw = &self.text[start..self.at];
        self.at += 1;
        if raw.contains('\\') {
            serde_json::from_str(&format!("\"{raw}\"")).ok()
        } else {
            Some(raw.to_owned())
        }
    }

    fn number(&mut self) -> Option<Node> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)) {
            self.at += 1;
        }
        let number = &self.text[start..self.at];
        number
            .parse::<f64>()
            .ok()
            .filter(|_| number.starts_with(|first: char| first == '-' || first.is_ascii_digit()))?;
        Some(Node::Number(number.to_owned()))
    }
}

/// Redacts a value; of an answer less is kept than of a request.
pub(super) fn redact(scope: &Scope<'_>, node: &Node, answer: bool) -> Json {
    under(scope, node, "", answer)
}

fn under(scope: &Scope<'_>, node: &Node, name: &str, answer: bool) -> Json {
    match node {
        Node::Null => Json::Null,
        Node::Bool(value) => Json::Bool(*value),
        Node::Number(number) => Json::Number(scope.value(name, number.as_bytes())),
        Node::String(text) => string(scope, text, name, answer),
        Node::Array(items) => {
            if let Some(bytes) = bytes_of(items) {
                return Json::Array(vec![Json::String(scope.hidden(&bytes, false))]);
            }
            let kept = if answer { KEPT } else { usize::MAX };
            let mut redacted: Vec<Json> =
                items.iter().take(kept).map(|item| under(scope, item, name, answer)).collect();
            if items.len() > kept {
                let mut rest = String::new();
                for item in &items[kept..] {
                    item.write(&mut rest);
                }
                // Only whether these are equal is asked: the tags of their parts would cost more than all else in the body.
                redacted.push(Json::String(Text::hidden(scope.word(&rest))));
            }
            Json::Array(redacted)
        }
        Node::Object(members) => Json::Object(
            members
                .iter()
                .map(|(key, value)| {
                    let within = if matches!(key.as_str(), "value" | "val" | "data" | "text" | "content")
                        && is_sensitive_name(name)
                    {
                        name
                    } else {
                        key
                    };
                    (scope.redactor.name(key), under(scope, value, within, answer))
                })
                .collect(),
        ),
    }
}

/// A list of numbers that may be a key byte by byte, as buffers are written (`[107, 57, 81, ...]`): text, or many bytes of any kind.
fn bytes_of(items: &[Node]) -> Option<Vec<u8>> {
    if items.len() < BYTES {
        return None;
    }
    let byte = |item: &Node| match item {
        Node::Number(number) => number.parse().ok(),
        _ => None,
    };
    let bytes: Vec<u8> = items.iter().map(byte).collect::<Option<_>>()?;
    let is_text = std::str::from_utf8(&bytes).is_ok_and(|text| !text.chars().any(char::is_control));
    (is_text || bytes.len() >= 2 * BYTES).then_some(bytes)
}

fn string(scope: &Scope<'_>, text: &str, name: &str, answer: bool) -> Json {
    // `key` alone names a column as often as a credential.
    let name = if name.eq_ignore_ascii_case("key") { "" } else { name };
    if text.len() < 1 << 20
        && text.starts_with(['{', '['])
        && let Some(inner) = parse(text)
    {
        return Json::Embedded(Box::new(under(scope, &inner, name, answer)));
    }
    if is_sensitive_name(name) {
        return Json::String(scope.value(name, text.as_bytes()));
    }
    if graphql::is_document(name, text) {
        return Json::String(graphql::redact(scope, text));
    }
    if !answer {
        return Json::String(scope.value(name, text.as_bytes()));
    }
    if is_explanation(name) {
        return Json::String(scope.prose(text));
    }
    Json::String(answered(scope, text, name))
}

/// A string of an answer: its tag, so that a later request's value is known again.
fn answered(scope: &Scope<'_>, text: &str, name: &str) -> Text {
    if text.is_empty() {
        return Text::default();
    }
    if is_credential_name(name) || text.len() <= 6 || scope.redactor.opens(name) {
        return scope.value(name, text.as_bytes());
    }
    Text::hidden(scope.word(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read_as_it_was_written() {
        let node = parse(r#" {"a": [1.10, -2e5, "x\u0041\n"], "a": null, "b": {}} "#).unwrap();
        assert_eq!(
            node,
            Node::Object(vec![
                (
                    "a".into(),
                    Node::Array(vec![
                        Node::Number("1.10".into()),
                        Node::Number("-2e5".into()),
                        Node::String("xA\n".into())
                    ])
                ),
                ("a".into(), Node::Null),
                ("b".into(), Node::Object(vec![])),
            ])
        );
        for broken in ["", "{", "[1,]", "{\"a\"}", "nul", "\"", "1 2", "inf", "\"\\u12\"", "--1"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
        assert_eq!(parse(&"[".repeat(100_000)), None);
    }
}
