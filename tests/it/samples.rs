//! The samples: for every rule a pair of captures in which it fires and a pair in which it stays quiet.
//!
//! Each is told as raw bytes, config, manifest and output, goes through the real redactor, writer, reader, comparison and
//! diagnosis, and is kept under `captures/samples/` for people to try `samewire diff` on. `SAMEWIRE_UPDATE_SAMPLES=1` writes them
//! anew.

mod airbyte;
mod auth;
mod cast;
mod network;
mod request;
mod run;
mod setup;
mod story;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use samewire::capture;
use samewire::compare::compare;
use samewire::diagnose::{Case, Diagnosis, RULES, diagnose};
use samewire::model::{Capture, Side};

use story::Story;

/// A rule, and what its two folders hold: sandbox and runtime.
struct Sample {
    rule: &'static str,
    fires: (Story, Story),
    quiet: (Story, Story),
}

fn samples() -> Vec<Sample> {
    [setup::samples(), network::samples(), auth::samples(), request::samples()]
        .into_iter()
        .flatten()
        .collect()
}

/// A pair of captures, and the folder that they belong in.
struct Kept {
    rule: &'static str,
    folder: PathBuf,
    fires: bool,
    captures: [Capture; 2],
}

fn kept() -> Vec<Kept> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures/samples");
    let mut all = Vec::new();
    for sample in samples() {
        for (fires, (sandbox, runtime)) in [(true, sample.fires), (false, sample.quiet)] {
            let folder = root.join(sample.rule).join(if fires { "fires" } else { "quiet" });
            let captures = [run::capture(&sandbox, Side::Sandbox), run::capture(&runtime, Side::Runtime)];
            all.push(Kept { rule: sample.rule, folder, fires, captures });
        }
    }
    all
}

fn diagnosis(sandbox: &Capture, runtime: &Capture) -> Diagnosis {
    let comparison = compare(sandbox, runtime);
    diagnose(&Case { sandbox, runtime, comparison: &comparison })
}

#[test]
fn every_rule_has_its_sample() {
    let told: BTreeSet<&str> = samples().iter().map(|sample| sample.rule).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(told, known);
}

#[test]
fn a_rule_comes_first_where_it_fires_and_is_absent_where_it_is_quiet() {
    let mut wrong = Vec::new();
    for kept in kept() {
        let [sandbox, runtime] = &kept.captures;
        let found: Vec<String> = diagnosis(sandbox, runtime)
            .findings
            .iter()
            .map(|finding| format!("{:?}[{}] {}", finding.severity, finding.rule.name, finding.claim))
            .collect();
        let names = |finding: &String| finding.contains(&format!("[{}]", kept.rule));
        let right = if kept.fires { found.first().is_some_and(names) } else { !found.iter().any(names) };
        if !right {
            wrong.push(format!("{}: {found:#?}", kept.folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A runner in CI and a laptop have keys of their own: shapes, relations and the server's words must do.
#[test]
fn most_rules_find_their_cause_under_different_keys() {
    let mut lost = Vec::new();
    for sample in samples() {
        let (sandbox, runtime) = &sample.fires;
        let sandbox = run::capture(sandbox, Side::Sandbox);
        let runtime = run::capture_under([8; 32], runtime, Side::Runtime);
        let found = diagnosis(&sandbox, &runtime).findings;
        if found.first().is_none_or(|finding| finding.rule.name != sample.rule) {
            lost.push(sample.rule);
        }
    }
    // Two audiences are known by their tags only.
    assert_eq!(lost, ["token-kind-wrong"]);
}

#[test]
fn the_files_are_what_the_stories_make() {
    let update = env::var_os("SAMEWIRE_UPDATE_SAMPLES").is_some();
    let scratch = tempfile::tempdir().expect("a folder");
    for kept in kept() {
        for capture in &kept.captures {
            let name = format!("{}.har", capture.side);
            let made = scratch.path().join(&name);
            capture::write(&made, true, capture).expect("written");
            let made = fs::read(&made).expect("read back");
            let file = kept.folder.join(&name);
            if update {
                fs::create_dir_all(&kept.folder).expect("a folder");
                fs::write(&file, &made).expect("written");
            }
            let there = fs::read(&file).unwrap_or_default();
            assert!(
                there == made,
                "{} is not what its story makes: SAMEWIRE_UPDATE_SAMPLES=1 writes it anew",
                file.display()
            );
            assert_eq!(&capture::read(&file).expect("a capture"), capture, "{}", file.display());
        }
    }
}

#[test]
fn no_file_holds_a_secret() {
    for kept in kept() {
        for capture in &kept.captures {
            let file = kept.folder.join(format!("{}.har", capture.side));
            let text = fs::read_to_string(&file).unwrap_or_default();
            for secret in cast::secrets() {
                assert!(
                    !text.contains(&secret),
                    "{} holds a secret of {} bytes",
                    file.display(),
                    secret.len()
                );
            }
        }
    }
}
