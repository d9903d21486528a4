//! Runs every rule and puts causes before consequences.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::compare::{ChangeKind, Comparison, Difference, Identity, Locator, Pair, Significance};
use crate::model::Side;

use super::registry::{self, RULES};
use super::standing::{Answers, answers, severity};
use super::{
    Blame, Case, Diagnosis, Family, Finding, Findings, Inconclusive, Severity, Verdict, notes, reviewed, told,
};

/// What the rules say of two captures.
pub fn diagnose(case: &Case<'_>) -> Diagnosis {
    let mut findings = Findings::new();
    for rule in RULES {
        (rule.check)(case, &mut findings);
    }
    let (mut findings, expected) = reviewed::set_apart(case, merged(findings));
    for finding in &mut findings {
        finding.severity = severity(case, finding);
        told::temper(case, finding);
    }
    blame_causes(&mut findings);
    findings.sort_by_key(|finding| {
        (
            Reverse(finding.severity),
            finding.caused_by.is_some(),
            finding.rule.family,
            Reverse(finding.confidence),
            registry::place(finding.rule),
            finding.first_exchange(),
        )
    });
    Diagnosis {
        verdict: verdict(case, &findings),
        unexplained: unexplained(case.comparison, &findings),
        notes: notes::notes(case),
        expected,
        findings,
    }
}

/// The same claim about several exchanges is one finding with the evidence of all.
fn merged(findings: Findings) -> Findings {
    let mut merged: Findings = Vec::with_capacity(findings.len());
    for finding in findings {
        let same = merged.iter_mut().find(|known| {
            known.rule.name == finding.rule.name
                && known.side == finding.side
                && known.claim == finding.claim
                && known.detail == finding.detail
        });
        match same {
            Some(known) => known.absorb(finding),
            None => merged.push(finding),
        }
    }
    for finding in &mut merged {
        finding.order_evidence();
    }
    merged
}

/// Sets `caused_by` through `leads_to`, the worst and nearest cause first.
fn blame_causes(findings: &mut Findings) {
    let causes: Vec<Option<&'static str>> = findings
        .iter()
        .map(|consequence| {
            findings
                .iter()
                .filter(|cause| cause.rule.leads_to.contains(&consequence.rule.name))
                .filter(|cause| shares_side(cause.side, consequence.side) && comes_first(cause, consequence))
                .max_by_key(|cause| (cause.severity, cause.confidence, Reverse(registry::place(cause.rule))))
                .map(|cause| cause.rule.name)
        })
        .collect();
    for (finding, cause) in findings.iter_mut().zip(causes) {
        finding.caused_by = cause;
    }
}

fn shares_side(cause: Blame, consequence: Blame) -> bool {
    match (cause, consequence) {
        (Blame::Side(cause), Blame::Side(consequence)) => cause == consequence,
        _ => true,
    }
}

/// A cause on the wire cannot come after what it caused. Of two findings of one family about the same exchange, the one whose rule
/// stands first in the catalogue is the cause.
fn comes_first(cause: &Finding, consequence: &Finding) -> bool {
    match (cause.first_exchange(), consequence.last_exchange()) {
        (Some(first), Some(last)) if first == last && cause.rule.family == consequence.rule.family => {
            registry::place(cause.rule) < registry::place(consequence.rule)
        }
        (Some(first), Some(last)) => first <= last,
        _ => true,
    }
}

