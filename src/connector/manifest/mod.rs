//! The manifest of a low-code connector: what its templates read, and what sets credentials.

mod checked;
mod components;
mod credentials;
mod flaws;
mod resolve;
mod template;
mod validate;

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::spec::{self, Spec};
use super::tree::{self, Node};
use crate::model::ManifestState;

pub(super) use checked::check;
pub use checked::{Checked, Conflict, CustomClass, Selection};
pub(super) use components::members_of;
pub use flaws::{Flaw, FlawKind};
pub use resolve::Dangling;
pub(super) use resolve::resolve;
pub(super) use validate::validate;
pub use validate::{Fault, FaultKind};

/// Longer manifests are not looked into, in bytes.
const LIMIT: u64 = 16 << 20;

/// A manifest.
#[derive(Debug)]
pub struct Manifest {
    /// Its path as the command names it, or where it was injected.
    pub path: PathBuf,
    /// Whether it could be read.
    pub state: ManifestState,
    /// Its `version`.
    pub version: Option<String>,
    /// It has a `spec`.
    pub has_spec: bool,
    /// Templates and the config values they read.
    pub references: Vec<Reference>,
    /// What sets credentials, or may: entries of request headers and parameters that read a config value too.
    pub setters: Vec<Setter>,
    /// Texts that it sends as they stand.
    pub literals: Vec<Literal>,
}

/// A template that reads a config value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// JSON pointer into the config.
    pub config: String,
    /// The template is nothing but this reference.
    pub bare: bool,
    /// The template provides for the value's absence: a condition, a default.
    pub guarded: bool,
}

/// A part of the manifest that sets a value in requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setter {
    /// JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// The type of an authenticator, or `request_headers` and the like.
    pub component: String,
    /// Where in a request it puts the value.
    pub place: Option<Place>,
    /// Config values it reads, as JSON pointers.
    pub reads: Vec<String>,
    /// It is an authenticator.
    pub authenticator: bool,
}

/// A place in a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// `field`, `query`, `body` or `cookie`.
    pub kind: &'static str,
    /// Its name there.
    pub name: String,
}

/// A text that the manifest sends as it stands.
pub struct Literal {
    /// JSON pointer into the manifest.
    pub at: String,
    /// The text; a careless author may have put a secret there.
    pub value: Zeroizing<String>,
}

/// Shows the place only.
impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Literal({})", self.at)
    }
}

/// Reads `file`, which the command calls `path`.
pub(super) fn read(path: PathBuf, file: &Path) -> (Manifest, Option<Spec>) {
    let text = match text(file) {
        Ok(text) => text,
        Err(state) => return (Manifest::unread(path, state), None),
    };
    of(path, &text)
}

/// Reads a manifest's text, which the command calls `path`.
pub(super) fn of(path: PathBuf, text: &str) -> (Manifest, Option<Spec>) {
    match tree::yaml(text) {
        Ok(tree) if tree.members().is_empty() => {
            (Manifest::unread(path, ManifestState::Malformed("not a mapping".into())), None)
        }
        Ok(tree) => understand(path, &tree),
        Err(error) => (Manifest::unread(path, ManifestState::Malformed(error.to_string())), None),
    }
}

pub(super) fn text(file: &Path) -> Result<Zeroizing<String>, ManifestState> {
    let told = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => ManifestState::Missing,
        io::ErrorKind::InvalidData => ManifestState::Malformed("not UTF-8".into()),
        kind => ManifestState::Malformed(kind.to_string()),
    };
    let facts = fs::metadata(file).map_err(told)?;
    if !facts.is_file() {
        return Err(ManifestState::Malformed("not a file".into()));
    }
    if facts.len() > LIMIT {
        return Err(ManifestState::Malformed(format!("longer than {} MiB", LIMIT >> 20)));
    }
    fs::read_to_string(file).map(Zeroizing::new).map_err(told)
}

