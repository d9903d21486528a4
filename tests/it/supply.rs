//! What samewire is built of, and what it is shipped as: licences, sources and versions are those that `deny.toml` allows, also where no
//! cargo-deny is installed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::clients::bench::text;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn toml(path: &str) -> toml::Table {
    fs::read_to_string(root().join(path)).unwrap().parse().unwrap()
}

/// What cargo says of this repository, from what is on this machine already.
fn cargo(words: &[&str]) -> String {
    let output = Command::new(env!("CARGO")).args(words).current_dir(root()).output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Every package of this machine's build.
fn packages() -> Vec<Value> {
    let host = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let words = ["metadata", "--locked", "--offline", "--format-version", "1", "--filter-platform", &host];
    let metadata: Value = serde_json::from_str(&cargo(&words)).unwrap();
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
    let deny = toml("deny.toml");
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

/// Two versions of a crate are there only where `deny.toml` says why.
#[test]
fn versions_are_doubled_only_with_a_reason() {
    let deny = toml("deny.toml");
    let skipped: BTreeSet<String> = deny["bans"]["skip"]
        .as_array()
        .unwrap()
        .iter()
        .map(|skip| {
            assert!(skip["reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{skip:?}");
            skip["crate"].as_str().unwrap().split('@').next().unwrap().to_owned()
        })
        .collect();
    let mut versions: BTreeMap<String, usize> = BTreeMap::new();
    for package in packages() {
        *versions.entry(package["name"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let doubled: BTreeSet<String> =
        versions.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name).collect();
    assert_eq!(doubled, skipped);
}

/// Features that nobody asked for are off, or `docs/design.md` tells what they are for.
#[test]
fn default_features_are_on_only_with_a_reason() {
    let design = fs::read_to_string(root().join("docs/design.md")).unwrap();
    let (_, section) = design.split_once("### Default features").expect("docs/design.md has the section");
    let told: BTreeSet<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let packages = packages();
    let own = packages.iter().find(|package| package["name"] == "samewire").unwrap();
    let mut on = BTreeSet::new();
    for dependency in own["dependencies"].as_array().unwrap() {
        let name = dependency["name"].as_str().unwrap();
        if dependency["uses_default_features"] == Value::Bool(true) {
            let package = packages.iter().find(|package| package["name"] == name).unwrap();
            let defaults = package["features"]["default"].as_array().cloned().unwrap_or_default();
            if defaults.iter().any(|feature| !["std", "alloc"].contains(&feature.as_str().unwrap())) {
                on.insert(name);
            }
        }
    }
    assert_eq!(on, told);
}

/// The fuzz targets have a lock of their own, and are seldom built.
#[test]
fn the_lock_of_the_fuzz_targets_is_of_this_samewire() {
    let manifest = toml("Cargo.toml");
    let named = |table: &toml::Value| -> Vec<String> { table.as_table().unwrap().keys().cloned().collect() };
    let mut wanted: BTreeSet<String> = named(&manifest["dependencies"]).into_iter().collect();
    for target in manifest["target"].as_table().unwrap().values() {
        wanted.extend(named(&target["dependencies"]));
    }
    let lock = toml("fuzz/Cargo.lock");
    let own = lock["package"].as_array().unwrap().iter().find(|one| one["name"].as_str() == Some("samewire"));
    let locked: BTreeSet<String> = own.unwrap()["dependencies"]
        .as_array()
        .unwrap()
        .iter()
        .map(|name| name.as_str().unwrap().split(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(locked, wanted, "`cargo update --workspace` in fuzz/ mends it");
}

/// What `cargo package` packs is what samewire is built of and its pages, within what crates.io takes.
#[test]
fn the_package_holds_what_it_is_built_of() {
    let listed = cargo(&["package", "--list", "--locked", "--offline", "--allow-dirty"]);
    let files: Vec<&str> = listed.lines().filter(|file| root().join(file).is_file()).collect();
    for wanted in ["src/main.rs", "Cargo.lock", "askama.toml", "LICENSE-MIT", "docs/rules/token-empty.md"] {
        assert!(files.contains(&wanted), "{wanted} is missing");
    }
    let odd: Vec<_> = files
        .iter()
        .filter(|file| file.contains('/') && !file.starts_with("src/") && !file.starts_with("docs/"))
        .collect();
    assert!(odd.is_empty(), "{odd:?}");
    let size: u64 = files.iter().map(|file| fs::metadata(root().join(file)).unwrap().len()).sum();
    assert!(size < 8 << 20, "{size} bytes");
}

/// The Debian package says the version that Cargo.toml says.
#[test]
fn the_debian_package_is_of_this_version() {
    let changelog = fs::read_to_string(root().join("debian/changelog")).unwrap();
    assert!(changelog.starts_with(&format!("samewire ({})", env!("CARGO_PKG_VERSION"))), "{changelog}");
}

/// Who gives the program away gives the licence texts of all that it is linked from.
#[test]
fn the_licences_of_all_that_is_linked_go_along() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("licences");
    let written = Command::new(root().join("packaging/licences"))
        .arg(&file)
        .env("SAMEWIRE_CARGO_OPTIONS", "--offline")
        .output()
        .unwrap();
    assert!(written.status.success(), "{}", text(&written));
    let written = fs::read_to_string(file).unwrap();
    let tree =
        cargo(&["tree", "--locked", "--offline", "--edges", "normal", "--prefix", "none", "--format", "{p}"]);
    let linked: BTreeSet<_> = tree
        .lines()
        .filter_map(|line| line.split_once(" v"))
        .map(|(name, version)| (name, version.split(' ').next().unwrap()))
        .filter(|(name, _)| *name != "samewire")
        .collect();
    assert!(linked.len() > 100, "{linked:?}");
    for (name, version) in linked {
        assert!(written.contains(&format!("\n==== {name} {version}: ")), "{name} {version}");
    }
    for words in
        ["Apache License", "Permission is hereby granted, free of charge", "Redistributions in binary form"]
    {
        assert!(written.contains(words), "{words}");
    }
}
