//! Each command does its job.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use serde_json::Value;

use crate::clients::bench::{Bench, TOKEN, program, text};

#[test]
fn record_twice_then_diff_needs_no_file_names() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    let good = format!("Authorization: Bearer {TOKEN}");
    let first = bench.samewire(&["record", "sandbox", "--", "curl", "-sS", "-H", &good, &url]);
    assert!(first.status.success(), "{}", text(&first));
    assert!(
        String::from_utf8_lossy(&first.stderr).contains("next: samewire record runtime -- COMMAND"),
        "{}",
        text(&first)
    );
    assert!(
        String::from_utf8_lossy(&first.stdout).contains("\"data\""),
        "the command's output passes through"
    );
    let second =
        bench.samewire(&["record", "runtime", "--", "curl", "-sS", "-H", "Authorization: Bearer None", &url]);
    assert!(String::from_utf8_lossy(&second.stderr).contains("next: samewire diff"), "{}", text(&second));
    let diff = bench.samewire(&["diff"]);
    assert_eq!(diff.status.code(), Some(1), "{}", text(&diff));
    assert!(text(&diff).contains("error[token-null]"), "{}", text(&diff));
    for entry in std::fs::read_dir(bench.path("captures")).unwrap().flatten() {
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!std::fs::read_to_string(entry.path()).unwrap().contains(TOKEN));
    }
}

#[test]
fn compare_does_both() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    let good = format!("curl -sS -H 'Authorization: Bearer {TOKEN}' {url}");
    let bad = format!("curl -sS -H 'Authorization: Bearer {TOKEN} ' {url}; exit 3");
    let output = bench.samewire(&[
        "compare",
        "--sandbox",
        &good,
        "--runtime",
        &bad,
        "--format",
        "json",
        "--out-dir",
        "both",
    ]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let report: Value =
        serde_json::from_slice(&output.stdout).expect("standard output is the report and nothing else");
    assert_eq!(report["findings"][0]["rule"], "token-altered", "{report:#}");
    assert_eq!(report["findings"][0]["detail"]["how"], "trailing-space");
    assert_eq!(std::fs::read_dir(bench.path("both")).unwrap().count(), 2);
    let same = bench.samewire(&["compare", "--sandbox", &good, "--runtime", &good]);
    assert_eq!(same.status.code(), Some(0), "{}", text(&same));
}

/// Sends one request through a proxy with raw bytes.
fn get(proxy: &str, url: &str, more: &str) -> String {
    let mut stream = TcpStream::connect(proxy).unwrap();
    let host = url.split('/').nth(2).unwrap();
    stream
        .write_all(
            format!("GET {url} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n").as_bytes(),
        )
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn proxy_has_a_port_for_each_side_and_env_knows_them() {
    let bench = Bench::new();
    let none = bench.samewire(&["env", "runtime"]);
    assert_eq!(none.status.code(), Some(2));
    assert!(text(&none).contains("samewire proxy"), "{}", text(&none));
    let mut child = bench
        .command(&["proxy", "--listen", "127.0.0.1:0"])
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut ports = Vec::new();
    while ports.len() < 2 {
        let line = lines.next().unwrap();
        if let Some(rest) = line.split("http://").nth(1) {
            ports.push(rest.split(',').next().unwrap().to_owned());
        }
    }
    let url = format!("http://{}/v1/lots", bench.api.http);
    assert!(get(&ports[0], &url, &format!("Authorization: Bearer {TOKEN}\r\n")).starts_with("HTTP/1.1 200"));
    assert!(get(&ports[1], &url, "").starts_with("HTTP/1.1 401"));
    // base64 of `sandbox:x`: the user name wins over the port.
    assert!(get(&ports[1], &url, "Proxy-Authorization: Basic c2FuZGJveDp4\r\n").starts_with("HTTP/1.1 401"));
    for format in ["shell", "docker", "compose", "kubernetes", "airbyte"] {
        let output = bench.samewire(&["env", "runtime", "--format", format]);
        assert!(output.status.success(), "{}", text(&output));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(
            printed.contains("HTTPS_PROXY") && printed.contains("NODE_EXTRA_CA_CERTS"),
            "{format}:\n{printed}"
        );
        assert!(printed.contains(ports[1].rsplit(':').next().unwrap()), "{format}:\n{printed}");
    }
    let shell = bench.samewire(&["env", "sandbox"]);
    let script = format!("{}\ncurl -sS {url}", String::from_utf8(shell.stdout).unwrap());
    let curl = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(String::from_utf8_lossy(&curl.stdout).contains("no credentials"), "{}", text(&curl));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success());
    assert!(rest.iter().any(|line| line.starts_with("sandbox #1  GET http://")), "live lines: {rest:#?}");
    let captures: Vec<_> =
        std::fs::read_dir(bench.path("captures")).unwrap().flatten().map(|entry| entry.path()).collect();
    assert_eq!(captures.len(), 2);
    for path in captures {
        let capture = samewire::capture::read(&path).unwrap();
        let expected = if capture.side == samewire::model::Side::Sandbox { 3 } else { 1 };
        assert_eq!(capture.exchanges.len(), expected, "{}", path.display());
    }
    assert_eq!(bench.samewire(&["env", "runtime"]).status.code(), Some(2), "nothing runs any more");
}

