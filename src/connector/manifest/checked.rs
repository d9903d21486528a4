//! A manifest with everything that can be told to be wrong with it, before anything runs.

use std::collections::BTreeSet;

use zeroize::Zeroizing;

use super::super::spec::Spec;
use super::super::tree::{self, Node, Value, child};
use super::super::version::Framework;
use super::{Dangling, Fault, Flaw, Manifest, flaws, resolve, understand, validate};
use crate::model::ManifestState;

/// A manifest and its faults.
pub struct Checked {
    /// Its path in the package.
    pub path: String,
    /// What it says, of the parts that are in use.
    pub manifest: Manifest,
    /// The spec in it.
    pub spec: Option<Spec>,
    /// Its spec changes configs before they are used: keys may come from there.
    pub changes_config: bool,
    /// References that lead nowhere.
    pub dangling: Vec<Dangling>,
    /// Components that the framework's schema does not take.
    pub faults: Vec<Fault>,
    /// Templates that cannot do what they were meant to.
    pub flaws: Vec<Flaw>,
    /// Places that an authenticator and an entry of the same requester both set.
    pub conflicts: Vec<Conflict>,
    /// Selective authenticators.
    pub selections: Vec<Selection>,
    /// The connector's own classes.
    pub classes: Vec<CustomClass>,
    /// Where components of the connector's own classes stand, as JSON pointers: what they do with their members is not known.
    pub own: Vec<String>,
    /// Its text.
    pub text: Zeroizing<String>,
}

/// An authenticator and an entry of the same requester that set one place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// `field` or `query`.
    pub kind: &'static str,
    /// The name of the place, as the authenticator has it.
    pub place: String,
    /// As the entry has it: fields may differ in case.
    pub entry: String,
    /// The authenticator's type.
    pub component: String,
    /// The authenticator's line.
    pub line: Option<u32>,
    /// The entry's line.
    pub entry_line: Option<u32>,
    /// JSON pointer to the entry in the manifest as written, where that is known.
    pub at: Option<String>,
}

/// A selective authenticator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its line.
    pub line: Option<u32>,
    /// The config value that selects, as a JSON pointer.
    pub config: String,
    /// What may be selected.
    pub choices: Vec<String>,
}

/// A class of the connector's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomClass {
    /// `source_acme.components.Own`.
    pub name: String,
    /// Its line.
    pub line: Option<u32>,
}

/// Reads and checks a manifest.
pub(in crate::connector) fn check(path: &str, text: &str, framework: Option<&Framework>) -> Checked {
    let unread = |why: String| Checked {
        path: path.to_owned(),
        manifest: Manifest::unread(path.into(), ManifestState::Malformed(why)),
        spec: None,
        changes_config: false,
        dangling: Vec::new(),
        faults: Vec::new(),
        flaws: Vec::new(),
        conflicts: Vec::new(),
        selections: Vec::new(),
        classes: Vec::new(),
        own: Vec::new(),
        text: Zeroizing::new(text.to_owned()),
    };
    let tree = match tree::yaml(text) {
        Ok(tree) if tree.members().is_empty() => return unread("not a mapping".to_owned()),
        Ok(tree) => tree,
        Err(error) => return unread(error.to_string()),
    };
    let (resolved, dangling) = resolve(&tree);
    let running = without_definitions(&resolved);
    let used = used(&running);
    let is_used = |node: &Node| used.contains(&node.span.value.start);

    let (mut manifest, spec) = understand(path.into(), &tree);
    let at_used = |at: &str| tree.at(at).is_some_and(is_used);
    manifest.references.retain(|reference| at_used(&reference.at));
    manifest.setters.retain(|setter| at_used(&setter.at));

    let mut found = unread(String::new());
    found.flaws = flaws::flaws(&tree, is_used);
    running.walk("", &mut |_, node| {
        found.conflicts.extend(conflicts(node, &tree));
        if let Some(path) = node.member("authenticator_selection_path") {
            let keys = path.elements().iter().filter_map(Node::as_str);
            found.selections.push(Selection {
                line: node.line,
                config: keys.fold(String::new(), |at, key| child(&at, key)),
                choices: node
                    .member("authenticators")
                    .map(Node::members)
                    .unwrap_or_default()
                    .iter()
                    .map(|(name, _)| name.clone())
                    .collect(),
            });
        }
        if let Some(class) = node.member("class_name") {
            let name = class.as_str().map(str::to_owned);
            found.classes.extend(name.map(|name| CustomClass { name, line: class.line }));
        }
    });
    tree.walk("", &mut |at, node| {
        if node.member("class_name").is_some() {
            found.own.push(at.to_owned());
        }
    });
    once(&mut found.conflicts);
    once(&mut found.selections);
    once(&mut found.classes);
    Checked {
        changes_config: resolved
            .member("spec")
            .is_some_and(|spec| spec.member("config_normalization_rules").is_some()),
        dangling: dangling.into_iter().filter(|one| is_of_use(&tree, one, &running)).collect(),
        faults: validate(&running, framework),
        manifest,
        spec,
        ..found
    }
}

