//! Diffs in a comparison's remedies: worked out when a run is recorded, chosen when it is diagnosed.

use std::fs;

use serde_json::Value;

use crate::clients::bench::{Bench, TOKEN, first_rule, program, text};

const HEAD: &str = "version: 6.0.0
type: DeclarativeSource
check:
  type: CheckStream
  stream_names: [lots]
streams:
  - type: DeclarativeStream
    name: lots
    retriever:
      type: SimpleRetriever
      requester:
        type: HttpRequester
        url: https://api.example.com/v1/lots
";
const TAIL: &str = "      record_selector:
        type: RecordSelector
        extractor: {type: DpathExtractor, field_path: [data]}
    schema_loader: {type: InlineSchemaLoader, schema: {type: object, properties: {}}}
";
const SPEC: &str = "spec:
  type: Spec
  connection_specification:
    type: object
    properties:
      api_key:
        type: string
        airbyte_secret: true
";
const BEARER: &str = "        authenticator:
          type: BearerAuthenticator
          api_token: \"{{ config['api_key'] }}\"
";
const API_KEY: &str = "        authenticator:
          type: ApiKeyAuthenticator
          header: Authorization
          api_token: \"{{ config['api_key'] }}\"
";

/// What goes wrong at run time, and the lines that are put in and taken out to mend it.
struct Case {
    rule: &'static str,
    requester: &'static str,
    spec: &'static str,
    config: String,
    /// What the runtime does: fields to send, or lines to print.
    runtime: Runtime,
    lines: &'static [&'static str],
}

