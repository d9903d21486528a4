//! The key on its way between machines, and an authority that is kept.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use crate::clients::api::HOST;
use crate::clients::bench::{Bench, TOKEN, program, text};
use crate::scratch::Scratch;

/// samewire on a machine of its own below `folder`.
fn on(folder: &Path, machine: &str, args: &[&str], input: &[u8]) -> Output {
    let home = folder.join(machine);
    fs::create_dir_all(&home).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_samewire"))
        .args(args)
        .current_dir(&home)
        .env("HOME", &home)
        .env("XDG_STATE_HOME", home.join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // One that reads no input may have ended.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn ok(output: Output) -> String {
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(output: &Output, words: &str) {
    assert_eq!(output.status.code(), Some(2), "{}", text(output));
    assert!(text(output).contains(words), "{}", text(output));
}

#[test]
fn two_machines_get_one_key() {
    let folder = Scratch::new();
    let at = |machine: &str, args: &[&str], input: &[u8]| on(folder.path(), machine, args, input);
    let laptop = ok(at("laptop", &["key", "show-id"], b""));
    let ci = ok(at("ci", &["key", "show-id"], b""));
    assert_ne!(laptop, ci);
    let line = ok(at("laptop", &["key", "export"], b""));
    refused(&at("ci", &["key", "pair"], line.as_bytes()), "--force");
    assert_eq!(ok(at("ci", &["key", "show-id"], b"")), ci, "the key that was there stays");
    ok(at("ci", &["key", "pair", "--force"], line.as_bytes()));
    assert_eq!(ok(at("ci", &["key", "show-id"], b"")), laptop);
    // A second time it is the same key already; on a fresh machine there is nothing to force.
    ok(at("ci", &["key", "pair"], line.as_bytes()));
    ok(at("fresh", &["key", "pair"], line.as_bytes()));
    assert_eq!(ok(at("fresh", &["key", "show-id"], b"")), laptop);
    let mode = fs::metadata(folder.path().join("fresh/state/samewire/key")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_key_goes_through_a_file_of_its_owner_only() {
    let folder = Scratch::new();
    let at = |machine: &str, args: &[&str]| on(folder.path(), machine, args, b"");
    ok(at("a", &["key", "export", "-o", "key.txt"]));
    let file = folder.path().join("a/key.txt");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    refused(&at("a", &["key", "export", "-o", "key.txt"]), "exists already");
    let path = file.to_str().unwrap();
    ok(at("b", &["key", "pair", path]));
    assert_eq!(ok(at("b", &["key", "show-id"])), ok(at("a", &["key", "show-id"])));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    refused(&at("c", &["key", "pair", path]), "chmod 600");
    assert!(!folder.path().join("c/state/samewire/key").exists());
}

#[test]
fn a_new_key_replaces_none_unasked() {
    let folder = Scratch::new();
    let at = |args: &[&str]| on(folder.path(), "a", args, b"");
    ok(at(&["key", "new"]));
    let first = ok(at(&["key", "show-id"]));
    refused(&at(&["key", "new"]), "can no longer be compared");
    assert_eq!(ok(at(&["key", "show-id"])), first);
    ok(at(&["key", "new", "--force"]));
    assert_ne!(ok(at(&["key", "show-id"])), first);
}

#[test]
fn what_is_no_key_is_not_repeated() {
    let folder = Scratch::new();
    let pair = |input: &str| on(folder.path(), "a", &["key", "pair"], input.as_bytes());
    let line = ok(on(folder.path(), "b", &["key", "export"], b""));
    let cut = &line[..line.len() - 4];
    for (input, words) in [("hunter2hunter2", "that is no key"), ("", "that is no key"), (cut, "is damaged")]
    {
        let output = pair(input);
        refused(&output, words);
        assert!(input.is_empty() || !text(&output).contains(input), "{}", text(&output));
    }
    refused(&on(folder.path(), "a", &["key", "pair"], b"\xff\xfe"), "cannot read the key");
}

#[test]
fn captures_of_two_paired_machines_compare_tag_by_tag() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let url = format!("https://{HOST}/v1/lots");
    let record = |side: &str, file: &str, machine: &str| {
        let header = format!("Authorization: Bearer {TOKEN}");
        let mut command = bench.recording(side, file, &[], &["curl", "-sS", "-H", &header, &url]);
        let output = command.env("XDG_STATE_HOME", bench.path(machine)).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    };
    let key = |machine: &str, args: &[&str]| {
        ok(bench.command(args).env("XDG_STATE_HOME", bench.path(machine)).output().unwrap())
    };
    record("sandbox", "s.har", "laptop");
    record("runtime", "r.har", "ci");
    let notes = bench.diff("s.har", "r.har").1["notes"].to_string();
    assert!(notes.contains("samewire key export") && notes.contains("samewire key pair"), "{notes}");
    key("laptop", &["key", "export", "-o", "key.txt"]);
    key("ci", &["key", "pair", "--force", "key.txt"]);
    record("runtime", "r.har", "ci");
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, report["sandbox"]["key_id"].clone()), (0, report["runtime"]["key_id"].clone()));
    assert!(!report["notes"].to_string().contains("different keys"), "{report:#}");
}

#[test]
fn an_authority_outlives_runs() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    assert!(bench.samewire(&["ca", "new", "my-ca"]).status.success());
    let mode = |name: &str| fs::metadata(bench.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("my-ca"), mode("my-ca/ca-key.pem")), (0o700, 0o600));
    refused(&bench.samewire(&["ca", "new", "my-ca"]), "exists already");
    let url = format!("https://{HOST}/v1/lots");
    let header = format!("Authorization: Bearer {TOKEN}");
    let kept = ["--ca", "my-ca/ca.pem", "--ca-key", "my-ca/ca-key.pem", "--ca-cert", "used.pem"];
    for side in ["sandbox", "runtime"] {
        // A client with a trust store of its own, which knows the kept authority only.
        let command = ["curl", "-sS", "--cacert", "my-ca/ca.pem", "-H", &header, &url];
        let output = bench.recording(side, "s.har", &kept, &command).output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{}", text(&output));
        assert_eq!(fs::read(bench.path("used.pem")).unwrap(), fs::read(bench.path("my-ca/ca.pem")).unwrap());
    }
    let key = fs::read_to_string(bench.path("my-ca/ca-key.pem")).unwrap();
    assert!(!fs::read_to_string(bench.path("s.har")).unwrap().contains(key.lines().nth(1).unwrap()));
}

#[test]
fn an_authority_that_others_can_use_is_refused() {
    let bench = Bench::new();
    for name in ["one", "two"] {
        assert!(bench.samewire(&["ca", "new", name]).status.success());
    }
    let record = |ca: &str, key: &str| {
        let options = ["--ca", ca, "--ca-key", key];
        bench.recording("sandbox", "s.har", &options, &["true"]).output().unwrap()
    };
    let fails = |output: &Output, words: &str| {
        assert_eq!(output.status.code(), Some(125), "{}", text(output));
        assert!(text(output).contains(words), "{}", text(output));
    };
    fails(&record("one/ca.pem", "two/ca-key.pem"), "do not belong together");
    fails(&record("one/none.pem", "one/ca-key.pem"), "cannot read one/none.pem");
    fs::set_permissions(bench.path("one/ca-key.pem"), fs::Permissions::from_mode(0o640)).unwrap();
    fails(&record("one/ca.pem", "one/ca-key.pem"), "may be read by others");
    let folder = bench.path("open");
    fs::create_dir(&folder).unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    refused(&bench.samewire(&["ca", "new", "open"]), "is open to others");
}
