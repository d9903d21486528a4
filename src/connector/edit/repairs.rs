//! The changes that remedies propose, as unified diffs.

use super::super::manifest::{Checked, Fault, FaultKind, Reference, members_of};
use super::super::package::Files;
use super::super::project::Project;
use super::super::tree::{self, Node, child};
use super::members::New;
use super::{Edit, Patch};

impl Checked {
    /// The members that a component has, in words.
    pub fn members_of(&self, component: &str) -> String {
        members_of(component).iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
    }

    /// Gives members the names that were meant.
    pub fn rename_members(&self, faults: &[&Fault]) -> Option<Patch> {
        let mut edit = Edit::new(&self.text)?;
        let start = faults.first()?.start;
        let parent = mapping_at(&edit.tree, start)?;
        let mut any = false;
        for fault in faults {
            if let FaultKind::Unknown { member, meant: Some(right) } = &fault.kind {
                edit.rename(&parent, member, right)?;
                any = true;
            }
        }
        if any { edit.diff(&self.path) } else { None }
    }

    /// Replaces a part of a text, once.
    pub fn replace(&self, at: &str, from: &str, to: &str) -> Option<Patch> {
        self.rewrite(at, |text| text.contains(from).then(|| text.replacen(from, to, 1)))
    }

    /// Closes a template that is not.
    pub fn close_template(&self, at: &str) -> Option<Patch> {
        self.rewrite(at, |text| {
            let (_, inner) = text.split_once("{{")?;
            if inner.contains("{{") || inner.contains("}}") {
                return None;
            }
            let body = text.trim_end();
            Some(body.strip_suffix('}').map_or_else(|| format!("{body} }}}}"), |open| format!("{open}}}}}")))
        })
    }

    /// Makes a template of what has one brace on each side.
    pub fn double_braces(&self, at: &str) -> Option<Patch> {
        self.rewrite(at, |text| {
            let one = |brace: char| text.matches(brace).count() == 1;
            (one('{') && one('}')).then(|| text.replace('{', "{{").replace('}', "}}"))
        })
    }

    /// Lets a template read another key of the config.
    pub fn redirect(&self, at: &str, from: &str, to: &str) -> Option<Patch> {
        let names = |pointer: &str| -> Vec<String> {
            pointer.split('/').skip(1).map(|name| name.replace("~1", "/").replace("~0", "~")).collect()
        };
        let (from, to) = (names(from), names(to));
        let plain = |names: &[String]| names.iter().all(|name| !name.contains(['\'', '"', '\\']));
        if !plain(&from) || !plain(&to) {
            return None;
        }
        let written = |names: &[String], quote: char| {
            names.iter().fold("config".to_owned(), |text, name| format!("{text}[{quote}{name}{quote}]"))
        };
        self.rewrite(at, |text| {
            let forms = ['\'', '"'].map(|quote| (written(&from, quote), written(&to, quote)));
            let dotted = (format!("config.{}", from.join(".")), written(&to, '\''));
            forms
                .into_iter()
                .chain([dotted])
                .find(|(from, _)| text.contains(from.as_str()))
                .map(|(from, to)| text.replace(&from, &to))
        })
    }

    /// Puts a template that is nothing but a reference in quotes of its own: what the framework then reads as a literal is a text.
    pub fn quote(&self, at: &str) -> Option<Patch> {
        self.rewrite(at, |text| text.starts_with("{{").then(|| format!("'{text}'")))
    }

    /// Says that the manifest is of this version.
    pub fn set_version(&self, version: &str) -> Option<Patch> {
        self.rewrite("/version", |_| Some(version.to_owned()))
    }

    /// Puts a text before a template.
    pub fn prefix(&self, at: &str, before: &str) -> Option<Patch> {
        self.rewrite(at, |text| Some(format!("{before}{text}")))
    }

    /// Takes an entry out.
    pub fn remove(&self, at: &str) -> Option<Patch> {
        let mut edit = Edit::new(&self.text)?;
        edit.remove(at)?;
        edit.diff(&self.path)
    }

