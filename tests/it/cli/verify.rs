//! `samewire verify`: files of all kinds, a pre-commit hook, and what it says of what it cannot read.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const TOKEN: &str = "k9QxT2vLpR7aWzY3bN8cF5dG1hJ4eM6u";

fn verify(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_samewire"))
        .arg("verify")
        .args(arguments)
        .current_dir(folder)
        .env("ACME_TOKEN", TOKEN)
        .env("SHORT", "abc")
        .env("BLANK", " \t ")
        .output()
        .unwrap()
}

/// Rules and places, and the exit status; nothing that is told may hold the secret.
fn told(folder: &Path, arguments: &[&str]) -> (Vec<(String, String)>, Option<i32>) {
    let out = verify(folder, &[arguments, &["--format", "json"]].concat());
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(!text.contains(&TOKEN[..8]), "{text}");
    let report: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&out.stderr)));
    assert_eq!(report["schema"], "samewire.verify/1");
    assert_eq!(report["clean"], Value::Bool(out.status.code() == Some(0)));
    let hits = report["hits"].as_array().unwrap().iter();
    let word = |hit: &Value, member: &str| hit[member].as_str().unwrap().to_owned();
    (hits.map(|hit| (word(hit, "rule"), word(hit, "path"))).collect(), out.status.code())
}

fn pair(rule: &str, path: &str) -> (String, String) {
    (rule.to_owned(), path.to_owned())
}

/// A folder with a secret in a log, one in a compressed HAR, and nothing in a third file.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("logs/.git")).unwrap();
    fs::write(
        folder.path().join("logs/a.log"),
        format!("start\nGET /x?page=2&access_token={TOKEN} HTTP/1.1\n"),
    )
    .unwrap();
    let file = fs::File::create(folder.path().join("logs/b.har.gz")).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::default());
    write!(gzip, "{{\"log\":{{\"entries\":[{{\"request\":{{\"headers\":[{{\"name\":\"X-Api-Key\",\"value\":\"{TOKEN}\"}}]}}}}]}}}}").unwrap();
    gzip.finish().unwrap();
    fs::write(folder.path().join("clean.txt"), "nothing but words\n").unwrap();
    folder
}

#[test]
fn secrets_are_found_and_not_shown() {
    let folder = folder();
    let both = [pair("secret-by-name", "logs/a.log"), pair("secret-by-name", "logs/b.har.gz")];
    assert_eq!(told(folder.path(), &["logs", "clean.txt"]), (both.to_vec(), Some(1)));
    assert_eq!(told(folder.path(), &["clean.txt"]), (Vec::new(), Some(0)));
    let known = [pair("known-secret", "logs/a.log"), pair("known-secret", "logs/b.har.gz")];
    assert_eq!(told(folder.path(), &["--secret", "acme=env:ACME_TOKEN", "logs"]).0, known);
    fs::write(folder.path().join("config.json"), format!("{{\"api_key\": \"{TOKEN}\", \"pin\": \"12\"}}"))
        .unwrap();
    assert_eq!(told(folder.path(), &["--config", "config.json", "logs"]).0, known);

    let out = verify(folder.path(), &["logs", "--config", "config.json", "--color", "never"]);
    let text = String::from_utf8(out.stdout).unwrap();
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "found: 2 secrets in 2 files",
        "2:28 known-secret: secret that was given config.api_key",
        "at /log/entries/0/request/headers/0/value",
        "replace each at its issuer",
        "not searched for, being shorter than six bytes or placeholders: config.pin",
        "left out, being links, devices or git's own store: logs/.git",
    ] {
        assert!(words.contains(part), "{part} in {text}");
    }
    assert!(!text.contains(&TOKEN[..8]));
}

#[test]
fn what_is_made_up_can_be_let_be() {
    let folder = folder();
    let (hits, status) = told(folder.path(), &["logs", "--allow", "secret-by-name@logs"]);
    assert_eq!((hits.len(), status), (0, Some(0)));
    let (hits, status) = told(folder.path(), &["logs", "--allow", "secret-by-name@logs/a.log"]);
    assert_eq!((hits.len(), status), (1, Some(1)));
    let (hits, _) =
        told(folder.path(), &["logs", "--allow", "known-secret@logs", "--secret", "acme=env:ACME_TOKEN"]);
    assert_eq!(hits.len(), 2, "never what was given");
}

#[test]
fn what_cannot_be_read_is_no_success() {
    let folder = folder();
    fs::write(folder.path().join("closed.7z"), b"7z\xbc\xaf\x27\x1c\0\x04").unwrap();
    let out = verify(folder.path(), &["closed.7z", "clean.txt", "--color", "never"]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert_eq!(out.status.code(), Some(2), "{text}");
    assert!(
        text.contains("not sure: nothing found in")
            && text.contains("closed.7z: 7z is not opened; unpack it"),
        "{text}"
    );
    assert_eq!(told(folder.path(), &["closed.7z", "logs"]).1, Some(1), "a find counts for more");
    for (arguments, said) in [
        (&["gone.txt"][..], "cannot look into gone.txt"),
        (&["--secret", "acme=env:SHORT", "clean.txt"], "shorter than six bytes"),
        (&["--secret", "acme=env:BLANK", "clean.txt"], "is empty or blank"),
        (&["--secret", "acme=env:UNSET_VARIABLE", "clean.txt"], "is not set"),
        (&["--config", "gone.json", "clean.txt"], "--config gone.json: missing"),
        (&["--allow", "jwt", "clean.txt"], "RULE@PATH"),
        (&[], "required"),
    ] {
        let out = verify(folder.path(), arguments);
        let text = String::from_utf8(out.stderr).unwrap();
        assert_eq!(out.status.code(), Some(2), "{text}");
        assert!(text.contains(said), "{said}: {text}");
    }
}

#[test]
fn standard_input_is_searched() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_samewire"))
        .args(["verify", "-", "--format", "json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "export ACME_SECRET={TOKEN}").unwrap();
    let out = child.wait_with_output().unwrap();
    let report: Value = serde_json::from_slice(&out.stdout).unwrap();
    assert_eq!((out.status.code(), report["hits"][0]["path"].as_str()), (Some(1), Some("-")));
}

/// Each command of the page is run as it stands there.
#[test]
fn the_page_says_what_works() {
    let page = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify.md")).unwrap();
    let blocks: Vec<&str> =
        page.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(blocks.len() >= 5, "{blocks:?}");
    let folder = folder();
    for name in ["captures", "tests/data", "docs", "secrets"] {
        fs::create_dir_all(folder.path().join(name)).unwrap();
    }
    fs::write(folder.path().join("secrets/config.json"), "{\"api_key\": \"another-secret-of-12\"}").unwrap();
    fs::write(folder.path().join("build.log"), "all is well\n").unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_samewire")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let run = |script: &str| {
        Command::new("sh")
            .args(["-c", script])
            .current_dir(folder.path())
            .env("PATH", &path)
            .env("ACME_TOKEN", TOKEN)
            .output()
            .unwrap()
    };
    for block in blocks {
        let expected =
            if block.contains("logs/") || block.contains("docs/example.har .") { Some(1) } else { Some(0) };
        let out = run(block);
        assert_eq!(
            out.status.code(),
            expected,
            "{block}: {}{}",
            String::from_utf8_lossy(&out.stdout),
            String::from_utf8_lossy(&out.stderr)
        );
    }
    assert!(folder.path().join("secrets.json").exists());
}
