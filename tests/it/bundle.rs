//! Bundles: the same findings without the key, and nothing else.

mod hostile;
mod hosts;
mod same;
mod whole;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Cursor, Read as _};
use std::path::{Path, PathBuf};

use jiff::civil::date;
use samewire::bundle::{self, Bundle, Contents, Hit, MakeError, Making, Runs, Scanner};
use samewire::compare::{Expectation, compare_sets};
use samewire::diagnose::{Case, diagnose};
use samewire::model::Capture;
use samewire::report::{Report, json};
use serde_json::Value;

/// Knows no secret.
struct Blind;

impl Scanner for Blind {
    fn name(&self) -> String {
        "nobody".to_owned()
    }

    fn known_secrets(&self) -> usize {
        0
    }

    fn scan(&self, _: &str, _: &[u8]) -> Vec<Hit> {
        Vec::new()
    }
}

fn both(sandbox: Capture, runtime: Capture) -> Contents {
    Contents { sandbox: Runs::one(sandbox), runtime: Runs::one(runtime) }
}

fn made(contents: Contents, pseudonymize_hosts: bool) -> Result<Bundle, MakeError> {
    made_as_expected(contents, pseudonymize_hosts, &[])
}

fn made_as_expected(
    contents: Contents,
    pseudonymize_hosts: bool,
    expected: &[Expectation],
) -> Result<Bundle, MakeError> {
    bundle::make(Making {
        contents,
        pseudonymize_hosts,
        expected,
        today: date(2025, 11, 23),
        scanner: &Blind,
    })
}

fn reported(contents: &Contents) -> Value {
    let Contents { sandbox, runtime } = contents;
    let comparison = compare_sets(sandbox.set(), runtime.set());
    let case = Case { sandbox: &sandbox.first, runtime: &runtime.first, comparison: &comparison };
    serde_json::from_str(&json(&Report::new(&case, &diagnose(&case)))).unwrap()
}

/// The two captures of every sample.
fn samples() -> Vec<(PathBuf, Contents)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples");
    let mut all = Vec::new();
    for rule in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        for variant in ["fires", "quiet"] {
            let folder = rule.join(variant);
            let side = |name: &str| samewire::capture::read(&folder.join(name)).unwrap();
            let contents = both(side("sandbox.har"), side("runtime.har"));
            all.push((folder, contents));
        }
    }
    assert!(all.len() > 100, "there are samples");
    all.sort_by(|(one, _), (other, _)| one.cmp(other));
    all
}

fn files(zip: &[u8]) -> BTreeMap<String, String> {
    let mut archive = zip::ZipArchive::new(Cursor::new(zip)).unwrap();
    (0..archive.len())
        .map(|at| {
            let mut entry = archive.by_index(at).unwrap();
            let mut text = String::new();
            let name = entry.name().unwrap().into_owned();
            entry.read_to_string(&mut text).unwrap();
            (name, text)
        })
        .collect()
}

/// Every string of a report but those that name keys, and numbers that count bytes of shown text.
fn strings<'v>(report: &'v Value, found: &mut Vec<&'v str>) {
    match report {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(members) => {
            for (name, member) in members.iter().filter(|(name, _)| *name != "key_id") {
                found.push(name);
                strings(member, found);
            }
        }
        _ => {}
    }
}

/// A report's shape: everything but its strings and where the marks in excerpts are.
fn without_strings(report: &Value) -> Value {
    match report {
        Value::String(_) => Value::Null,
        Value::Array(items) => items.iter().map(without_strings).collect(),
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "start" | "end"))
            .map(|(name, member)| (name.clone(), without_strings(member)))
            .collect(),
        other => other.clone(),
    }
}