#[test]
fn explain_prints_pages_and_the_list() {
    let bench = Bench::new();
    let list = bench.samewire(&["explain"]);
    for rule in samewire::diagnose::RULES {
        assert!(text(&list).contains(rule.name), "{} is in the list", rule.name);
        let page = bench.samewire(&["explain", rule.name]);
        assert!(page.status.success());
        assert!(String::from_utf8_lossy(&page.stdout).contains(rule.name));
    }
    let near = bench.samewire(&["explain", "empty-token"]);
    assert!(text(&near).contains("did you mean token-empty"), "{}", text(&near));
}

#[test]
fn demo_tells_the_whole_story_and_leaves_only_captures() {
    let bench = Bench::new();
    let before: Vec<_> =
        std::fs::read_dir(bench.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    let temporary = bench.path("tmp");
    std::fs::create_dir(&temporary).unwrap();
    let output = bench.command(&["demo"]).env("TMPDIR", &temporary).output().unwrap();
    let shown = text(&output);
    assert!(output.status.success(), "{shown}");
    for word in [
        "error[token-empty]",
        "apiKey",
        "error[spec-missing]",
        "samewire explain token-empty",
        "captures/demo/renamed-key/runtime.har",
    ] {
        assert!(shown.contains(word), "{word} is shown:\n{shown}");
    }
    assert!(!shown.contains("demo_3fJq"), "no secret is shown:\n{shown}");
    assert_eq!(std::fs::read_dir(&temporary).unwrap().count(), 0, "temporary files are gone");
    let left: Vec<_> = std::fs::read_dir(bench.path(""))
        .unwrap()
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|name| !before.contains(name) && name != "tmp" && name != "captures")
        .collect();
    assert!(left.is_empty(), "left behind: {left:?}");
    let again = bench.samewire(&[
        "diff",
        "captures/demo/renamed-key/sandbox.har",
        "captures/demo/renamed-key/runtime.har",
    ]);
    assert_eq!(again.status.code(), Some(1), "{}", text(&again));
}

#[test]
fn an_engine_that_cannot_be_asked_starts_nothing() {
    let bench = Bench::new();
    let docker = bench.write("docker", "#!/bin/sh\necho \"$1\" >> asked\nexit 0\n");
    std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).unwrap();
    let output =
        bench.samewire(&["record", "runtime", "-o", "a.har", "--", "./docker", "run", "image", "check"]);
    assert_eq!(output.status.code(), Some(125), "{}", text(&output));
    assert!(text(&output).contains("samewire env --format docker"), "{}", text(&output));
    let asked = std::fs::read_to_string(bench.path("asked")).unwrap();
    assert!(!asked.lines().any(|word| word == "run"), "{asked}");
    let output = bench.samewire(&["record", "runtime", "-o", "b.har", "--", "./docker", "version"]);
    assert!(output.status.success(), "{}", text(&output));
}