/// A reference that only an unused definition makes does no harm.
fn is_of_use(tree: &Node, dangling: &Dangling, running: &Node) -> bool {
    let mut inside = false;
    running.walk("", &mut |_, node| inside |= node.line == dangling.line);
    inside || tree.member("definitions").is_none()
}

/// Each once, in order.
fn once<T: PartialEq>(list: &mut Vec<T>) {
    let all = std::mem::take(list);
    for one in all {
        if !list.contains(&one) {
            list.push(one);
        }
    }
}

/// What runs: definitions count where they are referred to only.
fn without_definitions(resolved: &Node) -> Node {
    let members = resolved.members().iter().filter(|(key, _)| key != "definitions" && key != "schemas");
    Node {
        line: resolved.line,
        span: resolved.span.clone(),
        value: Value::Object(members.cloned().collect()),
    }
}

/// Where the values stand that are in use.
fn used(running: &Node) -> BTreeSet<usize> {
    let mut used = BTreeSet::new();
    running.walk("", &mut |_, node| {
        used.insert(node.span.value.start);
    });
    used
}

/// The places of a requester that its authenticator and its own entries both set.
fn conflicts(requester: &Node, tree: &Node) -> Vec<Conflict> {
    let Some(authenticator) = requester.member("authenticator") else { return Vec::new() };
    let component = authenticator.text("type").unwrap_or_default();
    let own = |key: &str| {
        let parameters = authenticator.member("$parameters");
        authenticator.member(key).or_else(|| parameters.and_then(|parameters| parameters.member(key)))
    };
    let option = own("inject_into").or_else(|| own("request_option"));
    let (kind, place) = match component {
        "BearerAuthenticator" | "BasicHttpAuthenticator" | "OAuthAuthenticator" => ("field", "Authorization"),
        "ApiKeyAuthenticator" | "JwtAuthenticator" => match option {
            Some(option) => {
                let Some(name) = option.text("field_name") else { return Vec::new() };
                match option.text("inject_into") {
                    Some("header") => ("field", name),
                    Some("request_parameter") => ("query", name),
                    _ => return Vec::new(),
                }
            }
            None if component == "JwtAuthenticator" => ("field", "Authorization"),
            None => match own("header").and_then(Node::as_str) {
                Some(name) => ("field", name),
                None => return Vec::new(),
            },
        },
        _ => return Vec::new(),
    };
    let holder = if kind == "field" { "request_headers" } else { "request_parameters" };
    let entries = requester.member(holder).map(Node::members).unwrap_or_default();
    entries
        .iter()
        .filter(|(name, _)| name == place || (kind == "field" && name.eq_ignore_ascii_case(place)))
        .map(|(name, entry)| Conflict {
            kind,
            place: place.to_owned(),
            entry: name.clone(),
            component: component.to_owned(),
            line: authenticator.line,
            entry_line: entry.line,
            at: pointer_of(tree, entry),
        })
        .collect()
}

/// Where a value stands in the manifest as written.
pub(super) fn pointer_of(tree: &Node, node: &Node) -> Option<String> {
    let mut found = None;
    tree.walk("", &mut |at, known| {
        if found.is_none() && known.span == node.span && !node.span.value.is_empty() {
            found = Some(at.to_owned());
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "version: 6.0.0
type: DeclarativeSource
check: {type: CheckStream, stream_names: [a]}
definitions:
  unused: {authenticator: {type: BearerAuthenticator, api_token: \"{{ config['unused'] }}\"}}
  requester:
    type: HttpRequester
    url_base: https://api.example.com
    path: /a
    authenticator: {type: BearerAuthenticator, api_token: \"{{ config['api_key'] }}\"}
    request_headers: {authorization: x, Accept: y}
streams:
- type: DeclarativeStream
  retriever:
    type: SimpleRetriever
    record_selector: {type: RecordSelector, extractor: {type: DpathExtractor, field_path: []}}
    requester: {$ref: '#/definitions/requester'}
";

    #[test]
    fn only_what_is_used_is_judged() {
        let checked = check("manifest.yaml", TEXT, None);
        assert_eq!(checked.faults, []);
        let read: Vec<_> = checked.manifest.references.iter().map(|one| one.config.as_str()).collect();
        assert_eq!(read, ["/api_key"]);
        assert_eq!(checked.conflicts.len(), 1);
        assert_eq!(checked.conflicts[0].entry, "authorization");
        assert_eq!(
            checked.conflicts[0].at.as_deref(),
            Some("/definitions/requester/request_headers/authorization")
        );
        assert_eq!(checked.conflicts[0].entry_line, Some(11));
    }

    #[test]
    fn what_is_no_manifest_says_why() {
        let state = |text: &str| check("m", text, None).manifest.state;
        assert_eq!(state("just words"), ManifestState::Malformed("not a mapping".into()));
        assert!(matches!(state("a: [1"), ManifestState::Malformed(why) if why.starts_with("not YAML")));
    }
}
