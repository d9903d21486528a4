//! What comes out of a capture cannot steer a terminal, a browser or a site, whatever it is and wherever it stands.

pub(crate) mod everywhere;
mod github;
pub(crate) mod strings;

use proptest::prelude::*;
use samewire::compare::compare;
use samewire::diagnose::{Case, diagnose};
use samewire::model::Capture;
use samewire::report::{
    Differing, Judged, Listed, Page, Report, Style, exchange, exchanges, github, html, json, junit, list,
    list_json, markdown, sarif, terminal, terminal_side_by_side,
};
use unicode_width::UnicodeWidthChar as _;

use super::{cases, samples};

/// A report with something in each of its own places.
pub(super) fn poisoned(poison: &str) -> Report {
    let mut report = cases::several().report();
    report.headline.push_str(poison);
    report.notes.push(poison.to_owned());
    report.next.push(poison.to_owned());
    report.sandbox.command.push(poison.to_owned());
    for found in &mut report.findings {
        found.claim.push_str(poison);
        found.detail.insert("cause".into(), poison.into());
        for place in &mut found.evidence {
            place.label.push_str(poison);
            place.at.push_str(poison);
            place.request = Some(poison.to_owned());
            place.answer = Some(poison.to_owned());
            if let Some(excerpt) = &mut place.excerpt {
                excerpt.text.push_str(poison);
            }
        }
        for remedy in &mut found.remedies {
            remedy.text.push_str(poison);
            remedy.patch = Some(format!("+{poison}"));
        }
    }
    for one in report.unexplained.iter_mut().chain(&mut report.differences) {
        one.at.push_str(poison);
        one.change.runtime = Some(poison.to_owned());
    }
    for value in &mut report.config_to_wire {
        value.summary.push_str(poison);
    }
    report
}

fn is_inert(character: char) -> bool {
    character == '\n'
        || character == ' '
        || (!character.is_whitespace() && character.width().is_some_and(|width| width > 0))
}

#[test]
fn escapes_arrive_spelled_out() {
    for poison in strings::all() {
        let text = terminal(&poisoned(&poison), Style { width: 80, color: false });
        assert!(text.chars().all(is_inert), "{poison:?}");
        let clean = terminal(&poisoned("x"), Style { width: 10_000, color: false });
        let lines = terminal(&poisoned(&poison), Style { width: 10_000, color: false });
        assert!(lines.lines().count() <= clean.lines().count() + 8, "{poison:?} makes lines of its own");
        assert!(!lines.lines().any(|line| line.starts_with("verdict: same")));
    }
}

#[test]
fn json_keeps_the_value_and_shows_none_of_it() {
    for poison in strings::all() {
        let text = json(&poisoned(&poison));
        assert!(text.chars().all(is_inert), "{poison:?}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(*read["notes"].as_array().unwrap().last().unwrap(), *poison);
    }
}

#[test]
fn what_builds_read_is_inert_and_stays_one_thing_each() {
    let clean = poisoned("x");
    for poison in strings::all() {
        let report = poisoned(&poison);
        for format in [github, junit, sarif] {
            assert!(format(&report).chars().all(is_inert), "{poison:?}");
            assert_eq!(format(&report).lines().count(), format(&clean).lines().count(), "{poison:?}");
        }
        assert!(github(&report).lines().all(|line| line.starts_with("::")), "{poison:?}");
        assert_eq!(junit(&report).matches('<').count(), junit(&clean).matches('<').count(), "{poison:?}");
        let read: serde_json::Value = serde_json::from_str(&sarif(&report)).unwrap();
        assert_eq!(read["version"], "2.1.0");
    }
}

#[test]
fn markdown_spells_escapes_out() {
    for poison in strings::all() {
        assert!(markdown(&poisoned(&poison)).chars().all(is_inert), "{poison:?}");
    }
}

/// What follows a `<` of a test suite.
fn is_of_a_suite(text: &str) -> bool {
    let name = text.trim_start_matches(['/', '?']).split([' ', '>']).next();
    let names = ["xml", "testsuites", "testsuite", "testcase", "failure", "error", "system-out"];
    name.is_some_and(|name| names.contains(&name))
}

/// The capture in a list, under a hostile name and with a hostile verdict.
fn listed(capture: &Capture, poison: &str) -> Listed {
    Listed {
        file: poison.to_owned(),
        side: capture.side,
        tool: capture.run.tool,
        source: capture.run.source.clone(),
        command: capture.run.command.iter().map(ToString::to_string).collect(),
        started_at: capture.run.started_at,
        ended_at: capture.run.ended_at,
        exit: capture.run.exit,
        exchanges: capture.exchanges.len(),
        bytes: 1,
        torn: false,
        verdict: Some(Judged {
            verdict: poison.to_owned(),
            cause: Some(poison.to_owned()),
            at: capture.run.started_at,
        }),
    }
}

/// Captures whose every string is hostile, through comparison and diagnosis.
#[test]
fn whatever_a_capture_holds_is_inert_in_every_format() {
    let folders = samples::folders();
    let poisons = strings::all();
    for (at, folder) in folders.iter().map(|folder| folder.join("fires")).enumerate() {
        let moulds = samples::captures(&folder).map(|capture| everywhere::Mould::of(&capture));
        assert!(moulds[0].places() >= 20, "{}", folder.display());
        for poison in poisons.iter().skip(at).step_by(folders.len()) {
            let [sandbox, runtime] = moulds.each_ref().map(|mould| mould.poisoned(poison));
            let comparison = compare(&sandbox, &runtime);
            let case = Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison };
            let diagnosis = diagnose(&case);
            let report = Report::new(&case, &diagnosis);
            let page = html(&report, &Page::new(&case, &diagnosis));
            assert!(page.matches("<script").count() == 1 && !page.contains("<img"), "{poison:?}");
            let differing = Differing::new(&case, usize::MAX);
            let wide = Style { width: 120, color: false };
            let mut texts = vec![
                terminal(&report, Style::default()),
                terminal_side_by_side(&report, &differing, wide),
                json(&report),
                markdown(&report),
                page,
                sarif(&report),
                github(&report),
            ];
            let suite = junit(&report);
            assert!(suite.split('<').skip(1).all(is_of_a_suite), "{poison:?} in {}", folder.display());
            texts.push(suite);
            for capture in [&sandbox, &runtime] {
                texts.push(exchanges(capture));
                texts.extend(capture.exchanges.iter().map(|shown| exchange(capture, shown)));
                texts.push(list(poison, &[listed(capture, poison)]));
                texts.push(list_json(poison, &[listed(capture, poison)]));
            }
            for text in texts {
                assert!(text.chars().all(is_inert), "{poison:?} in {}", folder.display());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_passes(poison in any::<String>(), width in 0_usize..140) {
        let text = terminal(&poisoned(&poison), Style { width, color: false });
        prop_assert!(text.chars().all(is_inert));
        prop_assert!(json(&poisoned(&poison)).chars().all(is_inert));
        prop_assert!(markdown(&poisoned(&poison)).chars().all(is_inert));
    }
}
