//! YAML as JSON values, for files that are not the connector's own.

use serde_json::Value as Json;

use super::tree::{self, Node, Value};

/// A YAML or JSON text as a JSON value; why not, where it is none. Never says what stands there.
pub fn yaml_to_json(text: &str) -> Result<Json, String> {
    tree::yaml(text).map(|node| json(&node)).map_err(|problem| problem.to_string())
}

/// A node as an indented text.
pub(super) fn indented(node: &Node) -> String {
    format!("{:#}\n", json(node))
}

fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Boolean(value) => Json::Bool(*value),
        Value::Number(text) => serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_string())),
        Value::String(text) => Json::String(text.to_string()),
        Value::Array(elements) => elements.iter().map(json).collect(),
        Value::Object(members) => {
            Json::Object(members.iter().map(|(key, value)| (key.clone(), json(value))).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn yaml_becomes_json() {
        let text = "services:\n  api: {image: 'a:1', ports: [80, 1.5], tty: true, none: null}\n";
        let expected =
            json!({"services": {"api": {"image": "a:1", "ports": [80, 1.5], "tty": true, "none": null}}});
        assert_eq!(yaml_to_json(text), Ok(expected));
        assert!(yaml_to_json("a: [").is_err());
    }
}
