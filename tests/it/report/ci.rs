//! The formats that builds read: each well-formed for every sample, and to readers that are not ours.

use std::fs;
use std::process::Command;

use samewire::report::{Report, github, junit, sarif};
use serde_json::Value;

use super::{cases, report, samples};
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

/// Reads both formats by the models and parsers of others, and counts what they find.
const READ: &str = r#"
import json, sys
from pathlib import Path
import xml.etree.ElementTree as ET
from junitparser import JUnitXml
from sarif_pydantic import Sarif

for path in sorted(Path(sys.argv[1]).glob("*.sarif")):
    log = Sarif.model_validate(json.loads(path.read_text()))
    results = log.runs[0].results or []
    suites = JUnitXml.fromfile(str(path.with_suffix(".xml")))
    root = ET.parse(path.with_suffix(".xml")).getroot()
    cases = [case for suite in suites for case in suite]
    failures = sum(1 for case in cases for one in case.result if type(one).__name__ == "Failure")
    errors = sum(1 for case in cases for one in case.result if type(one).__name__ == "Error")
    counted = (int(root.get("tests")), int(root.get("failures")), int(root.get("errors")))
    assert counted == (len(cases), failures, errors), (path, counted, len(cases), failures, errors)
    assert len({(case.classname, case.name) for case in cases}) == len(cases), path
    print(path.stem, len(results), len(cases))
"#;

#[test]
fn readers_of_others_understand_them() {
    let Some(python) = bench::tools() else { return };
    let folder = tempfile::tempdir().unwrap();
    let all = all();
    for (name, report) in &all {
        fs::write(folder.path().join(format!("{name}.sarif")), sarif(report)).unwrap();
        fs::write(folder.path().join(format!("{name}.xml")), junit(report)).unwrap();
    }
    let output = Command::new(python).args(["-c", READ]).arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", bench::text(&output));
    let read = String::from_utf8(output.stdout).unwrap();
    for (name, report) in &all {
        let line = format!("{name} {} {}\n", told(report), told(report) + 1);
        assert!(read.contains(&line), "{line} in {read}");
    }
}
