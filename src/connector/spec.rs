//! The spec: the JSON schema of a connector's config.

use super::tree::{self, Node};
use crate::model::JsonType;

/// How deep a schema is followed.
const DEPTH: usize = 16;

/// A connector's spec.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// Where it was found: a path, or the manifest's.
    pub source: String,
    /// Its properties, nested ones too, in the order of the file.
    pub properties: Vec<Property>,
}

/// A property of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "what a schema says of a property, each by itself")]
pub struct Property {
    /// JSON pointer into the config; `*` stands for any element of an array.
    pub pointer: String,
    /// Its types; empty: any.
    pub types: Vec<JsonType>,
    /// Listed in `required` of its parent, in every alternative.
    pub required: bool,
    /// The same, in one of the alternatives at least.
    pub required_somewhere: bool,
    /// `airbyte_secret`.
    pub secret: bool,
    /// It has a `default`.
    pub default: bool,
    /// Words that its `enum` or `const` lists.
    pub words: Vec<String>,
    /// Its line, from 1.
    pub line: Option<u32>,
}

impl Spec {
    /// The property that a config leaf is described by.
    pub fn property(&self, pointer: &str) -> Option<&Property> {
        self.properties.iter().find(|property| {
            let (mut pattern, mut segments) = (property.pointer.split('/'), pointer.split('/'));
            loop {
                match (pattern.next(), segments.next()) {
                    (None, None) => return true,
                    (Some(pattern), Some(segment)) if pattern == segment => {}
                    (Some("*"), Some(segment)) if segment.bytes().all(|byte| byte.is_ascii_digit()) => {}
                    _ => return false,
                }
            }
        })
    }
}

/// The spec in `holder`, which is a manifest's `spec` or a spec file: both spellings of its key are known.
pub(super) fn read(holder: &Node, document: &Node, source: String) -> Option<Spec> {
    let schema =
        holder.member("connection_specification").or_else(|| holder.member("connectionSpecification"))?;
    let mut reader = Reader { document, schema, properties: Vec::new() };
    reader.schema(schema, "", false, 0);
    Some(Spec { source, properties: reader.properties })
}

struct Reader<'a> {
    document: &'a Node,
    schema: &'a Node,
    properties: Vec<Property>,
}

impl<'a> Reader<'a> {
    /// A local reference is looked for in the schema, then in the whole document.
    fn resolved(&self, node: &'a Node) -> &'a Node {
        let target = node.text("$ref").and_then(|reference| {
            let pointer = reference.strip_prefix('#')?;
            self.schema.at(pointer).or_else(|| self.document.at(pointer))
        });
        target.unwrap_or(node)
    }

    /// Adds what a schema says of the object at `pointer`. `alternative`: another branch says something else.
    fn schema(&mut self, node: &'a Node, pointer: &str, alternative: bool, depth: usize) {
        if depth > DEPTH {
            return;
        }
        let node = self.resolved(node);
        let required: Vec<&str> = elements(node, "required").filter_map(Node::as_str).collect();
        for (name, property) in node.member("properties").map(Node::members).unwrap_or_default() {
            let at = tree::child(pointer, name);
            let property = self.resolved(property);
            self.add(property, &at, required.contains(&name.as_str()), alternative);
            self.schema(property, &at, alternative, depth + 1);
        }
        if let Some(items) = node.member("items") {
            let items = self.resolved(items);
            let at = format!("{pointer}/*");
            self.add(items, &at, false, alternative);
            self.schema(items, &at, alternative, depth + 1);
        }
        for part in elements(node, "allOf") {
            self.schema(part, pointer, alternative, depth + 1);
        }
        for key in ["oneOf", "anyOf"] {
            let before = self.properties.len();
            let branches: Vec<_> = elements(node, key).map(|branch| self.resolved(branch)).collect();
            for branch in &branches {
                self.schema(branch, pointer, true, depth + 1);
            }
            // Required is what every branch requires.
            for property in &mut self.properties[before..] {
                let Some(name) =
                    property.pointer.strip_prefix(pointer).and_then(|rest| rest.strip_prefix('/'))
                else {
                    continue;
                };
                if !name.contains('/') {
                    let lists = |branch: &&Node| {
                        elements(branch, "required").any(|entry| entry.as_str() == Some(name))
                    };
                    property.required &= branches.iter().all(lists);
                }
            }
        }
    }

    fn add(&mut self, node: &Node, pointer: &str, required: bool, alternative: bool) {
        let types = match node.member("type") {
            Some(kind) => kind
                .as_str()
                .into_iter()
                .chain(kind.elements().iter().filter_map(Node::as_str))
                .filter_map(json_type)
                .collect(),
            None => Vec::new(),
        };
        let words =
            elements(node, "enum").chain(node.member("const")).filter_map(Node::as_str).map(str::to_owned);
        let said =
            |key: &str| matches!(node.member(key).map(|node| &node.value), Some(tree::Value::Boolean(true)));
        let new = Property {
            pointer: pointer.to_owned(),
            types,
            required,
            required_somewhere: required,
            secret: said("airbyte_secret"),
            default: node.member("default").is_some(),
            words: words.collect(),
            line: node.line,
        };
        let Some(known) = self.properties.iter_mut().find(|property| property.pointer == pointer) else {
            self.properties.push(new);
            return;
        };
        known.secret |= new.secret;
        known.required_somewhere |= new.required_somewhere;
        known.default |= new.default;
        if alternative {
            known.required &= new.required;
        } else {
            known.required |= new.required;
        }
        if known.types.is_empty() || new.types.is_empty() {
            known.types.clear();
        }
        let more = new.types.into_iter().filter(|kind| !known.types.contains(kind)).collect::<Vec<_>>();
        if !known.types.is_empty() {
            known.types.extend(more);
        }
        known.words.extend(new.words);
    }
}

fn elements<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    node.member(key).map(Node::elements).unwrap_or_default().iter()
}