    /// Adds a spec with the keys that the manifest reads.
    pub fn add_spec(&self) -> Option<Patch> {
        let mut edit = Edit::new(&self.text)?;
        let references: Vec<&Reference> = self.manifest.references.iter().collect();
        let schema = schema(&references, "", 0)?;
        let New::Members(mut members) = schema else { return None };
        members.insert(1, ("$schema".into(), New::Text("http://json-schema.org/draft-07/schema#".into())));
        let spec = New::Members(vec![
            ("type".into(), New::Text("Spec".into())),
            ("connection_specification".into(), New::Members(members)),
        ]);
        edit.add_last("spec", &spec)?;
        edit.diff(&self.path)
    }

    fn rewrite(&self, at: &str, change: impl FnOnce(&str) -> Option<String>) -> Option<Patch> {
        let mut edit = Edit::new(&self.text)?;
        let old = edit.tree.at(at)?.as_str()?.to_owned();
        edit.set(at, &change(&old)?)?;
        edit.diff(&self.path)
    }
}

/// The schema of an object with the keys that are read below `pointer`.
fn schema(references: &[&Reference], pointer: &str, depth: usize) -> Option<New> {
    const SECRET: [&str; 6] =
        ["api_token", "password", "client_secret", "refresh_token", "secret_key", "session_token"];
    let mut keys: Vec<&str> = Vec::new();
    for reference in references {
        let below = reference.config.strip_prefix(pointer).and_then(|rest| rest.strip_prefix('/'));
        let key = below.and_then(|below| below.split('/').next());
        keys.extend(key.filter(|key| !keys.contains(key) && !key.starts_with("__")));
    }
    if keys.is_empty() || depth > 4 {
        return None;
    }
    let mut properties = Vec::new();
    let mut required = Vec::new();
    for key in keys {
        let at = format!("{pointer}/{key}");
        let name = key.replace("~1", "/").replace("~0", "~");
        let of_key: Vec<_> = references.iter().filter(|reference| reference.config == at).collect();
        let secret = of_key
            .iter()
            .any(|reference| SECRET.contains(&reference.at.rsplit('/').next().unwrap_or_default()));
        let property = schema(references, &at, depth + 1).unwrap_or_else(|| {
            let mut members = vec![("type".to_owned(), New::Text("string".into()))];
            if secret {
                members.push(("airbyte_secret".into(), New::True));
            }
            New::Members(members)
        });
        if of_key.iter().any(|reference| !reference.guarded) || of_key.is_empty() {
            required.push(New::Text(name.clone()));
        }
        properties.push((name, property));
    }
    Some(New::Members(vec![
        ("type".into(), New::Text("object".into())),
        ("required".into(), New::List(required)),
        ("properties".into(), New::Members(properties)),
    ]))
}

/// The pointer of the mapping that begins at `start`.
fn mapping_at(tree: &Node, start: usize) -> Option<String> {
    let mut found = None;
    tree.walk("", &mut |at, node| {
        if found.is_none()
            && node.span.value.start == start
            && !node.members().is_empty()
            && !node.span.shared
        {
            found = Some(at.to_owned());
        }
    });
    found
}

/// The pointer of the spec's schema in its file.
fn schema_at(tree: &Node, in_manifest: bool) -> Option<String> {
    let holder = if in_manifest {
        let spec = tree.member("spec")?;
        match spec.text("$ref").or_else(|| spec.as_str()) {
            Some(reference) => reference.strip_prefix('#')?.to_owned(),
            None => "/spec".to_owned(),
        }
    } else {
        String::new()
    };
    let names = ["connection_specification", "connectionSpecification"];
    names.iter().map(|name| child(&holder, name)).find(|at| tree.at(at).is_some())
}

