//! Reviewed differences, as a user has them.

use std::fs;

use serde_json::Value;

use crate::clients::bench::{Bench, TOKEN, first_rule, program, text};

/// Calls the API by curl with more fields.
fn call(bench: &Bench, token: &str, fields: &[&str]) -> String {
    let more: Vec<String> = fields.iter().map(|field| format!(" -H '{field}'")).collect();
    let more = more.concat();
    format!(
        "curl -sS -o /dev/null -H 'Authorization: Bearer {token}'{more} http://{}/v1/lots",
        bench.api.http
    )
}

fn record(bench: &Bench, side: &str, file: &str, command: &str) {
    let output = bench.record(side, file, &["sh", "-c", command]);
    assert!(output.status.success(), "{}", text(&output));
}

const TENANT: &str = "[[expect]]\nat = \"request.field[x-tenant]\"\nwhy = \"two tenants of one account\"\n";

#[test]
fn a_reviewed_difference_makes_the_runs_the_same_and_the_report_says_so() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    record(&bench, "sandbox", "s.har", &call(&bench, TOKEN, &["X-Tenant: havan-sandbox-9182"]));
    record(&bench, "runtime", "r.har", &call(&bench, TOKEN, &["X-Tenant: havan-production-77"]));
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "field-differs"), "{report:#}");

    bench.write("samewire.toml", TENANT);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (0, "none"), "{report:#}");
    assert_eq!(report["verdict"], "same");
    let entry = &report["expectations"][0];
    assert_eq!((&entry["entry"], &entry["state"]), (&"samewire.toml:1".into(), &"used".into()));
    assert_eq!((&entry["silenced"], &entry["credentials"]), (&1.into(), &false.into()));
    let silent = &report["expected"].as_array().unwrap();
    let silent = silent.iter().find(|one| one["at"] == "request.field[x-tenant]").unwrap();
    assert_eq!(
        (&silent["expected_by"], &silent["why"]),
        (&"samewire.toml:1".into(), &"two tenants of one account".into())
    );
    let terminal = String::from_utf8(bench.samewire(&["diff", "s.har", "r.har"]).stdout).unwrap();
    assert!(terminal.starts_with("same: no difference but 1 that samewire.toml expects"), "{terminal}");
    assert!(
        terminal.contains(
            "expected: samewire.toml:1 request.field[x-tenant] (1 difference not shown): two tenants"
        ),
        "{terminal}"
    );

    // Another file, none at all, and one that is found above the working folder.
    let other = bench.write("reviews/other.toml", "");
    let args = ["diff", "s.har", "r.har", "--expect"];
    assert_eq!(bench.samewire(&[&args[..], &[other.to_str().unwrap()]].concat()).status.code(), Some(1));
    assert_eq!(bench.samewire(&["diff", "s.har", "r.har", "--no-expect"]).status.code(), Some(1));
    let below = bench.path("connectors/lots");
    fs::create_dir_all(&below).unwrap();
    let from_below =
        || bench.command(&["diff", "../../s.har", "../../r.har"]).current_dir(&below).output().unwrap();
    assert_eq!(from_below().status.code(), Some(1), "nothing ties the folder to this one");
    fs::create_dir(bench.path(".git")).unwrap();
    let output = from_below();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    assert!(text(&output).contains("expected: ../../samewire.toml:1 "), "{}", text(&output));
}

#[test]
fn a_fault_is_found_beside_what_is_expected() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let entry = "[[expect]]\nat = \"request.field[authorization].token\"\nhost = \"127.0.0.1\"\nwhy = \"two accounts\"\n";
    bench.write("samewire.toml", &format!("{TENANT}{entry}"));
    record(&bench, "sandbox", "s.har", &call(&bench, TOKEN, &["X-Tenant: havan-sandbox-9182"]));
    let other = "live_3Rk8wBz5NtQy1MxL7sVc9HdJ2pFgA4eUoZi6Tx8P";
    record(&bench, "runtime", "r.har", &call(&bench, other, &["X-Tenant: havan-production-77"]));
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "token-differs"), "{report:#}");
    let [_, key] = &report["expectations"].as_array().unwrap()[..] else { panic!("{report:#}") };
    assert_eq!(key["state"], "withheld");
    assert!(
        key["remarks"][0].as_str().unwrap().contains("one side was refused and the other was not"),
        "{key}"
    );
    assert!(!report["findings"].as_array().unwrap().iter().any(|found| found["rule"] == "field-differs"));

    // Where both are served, two accounts are two accounts, said in so many words.
    let served = |token: &str| call(&bench, token, &[]).replace("/v1/lots", "/open");
    record(&bench, "sandbox", "s.har", &served(TOKEN));
    record(&bench, "runtime", "r.har", &served(other));
    let (_, report) = bench.diff("s.har", "r.har");
    let key = &report["expectations"][1];
    assert_eq!((&key["state"], &key["credentials"]), (&"used".into(), &true.into()), "{report:#}");
    assert_eq!(key["rules"], serde_json::json!(["token-differs"]));
    let terminal = text(&bench.samewire(&["diff", "s.har", "r.har"]));
    assert!(
        terminal.contains("samewire.toml:4 credentials at request.field[authorization].token"),
        "{terminal}"
    );
    assert!(terminal.contains("note: samewire.toml:1 no difference fits"), "{terminal}");
}

