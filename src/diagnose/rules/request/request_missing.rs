//! `request-missing`.

use crate::compare::Locator;
use crate::diagnose::{Blame, Case, Confidence, Family, Finding, Findings, Rule, Severity};

use super::lonely::{Meaning, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "request-missing",
    family: Family::Request,
    summary: "one side does not send a request that the other sends, and no limit of a framework explains it",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/request-missing.md"),
    leads_to: &["response-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for finding in state(case, &RULE, Meaning::Missing, |side, name| {
        let other = side.other();
        let claim = format!("{other} does not send {name}, which {side} sends");
        (
            claim,
            format!(
                "let {other} send {name} too, if the API wants it before the rest (activation, session, export job)"
            ),
        )
    }) {
        findings.push(with_failure(case, finding));
    }
}

/// Shows the request that the side then failed on.
fn with_failure(case: &Case<'_>, finding: Finding) -> Finding {
    let Blame::Side(side) = finding.side else { return finding };
    let failed = case.capture(side).exchanges.iter().find(|exchange| !exchange.succeeded());
    match failed {
        Some(failed) => finding.confidence(Confidence::Likely).related(
            side,
            Some(failed.number),
            Locator::Status,
            "and then this fails",
        ),
        None => finding,
    }
}
