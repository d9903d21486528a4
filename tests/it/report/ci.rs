//! The formats that builds read: each well-formed for every sample, and to readers that are not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use samewire::report::{Report, github, junit, sarif};
use serde_json::Value;

use super::{cases, hostile, report, samples};
use crate::clients::bench;

fn all() -> Vec<(String, Report)> {
    let mut all = Vec::new();
    for folder in samples::folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for variant in ["fires", "quiet"] {
            all.push((format!("{rule}.{variant}"), samples::report(&folder.join(variant))));
        }
    }
    for (name, made) in [
        ("same", cases::same()),
        ("nothing_captured", cases::nothing_captured()),
        ("several", cases::several()),
        ("places", cases::places()),
    ] {
        all.push((name.to_owned(), report(&made)));
    }
    all
}

/// How many things are told of, the verdict left out.
fn told(report: &Report) -> usize {
    report.findings.len() + report.unexplained.len()
}

#[test]
fn what_builds_read() {
    for (name, made) in
        [("token_empty", cases::token_empty()), ("several", cases::several()), ("same", cases::same())]
    {
        let made = report(&made);
        insta::assert_snapshot!(format!("{name}.github"), github(&made));
        insta::assert_snapshot!(format!("{name}.junit"), junit(&made));
        insta::assert_snapshot!(format!("{name}.sarif"), sarif(&made));
    }
}

#[test]
fn every_finding_is_one_annotation_one_test_case_and_one_result() {
    for (name, report) in all() {
        let annotations = github(&report);
        assert_eq!(annotations.lines().count(), told(&report) + 1, "{name}");
        for line in annotations.lines() {
            let words = ["::error ", "::warning ", "::notice "];
            assert!(words.iter().any(|word| line.starts_with(word)), "{name}: {line}");
        }
        assert_eq!(junit(&report).matches("<testcase ").count(), told(&report) + 1, "{name}");
        let log: Value = serde_json::from_str(&sarif(&report)).unwrap();
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), told(&report), "{name}");
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        for result in results {
            let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
            assert_eq!(rule["id"], result["ruleId"], "{name}");
            assert!(!rule["help"]["text"].as_str().unwrap().is_empty(), "{name}");
        }
    }
}

#[test]
fn a_manifests_line_is_pointed_to() {
    let folder = samples::folders().into_iter().find(|folder| folder.ends_with("token-empty")).unwrap();
    let report = samples::report(&folder.join("fires"));
    let file = report.runtime.manifest.clone().unwrap();
    let log: Value = serde_json::from_str(&sarif(&report)).unwrap();
    let place = &log["runs"][0]["results"][0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], file.as_str());
    let line = place["region"]["startLine"].as_u64().unwrap();
    assert!(github(&report).contains(&format!(",file={file},line={line}::")), "{}", github(&report));
}

/// The public schemas of SARIF and `JUnit`, which packages carry; without them the test is skipped, unless the test script promised them.
fn schemas() -> Option<[PathBuf; 2]> {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version", "1", "--offline", "--locked", "--manifest-path"]);
    let output = cargo.arg(tools.join("schemas/Cargo.toml")).output().unwrap();
    let required = std::env::var_os("SAMEWIRE_TEST_CLIENTS").is_some();
    assert!(output.status.success() || !required, "{}", bench::text(&output));
    let known: Value = serde_json::from_slice(&output.stdout).ok()?;
    let packages = known["packages"].as_array()?;
    let file = |package: &str, file: &str| {
        let package = packages.iter().find(|one| one["name"] == package)?;
        Some(Path::new(package["manifest_path"].as_str()?).with_file_name(file))
    };
    Some([file("serde-sarif", "src/schema.json")?, file("junit-report", "tests/JUnit.xsd")?])
}

#[test]
fn they_follow_the_public_schemas_and_readers_of_others_understand_them() {
    let (Some(python), Some(schemas)) = (bench::tools(), schemas()) else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut all = all();
    let hostile = hostile::strings::all().into_iter().enumerate();
    all.extend(hostile.map(|(at, poison)| (format!("hostile-{at}"), hostile::poisoned(&poison))));
    for (name, report) in &all {
        fs::write(folder.path().join(format!("{name}.sarif")), sarif(report)).unwrap();
        fs::write(folder.path().join(format!("{name}.xml")), junit(report)).unwrap();
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/builds.py");
    let output = Command::new(python).arg(script).arg(folder.path()).args(schemas).output().unwrap();
    assert!(output.status.success(), "{}", bench::text(&output));
    let read = String::from_utf8(output.stdout).unwrap();
    for (name, report) in &all {
        let line = format!("{name} {} {}\n", told(report), told(report) + 1);
        assert!(read.contains(&line), "{line} in {read}");
    }
}
