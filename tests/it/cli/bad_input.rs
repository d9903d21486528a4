//! What bad input gets: a clear message, the right exit status, nothing lost.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader, Read as _};
use std::net::TcpListener;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Output, Stdio};

use serde_json::Value;

use crate::clients::bench::{Bench, text};

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Records `true` to a file.
fn record_nothing(bench: &Bench, side: &str, file: &str) {
    let output = bench.samewire(&["record", side, "-o", file, "--", "true"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_command_that_is_not_there() {
    let bench = Bench::new();
    let output = bench.samewire(&["record", "sandbox", "-o", "s.har", "--", "no-such-connector", "check"]);
    assert_eq!(output.status.code(), Some(127));
    assert!(stderr(&output).contains("no-such-connector"), "{}", text(&output));
}

#[test]
fn a_command_that_cannot_be_run() {
    let bench = Bench::new();
    let file = bench.write("notes.txt", "no program");
    let output = bench.samewire(&["record", "sandbox", "-o", "s.har", "--", file.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(126), "{}", text(&output));
}

#[test]
fn the_exit_status_is_the_commands_own() {
    let bench = Bench::new();
    let output = bench.samewire(&["record", "sandbox", "-o", "a.har", "--", "sh", "-c", "exit 7"]);
    assert_eq!(output.status.code(), Some(7));
    let output = bench.samewire(&["record", "sandbox", "-o", "b.har", "--", "sh", "-c", "kill -TERM $$"]);
    assert_eq!(output.status.code(), Some(143));
}

#[test]
fn a_file_that_is_there_is_kept() {
    let bench = Bench::new();
    bench.write("s.har", "precious");
    let output = bench.samewire(&["record", "sandbox", "-o", "s.har", "--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("--force"), "{}", text(&output));
    assert_eq!(std::fs::read_to_string(bench.path("s.har")).unwrap(), "precious");
    let output = bench.samewire(&["record", "sandbox", "--force", "-o", "s.har", "--", "true"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn captures_that_are_none() {
    let bench = Bench::new();
    record_nothing(&bench, "sandbox", "s.har");
    bench.write("text.har", "hello");
    bench.write("json.har", "{\"log\": 7}");
    bench.write(
        "other.har",
        r#"{"log":{"version":"1.2","creator":{"name":"browser","version":"1"},"entries":[]}}"#,
    );
    let content = std::fs::read_to_string(bench.path("s.har")).unwrap();
    let newer = content.replacen("\"format\":1", "\"format\":999", 1);
    assert_ne!(newer, content, "the format number stands in the file");
    bench.write("newer.har", &newer);
    for (file, word) in [
        ("text.har", "text.har"),
        ("json.har", "json.har"),
        ("other.har", "samewire"),
        ("newer.har", "newer"),
        ("none.har", "none.har"),
    ] {
        let output = bench.samewire(&["diff", "s.har", file]);
        assert_eq!(output.status.code(), Some(2), "{file}: {}", text(&output));
        assert!(stderr(&output).contains(word), "{file}: {}", text(&output));
    }
}

#[test]
fn a_torn_capture_is_read_up_to_the_tear() {
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    let fetch = format!("curl -s {url} && curl -s {url}");
    for (side, file) in [("sandbox", "s.har"), ("runtime", "r.har")] {
        let output = bench.samewire(&["record", side, "-o", file, "--", "sh", "-c", &fetch]);
        assert!(output.status.success(), "{}", text(&output));
    }
    let content = std::fs::read(bench.path("r.har")).unwrap();
    std::fs::write(bench.path("r.har"), &content[..content.len() * 3 / 4]).unwrap();
    let output = bench.samewire(&["diff", "s.har", "r.har"]);
    assert!(text(&output).contains("torn"), "{}", text(&output));
    assert_ne!(output.status.code(), Some(2));
}

#[test]
fn two_captures_of_the_same_side_get_a_note() {
    let bench = Bench::new();
    record_nothing(&bench, "sandbox", "a.har");
    record_nothing(&bench, "sandbox", "b.har");
    let output = bench.samewire(&["diff", "a.har", "b.har"]);
    assert!(text(&output).contains("both captures are of the sandbox"), "{}", text(&output));
    assert_eq!(output.status.code(), Some(3), "nothing was captured");
}

#[test]
fn captures_under_different_keys_still_compare() {
    let bench = Bench::new();
    let url = format!("http://{}/v1/lots", bench.api.http);
    bench.record("sandbox", "s.har", &["curl", "-s", "-H", "X-Api-Key: 8Kq2mZx7Lw0Rb5Nc", &url]);
    std::fs::remove_file(bench.path("state/samewire/key")).unwrap();
    bench.record("runtime", "r.har", &["curl", "-s", "-H", "X-Api-Key;", &url]);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!(report["findings"][0]["rule"], "token-empty", "{report:#}");
    assert!(report.to_string().contains("key"), "the report says that tags are not comparable");
    assert!(status == 0 || status == 1);
}

#[test]
fn a_port_in_use() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = bench.samewire(&["record", "sandbox", "-o", "s.har", "--listen", &address, "--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains(&address), "{}", text(&output));
}

#[test]
fn a_config_that_cannot_be_read_is_said_and_the_command_runs() {
    let bench = Bench::new();
    let output = bench.samewire(&["record", "runtime", "-o", "r.har", "--config", "none.json", "--", "true"]);
    assert_eq!(output.status.code(), Some(125), "{}", text(&output));
    assert!(stderr(&output).contains("none.json"), "{}", text(&output));
    // What the command's own `--config` names may be missing on purpose: that is a fact of the run, not an error of samewire.
    let output = bench.samewire(&[
        "record",
        "runtime",
        "-o",
        "r.har",
        "--",
        "sh",
        "-c",
        "true",
        "x",
        "--config",
        "none.json",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn a_secret_whose_source_is_missing() {
    let bench = Bench::new();
    let output =
        bench.samewire(&["record", "runtime", "-o", "r.har", "--secret", "token=env:NOT_SET", "--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(stderr(&output).contains("NOT_SET"), "{}", text(&output));
    let output = bench.samewire(&[
        "record",
        "runtime",
        "-o",
        "r.har",
        "--secret",
        "token=sk_live_qwertyuiop",
        "--",
        "true",
    ]);
    assert_eq!(output.status.code(), Some(125));
    assert!(!text(&output).contains("qwertyuiop"), "the value is not repeated: {}", text(&output));
    let proxy = "socks5://me:qwertyuiop@127.0.0.1:1080";
    let output =
        bench.samewire(&["record", "runtime", "-o", "r.har", "--upstream-proxy", proxy, "--", "true"]);
    assert_eq!(output.status.code(), Some(125));
    assert!(text(&output).contains("http://"), "{}", text(&output));
    assert!(!text(&output).contains("qwertyuiop"), "the password is not repeated: {}", text(&output));
}

#[test]
fn an_argument_that_is_not_utf_8_is_passed_on() {
    let bench = Bench::new();
    let mut command = bench.command(&["record", "sandbox", "-o", "s.har", "--", "printf", "%s"]);
    let output = command.arg(OsStr::from_bytes(b"a\xffb")).output().unwrap();
    assert_eq!(output.stdout, b"a\xffb");
    assert!(output.status.success());
    assert!(bench.samewire(&["diff", "s.har", "s.har"]).status.code() == Some(3));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let bench = Bench::new();
    for args in [&["explain"][..], &["explain", "token-empty"], &["diff", "s.har", "s.har"]] {
        record_nothing_once(&bench);
        let mut child = bench.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(!stderr(&output).contains("panic"), "{}", text(&output));
        assert!(matches!(output.status.code(), Some(0 | 3)), "{}", text(&output));
    }
}

fn record_nothing_once(bench: &Bench) {
    if !bench.path("s.har").exists() {
        record_nothing(bench, "sandbox", "s.har");
    }
}

#[test]
fn an_interrupted_recording_is_a_valid_capture() {
    let bench = Bench::new();
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/waits", silent.local_addr().unwrap());
    let done = format!("http://{}/v1/lots", bench.api.http);
    let script = format!("curl -s {done} >/dev/null; echo ready; exec curl -s {url}");
    let mut child = bench
        .command(&["record", "sandbox", "-o", "s.har", "--", "sh", "-c", &script])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    let (mut asked, _) = silent.accept().unwrap();
    let _ = asked.read(&mut [0; 1024]).unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130), "the command's own signal");
    let capture: Value = serde_json::from_slice(&std::fs::read(bench.path("s.har")).unwrap()).unwrap();
    let entries = capture["log"]["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 2, "the exchange that was under way is there: {capture:#}");
    assert_eq!(entries[0]["response"]["status"], 401);
    assert_eq!(entries[1]["response"]["status"], 0);
}

#[test]
fn usage_errors_have_the_commands_own_status() {
    let bench = Bench::new();
    assert_eq!(bench.samewire(&["record", "nowhere", "--", "true"]).status.code(), Some(125));
    assert_eq!(bench.samewire(&["diff", "--format", "tea"]).status.code(), Some(2));
    assert_eq!(bench.samewire(&["explain", "token-vanished"]).status.code(), Some(2));
}

#[test]
fn no_capture_yet_says_what_to_run() {
    let bench = Bench::new();
    let output = bench.samewire(&["diff"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("samewire record sandbox"), "{}", text(&output));
}