fn json_type(name: &str) -> Option<JsonType> {
    Some(match name {
        "null" => JsonType::Null,
        "boolean" => JsonType::Boolean,
        "integer" | "number" => JsonType::Number,
        "string" => JsonType::String,
        "array" => JsonType::Array,
        "object" => JsonType::Object,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(text: &str) -> Spec {
        let tree = tree::yaml(text).unwrap();
        read(&tree, &tree, "spec.yaml".into()).unwrap()
    }

    #[test]
    fn properties_have_types_flags_and_lines() {
        let spec = spec(
            "connectionSpecification:\n  required: [api_key]\n  properties:\n    api_key:\n      type: [string, 'null']\n      airbyte_secret: true\n    region:\n      type: string\n      default: eu\n      enum: [eu, us]\n",
        );
        let key = spec.property("/api_key").unwrap();
        assert_eq!(key.types, [JsonType::String, JsonType::Null]);
        assert!(key.required && key.secret && !key.default);
        assert_eq!(key.line, Some(4));
        let region = spec.property("/region").unwrap();
        assert!(!region.required && region.default);
        assert_eq!(region.words, ["eu", "us"]);
    }

    #[test]
    fn alternatives_share_their_pointers() {
        let spec = spec(
            r##"{"connection_specification": {"required": ["credentials"], "definitions": {"key": {"type": "string", "airbyte_secret": true}},
              "properties": {"credentials": {"type": "object", "oneOf": [
                {"required": ["kind", "api_key"], "properties": {"kind": {"const": "key"}, "api_key": {"$ref": "#/definitions/key"}}},
                {"required": ["kind", "user"], "properties": {"kind": {"const": "basic"}, "user": {"type": "string"}}}]},
               "accounts": {"type": "array", "items": {"type": "object", "properties": {"token": {"airbyte_secret": true}}}}}}}"##,
        );
        assert!(spec.property("/credentials").unwrap().required);
        assert!(spec.property("/credentials/kind").unwrap().required);
        assert_eq!(spec.property("/credentials/kind").unwrap().words, ["key", "basic"]);
        let key = spec.property("/credentials/api_key").unwrap();
        assert!(key.secret && !key.required);
        assert!(spec.property("/accounts/3/token").unwrap().secret);
        assert!(spec.property("/accounts/x/token").is_none());
    }
}