enum Runtime {
    Sends(String),
    Says(&'static str),
}

fn cases() -> Vec<Case> {
    let config = format!(r#"{{"api_key": "{TOKEN}"}}"#);
    let case = |rule, requester, runtime, lines| Case {
        rule,
        requester,
        spec: SPEC,
        config: config.clone(),
        runtime,
        lines,
    };
    let sends = |fields: &str| Runtime::Sends(fields.to_owned());
    vec![
        Case {
            config: format!(r#"{{"apiKey": "{TOKEN}"}}"#),
            ..case(
                "token-empty",
                BEARER,
                sends("-H 'Authorization: Bearer '"),
                &["+    required:", "+      - api_key"],
            )
        },
        Case {
            config: format!(r#"{{"credentials": {{"api_key": "{TOKEN}"}}}}"#),
            ..case(
                "token-empty",
                BEARER,
                sends("-H 'Authorization: Bearer '"),
                &[
                    "-          api_token: \"{{ config['api_key'] }}\"",
                    "+          api_token: \"{{ config['credentials']['api_key'] }}\"",
                ],
            )
        },
        case(
            "scheme-missing",
            API_KEY,
            Runtime::Sends(format!("-H 'Authorization: {TOKEN}'")),
            &["+          api_token: \"Bearer {{ config['api_key'] }}\""],
        ),
        Case {
            config: r#"{"api_key": "12345678e9012"}"#.to_owned(),
            ..case(
                "token-cast",
                "        authenticator:
          type: ApiKeyAuthenticator
          header: X-API-Key
          api_token: \"{{ config['api_key'] }}\"
",
                sends("-H 'X-API-Key: inf'"),
                &["+          api_token: \"'{{ config['api_key'] }}'\""],
            )
        },
        case(
            "scheme-doubled",
            "        authenticator:
          type: BearerAuthenticator
          api_token: \"Bearer {{ config['api_key'] }}\"
",
            Runtime::Sends(format!("-H 'Authorization: Bearer Bearer {TOKEN}'")),
            &["+          api_token: \"{{ config['api_key'] }}\""],
        ),
        case(
            "credentials-duplicated",
            "        request_parameters:
          api_key: \"{{ config['api_key'] }}\"
        authenticator:
          type: BearerAuthenticator
          api_token: \"{{ config['api_key'] }}\"
",
            Runtime::Sends(format!("-H 'Authorization: Bearer {TOKEN}' -G -d api_key={TOKEN}")),
            &["-          api_key: \"{{ config['api_key'] }}\""],
        ),
        case(
            "template-unrendered",
            "        authenticator:
          type: BearerAuthenticator
          api_token: \"{ config['api_key'] }\"
",
            sends("-H \"Authorization: Bearer { config['api_key'] }\""),
            &["+          api_token: \"{{ config['api_key'] }}\""],
        ),
        case(
            "credentials-conflict",
            "        request_headers:
          Authorization: \"Bearer {{ config['api_key'] }}\"
        authenticator:
          type: BearerAuthenticator
          api_token: \"{{ config['api_key'] }}\"
",
            Runtime::Says("Request body collision, duplicate keys detected at key path: Authorization"),
            &["-          Authorization: \"Bearer {{ config['api_key'] }}\""],
        ),
        case(
            "authenticator-misconfigured",
            "        authenticator:
          type: ApiKeyAuthenticator
          header_name: X-API-Key
          api_key: \"{{ config['api_key'] }}\"
",
            Runtime::Says("Expected either inject_into or header to be set for ApiKeyAuthenticator"),
            &["+          header: X-API-Key", "+          api_token: \"{{ config['api_key'] }}\""],
        ),
        case(
            "template-error",
            "        authenticator:
          type: BearerAuthenticator
          api_token: \"{{ api_key }}\"
",
            Runtime::Says("Jinja macro has undeclared variables: {'api_key'}. Context: {}"),
            &["+          api_token: \"{{ config['api_key'] }}\""],
        ),
        Case {
            spec: "",
            ..case(
                "spec-missing",
                BEARER,
                Runtime::Says("Unable to find spec.yaml or spec.json in the package."),
                &["+spec:", "+      api_key:", "+        airbyte_secret: true"],
            )
        },
    ]
}

/// Records both sides of a case. The manifest also holds a secret that does not belong there.
fn recorded(case: &Case) -> (Bench, Value) {
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    bench.write("sound.json", &format!(r#"{{"api_key": "{TOKEN}"}}"#));
    let field = if case.rule == "token-cast" {
        "X-API-Key: 12345678e9012".to_owned()
    } else {
        format!("Authorization: Bearer {TOKEN}")
    };
    bench.write("sandbox.sh", &format!("curl -sS -H '{field}' {url}\n"));
    let script = match &case.runtime {
        Runtime::Sends(fields) => format!("curl -sS {fields} {url}\n"),
        Runtime::Says(line) => {
            let line = serde_json::json!({"type": "TRACE", "trace": {"type": "ERROR", "emitted_at": 1.0, "error": {"message": line, "internal_message": line, "failure_type": "system_error"}}});
            bench.write("said.json", &format!("{line}\n"));
            "cat said.json; exit 1\n".to_owned()
        }
    };
    bench.write("runtime.sh", &script);
    let tail = TAIL.replace("    schema_loader", &format!("    # {HARD_CODED}\n    schema_loader"));
    bench.write("manifest.yaml", &format!("{HEAD}{}{tail}{}", case.requester, case.spec));
    bench.write("config.json", &case.config);
    let words = ["sh", "sandbox.sh", "--config", "sound.json", "--manifest-path", "manifest.yaml"];
    bench.record("sandbox", "s.har", &words);
    bench.record(
        "runtime",
        "r.har",
        &["sh", "runtime.sh", "--config", "config.json", "--manifest-path", "manifest.yaml"],
    );
    let (_, report) = bench.diff("s.har", "r.har");
    (bench, report)
}

const HARD_CODED: &str = "sk_live_51Hq8WnTz3VbYxKc7RmPd2JsLgUe9Aa6oBiFt4";

#[test]
fn remedies_carry_a_diff_of_the_manifest() {
    let Some(_) = program("curl") else { return };
    let mut wrong = Vec::new();
    for case in cases() {
        let (bench, report) = recorded(&case);
        let rule = case.rule;
        let remedies = &report["findings"][0]["remedies"];
        let patches = remedies.as_array().into_iter().flatten().filter_map(|remedy| remedy["patch"].as_str());
        let fits = |patch: &&str| case.lines.iter().all(|line| patch.lines().any(|known| known == *line));
        let Some(patch) = patches.clone().find(fits).filter(|_| first_rule(&report) == rule) else {
            wrong.push(format!("{rule}: {} {remedies:#}", first_rule(&report)));
            continue;
        };
        assert!(patch.starts_with("--- a/manifest.yaml\n+++ b/manifest.yaml\n@@ "), "{patch}");
        let terminal = text(&bench.samewire(&["diff", "s.har", "r.har"]));
        assert!(terminal.contains(case.lines[0]), "{rule}: {terminal}");
        for file in ["s.har", "r.har"] {
            let capture = fs::read_to_string(bench.path(file)).unwrap();
            assert!(
                !capture.contains(&HARD_CODED[8..30]) && !capture.contains(&TOKEN[..16]),
                "{rule}: {file}"
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sound_manifests_have_no_diffs_in_their_reports() {
    let Some(_) = program("curl") else { return };
    let mut case = cases().swap_remove(0);
    case.config = format!(r#"{{"api_key": "{TOKEN}"}}"#);
    case.runtime = Runtime::Sends(format!("-H 'Authorization: Bearer {TOKEN}'"));
    let (_, report) = recorded(&case);
    assert_eq!(report["verdict"], "same", "{report:#}");
    assert!(!report.to_string().contains("@@"), "{report:#}");
}