#[test]
fn an_expected_difference_does_not_clear_the_connector() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    bench.write("samewire.toml", TENANT);
    record(&bench, "sandbox", "s.har", &call(&bench, TOKEN, &["X-Tenant: havan-sandbox-9182"]));
    let closed = call(&bench, TOKEN, &["X-Tenant: havan-production-77"]).replace("/v1/lots", "/closed");
    // The same path to the eye of the comparison, another answer.
    record(&bench, "runtime", "r.har", &closed);
    let mut capture = fs::read_to_string(bench.path("r.har")).unwrap();
    capture = capture.replace("/closed", "/v1/lots");
    bench.write("r.har", &capture);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "response-differs"), "{report:#}");
    let first = &report["findings"][0];
    assert_eq!(
        (&first["confidence"], &first["detail"]["connector_cleared"]),
        (&"possible".into(), &false.into())
    );
    assert!(first["claim"].as_str().unwrap().starts_with("but for expected differences"), "{first:#}");
    let remedies = first["remedies"].as_array().unwrap();
    assert!(
        remedies.iter().any(|one| one["text"].as_str().unwrap().contains("samewire.toml:1")),
        "{first:#}"
    );
}

#[test]
fn the_page_shows_a_file_that_can_be_read() {
    let page = include_str!("../../../docs/expected.md");
    let example = page.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let read = samewire::expect::parse(example, "samewire.toml").unwrap();
    assert_eq!((read.expected.len(), read.shown.len()), (3, 2));
}

#[test]
fn a_bad_file_is_an_error_that_names_its_line() {
    let bench = Bench::new();
    bench.write("samewire.toml", "[[expect]]\nat = \"request.field[x]\"\nwhy = \"w\"\nuntil = \"soon\"\n");
    let said = "samewire.toml:4: `until` of [[expect]] is soon, and takes a date";
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/samples/token-empty/fires");
    let [sandbox, runtime] = ["sandbox", "runtime"].map(|side| format!("{samples}/{side}.har"));
    let output = bench.samewire(&["diff", &sandbox, &runtime]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains(said), "{}", text(&output));
    // Nothing runs.
    let args = ["compare", "--sandbox", "touch ran", "--runtime", "touch ran"];
    let output = bench.samewire(&args);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let output = bench.samewire(&["record", "runtime", "--", "touch", "ran"]);
    assert_eq!(output.status.code(), Some(125), "{}", text(&output));
    assert!(text(&output).contains(said) && !bench.path("ran").exists(), "{}", text(&output));
    let output = bench.samewire(&["diff", &sandbox, &runtime, "--expect", "nowhere.toml"]);
    assert!(text(&output).contains("cannot read nowhere.toml"), "{}", text(&output));
}

#[test]
fn opened_names_are_shown_and_secrets_are_not() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    bench.write("samewire.toml", "[show]\nnames = [\"X-Region\", \"store\", \"X-Note\"]\n");
    let fields = |region: &str| {
        let note = format!("X-Note: {TOKEN}");
        call(&bench, TOKEN, &[&format!("X-Region: {region}"), "X-Tenant: havan-sandbox-9182", &note])
            .replace("/v1/lots", "/v1/lots?store=blumenau-centro")
    };
    bench.write("config.json", &format!(r#"{{"api_key": "{TOKEN}"}}"#));
    for (side, file, region) in
        [("sandbox", "s.har", "sa-east-1-blue"), ("runtime", "r.har", "sa-east-1-green")]
    {
        // In a script of its own: the command's words are another matter.
        let script = bench.write("call.sh", &fields(region)).display().to_string();
        let options = ["--config", "config.json"];
        let output = bench.recording(side, file, &options, &["sh", &script]).output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
    }
    let capture = fs::read_to_string(bench.path("s.har")).unwrap();
    assert!(capture.contains("sa-east-1-blue") && capture.contains("blumenau-centro"));
    assert!(!capture.contains("havan-sandbox-9182"), "a name that was not opened");
    bench.assert_no_leak();
    let (_, report) = bench.diff("s.har", "r.har");
    let all: &Vec<Value> = report["differences"].as_array().unwrap();
    let region = all.iter().find(|one| one["at"] == "request.field[x-region]").unwrap();
    assert_eq!(region["change"]["sandbox"], "sa-east-1-blue", "{region:#}");
    assert_eq!(region["change"]["runtime"], "sa-east-1-green");
    assert!(!all.iter().any(|one| one["at"] == "request.query[store]"), "equal all the same");
}
