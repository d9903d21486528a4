//! The HTML report in a real browser: what renders, links, filters, keyboard, barriers, and nothing captured that came alive.

use std::fs;
use std::path::Path;
use std::process::Command;

use jiff::SignedDuration;
use samewire::compare::compare;
use samewire::diagnose::{Case, diagnose};
use samewire::model::{Capture, Exchange, Side};
use samewire::report::{Page, Report, html};

use super::hostile::{everywhere, strings};
use super::samples;
use crate::clients::bench;

/// The page of two captures.
pub(super) fn page(captures: &[Capture; 2]) -> String {
    let [sandbox, runtime] = captures;
    let comparison = compare(sandbox, runtime);
    let case = Case { sandbox, runtime, comparison: &comparison };
    let diagnosis = diagnose(&case);
    let report = Report { version: "0.0.0", ..Report::new(&case, &diagnosis) };
    html(&report, &Page::new(&case, &diagnosis))
}

/// Opens every page of a folder.
fn opens(folder: &Path, pages: usize) {
    let Some(python) = bench::tools() else { return };
    if ["chromium", "chromedriver"].iter().any(|name| bench::program(name).is_none()) {
        return;
    }
    let output = Command::new(python)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tools/browser.py"))
        .arg(folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", bench::text(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), format!("{pages} read"));
}

#[test]
fn every_sample_renders_and_can_be_worked() {
    let scratch = tempfile::tempdir().unwrap();
    let folders = samples::folders();
    for folder in &folders {
        for variant in ["fires", "quiet"] {
            let rule = folder.file_name().unwrap().to_string_lossy();
            let text = page(&samples::captures(&folder.join(variant)));
            // Those that fire are worked as well.
            let kind = if variant == "fires" { "sample" } else { "quiet" };
            fs::write(scratch.path().join(format!("{kind}-{rule}.html")), text).unwrap();
        }
    }
    opens(scratch.path(), 2 * folders.len());
}

#[test]
fn nothing_captured_comes_alive() {
    let scratch = tempfile::tempdir().unwrap();
    let folders = samples::folders();
    let poisons = strings::all();
    let mut pages = 0;
    for (folder, poisons) in folders.iter().zip(poisons.chunks(8)) {
        let moulds = samples::captures(&folder.join("fires")).map(|one| everywhere::Mould::of(&one));
        let text = page(&moulds.each_ref().map(|mould| mould.poisoned(&poisons.concat())));
        fs::write(scratch.path().join(format!("hostile-{pages}.html")), text).unwrap();
        pages += 1;
    }
    assert!(folders.len() * 8 >= poisons.len(), "all of them are in some page");
    opens(scratch.path(), pages);
}

/// Nine in ten requests are equal; every tenth of the runtime lost its credentials.
#[test]
fn a_thousand_exchanges_stay_usable() {
    let sample = samples::folders()[0].with_file_name("token-missing").join("quiet");
    let [sandbox, _] = samples::captures(&sample);
    let [mut sandbox, mut runtime] = [sandbox.clone(), Capture { side: Side::Runtime, ..sandbox }];
    let first = sandbox.exchanges[0].clone();
    for capture in [&mut sandbox, &mut runtime] {
        capture.exchanges = (1..=1_000)
            .map(|number| {
                let started_at = first.started_at + SignedDuration::from_millis(i64::from(number) * 200);
                Exchange { number, index: number, started_at, ..first.clone() }
            })
            .collect();
    }
    for exchange in runtime.exchanges.iter_mut().step_by(10) {
        exchange.request.fields.retain(|field| field.name.key != "authorization");
    }
    let text = page(&[sandbox, runtime]);
    assert_eq!(text.matches("<details class=\"pair ").count(), 1_000);
    assert!(text.len() < 8 << 20, "{} bytes", text.len());
    let scratch = tempfile::tempdir().unwrap();
    fs::write(scratch.path().join("large-thousand.html"), text).unwrap();
    opens(scratch.path(), 1);
}
