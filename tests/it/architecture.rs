//! The house rules: who may import whom, and where the network lives.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Who may import whom. `cli` may import all.
const TABLE: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("redact", &["model"]),
    ("capture", &["model"]),
    ("connector", &["model"]),
    ("import", &["model", "redact"]),
    ("compare", &["model"]),
    ("diagnose", &["model", "compare", "connector"]),
    ("expect", &["model", "compare", "redact"]),
    ("inspect", &["model", "redact", "connector", "diagnose"]),
    ("scan", &["model", "redact"]),
    ("report", &["model", "compare", "diagnose", "inspect", "scan"]),
    ("export", &["model", "report"]),
    ("bundle", &["model", "capture", "compare", "diagnose", "report", "export"]),
    ("record", &["model", "redact", "capture", "connector"]),
    ("proxy", &["model", "redact", "record"]),
    ("launch", &["model", "redact", "record", "connector"]),
    ("ui", &["proxy", "report"]),
];

/// The live half, which alone may know of sockets and tasks.
const LIVE: &[&str] = &["proxy", "launch", "record", "ui", "cli"];
const NETWORK: &[&str] =
    &["hyper", "hyper_util", "rustls", "tokio", "tokio_rustls", "tokio_util", "http_body_util"];

fn sources() -> Vec<(String, PathBuf, String)> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let within = path.strip_prefix(&source).unwrap();
                let room = within.iter().next().unwrap().to_string_lossy().into_owned();
                let text = fs::read_to_string(&path).unwrap();
                found.push((room, path, text));
            }
        }
    }
    found
}

/// Rooms named after `crate::` in code, doc comments left out.
fn imports(text: &str) -> BTreeSet<String> {
    let code: String =
        text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    code.match_indices("crate::")
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '$'))
        .flat_map(|(at, word)| {
            let rest = &code[at + word.len()..];
            let group = rest.strip_prefix('{').map(|rest| rest.split("};").next().unwrap_or_default());
            group
                .unwrap_or(rest)
                .split(',')
                .take(if group.is_some() { usize::MAX } else { 1 })
                .map(leading_word)
                .collect::<Vec<_>>()
        })
        .collect()
}

fn leading_word(text: &str) -> String {
    text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_import_only_what_they_may() {
    let table: BTreeMap<&str, &[&str]> = TABLE.iter().copied().collect();
    let rooms: BTreeSet<&str> = table.keys().copied().chain(["cli"]).collect();
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        let Some(allowed) = table.get(room.as_str()) else { continue };
        for import in imports(&text) {
            let foreign = rooms.contains(import.as_str()) && import != room;
            if foreign && !allowed.contains(&import.as_str()) {
                wrong.push(format!("{} imports {import}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_network_lives_in_the_live_half() {
    let mut wrong = Vec::new();
    for (room, path, text) in sources() {
        if LIVE.contains(&room.as_str()) || room == "main.rs" {
            continue;
        }
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            if NETWORK.iter().any(|name| line.contains(&format!("{name}::"))) {
                wrong.push(format!("{}: {}", path.display(), line.trim()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_have_one_purpose() {
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(_, path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > 450)
        .collect();
    assert!(long.is_empty(), "files over 450 lines: {long:#?}");
}
