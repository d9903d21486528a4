//! The Markdown, read by what GitHub reads it with (cmark-gfm), holds nothing live that was captured.

use std::process::{Command, Stdio};

use samewire::report::markdown;

use super::{poisoned, strings};
use crate::clients::bench;
use crate::report::samples;

#[test]
fn github_finds_no_markup_in_what_was_captured() {
    let Some(python) = bench::tools() else { return };
    let mut texts: Vec<String> = strings::all().iter().map(|poison| markdown(&poisoned(poison))).collect();
    for folder in samples::folders() {
        texts.extend(["fires", "quiet"].map(|variant| markdown(&samples::report(&folder.join(variant)))));
    }
    let mut child = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/github.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    serde_json::to_writer(child.stdin.take().unwrap(), &texts).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", bench::text(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{} read", texts.len()));
}
