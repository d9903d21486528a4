//! What samewire is built of: licences and sources are those that `deny.toml` allows, also where no cargo-deny is installed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Every package of this machine's build, from what is on it already.
fn packages() -> Vec<Value> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &host])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// An SPDX expression of alternatives that are joined by AND, as licences of crates are; `/` is their old OR.
fn is_allowed(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let expression = expression.replace(['(', ')'], "").replace('/', " OR ");
    let known =
        |licence: &str| allowed.contains(licence.split_whitespace().collect::<Vec<_>>().join(" ").as_str());
    expression.split(" AND ").all(|part| part.split(" OR ").any(known))
}

#[test]
fn licences_and_sources_are_allowed() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("deny.toml")).unwrap();
    let deny: toml::Table = text.parse().unwrap();
    let words = |value: &toml::Value| -> BTreeSet<String> {
        value.as_array().unwrap().iter().map(|word| word.as_str().unwrap().to_owned()).collect()
    };
    let allowed = words(&deny["licenses"]["allow"]);
    assert!(!is_allowed("GPL-3.0", &allowed) && !is_allowed("MIT AND GPL-3.0", &allowed));
    let banned: Vec<&str> =
        deny["bans"]["deny"].as_array().unwrap().iter().map(|ban| ban["name"].as_str().unwrap()).collect();
    let mut wrong = Vec::new();
    let mut used = BTreeSet::new();
    let packages = packages();
    assert!(packages.len() > 100, "{}", packages.len());
    for package in packages {
        let name = package["name"].as_str().unwrap();
        let licence = package["license"].as_str().unwrap_or("none");
        let source = package["source"].as_str().unwrap_or("here");
        if !is_allowed(licence, &allowed) {
            wrong.push(format!("{name}: {licence}"));
        }
        if !["here", "registry+https://github.com/rust-lang/crates.io-index"].contains(&source) {
            wrong.push(format!("{name}: from {source}"));
        }
        if banned.contains(&name) {
            wrong.push(format!("{name}: banned"));
        }
        used.extend(allowed.iter().filter(|one| licence.contains(one.as_str())).cloned());
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(used, allowed, "deny.toml allows what nothing needs");
}
