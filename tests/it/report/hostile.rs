//! What comes out of a capture cannot steer a terminal, whatever it is.

use proptest::prelude::*;
use samewire::report::{Report, Style, json, terminal};
use unicode_width::UnicodeWidthChar as _;

use super::cases;

const HOSTILE: [&str; 8] = [
    "\u{1b}]0;owned\u{7}",
    "\u{1b}[2J\u{1b}[1;1H",
    "\u{9b}31m",
    "\r\nverdict: same",
    "\u{202e}edoc\u{2066}",
    "a\u{200b}b\u{feff}",
    "\u{8}\u{8}\u{7f}\0",
    "line\u{2028}break\u{85}",
];

fn poisoned(poison: &str) -> Report {
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
    report
}

fn is_inert(character: char) -> bool {
    character == '\n'
        || character == ' '
        || (!character.is_whitespace() && character.width().is_some_and(|width| width > 0))
}

#[test]
fn escapes_arrive_spelled_out() {
    for poison in HOSTILE {
        let text = terminal(&poisoned(poison), Style { width: 80, color: false });
        assert!(text.chars().all(is_inert), "{poison:?}");
        let clean = terminal(&poisoned("x"), Style { width: 10_000, color: false });
        let lines = terminal(&poisoned(poison), Style { width: 10_000, color: false });
        assert!(lines.lines().count() <= clean.lines().count() + 8, "{poison:?} makes lines of its own");
        assert!(!lines.lines().any(|line| line.starts_with("verdict: same")));
    }
}

#[test]
fn json_keeps_the_value_and_shows_none_of_it() {
    for poison in HOSTILE {
        let text = json(&poisoned(poison));
        assert!(text.chars().all(is_inert), "{poison:?}");
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["notes"].as_array().unwrap().last().unwrap(), poison);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn nothing_passes(poison in any::<String>(), width in 0_usize..140) {
        let text = terminal(&poisoned(&poison), Style { width, color: false });
        prop_assert!(text.chars().all(is_inert));
        prop_assert!(json(&poisoned(&poison)).chars().all(is_inert));
    }
}
