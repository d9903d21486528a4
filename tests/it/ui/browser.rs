//! The page in a real browser, while real recordings run.

use std::process::Command;

use crate::clients::bench::{self, Bench};

#[test]
fn it_shows_both_sides_while_they_are_recorded() {
    let Some(python) = bench::tools() else { return };
    if ["chromium", "chromedriver"].iter().any(|name| bench::program(name).is_none()) {
        return;
    }
    let bench = Bench::new();
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
