//! Order, severity, verdict.

use proptest::prelude::*;
use samewire::compare::{Comparison, Significance, compare};
use samewire::diagnose::{Blame, Case, Diagnosis, Inconclusive, RULES, Severity, Verdict, diagnose, rule};
use samewire::model::{
    Body, Capture, ClueKind, Connection, ConnectionKind, Content, Failure, FailureKind, Leg, OpaqueReason,
    Phase, Refused, Side, Text,
};

use super::runs::{Run, TOKEN, diagnosed, run};
use crate::compare::kit;
use crate::compare::properties::{capture, two};

const LOTS: &str = "GET https://api.example.com/v1/lots";

fn sends(token: &str, status: u16) -> Run {
    run().config("/api_key", TOKEN).sends(LOTS, &[&format!("Authorization: Bearer {token}")], status)
}

fn verdict(sandbox: &Run, runtime: &Run) -> Verdict {
    diagnosed(sandbox, runtime).diagnosis.verdict
}

#[test]
fn a_rule_is_found_by_its_name() {
    for known in RULES {
        assert_eq!(rule(known.name).map(|found| found.name), Some(known.name));
    }
    assert!(rule("no-such-rule").is_none());
}

#[test]
fn equal_runs_are_the_same() {
    assert_eq!(verdict(&sends(TOKEN, 200), &sends(TOKEN, 200)), Verdict::Same);
    assert_eq!(verdict(&sends(TOKEN, 403), &sends(TOKEN, 403)), Verdict::Same);
    assert_eq!(verdict(&sends("", 403), &sends("", 403)), Verdict::Same);
}

#[test]
fn a_named_cause_and_an_unnamed_difference_both_differ() {
    assert_eq!(verdict(&sends(TOKEN, 200), &sends("", 403)), Verdict::Differs);
    assert_eq!(verdict(&sends(TOKEN, 200), &sends(TOKEN, 403)), Verdict::Differs);
    let other = run().config("/api_key", TOKEN).sends(LOTS, &["X-Tenant: acme"], 200);
    assert_eq!(verdict(&sends(TOKEN, 200), &other), Verdict::Differs);
}

/// Two bodies of one length are not said to differ in it, and the option is named that shows where they do.
#[test]
fn bodies_that_were_not_looked_into_say_what_shows_more() {
    let uploads = |side, content: &str, why| -> Capture {
        let body = Body { length: 3_000_000, ..kit::body(Content::Opaque(why), content) };
        kit::run(side, [kit::post("/v1/uploads").body(body)])
    };
    for (why, says) in [(OpaqueReason::TooLarge, true), (OpaqueReason::Binary, false)] {
        let (sandbox, runtime) = (uploads(Side::Sandbox, "one", why), uploads(Side::Runtime, "other", why));
        let comparison = compare(&sandbox, &runtime);
        let diagnosis = diagnose(&Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison });
        let [finding] = &diagnosis.findings[..] else { panic!("not one finding") };
        assert_eq!(finding.rule.name, "body-differs");
        assert!(finding.claim.contains("`3000000 other bytes`"), "{}", finding.claim);
        assert!(finding.claim.contains("`3000000 bytes`"), "{}", finding.claim);
        let named = finding.remedies.iter().any(|remedy| remedy.text.contains("`--body-limit 3M`"));
        assert_eq!(named, says);
    }
}

#[test]
fn nothing_captured_is_never_the_same() {
    let nothing = Verdict::Inconclusive(Inconclusive::NothingCaptured);
    assert_eq!(verdict(&run(), &run()), nothing);
    // Not even where both say why.
    let said = run().clue(ClueKind::SpecMissing);
    assert_eq!(verdict(&said, &said), nothing);
}

#[test]
fn one_silent_side_is_inconclusive_unless_something_names_the_cause() {
    let silent = verdict(&sends(TOKEN, 200), &run());
    assert_eq!(silent, Verdict::Inconclusive(Inconclusive::OneSideOnly));
    assert_eq!(verdict(&sends(TOKEN, 200), &run().torn()), Verdict::Inconclusive(Inconclusive::CaptureTorn));
    let said = diagnosed(&sends(TOKEN, 200), &run().clue(ClueKind::SpecMissing));
    assert_eq!(said.diagnosis.verdict, Verdict::Differs);
    assert_eq!(said.diagnosis.findings[0].rule.name, "spec-missing");
    assert_eq!(said.diagnosis.findings[0].severity, Severity::Error);
    assert!(said.diagnosis.unexplained.is_empty(), "{:?}", said.comparison.differences);
}

#[test]
fn a_request_missing_after_a_tear_proves_nothing() {
    let two = sends(TOKEN, 200).sends("GET https://api.example.com/v1/sales", &["Accept: */*"], 200);
    assert_eq!(verdict(&two, &sends(TOKEN, 200).torn()), Verdict::Inconclusive(Inconclusive::CaptureTorn));
}