/// The text of the spec's file, and where its schema stands in it.
fn spec_text<'a>(files: &'a Files, project: &'a Project) -> Option<(&'a str, &'a str, String)> {
    let spec = project.spec.as_ref()?;
    let text = files.text(&spec.path)?;
    let at = schema_at(&tree::yaml(text).ok()?, spec.in_manifest)?;
    Some((&spec.path, text, at))
}

/// Puts a key of the config on the list of required ones.
pub fn require_key(files: &Files, project: &Project, pointer: &str) -> Option<Patch> {
    let (path, text, schema) = spec_text(files, project)?;
    require(text, path, &schema, pointer)
}

fn require(text: &str, path: &str, schema: &str, pointer: &str) -> Option<Patch> {
    let mut edit = Edit::new(text)?;
    let (parents, key) = pointer.rsplit_once('/')?;
    let object =
        parents.split('/').skip(1).fold(schema.to_owned(), |at, name| format!("{at}/properties/{name}"));
    edit.tree.at(&format!("{object}/properties/{key}"))?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let list = format!("{object}/required");
    if edit.tree.at(&list).is_some() {
        edit.append(&list, &key)?;
    } else {
        edit.add(&object, "required", &New::List(vec![New::Text(key)]), Some("properties"))?;
    }
    edit.diff(path)
}

/// Marks a property as a secret.
pub fn mark_secret(files: &Files, project: &Project, pointer: &str) -> Option<Patch> {
    let (path, text, schema) = spec_text(files, project)?;
    let mut edit = Edit::new(text)?;
    let property = pointer.split('/').skip(1).fold(schema, |at, name| format!("{at}/properties/{name}"));
    edit.add(&property, "airbyte_secret", &New::True, None)?;
    edit.diff(path)
}

#[cfg(test)]
mod tests {
    use super::super::super::manifest::check;
    use super::*;

    /// The lines that a diff takes out and puts in.
    fn changed(diff: &str) -> Vec<&str> {
        diff.lines().skip(2).filter(|line| line.starts_with(['+', '-'])).collect()
    }

    const YAML: &str = "version: 6.0.0 # the framework's
type: DeclarativeSource
check: {type: CheckStream, stream_names: [a]}
streams:
  - type: DeclarativeStream
    name: a
    retriever:
      type: SimpleRetriever
      record_selector: {type: RecordSelector, extractor: {type: DpathExtractor, field_path: []}}
      requester:
        type: HttpRequester
        url_base: https://api.example.com
        path: /a
        authenticator:
          type: ApiKeyAuthenticator
          # as an article says
          api_key: 'Bearer {{ config[''api_key''] }}'
          header_name: Authorization
        request_headers:
          Authorization: \"{{ config['api_key'] }}\"
";

    #[test]
    fn members_get_the_names_that_the_schema_has() {
        let checked = check("manifest.yaml", YAML, None);
        let faults: Vec<&Fault> = checked.faults.iter().collect();
        let diff = checked.rename_members(&faults).unwrap().unified(2);
        assert_eq!(
            changed(&diff),
            [
                "-          api_key: 'Bearer {{ config[''api_key''] }}'",
                "-          header_name: Authorization",
                "+          api_token: 'Bearer {{ config[''api_key''] }}'",
                "+          header: Authorization",
            ]
        );
        assert!(diff.starts_with("--- a/manifest.yaml\n+++ b/manifest.yaml\n@@ "));
    }

    #[test]
    fn texts_keep_their_style() {
        let checked = check("m", YAML, None);
        let key = "/streams/0/retriever/requester/authenticator/api_key";
        let diff = checked.redirect(key, "/api_key", "/credentials/token").unwrap().unified(2);
        assert_eq!(
            changed(&diff)[1],
            "+          api_key: 'Bearer {{ config[''credentials''][''token''] }}'"
        );
        let diff = checked.replace(key, "Bearer ", "").unwrap().unified(2);
        assert_eq!(changed(&diff)[1], "+          api_key: '{{ config[''api_key''] }}'");
        let diff = checked
            .remove("/streams/0/retriever/requester/request_headers/Authorization")
            .unwrap()
            .unified(2);
        assert_eq!(
            changed(&diff),
            ["-        request_headers:", "-          Authorization: \"{{ config['api_key'] }}\""]
        );
    }

