//! From two real runs to a maintainer on another machine, and what independent tools say of the file.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Output};

use samewire::report::markdown;
use serde_json::Value;

use super::{made, samples};
use crate::clients::api::HOST;
use crate::clients::bench::{Bench, TOKEN, first_rule, program, text, tools};
use crate::scratch::Scratch;

/// curl with a sound token, and with one that lost its end.
fn recorded() -> Option<Bench> {
    program("curl")?;
    let bench = Bench::new();
    let url = format!("https://{HOST}/v1/lots?page=1");
    for (side, file, token) in [("sandbox", "s.har", TOKEN), ("runtime", "r.har", &TOKEN[..32])] {
        let header = format!("Authorization: Bearer {token}");
        let command = ["curl", "-sS", "-H", &header, "--json", r#"{"loja":"10"}"#, &url];
        let secret = ["--secret", "api_key=env:API_KEY"];
        let output = bench.recording(side, file, &secret, &command).env("API_KEY", TOKEN).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    }
    Some(bench)
}

/// samewire on another machine: another home, another state, another key or none yet.
fn elsewhere(bench: &Bench, args: &[&str]) -> Output {
    let mut command = bench.command(args);
    command
        .env("HOME", bench.path("other"))
        .env("XDG_STATE_HOME", bench.path("other/state"))
        .output()
        .unwrap()
}

fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", text(output)))
}

fn bundled(bench: &Bench, more: &[&str]) -> Output {
    let args = [&["bundle", "s.har", "r.har", "--force", "-o", "b.zip"], more].concat();
    let output = bench.samewire(&args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    output
}

fn rules(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|found| found["rule"].as_str().unwrap()).collect()
}

#[test]
fn a_maintainer_finds_the_same() {
    let Some(bench) = recorded() else { return };
    let (status, before) = bench.diff("s.har", "r.har");
    assert_eq!(first_rule(&before), "token-altered", "{before:#}");
    for more in [&[][..], &["--pseudonymize-hosts"][..]] {
        let output = bundled(&bench, more);
        assert_eq!(std::fs::metadata(bench.path("b.zip")).unwrap().permissions().mode() & 0o777, 0o600);
        let pasted = String::from_utf8(output.stdout).unwrap();
        assert!(pasted.contains("token-altered") && pasted.contains("samewire diff"), "{pasted}");
        assert!(pasted.contains("-X POST") && pasted.contains("${S1:?fill in"), "{pasted}");
        assert_eq!(pasted.contains(HOST), more.is_empty(), "{pasted}");
        let read = elsewhere(&bench, &["diff", "b.zip", "--format", "json"]);
        assert_eq!(read.status.code(), Some(status), "{}", text(&read));
        let after = report(&read);
        assert_eq!(rules(&after), rules(&before));
        assert_eq!(after["findings"][0]["detail"], before["findings"][0]["detail"]);
        assert_eq!(String::from_utf8_lossy(&read.stdout).contains(HOST), more.is_empty());
    }
}

