//! Tests of `connector`: packages as they lie on disk, and what goes into a capture of them.

use std::ffi::OsString;
use std::path::Path;

use samewire::connector::{Overrides, Package, find};
use samewire::model::{JsonType, ManifestState};
use samewire::record::inputs;
use samewire::redact::{Key, Redactor};

const MANIFEST: &str = r#"version: 6.5.0
type: DeclarativeSource
streams:
  - name: lots
    retriever:
      requester:
        url: https://api.example.com/v1/lots
        authenticator:
          type: ApiKeyAuthenticator
          header: X-Tenant-Key
          api_token: "{{ config['tenant_key'] }}"
        request_headers:
          X-Api-Version: "{{ config['version'] }}"
          X-Session: "{{ config['session'] }}"
spec:
  connection_specification:
    required: [tenant_key]
    properties:
      tenant_key: {type: string, airbyte_secret: true}
      version: {type: string, default: v1, enum: [v1, v2]}
"#;

fn package(files: &[(&str, &str)], argv: &[&str]) -> Package {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
    find(&argv, folder.path(), &Overrides::default())
}

#[test]
fn a_runtime_command_names_config_and_manifest() {
    let package = package(
        &[("secrets/config.json", r#"{"tenant_key": "planted-secret"}"#), ("manifest.yaml", MANIFEST)],
        &[
            "source-declarative-manifest",
            "check",
            "--config",
            "secrets/config.json",
            "--manifest-path",
            "manifest.yaml",
        ],
    );
    let manifest = package.manifest.as_ref().unwrap();
    assert_eq!((manifest.state.clone(), manifest.has_spec), (ManifestState::Read, true));
    assert_eq!(package.config.as_ref().unwrap().leaves[0].pointer, "/tenant_key");
    assert!(package.spec.as_ref().unwrap().property("/tenant_key").unwrap().secret);
    assert!(!format!("{package:?}").contains("planted-secret"));
}

#[test]
fn a_builder_config_carries_the_manifest() {
    let config = r#"{"tenant_key": "k", "__command": "test_read",
        "__injected_declarative_manifest": {"version": "6.5.0", "streams": [], "definitions": {"a": "{{ config['tenant_key'] }}"}}}"#;
    let package = package(
        &[("config.json", config)],
        &["python", "-m", "airbyte_cdk.connector_builder.main", "read", "--config", "config.json"],
    );
    let manifest = package.manifest.unwrap();
    assert_eq!(manifest.path, Path::new("__injected_declarative_manifest"));
    assert!(!manifest.has_spec);
    assert_eq!(manifest.references[0].config, "/tenant_key");
    assert_eq!(package.config.unwrap().leaves.len(), 1, "what tools inject is no config");
}

#[test]
fn a_package_is_found_beside_its_script() {
    let spec = "connectionSpecification:\n  properties:\n    user: {type: string}\n";
    let manifest = MANIFEST.split("spec:").next().unwrap();
    let package = package(
        &[("main.py", ""), ("source_acme/manifest.yaml", manifest), ("source_acme/spec.yaml", spec)],
        &["python", "main.py", "check"],
    );
    let manifest = package.manifest.unwrap();
    assert!(!manifest.has_spec);
    assert_eq!(manifest.path, Path::new("source_acme/manifest.yaml"));
    let spec = package.spec.unwrap();
    assert_eq!(
        (spec.source.as_str(), spec.properties[0].types.as_slice()),
        ("source_acme/spec.yaml", &[JsonType::String][..])
    );
}

#[test]
fn what_is_not_there_is_a_fact_and_no_error() {
    let argv = ["sdm", "check", "--config", "c.json", "--manifest-path", "m.yaml"];
    let package = package(&[], &argv);
    assert_eq!(package.config.unwrap().unreadable.as_deref(), Some("missing"));
    assert_eq!(package.manifest.unwrap().state, ManifestState::Missing);
    assert!(package.spec.is_none());
}

#[test]
fn facts_hold_no_value_of_the_config() {
    let config = r#"{"tenant_key": "planted-key-4711", "version": "v2", "session": "planted-session-0815",
        "planted-name-4242-aB9": 1, "note": "planted note: 77aa88bb99"}"#;
    let package = package(
        &[("config.json", config), ("manifest.yaml", MANIFEST)],
        &["sdm", "check", "--config", "config.json", "--manifest-path", "manifest.yaml"],
    );
    let mut redactor = Redactor::new(Key::from_bytes([7; 32]));
    let facts = inputs(&package, &mut redactor);
    let text = serde_json::to_string(&facts).unwrap();
    assert!(!text.contains("planted"), "{text}");

    let values = &facts.config.as_ref().unwrap().values;
    let marked: Vec<_> = values.iter().map(|value| value.secret).collect();
    assert_eq!(marked, [true, false, true, false, false], "by the spec, by the name");
    let manifest = facts.manifest.unwrap();
    assert_eq!(manifest.references.len(), 3);
    let setters: Vec<_> = manifest.credentials.iter().map(|setter| setter.line).collect();
    assert_eq!(setters, [Some(8), Some(14)], "the version is no credential");
    assert_eq!(facts.spec.unwrap().properties.len(), 2);
}