    #[test]
    fn templates_are_closed() {
        for (old, new) in [("{{ config['a'] }", "{{ config['a'] }}"), ("{{ config['a']", "{{ config['a'] }}")]
        {
            let checked = check("m", &format!("a: \"{old}\"\nb: 1\n"), None);
            assert_eq!(
                changed(&checked.close_template("/a").unwrap().unified(2))[1],
                format!("+a: \"{new}\"")
            );
        }
        let checked = check("m", "a: \"{ config['a'] }\"\n", None);
        assert_eq!(changed(&checked.double_braces("/a").unwrap().unified(2))[1], "+a: \"{{ config['a'] }}\"");
    }

    #[test]
    fn a_spec_is_added_with_the_keys_that_are_read() {
        let sound = YAML.replace("api_key: 'B", "api_token: 'B").replace("header_name", "header");
        let diff = check("m", &sound, None).add_spec().unwrap().unified(2);
        assert_eq!(
            changed(&diff).join("\n"),
            "+\n+spec:\n+  type: Spec\n+  connection_specification:\n+    type: object\n+    $schema: \"http://json-schema.org/draft-07/schema#\"\n+    required:\n+      - api_key\n+    properties:\n+      api_key:\n+        type: string\n+        airbyte_secret: true"
        );
        let json = serde_json::json!({"version": "1", "streams": [{"authenticator": {"api_token": "{{ config.a.b }}"}}]});
        for text in [json.to_string(), serde_json::to_string_pretty(&json).unwrap()] {
            let diff = check("m.json", &text, None).add_spec().unwrap().unified(2);
            assert!(diff.contains("\"airbyte_secret\": true"), "{diff}");
        }
    }

    #[test]
    fn keys_are_required_in_every_style() {
        for (text, lines) in [
            ("c:\n  type: object\n  properties:\n    a: {type: string}\n", &["+  required:", "+    - a"][..]),
            ("c:\n  required:\n  - b\n  properties:\n    a: {}\n", &["+  - a"]),
            ("c:\n  required:\n    - b # first\n\n  properties:\n    a: {}\n", &["+    - a"]),
            ("c:\n  required: []\n  properties: {a: {}}\n", &["-  required: []", "+  required: [a]"]),
            (
                "c: {required: [b], properties: {a: {}}}\n",
                &["-c: {required: [b], properties: {a: {}}}", "+c: {required: [b, a], properties: {a: {}}}"],
            ),
            (
                "{\"c\": {\n  \"properties\": {\"a\": {}}\n}}\n",
                &[
                    "-  \"properties\": {\"a\": {}}",
                    "+  \"properties\": {\"a\": {}},",
                    "+  \"required\": [\"a\"]",
                ],
            ),
            (
                "{\"c\": {\n  \"required\": [\n    \"b\"\n  ],\n  \"properties\": {\"a\": {}}\n}}\n",
                &["-    \"b\"", "+    \"b\",", "+    \"a\""],
            ),
        ] {
            let diff = require(text, "spec", "/c", "/a").map(|patch| patch.unified(2));
            assert_eq!(changed(diff.as_deref().unwrap_or_default()), lines, "{text}");
        }
        assert!(require("c: {properties: {b: {}}}", "spec", "/c", "/a").is_none());
    }

    proptest::proptest! {
        #[test]
        fn a_diff_says_what_was_meant_or_is_not_given(text in "[a-c:{}\\[\\], \n\"'&*#-]{0,60}") {
            // What is given was parsed and compared before; nothing here may panic.
            let _ = require(&text, "s", "/a", "/b");
            let _ = require(&text, "s", "", "/b");
            let checked = check("m", &text, None);
            let _ = (checked.add_spec(), checked.remove("/a/b"), checked.replace("/a", "b", "c"));
        }
    }
}
