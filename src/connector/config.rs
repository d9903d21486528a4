//! The config file: leaves with their pointers, wiped when they go.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::tree::{self, Node, Value};
use crate::model::JsonType;

/// Longer files are not looked into, in bytes.
const LIMIT: u64 = 16 << 20;

/// A config file, with its secrets in plain text. Never written, never logged.
#[derive(Debug)]
pub struct ConfigFile {
    /// Its path as the command names it.
    pub path: PathBuf,
    /// Why the command cannot read it. Leaves that could be made out nevertheless are there all the same, so that
    /// their values can be recognised.
    pub unreadable: Option<String>,
    /// Its leaves in the order of the file, without the members that tools inject (`__...`).
    pub leaves: Vec<Leaf>,
}

/// A leaf of a config; an empty object or array is one too.
pub struct Leaf {
    /// JSON pointer.
    pub pointer: String,
    /// Its type.
    pub kind: JsonType,
    /// Its text: of a string the content, of a number or a boolean its spelling.
    pub value: Option<Zeroizing<String>>,
}

/// Shows the type only.
impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Leaf({:?})", self.kind)
    }
}

/// Reads `file`, which the command calls `path`. The second part is the manifest that the Connector Builder puts
/// into a config.
pub(super) fn read(path: PathBuf, file: &Path) -> (ConfigFile, Option<Node>) {
    let (tree, unreadable) = match bytes(file) {
        Ok(bytes) => parse(&bytes, file),
        Err(why) => (None, Some(why)),
    };
    understand(path, tree.as_ref(), unreadable)
}

/// The config that has this content.
pub(super) fn of(path: &str, content: &[u8]) -> ConfigFile {
    let (tree, unreadable) = parse(content, Path::new(path));
    understand(path.into(), tree.as_ref(), unreadable).0
}

fn understand(path: PathBuf, tree: Option<&Node>, unreadable: Option<String>) -> (ConfigFile, Option<Node>) {
    let mut leaves = Vec::new();
    let mut injected = None;
    for (key, node) in tree.into_iter().flat_map(Node::members) {
        if key == super::INJECTED {
            injected = Some(node.clone());
        }
        if !key.starts_with("__") {
            node.walk(&tree::child("", key), &mut |pointer, node| leaves.extend(leaf(pointer, node)));
        }
    }
    (ConfigFile { path, unreadable, leaves }, injected)
}

fn bytes(file: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => "missing".to_owned(),
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        kind => kind.to_string(),
    };
    let facts = fs::metadata(file).map_err(told)?;
    if !facts.is_file() {
        return Err("not a file".to_owned());
    }
    if facts.len() > LIMIT {
        return Err(format!("longer than {} MiB", LIMIT >> 20));
    }
    fs::read(file).map(Zeroizing::new).map_err(told)
}

/// The content as far as it can be made out, and why the command cannot read it.
fn parse(bytes: &[u8], file: &Path) -> (Option<Node>, Option<String>) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        let why = if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
            "UTF-16"
        } else {
            "not UTF-8"
        };
        return (None, Some(format!("{why}, where JSON in UTF-8 is wanted")));
    };
    let yaml = file.extension().is_some_and(|extension| extension == "yaml" || extension == "yml");
    if yaml {
        return match tree::yaml(text) {
            Ok(tree) => (Some(tree), None),
            Err(error) => (None, Some(error.to_string())),
        };
    }
    // JSON parsers refuse the mark (RFC 8259, section 8.1); Python's does.
    let body = text.strip_prefix('\u{feff}');
    let mark = body.map(|_| "begins with a byte order mark (BOM)".to_owned());
    match tree::json(body.unwrap_or(text)) {
        Ok(tree) if tree.kind() == JsonType::Object => (Some(tree), mark),
        Ok(_) => (None, Some("not a JSON object".to_owned())),
        // What looks like YAML is read as such: its values are secrets no less.
        Err(error) => (tree::yaml(text).ok(), mark.or_else(|| Some(error.to_string()))),
    }
}

fn leaf(pointer: &str, node: &Node) -> Option<Leaf> {
    let value = match &node.value {
        Value::Object(members) if !members.is_empty() => return None,
        Value::Array(elements) if !elements.is_empty() => return None,
        Value::Null | Value::Object(_) | Value::Array(_) => None,
        Value::Boolean(value) => Some(Zeroizing::new(value.to_string())),
        Value::Number(text) | Value::String(text) => Some(text.clone()),
    };
    Some(Leaf { pointer: pointer.to_owned(), kind: node.kind(), value })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(content: &[u8]) -> (ConfigFile, Option<Node>) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        fs::write(&file, content).unwrap();
        read("config.json".into(), &file)
    }

    #[test]
    fn leaves_have_pointers_types_and_values() {
        let (config, injected) = config(
            br#"{"api_key": "k", "n": 10, "a/b": {"c": [true, null]}, "o": {}, "__injected_declarative_manifest": {"x": "y"}}"#,
        );
        let leaves: Vec<_> = config
            .leaves
            .iter()
            .map(|leaf| (leaf.pointer.as_str(), leaf.kind, leaf.value.as_ref().map(|value| value.as_str())))
            .collect();
        assert_eq!(
            leaves,
            [
                ("/api_key", JsonType::String, Some("k")),
                ("/n", JsonType::Number, Some("10")),
                ("/a~1b/c/0", JsonType::Boolean, Some("true")),
                ("/a~1b/c/1", JsonType::Null, None),
                ("/o", JsonType::Object, None),
            ]
        );
        assert_eq!(config.unreadable, None);
        assert_eq!(injected.unwrap().text("x"), Some("y"));
    }

    #[test]
    fn an_unreadable_file_says_why_and_still_gives_its_secrets() {
        let (marked, _) = config("\u{feff}{\"api_key\": \"planted\"}".as_bytes());
        assert_eq!(marked.unreadable.as_deref(), Some("begins with a byte order mark (BOM)"));
        assert_eq!(marked.leaves[0].value.as_ref().unwrap().as_str(), "planted");

        let (other, _) = config(b"api_key: planted\n");
        assert_eq!(other.unreadable.as_deref(), Some("not JSON: line 1, column 1"));
        assert_eq!(other.leaves[0].pointer, "/api_key");
        assert!(!format!("{marked:?}{other:?}").contains("planted"));

        assert_eq!(config(b"[]").0.unreadable.as_deref(), Some("not a JSON object"));
        assert!(config(b"\xff\xfe{\0").0.unreadable.unwrap().starts_with("UTF-16"));
        let (missing, _) = read("c.json".into(), Path::new("/nowhere/c.json"));
        assert_eq!(missing.unreadable.as_deref(), Some("missing"));
    }
}
