//! What is exported runs: with the placeholders filled in it sends the same request again.

use std::process::Command;

use crate::clients::bench::{Bench, TOKEN, program, python, text, tools};

/// A recording of a request with a token of the config, a cookie, an odd field and a JSON body; the config is beside it.
fn recorded(bench: &Bench) {
    bench.write("config.json", &format!("{{\"api_key\": \"{TOKEN}\"}}"));
    let url = format!("http://{}/v1/lots?page=1&q=a%20b", bench.api.http);
    let token = format!("Authorization: Bearer {TOKEN}");
    let body =
        format!("{{\"name\": \"it's \\\"new\\\"\", \"count\": 3, \"nested\": {{\"key\": \"{TOKEN}\"}}}}");
    let output = bench.samewire(&[
        "record",
        "sandbox",
        "-o",
        "s.har",
        "--config",
        "config.json",
        "--",
        "curl",
        "-sS",
        "-H",
        &token,
        "-H",
        "Content-Type: application/json",
        "-H",
        "X-Empty;",
        "-H",
        "Accept:",
        "-A",
        "test/1.0",
        "-d",
        &body,
        &url,
    ]);
    assert!(output.status.success(), "{}", text(&output));
}

fn export(bench: &Bench, format: &str, to: &str) -> String {
    let output = bench.samewire(&["export", "s.har", "1", "--format", format, "-o", to]);
    assert!(output.status.success(), "{}", text(&output));
    let written = std::fs::read_to_string(bench.path(to)).unwrap();
    assert!(!written.contains(&TOKEN[..12]), "{written}");
    assert!(written.contains("API_KEY"), "{written}");
    written
}

/// Records the exported program with the placeholder filled in, and compares.
fn run_again(bench: &Bench, words: &[&str], path: &str) {
    let mut command =
        bench.command(&["record", "runtime", "--force", "-o", "r.har", "--config", "config.json", "--"]);
    let output = command
        .args(words)
        .env("API_KEY", TOKEN)
        .env("Q", "a%20b")
        .env("NAME", "it's \\\"new\\\"")
        .env("PATH", path)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let (code, report) = bench.diff("s.har", "r.har");
    assert_eq!((code, &report["verdict"]), (0, &"same".into()), "{report:#}");
    let request =
        |difference: &serde_json::Value| difference["at"].as_str().unwrap().starts_with("request.body");
    assert!(
        !report["differences"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| request(one) && one["significance"] == "material"),
        "{report:#}"
    );
}

#[test]
fn a_curl_line_sends_the_same_request() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    recorded(&bench);
    let written = export(&bench, "curl", "again.sh");
    assert!(written.contains(": \"${API_KEY:?fill in config.api_key}\""), "{written}");
    assert!(written.contains("-H 'X-Empty;'") && written.contains("-H Accept:"), "{written}");
    let path = std::env::var("PATH").unwrap();
    run_again(&bench, &["sh", "again.sh"], &path);
    // Without the value it says what to fill in, and sends nothing.
    let calls = bench.api.calls();
    let output = Command::new("sh")
        .arg(bench.path("again.sh"))
        .envs([("Q", "a"), ("NAME", "b")])
        .env_remove("API_KEY")
        .output()
        .unwrap();
    assert!(
        !output.status.success() && text(&output).contains("fill in config.api_key"),
        "{}",
        text(&output)
    );
    assert_eq!(bench.api.calls(), calls);
}

#[test]
fn python_code_sends_the_same_request() {
    let (Some(_), Some(python)) = (program("curl"), python()) else { return };
    let bench = Bench::new();
    recorded(&bench);
    let written = export(&bench, "requests", "again.py");
    assert!(written.contains("API_KEY = os.environ[\"API_KEY\"]  # config.api_key"), "{written}");
    run_again(&bench, &[python.to_str().unwrap(), "again.py"], &std::env::var("PATH").unwrap());
}

#[test]
fn an_httpie_line_sends_the_same_request() {
    let (Some(_), Some(tools)) = (program("curl"), tools()) else { return };
    let bench = Bench::new();
    recorded(&bench);
    export(&bench, "httpie", "again.sh");
    let path = format!("{}:{}", tools.parent().unwrap().display(), std::env::var("PATH").unwrap());
    run_again(&bench, &["sh", "again.sh"], &path);
}

#[test]
fn every_sample_is_written_as_code_that_compiles() {
    let Some(python) = python() else { return };
    let bench = Bench::new();
    let samples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples");
    let mut count = 0;
    for rule in std::fs::read_dir(samples).unwrap() {
        let capture = rule.unwrap().path().join("fires/sandbox.har");
        let capture = capture.to_str().unwrap();
        if samewire::capture::read(capture.as_ref()).is_ok_and(|read| read.exchanges.is_empty()) {
            continue;
        }
        for (format, to) in [("requests", "all.py"), ("curl", "all.sh"), ("httpie", "all-httpie.sh")] {
            let to = format!("{count}-{to}");
            let output = bench.samewire(&["export", capture, "--format", format, "-o", &to]);
            assert!(output.status.success(), "{capture}: {}", text(&output));
            if format != "requests" {
                let checked = Command::new("sh").arg("-n").arg(bench.path(&to)).output().unwrap();
                assert!(checked.status.success(), "{capture}: {}", text(&checked));
            }
        }
        count += 1;
    }
    assert!(count > 30, "{count}");
    let compiled =
        Command::new(python).args(["-m", "compileall", "-q"]).arg(bench.path("")).output().unwrap();
    assert!(compiled.status.success(), "{}", text(&compiled));
}
