//! The real story in its real place: the builder's backend on this machine against a connector's image under `docker run`.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::airbyte::{builder, manifest};
use super::api::HOST;
use super::bench::{Bench, TOKEN, first_rule, python, text};
use super::engine::{Image, clients_image};

fn url() -> String {
    format!("https://{HOST}/v1/lots")
}

/// An image as manifest-only connectors have it: the manifest built in, a user of its own, the framework as entry point.
fn connector(bench: &Bench, base: &str, spec: bool) -> Image {
    let manifest = manifest(&url(), spec).to_string();
    bench.write("image/airbyte/integration_code/source_declarative_manifest/manifest.yaml", &manifest);
    let changes = [
        "USER airbyte",
        "WORKDIR /airbyte/integration_code",
        r#"ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]"#,
    ];
    Image::over(base, &bench.path("image"), &changes)
}

/// `docker run ... check` with this config, recorded as `r.har`.
fn check(bench: &Bench, image: &Image, config: &Value) -> Output {
    bench.write("secrets/config.json", &config.to_string());
    let secrets = format!("{}:/secrets", bench.path("secrets").display());
    let run =
        ["docker", "run", "--rm", "-v", &secrets, &image.0, "check", "--config", "/secrets/config.json"];
    bench.record("runtime", "r.har", &run)
}

/// Both sides, the runtime with an image of its own; what `diff` says of them.
fn story(config: &Value, spec: bool, judge: impl Fn(&Bench, &Output, i32, &Value)) {
    let Some(python) = python() else { return };
    let base = match clients_image() {
        Ok(image) => image,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    let bench = Bench::new();
    builder(&bench, Path::new(&python), &url());
    let image = connector(&bench, &base, spec);
    let output = check(&bench, &image, config);
    let (status, report) = bench.diff("s.har", "r.har");
    judge(&bench, &output, status, &report);
    bench.assert_no_leak();
}

#[test]
fn equal_inputs_are_the_same() {
    story(&json!({"api_key": TOKEN}), true, |bench, output, status, report| {
        assert!(output.status.success(), "{}", text(output));
        assert_eq!((status, report["verdict"].as_str()), (0, Some("same")), "{report:#}\n{}", text(output));
        assert_eq!(bench.api.calls(), 2);
    });
}

#[test]
fn a_renamed_key_sends_an_empty_token() {
    story(&json!({"apiKey": TOKEN}), true, |bench, _, status, report| {
        assert_eq!((status, first_rule(report)), (1, "token-empty"), "{report:#}");
        assert_eq!(report["findings"][0]["side"], "runtime");
        let shown = text(&bench.samewire(&["diff", "s.har", "r.har"]));
        assert!(shown.contains("apiKey"), "the report names the key that is there:\n{shown}");
    });
}

#[test]
fn a_dropped_key_is_named() {
    story(&json!({"region": "eu"}), true, |bench, _, status, report| {
        assert_eq!((status, first_rule(report)), (1, "token-empty"), "{report:#}");
        let shown = text(&bench.samewire(&["diff", "s.har", "r.har"]));
        assert!(shown.contains("no key `api_key`"), "{shown}");
    });
}

/// The image's generic spec stands in its place and asks for something else.
#[test]
fn a_manifest_without_spec_asks_nothing() {
    story(&json!({"api_key": TOKEN}), false, |bench, output, status, report| {
        assert!(text(output).contains("__injected_declarative_manifest"), "{}", text(output));
        assert_eq!((status, first_rule(report)), (1, "spec-missing"), "{report:#}");
        assert_eq!(bench.api.calls(), 1);
    });
}
