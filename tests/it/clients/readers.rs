//! What samewire writes opens in other programs: two independent HAR readers and a schema of HAR 1.2 (`tests/tools`), over every sample and
//! over a recording that has one of everything.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, text, tools};
use super::http2::Api as Http2;

/// Reads these files with the readers; their count of files.
fn read(files: &[PathBuf]) -> usize {
    let Some(python) = tools() else { return files.len() };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/read_hars.py");
    let output = Command::new(python).arg(script).args(files).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap().lines().count()
}

fn hars(folder: &Path, found: &mut Vec<PathBuf>) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            hars(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "har") {
            found.push(path);
        }
    }
}

#[test]
fn every_sample_opens_in_other_readers() {
    let mut files = Vec::new();
    hars(&Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples"), &mut files);
    hars(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats"), &mut files);
    assert!(files.len() > 100, "{}", files.len());
    assert_eq!(read(&files), files.len());
}

#[test]
fn a_recording_with_one_of_everything_opens_in_other_readers() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let api = Http2::start(&bench.path("http2-ca.pem"));
    std::fs::write(bench.path("binary"), (0..=255).cycle().take(5000).collect::<Vec<u8>>()).unwrap();
    let plain = format!("http://{}/v1/lots", bench.api.http);
    let script = format!(
        "curl -sS -H 'Authorization: Bearer {TOKEN}' -b 'session=x; theme=dark' '{plain}?page=1&q=a%20b'
         curl -sS --data-binary @binary -H 'Content-Type: application/octet-stream' {plain}
         curl -sS -d 'a=1&b=two words' {plain}
         curl -sS -F 'part=value' -F 'file=@binary' {plain}
         curl -sS http://127.0.0.1:1/refused
         curl -sS http://no-such-host.invalid/
         curl -sSk https://{HOST}/v1/lots
         curl -sSk https://tunnel.example.test/v1
         true"
    );
    let to = format!("{HOST}:443:127.0.0.1:{}", api.tls.port());
    let tunnel = format!("tunnel.example.test:443:127.0.0.1:{}", bench.api.https.port());
    let ca = bench.path("http2-ca.pem");
    let args = [
        "record",
        "sandbox",
        "-o",
        "s.har",
        "--connect-to",
        &to,
        "--connect-to",
        &tunnel,
        "--upstream-ca",
        ca.to_str().unwrap(),
        "--ignore-host",
        "tunnel.example.test",
        "--",
        "sh",
        "-c",
        &script,
    ];
    let output = bench.samewire(&args);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let capture = samewire::capture::read(&bench.path("s.har")).unwrap();
    assert!(capture.exchanges.len() >= 7, "{}", text(&output));
    assert!(capture.exchanges.iter().any(|exchange| exchange.request.version == "HTTP/2"));
    assert!(capture.exchanges.iter().any(|exchange| exchange.response().is_none()));
    assert_eq!(capture.completeness.ignored.len(), 1);

    let exported = bench.samewire(&["export", "s.har", "--format", "har", "-o", "plain.har"]);
    assert!(exported.status.success(), "{}", text(&exported));
    let export = std::fs::read_to_string(bench.path("plain.har")).unwrap();
    assert!(!export.contains("_samewire") && !export.contains(TOKEN));
    assert_eq!(read(&[bench.path("s.har"), bench.path("plain.har")]), 2);

    // What was exported is a HAR like any other.
    let again = bench.samewire(&["import", "runtime", "plain.har", "-o", "r.har"]);
    assert!(again.status.success(), "{}", text(&again));
    let again = samewire::capture::read(&bench.path("r.har")).unwrap();
    assert_eq!(again.exchanges.len(), capture.exchanges.len());
}
