//! A side recorded several times.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::clients::bench::{Bench, TOKEN, first_rule, program, text};

/// Calls the API with something new each time, and counts its runs.
fn caller(bench: &Bench, name: &str, token: &str) -> String {
    let url = format!("http://{}/v1/lots", bench.api.http);
    let script = format!(
        "echo run >> runs; at=$(wc -l < runs)\n\
         curl -sS -H 'Authorization: Bearer {token}' -H \"X-Step: step-$at-of-$at\" -H \"X-Attempt-Token: $at-{token}\" \
         -d \"{{\\\"id\\\": \\\"id-$at\\\", \\\"what\\\": \\\"lots\\\"}}\" -H 'Content-Type: application/json' {url} > /dev/null\n"
    );
    bench.write(name, &script).display().to_string()
}

fn har_files(bench: &Bench, folder: &str) -> Vec<String> {
    let entries = fs::read_dir(bench.path(folder)).unwrap().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.retain(|name| Path::new(name).extension() == Some("har".as_ref()));
    names.sort();
    names
}

#[test]
fn what_changes_from_run_to_run_is_learned_and_the_rest_counts() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let good = caller(&bench, "good.sh", TOKEN);
    let output = bench.samewire(&["record", "sandbox", "--repeat", "3", "-o", "s.har", "--", "sh", &good]);
    assert!(output.status.success(), "{}", text(&output));
    for line in
        ["run 1 of 3 of the sandbox", "run 3 of 3", "recorded in s.har\n", "recorded in s.3.har; next: "]
    {
        assert!(text(&output).contains(line), "{line}: {}", text(&output));
    }
    assert_eq!(har_files(&bench, ""), ["s.2.har", "s.3.har", "s.har"]);
    let sets: Vec<_> = ["s.har", "s.2.har", "s.3.har"]
        .map(|name| samewire::capture::read(&bench.path(name)).unwrap().run.repeat.unwrap())
        .into();
    assert_eq!(
        sets.iter().map(|repeat| (repeat.number, repeat.of)).collect::<Vec<_>>(),
        [(1, 3), (2, 3), (3, 3)]
    );
    assert!(sets.iter().all(|repeat| repeat.set == sets[0].set));
    // Without --force nothing runs where one of the files is there.
    fs::remove_file(bench.path("s.har")).unwrap();
    let again = bench.samewire(&["record", "sandbox", "--repeat", "3", "-o", "s.har", "--", "sh", &good]);
    assert_eq!(again.status.code(), Some(125), "{}", text(&again));
    assert!(text(&again).contains("s.2.har is there already"), "{}", text(&again));
    assert_eq!(fs::read_to_string(bench.path("runs")).unwrap().lines().count(), 3);
    let args = ["record", "sandbox", "--repeat", "3", "--force", "-o", "s.har", "--", "sh", &good];
    assert!(bench.samewire(&args).status.success());

    assert!(bench.samewire(&["record", "runtime", "-o", "r.har", "--", "sh", &good]).status.success());
    let (_, report) = bench.diff("s.har", "r.har");
    let learned: Vec<(&str, u64)> = report["learned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|place| (place["at"].as_str().unwrap(), place["silenced"].as_u64().unwrap()))
        .collect();
    assert!(learned.contains(&("request.field[x-step]", 1)), "{report:#}");
    assert!(learned.contains(&("request.body/id", 1)), "{report:#}");
    assert!(!learned.iter().any(|(at, _)| at.contains("token")), "credentials are exempt: {report:#}");
    let terminal = text(&bench.samewire(&["diff", "s.har", "r.har"]));
    assert!(terminal.contains("2 differences not shown: learned from 3 runs of the sandbox"), "{terminal}");

    let bad = caller(&bench, "bad.sh", "None");
    bench.samewire(&["record", "runtime", "--force", "-o", "r.har", "--", "sh", &bad]);
    let (status, report) = bench.diff("s.har", "r.har");
    assert_eq!((status, first_rule(&report)), (1, "token-null"), "{report:#}");
    // One of the set alone is one alone; a set with a hole says so.
    let (_, report) = bench.diff("s.2.har", "r.har");
    assert_eq!(report["learned"], Value::Null);
    fs::remove_file(bench.path("s.2.har")).unwrap();
    let (_, report) = bench.diff("s.har", "r.har");
    assert!(
        report["notes"][0].as_str().unwrap().starts_with("run 2 of 3 of the sandbox is not learned from")
    );
    assert_eq!(report["learned"][0]["runs"], 2);
    for name in har_files(&bench, "") {
        assert!(!fs::read_to_string(bench.path(&name)).unwrap().contains(&TOKEN[..16]), "{name}");
    }
}

#[test]
fn all_runs_are_made_and_the_first_failure_is_the_status() {
    let bench = Bench::new();
    let script = "echo x >> runs; case $(wc -l < runs) in 1) exit 0;; 2) exit 7;; *) exit 9;; esac";
    let output = bench.samewire(&["record", "runtime", "--repeat", "3", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(7), "{}", text(&output));
    let names = har_files(&bench, "captures");
    assert_eq!(names.len(), 3, "{names:?}");
    let missing = bench.samewire(&["record", "sandbox", "--repeat", "3", "--", "./no-such-program"]);
    assert_eq!(missing.status.code(), Some(127), "{}", text(&missing));
    assert!(!text(&missing).contains("run 2 of 3"), "{}", text(&missing));
    // `diff` finds the first of the newest set, whatever came last to the disk.
    let output = bench.samewire(&["diff", "--format", "json"]);
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["verdict_reason"], "nothing-captured");
    assert_eq!(report["runtime"]["exit"]["code"], 0, "{report:#}");
}

#[test]
fn a_signal_ends_the_repeats() {
    let bench = Bench::new();
    let script = "echo x >> runs; kill -TERM $PPID; sleep 30";
    let output = bench.samewire(&["record", "runtime", "--repeat", "3", "--", "sh", "-c", script]);
    assert_eq!(output.status.code(), Some(143), "{}", text(&output));
    assert_eq!(fs::read_to_string(bench.path("runs")).unwrap().lines().count(), 1);
}

#[test]
fn compare_records_both_sides_as_often() {
    let Some(_) = program("curl") else { return };
    let bench = Bench::new();
    let call = format!("sh {}", caller(&bench, "good.sh", TOKEN));
    let args = ["compare", "--sandbox", &call, "--runtime", &call, "--repeat", "2", "--out-dir", "both"];
    let output = bench.samewire(&[&args[..], &["--format", "json"]].concat());
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", text(&output)));
    assert_eq!(har_files(&bench, "both").len(), 4);
    let sides: Vec<&str> =
        report["learned"].as_array().unwrap().iter().map(|place| place["side"].as_str().unwrap()).collect();
    assert!(sides.contains(&"sandbox") && sides.contains(&"runtime"), "{report:#}");
}
