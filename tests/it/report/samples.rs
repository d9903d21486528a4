//! Every sample in every format. The terminal's text of those that fire is kept as a snapshot: it is what the rule's author wants people to read.

use std::fs;
use std::path::{Path, PathBuf};

use super::browser;
use samewire::compare::compare;
use samewire::diagnose::{Case, Severity, diagnose};
use samewire::model::Capture;
use samewire::report::{Report, SCHEMA, Style, json, markdown, terminal};

pub(crate) fn folders() -> Vec<PathBuf> {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples");
    let mut folders: Vec<PathBuf> =
        fs::read_dir(samples).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.retain(|folder| folder.is_dir());
    folders.sort();
    assert!(!folders.is_empty(), "there are samples");
    folders
}

/// The captures of a folder: sandbox and runtime.
pub(crate) fn captures(folder: &Path) -> [Capture; 2] {
    ["sandbox.har", "runtime.har"].map(|name| samewire::capture::read(&folder.join(name)).unwrap())
}

pub(super) fn report(folder: &Path) -> Report {
    let [sandbox, runtime] = captures(folder);
    let comparison = compare(&sandbox, &runtime);
    let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
    Report { version: "0.0.0", ..Report::new(&case, &diagnose(&case)) }
}

#[test]
fn what_people_read() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = terminal(&report(&folder.join("fires")), Style::default());
        insta::assert_snapshot!(format!("sample.{rule}"), text);
    }
}

#[test]
fn what_an_issue_shows() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        insta::assert_snapshot!(format!("sample.{rule}.markdown"), markdown(&report(&folder.join("fires"))));
    }
}

/// The page without its style and script, of a few: a browser reads all of them.
#[test]
fn what_a_page_shows() {
    for rule in ["credentials-lost-on-redirect", "spec-missing", "token-empty"] {
        let folder = folders()[0].with_file_name(rule).join("fires");
        let text = browser::page(&captures(&folder));
        let body = text.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
        insta::assert_snapshot!(format!("sample.{rule}.html"), body);
    }
}

#[test]
fn what_programs_read() {
    for folder in folders() {
        for variant in ["fires", "quiet"] {
            let report = report(&folder.join(variant));
            let read: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
            assert_eq!(read["schema"], SCHEMA);
            for member in [
                "verdict",
                "verdict_reason",
                "sandbox",
                "runtime",
                "findings",
                "differences",
                "unexplained",
                "expected",
            ] {
                assert!(read.get(member).is_some(), "{member}");
            }
            assert_eq!(read["findings"].as_array().unwrap().len(), report.findings.len());
        }
    }
}

/// A rule that names a place which the capture does not have shows nothing there.
#[test]
fn the_first_place_of_every_finding_has_text() {
    for folder in folders() {
        for found in
            report(&folder.join("fires")).findings.iter().filter(|found| found.severity > Severity::Note)
        {
            let place = found.evidence.first().unwrap_or_else(|| panic!("{} has no evidence", found.rule));
            assert!(place.excerpt.is_some(), "{}: nothing at {}", found.rule, place.at);
        }
    }
}