/// What a manifest's tree says. The second part is the spec in it.
pub(super) fn understand(path: PathBuf, tree: &Node) -> (Manifest, Option<Spec>) {
    let spec = tree.member("spec").and_then(|holder| {
        let holder = referred(tree, holder);
        spec::read(holder, tree, path.to_string_lossy().into_owned())
    });
    let mut references = Vec::new();
    tree.walk("", &mut |at, node| {
        let config = node.as_str().map(template::reads).unwrap_or_default();
        let line = node.line;
        references.extend(config.paths.into_iter().map(|path| Reference {
            at: at.to_owned(),
            line,
            config: path,
            bare: config.bare,
            guarded: config.guarded,
        }));
        // Not a template, but read from the config as one.
        if let Some(path) = node.member("authenticator_selection_path") {
            let config = path
                .elements()
                .iter()
                .filter_map(Node::as_str)
                .fold(String::new(), |at, key| tree::child(&at, key));
            references.push(Reference {
                at: tree::child(at, "authenticator_selection_path"),
                line: path.line,
                config,
                bare: false,
                guarded: false,
            });
        }
    });
    let manifest = Manifest {
        path,
        state: ManifestState::Read,
        version: tree.member("version").and_then(version),
        has_spec: spec.is_some(),
        references,
        setters: credentials::setters(tree),
        literals: credentials::literals(tree),
    };
    (manifest, spec)
}

/// The target of a local reference: `{"$ref": "#/definitions/spec"}` or the text alone.
fn referred<'a>(tree: &'a Node, node: &'a Node) -> &'a Node {
    let reference = node.text("$ref").or_else(|| node.as_str());
    reference.and_then(|reference| tree.at(reference.strip_prefix('#')?)).unwrap_or(node)
}

fn version(node: &Node) -> Option<String> {
    let (tree::Value::String(text) | tree::Value::Number(text)) = &node.value else { return None };
    let fits =
        text.len() <= 40 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte));
    fits.then(|| text.to_string())
}

impl Manifest {
    pub(super) fn unread(path: PathBuf, state: ManifestState) -> Self {
        Self {
            path,
            state,
            version: None,
            has_spec: false,
            references: Vec::new(),
            setters: Vec::new(),
            literals: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r##"version: 6.0.0
type: DeclarativeSource
definitions:
  spec:
    type: Spec
    connection_specification:
      required: [api_key]
      properties: {api_key: {type: string, airbyte_secret: true}}
  base:
    url_base: "{{ config.base_url }}/v1"
    authenticator:
      type: BearerAuthenticator
      api_token: "{{ config['credentials']['api_key'] }}"
spec:
  $ref: "#/definitions/spec"
"##;

    #[test]
    fn references_have_lines_and_the_spec_is_found_behind_a_reference() {
        let (manifest, spec) = understand("manifest.yaml".into(), &tree::yaml(TEXT).unwrap());
        assert_eq!(manifest.version.as_deref(), Some("6.0.0"));
        assert!(manifest.has_spec);
        assert!(spec.unwrap().property("/api_key").unwrap().required);
        assert_eq!(
            manifest.references,
            [
                Reference {
                    at: "/definitions/base/url_base".into(),
                    line: Some(10),
                    config: "/base_url".into(),
                    bare: false,
                    guarded: false
                },
                Reference {
                    at: "/definitions/base/authenticator/api_token".into(),
                    line: Some(13),
                    config: "/credentials/api_key".into(),
                    bare: true,
                    guarded: false
                },
            ]
        );
    }

    #[test]
    fn an_unreadable_manifest_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let state = |content: Option<&[u8]>| {
            let file = folder.path().join("manifest.yaml");
            content.map_or_else(
                || fs::remove_file(&file).unwrap_or_default(),
                |content| fs::write(&file, content).unwrap(),
            );
            read("manifest.yaml".into(), &file).0.state
        };
        assert_eq!(state(None), ManifestState::Missing);
        assert_eq!(state(Some(b"just words")), ManifestState::Malformed("not a mapping".into()));
        assert_eq!(state(Some(b"\xff")), ManifestState::Malformed("not UTF-8".into()));
        assert!(
            matches!(state(Some(b"a: [")), ManifestState::Malformed(why) if why.starts_with("not YAML: line"))
        );
    }
}
