//! The real story: the Connector Builder's backend against a connector image's entry point.

use std::path::Path;

use serde_json::{Value, json};

use super::bench::{Bench, TOKEN, first_rule, python, text};

/// A connector that asks `url` for lots, with the config's `api_key`.
pub(super) fn manifest(url: &str, spec: bool) -> Value {
    let mut manifest = json!({
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["lots"]},
        "streams": [{
            "type": "DeclarativeStream",
            "name": "lots",
            "primary_key": ["id"],
            "retriever": {
                "type": "SimpleRetriever",
                "requester": {
                    "type": "HttpRequester",
                    "url": url,
                    "http_method": "POST",
                    "authenticator": {"type": "BearerAuthenticator", "api_token": "{{ config['api_key'] }}"},
                    "request_body": {"type": "RequestBodyJsonObject", "value": {
                        "Inicio": "{{ (now_utc() - duration('P7D')).strftime('%Y-%m-%dT%H:%M:%S.%f') }}",
                        "Loja": "10"
                    }}
                },
                "record_selector": {"type": "RecordSelector", "extractor": {"type": "DpathExtractor", "field_path": ["data"]}}
            },
            "schema_loader": {"type": "InlineSchemaLoader", "schema": {"type": "object", "properties": {"id": {"type": "integer"}}}}
        }]
    });
    if spec {
        manifest["spec"] = json!({"type": "Spec", "connection_specification": {
            "type": "object", "properties": {"api_key": {"type": "string", "airbyte_secret": true}}
        }});
    }
    manifest
}

/// The builder's side: what its backend runs, recorded as `s.har`.
pub(super) fn builder(bench: &Bench, python: &Path, url: &str) {
    let config = json!({
        "api_key": TOKEN,
        "__injected_declarative_manifest": manifest(url, true),
        "__command": "test_read",
        "__test_read_config": {"max_records": 100, "max_pages_per_slice": 5, "max_slices": 5, "max_streams": 100}
    });
    let catalog = json!({"streams": [{
        "stream": {"name": "lots", "json_schema": {}, "supported_sync_modes": ["full_refresh"]},
        "sync_mode": "full_refresh", "destination_sync_mode": "overwrite"
    }]});
    bench.write("builder.json", &config.to_string());
    bench.write("catalog.json", &catalog.to_string());
    let python = python.to_str().unwrap();
    let module = "airbyte_cdk.connector_builder.main";
    let command = [python, "-m", module, "read", "--config", "builder.json", "--catalog", "catalog.json"];
    bench.record("sandbox", "s.har", &command);
}

fn api(bench: &Bench) -> String {
    format!("http://{}/v1/lots", bench.api.http)
}

fn check(bench: &Bench, python: &Path, config: &Value, spec: bool) {
    bench.write("secrets/config.json", &config.to_string());
    bench.write("manifest.yaml", &manifest(&api(bench), spec).to_string());
    let program = python.with_file_name("source-declarative-manifest");
    let program = program.to_str().unwrap();
    let command = [program, "check", "--config", "secrets/config.json", "--manifest-path", "manifest.yaml"];
    bench.record("runtime", "r.har", &command);
}

#[test]
fn equal_inputs_are_the_same() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    builder(&bench, &python, &api(&bench));
    check(&bench, &python, &json!({"api_key": TOKEN}), true);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, report["verdict"].as_str()), (0, Some("same")), "{report:#}");
    assert_eq!(bench.api.calls(), 2);
    bench.assert_no_leak();
}

#[test]
fn a_renamed_key_sends_an_empty_token() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    builder(&bench, &python, &api(&bench));
    check(&bench, &python, &json!({"apiKey": TOKEN}), true);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, report["verdict"].as_str()), (1, Some("differs")), "{report:#}");
    assert_eq!(first_rule(&report), "token-empty", "{report:#}");
    assert_eq!(report["findings"][0]["side"], "runtime");
    bench.assert_no_leak();
    let shown = text(&bench.samewire(&["diff", "s.har", "r.har"]));
    assert!(shown.contains("apiKey"), "the report names the key that is there:\n{shown}");
}

#[test]
fn a_manifest_without_spec_asks_nothing() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    builder(&bench, &python, &api(&bench));
    check(&bench, &python, &json!({"api_key": TOKEN}), false);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "spec-missing"), "{report:#}");
    assert_eq!(bench.api.calls(), 1);
    bench.assert_no_leak();
}
