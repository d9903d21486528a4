//! `retry-storm`.

use crate::compare::{Attempts, Locator};
use crate::diagnose::{Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Side};

use super::super::setup::SIDES;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "retry-storm",
    family: Family::Network,
    summary: "refused credentials are sent five times or more: account lock-out ahead",
    severity: Severity::Warning,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/retry-storm.md"),
    leads_to: &[],
    check,
};

/// From here on many services lock an account.
const STORM: usize = 5;

fn check(case: &Case<'_>, findings: &mut Findings) {
    for pair in &case.comparison.pairs {
        for side in SIDES {
            let attempts = match side {
                Side::Sandbox => &pair.sandbox,
                Side::Runtime => &pair.runtime,
            };
            let Some(attempts) = attempts.as_ref().filter(|attempts| attempts.exchanges.len() >= STORM)
            else {
                continue;
            };
            if let Some(status) = refused_each_time(case, side, attempts) {
                findings.push(finding(case, side, attempts, status));
            }
        }
    }
}

/// The status with which each attempt was refused because of its credentials.
fn refused_each_time(case: &Case<'_>, side: Side, attempts: &Attempts) -> Option<u16> {
    let statuses: Vec<Option<u16>> = attempts
        .exchanges
        .iter()
        .map(|number| case.exchange(side, *number).and_then(Exchange::status))
        .collect();
    let refused = statuses.iter().all(|status| matches!(status, Some(401 | 403)));
    statuses.last().copied().flatten().filter(|_| refused)
}

fn finding(case: &Case<'_>, side: Side, attempts: &Attempts, status: u16) -> Finding {
    let times = attempts.exchanges.len();
    let host = case
        .exchange(side, attempts.first())
        .map_or("the API", |exchange| exchange.request.target.host.as_str());
    let claim = format!("{side} sends refused credentials to {host} {times} times ({status} each time)");
    let mut finding = Finding::new(&RULE, side, claim).detail("attempts", times).detail("status", status);
    for (place, number) in (1..).zip(&attempts.exchanges) {
        finding = finding.primary(side, Some(*number), Locator::Status, format!("attempt {place}: {status}"));
    }
    finding
        .remedy("do not retry 401 and 403: let the error handler's response filter FAIL on them")
        .remedy("look whether the account is locked before you try another token")
}
