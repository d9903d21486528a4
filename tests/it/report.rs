//! Tests of `report`: hand-made cases, each format's text kept as a snapshot.

mod browser;
mod cases;
mod ci;
mod config_to_wire;
pub(crate) mod hostile;
mod parts;
pub(crate) mod samples;

use samewire::model::{Messages, Outcome, WebSocket};
use samewire::report::{Report, Style, json, markdown, terminal};

use serde_json::Value;

use cases::Made;

fn report(made: &Made) -> Report {
    // The version would change every snapshot with every release.
    Report { version: "0.0.0", ..made.report() }
}

fn at_width(width: usize, made: &Made) -> String {
    terminal(&report(made), Style { width, color: false })
}

#[test]
fn an_empty_token_is_shown_with_its_cause() {
    let made = cases::token_empty();
    insta::assert_snapshot!("token_empty.terminal", at_width(100, &made));
    insta::assert_snapshot!("token_empty.narrow.terminal", at_width(60, &made));
    insta::assert_snapshot!("token_empty.json", json(&report(&made)));
}

#[test]
fn a_missing_spec_is_shown_by_its_line_of_output() {
    insta::assert_snapshot!("spec_missing.terminal", at_width(100, &cases::spec_missing()));
}

#[test]
fn equal_runs_are_one_line_and_what_was_not_shown() {
    insta::assert_snapshot!("same.terminal", at_width(100, &cases::same()));
    insta::assert_snapshot!("same.json", json(&report(&cases::same())));
}

#[test]
fn messages_of_websockets_are_counted() {
    let mut made = cases::same();
    let Outcome::Answered(response) = &mut made.sandbox.exchanges[0].outcome else {
        panic!("it is answered")
    };
    let sent = Messages { messages: 3, bytes: 120, control: 1 };
    response.websocket =
        Some(Box::new(WebSocket { sent, received: Messages { messages: 1, bytes: 1, control: 0 } }));
    let shown = at_width(200, &made);
    let line = "WebSocket messages are counted, not compared: sandbox 3 sent (120 bytes), 1 received (1 byte) on 1 connection.";
    assert!(shown.contains(line), "{shown}");
    let report: Value = serde_json::from_str(&json(&report(&made))).unwrap();
    assert_eq!(report["sandbox"]["websockets"]["sent"]["control"], 1);
    assert!(report["runtime"].get("websockets").is_none());
}

#[test]
fn an_inconclusive_report_says_why_and_what_next() {
    let made = cases::nothing_captured();
    insta::assert_snapshot!("nothing_captured.terminal", at_width(100, &made));
    insta::assert_snapshot!("nothing_captured.json", json(&report(&made)));
}

#[test]
fn an_issue_begins_with_what_matters() {
    for (name, made) in [
        ("token_empty", cases::token_empty()),
        ("spec_missing", cases::spec_missing()),
        ("same", cases::same()),
        ("nothing_captured", cases::nothing_captured()),
        ("several", cases::several()),
    ] {
        insta::assert_snapshot!(format!("{name}.markdown"), markdown(&report(&made)));
    }
}

#[test]
fn several_findings_show_the_cause_in_full_and_its_consequences_in_short() {
    insta::assert_snapshot!("several.terminal", at_width(100, &cases::several()));
}

#[test]
fn every_kind_of_place_has_text() {
    insta::assert_snapshot!("places.terminal", at_width(80, &cases::places()));
}

#[test]
fn color_changes_nothing_but_color() {
    let made = cases::several();
    let colored = terminal(&report(&made), Style { width: 100, color: true });
    assert_ne!(colored, at_width(100, &made));
    assert_eq!(anstream::adapter::strip_str(&colored).to_string(), at_width(100, &made));
}
