//! The page in a real browser, while real recordings run.

use std::process::Command;

use samewire::capture;

use crate::clients::bench::{self, Bench};
use crate::report::hostile::{everywhere::Mould, strings};
use crate::report::samples;

/// Pairs of captures with something in every place that holds captured text, a folder each.
fn write_hostile(bench: &Bench) {
    let sample = samples::folders()[0].with_file_name("token-empty").join("fires");
    let moulds = samples::captures(&sample).map(|one| Mould::of(&one));
    for (at, poisons) in strings::all().chunks(24).enumerate() {
        let folder = bench.path(&format!("hostile/{at:02}"));
        std::fs::create_dir_all(&folder).unwrap();
        for (name, mould) in ["sandbox.har", "runtime.har"].into_iter().zip(&moulds) {
            capture::write(&folder.join(name), false, &mould.poisoned(&poisons.concat())).unwrap();
        }
    }
}

#[test]
fn it_shows_both_sides_while_they_are_recorded() {
    let Some(python) = bench::tools() else { return };
    if ["chromium", "chromedriver"].iter().any(|name| bench::program(name).is_none()) {
        return;
    }
    let bench = Bench::new();
    write_hostile(&bench);
    let output = Command::new(python)
        .args([
            "-B",
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/live.py"),
            env!("CARGO_BIN_EXE_samewire"),
        ])
        .arg(bench.path(""))
        .env("XDG_STATE_HOME", bench.path("state"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", bench::text(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "seen");
}
