//! What is sampled and foreseen of traffic that did not come through: a finding, a note, or nothing.

use samewire::diagnose::{Blame, Confidence, Finding, Severity, UnseenKind, Verdict, unseen};
use samewire::model::{ClueKind, Coverage, FoundAt, GapKind, Reached, Setting, Side};

use super::runs::{Diagnosed, Run, diagnosed, run};

const API: &str = "https://203.0.113.7/v1/lots";
const ADDRESS: &str = "203.0.113.7:443";

fn works() -> Run {
    run().sends(&format!("GET {API}"), &[], 200)
}

fn bypassed(found: &Diagnosed) -> Option<&Finding> {
    found.diagnosis.findings.iter().find(|finding| finding.rule.name == "proxy-bypassed")
}

fn remedies(finding: &Finding) -> Vec<&str> {
    finding.remedies.iter().map(|remedy| remedy.text.as_str()).collect()
}

#[test]
fn a_connection_to_the_other_sides_address_proves_it() {
    let found = diagnosed(&works(), &run().connects("node", ADDRESS));
    let finding = bypassed(&found).expect("a finding");
    assert_eq!(found.diagnosis.findings[0].rule.name, "proxy-bypassed");
    assert_eq!((finding.side, finding.severity), (Blame::Side(Side::Runtime), Severity::Error));
    assert_eq!(finding.confidence, Confidence::Certain);
    assert!(finding.claim.contains("node connected to 203.0.113.7:443 itself"), "{}", finding.claim);
    assert!(remedies(finding)[0].contains("Node 24"), "{:?}", remedies(finding));
    assert!(!remedies(finding).iter().any(|text| text.contains("trust_env")), "another client's remedy");
    assert_eq!(found.diagnosis.verdict, Verdict::Differs);
}

#[test]
fn a_connection_elsewhere_is_likely_where_nothing_else_came() {
    let found = diagnosed(&works(), &run().connects("source-acme", "198.51.100.9:443"));
    let finding = bypassed(&found).expect("a finding");
    assert_eq!((finding.severity, finding.confidence), (Severity::Error, Confidence::Likely));
}

#[test]
fn what_else_a_healthy_run_connects_to_is_no_finding() {
    let database = works().connects("python3.11", "10.0.0.5:5432").connects("python3.11", "10.0.0.6:9200");
    let found = diagnosed(&works(), &database);
    assert!(found.diagnosis.findings.is_empty(), "{:?}", found.diagnosis.findings);
    assert_eq!(found.diagnosis.verdict, Verdict::Same);
    // It called the API through the proxy and once more past it: the capture is whole enough to compare.
    let found = diagnosed(&works(), &works().connects("curl", ADDRESS));
    assert_eq!(found.diagnosis.verdict, Verdict::Same);
    assert!(bypassed(&found).is_none());
}

#[test]
fn a_run_that_says_why_it_failed_is_not_overruled() {
    let found =
        diagnosed(&works(), &run().clue(ClueKind::SpecMissing).connects("python3.11", "10.0.0.6:9200"));
    assert_eq!(found.diagnosis.findings[0].rule.name, "spec-missing");
    assert!(bypassed(&found).is_none(), "{:?}", found.diagnosis.findings);
    // A database is no API.
    let found = diagnosed(&works(), &run().connects("python3.11", "10.0.0.5:5432"));
    assert!(bypassed(&found).is_none_or(|finding| finding.severity == Severity::Note));
}

#[test]
fn what_was_foreseen_comes_first_among_the_remedies() {
    let setting = Setting { name: "NO_PROXY".into(), at: FoundAt::Script(3) };
    let runtime = run().foreseen("command", GapKind::Excepted(setting)).connects("curl", ADDRESS);
    let found = diagnosed(&works(), &runtime);
    let finding = bypassed(&found).expect("a finding");
    assert_eq!(remedies(finding)[0], "take NO_PROXY out for the recording");
    assert!(remedies(finding)[1].contains("--noproxy"), "{:?}", remedies(finding));
}

#[test]
fn refused_datagrams_and_a_network_that_was_not_tried_are_told() {
    let refused = Coverage { refused: [(443, 2), (8125, 1)].into(), ..Coverage::default() };
    let told = unseen(&works().covered(refused).capture(Side::Runtime));
    assert!(told.iter().all(|one| one.kind == UnseenKind::Refused), "{told:?}");
    assert!(told[0].text.starts_with("2 UDP packets to port 443 (QUIC, HTTP/3) refused"), "{told:?}");
    assert!(told[1].text.starts_with("1 UDP packet to port 8125 refused"), "{told:?}");

    let loopback = || Coverage { loopback: 2, ..Coverage::default() };
    let told = unseen(&run().covered(loopback()).capture(Side::Runtime));
    assert!(told[0].text.starts_with("2 connections to the container's own loopback"), "{told:?}");
    assert!(unseen(&works().covered(loopback()).capture(Side::Runtime)).is_empty());

    for (reached, run, told) in
        [(Reached::Outside, run(), true), (Reached::Outside, works(), false), (Reached::Inside, run(), false)]
    {
        let coverage = Coverage { reached: Some(reached), ..Coverage::default() };
        let unseen = unseen(&run.covered(coverage).capture(Side::Runtime));
        assert_eq!(unseen.iter().any(|one| one.kind == UnseenKind::NotChecked), told, "{reached:?}");
    }
}