#[test]
fn under_two_keys_shapes_still_decide_and_unknown_tokens_do_not() {
    assert_eq!(verdict(&sends(TOKEN, 200), &sends("", 403).key("two")), Verdict::Differs);
    let unnamed =
        |key, status| run().key(key).sends(LOTS, &[&format!("Authorization: Bearer {TOKEN}")], status);
    assert_eq!(verdict(&unnamed("one", 200), &unnamed("two", 200)), Verdict::Same, "both were sound");
    let found = diagnosed(&unnamed("one", 403), &unnamed("two", 403)).diagnosis;
    assert_eq!(found.verdict, Verdict::Inconclusive(Inconclusive::KeysDiffer));
    assert!(found.notes.iter().any(|note| note.contains("different keys")), "{:?}", found.notes);
}

#[test]
fn one_claim_about_many_exchanges_is_one_finding() {
    let many = |token: &str, status| {
        (0..20).fold(run().config("/api_key", TOKEN), |run, page| {
            run.sends(&format!("{LOTS}?page={page}"), &[&format!("Authorization: Bearer {token}")], status)
        })
    };
    let found = diagnosed(&many(TOKEN, 200), &many("", 403)).diagnosis;
    let empty: Vec<_> = found.findings.iter().filter(|finding| finding.rule.name == "token-empty").collect();
    assert_eq!(empty.len(), 1);
    let primary = empty[0].evidence.iter().filter(|evidence| evidence.exchange.is_some());
    assert_eq!(primary.count(), 40);
    assert!(found.unexplained.is_empty());
}

/// The differences that count, stand in a request, and are neither explained by a finding nor listed as unexplained.
fn dropped(comparison: &Comparison, diagnosis: &Diagnosis) -> Vec<String> {
    let all = comparison.differences.iter().enumerate();
    let lost = all.filter(|(at, difference)| {
        let explained = diagnosis.findings.iter().any(|finding| finding.explains.contains(at));
        // What an answer says follows from what was asked, and a side at fault may never come to its other requests.
        let lacking = if difference.runtime.is_none() { Side::Runtime } else { Side::Sandbox };
        let stopped = diagnosis
            .findings
            .iter()
            .any(|finding| finding.severity == Severity::Error && finding.side == Blame::Side(lacking));
        let alone = difference.sandbox.is_none() || difference.runtime.is_none();
        let follows = difference.at.to_string().starts_with("response") || alone && stopped;
        difference.significance == Significance::Material
            && !explained
            && !follows
            && !diagnosis.unexplained.contains(at)
    });
    lost.map(|(_, difference)| format!("{difference:?}")).collect()
}

#[test]
fn a_lost_field_is_explained_or_listed() {
    let found = diagnosed(&sends(TOKEN, 200), &run().config("/api_key", TOKEN).sends(LOTS, &[], 403));
    assert_eq!(dropped(&found.comparison, &found.diagnosis), [""; 0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_difference_that_no_rule_explains_is_never_dropped((sandbox, runtime) in two()) {
        let comparison = compare(&sandbox, &runtime);
        let diagnosis = diagnose(&Case { sandbox: &sandbox, runtime: &runtime, comparison: &comparison });
        prop_assert_eq!(dropped(&comparison, &diagnosis), [""; 0]);
    }

    #[test]
    fn a_run_beside_itself_blames_no_side(run in capture(Side::Sandbox)) {
        let comparison = compare(&run, &run);
        let found = diagnose(&Case { sandbox: &run, runtime: &run, comparison: &comparison });
        let nothing = Verdict::Inconclusive(Inconclusive::NothingCaptured);
        prop_assert_eq!(found.verdict, if run.exchanges.is_empty() { nothing } else { Verdict::Same });
        prop_assert_eq!(found.unexplained, Vec::<usize>::new());
        prop_assert!(found.findings.iter().all(|finding| finding.severity < Severity::Error));
    }
}

#[test]
fn healthy_captures_get_no_note_and_a_torn_one_does() {
    assert!(diagnosed(&sends(TOKEN, 200), &sends(TOKEN, 200)).diagnosis.notes.is_empty());
    let notes = diagnosed(&sends(TOKEN, 200), &sends(TOKEN, 200).torn()).diagnosis.notes;
    assert_eq!(notes, ["the runtime capture is torn: read up to byte 100, 10 bytes after it are lost"]);
}

#[test]
fn requests_that_were_not_taken_are_a_note() {
    let failure = Failure {
        leg: Leg::Client,
        phase: Phase::Head,
        kind: FailureKind::Malformed,
        message: Text::shown("PROTOCOL_ERROR"),
    };
    let mut both = [Side::Sandbox, Side::Runtime].map(|side| sends(TOKEN, 200).capture(side));
    both[1].connections.push(Connection {
        number: 2,
        opened_at: both[1].run.started_at,
        authority: Some("api.example.com:443".into()),
        kind: ConnectionKind::Plain,
        upstream: None,
        dials: Vec::new(),
        refused: vec![Refused { stream: 5, times: 3, failure }],
        failure: None,
    });
    let [sandbox, runtime] = &both;
    let comparison = compare(sandbox, runtime);
    let found = diagnose(&Case { sandbox, runtime, comparison: &comparison });
    let note = "runtime, connection 2: the HTTP/2 request on stream 5 was not taken and did not reach the API: PROTOCOL_ERROR; and 2 more";
    assert_eq!((found.verdict, found.notes.as_slice()), (Verdict::Same, &[note.to_owned()][..]));
}
