//! Every sample in every format. The terminal's text of those that fire is kept as a snapshot: it is what the rule's author wants people to read.

use std::fs;
use std::path::{Path, PathBuf};

use super::browser;
use samewire::compare::compare;
use samewire::diagnose::{Case, Severity, diagnose};
use samewire::model::Capture;
use samewire::report::{
    Differing, Report, SCHEMA, SIDE_BY_SIDE, Style, github, json, junit, markdown, sarif, terminal,
    terminal_side_by_side,
};
use unicode_width::UnicodeWidthStr;

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

/// For a terminal in which requests stand side by side.
fn wide(folder: &Path, style: Style) -> String {
    let [sandbox, runtime] = captures(folder);
    let comparison = compare(&sandbox, &runtime);
    let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
    terminal_side_by_side(&report(folder), &Differing::new(&case, 3), style)
}

#[test]
fn what_people_read() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let text = terminal(&report(&folder.join("fires")), Style::default());
        insta::assert_snapshot!(format!("sample.{rule}"), text);
    }
}

/// In narrow and wide terminals, where requests stand side by side, as `samewire diff` chooses.
#[test]
fn what_terminals_of_other_widths_show() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = folder.join("fires");
        for width in [80, 120, 200] {
            let style = Style { width, color: false };
            let text =
                if width < SIDE_BY_SIDE { terminal(&report(&folder), style) } else { wide(&folder, style) };
            let tables = text.matches("\nside by side: ").count();
            assert!(width >= SIDE_BY_SIDE || tables == 0, "{text}");
            let longest = text.lines().filter(|line| line.contains(" | ")).map(UnicodeWidthStr::width).max();
            assert!(longest.is_none_or(|longest| longest <= width), "{width}: {text}");
            insta::assert_snapshot!(format!("sample.{rule}.{width}"), text);
        }
    }
}

/// What a build or a program reads, of all of them. A rule's page is not repeated.
#[test]
fn what_other_formats_say() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let report = report(&folder.join("fires"));
        let mut log: serde_json::Value = serde_json::from_str(&sarif(&report)).unwrap();
        for rule in log["runs"][0]["tool"]["driver"]["rules"].as_array_mut().unwrap() {
            rule["help"].take();
        }
        let log = serde_json::to_string_pretty(&log).unwrap();
        for (format, text) in
            [("json", json(&report)), ("junit", junit(&report)), ("sarif", log), ("github", github(&report))]
        {
            insta::assert_snapshot!(format!("sample.{rule}.{format}"), text);
        }
    }
}

#[test]
fn what_an_issue_shows() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        insta::assert_snapshot!(format!("sample.{rule}.markdown"), markdown(&report(&folder.join("fires"))));
    }
}

/// The page without its style and script.
#[test]
fn what_a_page_shows() {
    for folder in folders() {
        let rule = folder.file_name().unwrap().to_str().unwrap().to_owned();
        let folder = folder.join("fires");
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

/// To secret scanners, a name in quotes with a semicolon after it ends an assignment, and what stands between a name like `client_secret` and
/// that end is its value.
#[test]
fn nothing_reads_as_an_assignment() {
    for folder in folders() {
        for variant in ["fires", "quiet"] {
            let text = json(&report(&folder.join(variant)));
            assert!(!text.contains("`;"), "{}: {text}", folder.display());
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