/// A baseline in a repository against a run of today, on a machine that never had the key.
#[test]
fn a_baseline_compares_by_names_and_relations() {
    let Some(bench) = recorded() else { return };
    bundled(&bench, &[]);
    let header = format!("Authorization: Bearer {TOKEN}\\n");
    let mut again = bench.recording(
        "runtime",
        "later.har",
        &["--secret", "api_key=env:API_KEY"],
        &["sh", "-c", &format!("curl -sS -H \"$(printf '{header}x')\" https://{HOST}/v1/lots?page=1")],
    );
    again
        .env("API_KEY", TOKEN)
        .env("HOME", bench.path("other"))
        .env("XDG_STATE_HOME", bench.path("other/state"));
    let again = again.output().unwrap();
    assert_ne!(again.status.code(), Some(125), "{}", text(&again));
    let read = elsewhere(&bench, &["diff", "b.zip", "later.har", "--format", "json"]);
    let report = report(&read);
    assert_ne!(report["sandbox"]["key_id"], report["runtime"]["key_id"]);
    assert_eq!(report["verdict"], "differs", "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("a side is a bundle's"), "{notes}");
    // And the other side of the same bundle in the place of a capture.
    let read = elsewhere(&bench, &["diff", "b.zip", "b.zip", "--format", "json"]);
    assert_eq!(first_rule(&self::report(&read)), "token-altered");
}

#[test]
fn what_the_scan_finds_is_not_written_and_not_shown() {
    let Some(bench) = recorded() else { return };
    // A value that captures rightly show; here the user says that it is a secret.
    let output = bench
        .command(&["bundle", "s.har", "r.har", "-o", "b.zip", "--secret", "tenant=env:TENANT"])
        .env("TENANT", HOST)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let said = text(&output);
    assert!(
        said.contains("captures/sandbox.har, line 1, column") && said.contains("secret.tenant"),
        "{said}"
    );
    assert!(!said.contains(HOST), "{said}");
    assert!(!bench.path("b.zip").exists());
}

#[test]
fn a_file_that_is_there_stays_and_errors_say_what_to_do() {
    let Some(bench) = recorded() else { return };
    bench.write("b.zip", "mine");
    let refused = bench.samewire(&["bundle", "s.har", "r.har", "-o", "b.zip"]);
    assert_eq!(refused.status.code(), Some(2), "{}", text(&refused));
    assert!(text(&refused).contains("--force"), "{}", text(&refused));
    assert_eq!(std::fs::read_to_string(bench.path("b.zip")).unwrap(), "mine");
    bench.write("broken.zip", "PK and nothing");
    for (args, words) in [
        (&["diff", "broken.zip"][..], "not a bundle that can be read"),
        (&["diff", "s.har"][..], "name both captures"),
        (&["bundle", "s.har"][..], "name both captures"),
        (&["bundle", "s.har", "r.har", "-o", "none/b.zip"][..], "cannot write none/b.zip"),
        (
            &["bundle", "s.har", "r.har", "-o", "c.zip", "--config", "none.json"][..],
            "--config: cannot read none.json",
        ),
    ] {
        let output = bench.samewire(args);
        assert_eq!(output.status.code(), Some(2), "{}", text(&output));
        assert!(text(&output).contains(words), "{}", text(&output));
    }
}

/// Python's own zip reader and SHA-256, and a secret scanner.
#[test]
fn independent_tools_open_it_and_find_no_secret() {
    let Some(python) = tools() else { return };
    let folder = Scratch::new();
    for (number, (_, contents)) in samples().into_iter().enumerate().step_by(3) {
        let zip = made(contents, number % 2 == 0).unwrap().zip;
        std::fs::write(folder.path().join(format!("{number}.zip")), zip).unwrap();
    }
    if let Some(bench) = recorded() {
        bundled(&bench, &[]);
        std::fs::copy(bench.path("b.zip"), folder.path().join("real.zip")).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/bundle.py");
    let output = Command::new(python).arg("-B").arg(script).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}

/// The scan that `samewire bundle` lets a bundle pass.
#[test]
fn the_scan_passes_every_samples_bundle() {
    let redactor = samewire::redact::Redactor::new(samewire::redact::Key::from_bytes([7; 32]));
    let scanner = samewire::scan::Scanner::new(&redactor);
    for (folder, contents) in samples() {
        for (name, content) in super::files(&made(contents, false).unwrap().zip) {
            let found = scanner.bytes(&name, content.as_bytes());
            assert!(found.is_clean(), "{folder:?}: {found:?}");
        }
    }
}

/// What is pasted is the report's own Markdown, and code blocks after it.
#[test]
fn the_text_is_inert() {
    let (_, contents) = samples().swap_remove(0);
    let comparison = samewire::compare::compare_sets(contents.sandbox.set(), contents.runtime.set());
    let case = samewire::diagnose::Case {
        sandbox: &contents.sandbox.first,
        runtime: &contents.runtime.first,
        comparison: &comparison,
    };
    let report = samewire::report::Report::new(&case, &samewire::diagnose::diagnose(&case));
    let text = made(contents.clone(), false).unwrap().text;
    let first = markdown(&report).lines().next().unwrap().to_owned();
    assert!(text.starts_with(&first), "{text}");
    let outside: Vec<&str> = text.split("```").step_by(2).collect();
    assert!(outside.iter().all(|prose| !prose.contains("http")), "{outside:?}");
}