fn verdict(case: &Case<'_>, findings: &Findings) -> Verdict {
    let silent = |side: Side| case.capture(side).exchanges.is_empty();
    let torn = |side: Side| case.capture(side).completeness.torn.is_some();
    let named = |finding: &Finding| {
        finding.severity == Severity::Error
            && matches!(finding.side, Blame::Side(_))
            && !lonely_by_tear(case, finding)
    };
    match (silent(Side::Sandbox), silent(Side::Runtime)) {
        (true, true) => return Verdict::Inconclusive(Inconclusive::NothingCaptured),
        _ if findings.iter().any(named) => return Verdict::Differs,
        (false, false) => {}
        (sandbox, _) => {
            let side = if sandbox { Side::Sandbox } else { Side::Runtime };
            let why = if torn(side) { Inconclusive::CaptureTorn } else { Inconclusive::OneSideOnly };
            return Verdict::Inconclusive(why);
        }
    }
    let mut cut_off = false;
    for difference in material(case.comparison) {
        match missing_from(difference) {
            Some(side) if torn(side) => cut_off = true,
            _ => return Verdict::Differs,
        }
    }
    if cut_off {
        return Verdict::Inconclusive(Inconclusive::CaptureTorn);
    }
    if !case.comparison.same_key && leaves_open(case) {
        return Verdict::Inconclusive(Inconclusive::KeysDiffer);
    }
    Verdict::Same
}

/// Under different keys: credentials that may or may not be the same decide nothing where the answer was a refusal. Where both sides
/// were answered well, both were sound.
fn leaves_open(case: &Case<'_>) -> bool {
    let unknown = |at: usize| {
        let credentials = case.comparison.credentials.get(at);
        credentials.is_some_and(|pair| pair.matches.iter().any(|pair| pair.identity == Identity::Unknown))
    };
    let open = |(at, pair): (usize, &Pair)| unknown(at) && answers(pair) != Answers::BothSucceeded;
    case.comparison.pairs.iter().enumerate().any(open)
}

/// A request that is missing where the file is torn proves nothing.
fn lonely_by_tear(case: &Case<'_>, finding: &Finding) -> bool {
    let Blame::Side(side) = finding.side else { return false };
    case.capture(side).completeness.torn.is_some()
        && !finding.explains.is_empty()
        && finding
            .explains
            .iter()
            .filter_map(|at| case.comparison.differences.get(*at))
            .all(|difference| missing_from(difference) == Some(side))
}

fn material(comparison: &Comparison) -> impl Iterator<Item = &Difference> {
    comparison.differences.iter().filter(|difference| difference.significance == Significance::Material)
}

/// The side that lacks a whole exchange.
fn missing_from(difference: &Difference) -> Option<Side> {
    match (&difference.at, difference.change.kind) {
        (Locator::Request, ChangeKind::Missing) => Some(Side::Runtime),
        (Locator::Request, ChangeKind::Added) => Some(Side::Sandbox),
        _ => None,
    }
}

/// Material differences that no finding accounts for.
///
/// What a cause does to the answer needs no rule of its own: the status of a pair in which a fault was found, and the requests that
/// a side at fault never came to.
fn unexplained(comparison: &Comparison, findings: &Findings) -> Vec<usize> {
    let explained: BTreeSet<usize> =
        findings.iter().flat_map(|finding| finding.explains.iter().copied()).collect();
    let faulty: BTreeSet<(Side, u32)> = findings
        .iter()
        .filter(|finding| finding.severity > Severity::Note)
        .flat_map(|finding| &finding.evidence)
        .filter_map(|evidence| Some((evidence.side, evidence.exchange?)))
        .collect();
    let stopped = |side: Side| {
        findings.iter().any(|finding| {
            finding.severity == Severity::Error
                && finding.side == Blame::Side(side)
                && finding.rule.family != Family::Request
        })
    };
    let follows_from = |difference: &Difference| {
        let sides = [(Side::Sandbox, difference.sandbox), (Side::Runtime, difference.runtime)];
        follows(&difference.at)
            && sides
                .into_iter()
                .any(|(side, number)| number.is_some_and(|number| faulty.contains(&(side, number))))
            || missing_from(difference).is_some_and(stopped)
    };
    comparison
        .differences
        .iter()
        .enumerate()
        .filter(|(_, difference)| difference.significance == Significance::Material)
        .filter(|(at, difference)| !explained.contains(at) && !follows_from(difference))
        .map(|(at, _)| at)
        .collect()
}

fn follows(at: &Locator) -> bool {
    matches!(at, Locator::Status | Locator::Outcome | Locator::Response(_))
}
