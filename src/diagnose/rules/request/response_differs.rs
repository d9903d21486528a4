//! `response-differs`.

use crate::compare::{Difference, Identity, Locator, Reason, Significance};
use crate::diagnose::standing::{Answers, answers};
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Side};

use super::super::network::{edge, is_network_failure};
use super::super::refusal::blames_credentials;
use super::hop::redirects;
use super::remains::{self, Answered};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "response-differs",
    family: Family::Request,
    summary: "the requests are equal and the answers are not: the cause is not in the request",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/response-differs.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for (index, pair) in case.comparison.pairs.iter().enumerate() {
        let (Some(sandbox), Some(runtime)) =
            (case.compared(pair, Side::Sandbox), case.compared(pair, Side::Runtime))
        else {
            continue;
        };
        let side = match answers(pair) {
            Answers::OneFailed(side) => side,
            Answers::BothFailed if sandbox.status() != runtime.status() => Side::Runtime,
            // A sign-in page where data were expected is a success to HTTP.
            Answers::BothSucceeded if other_media_type(case, index) => Side::Runtime,
            _ => continue,
        };
        if [sandbox, runtime].into_iter().any(has_a_rule) {
            continue;
        }
        let refused = if side == Side::Sandbox { sandbox } else { runtime };
        match equal(case, index) {
            Equality::Proven => findings.push(finding(case, index, side, sandbox, runtime, all_equal(case))),
            Equality::Open if !blames_credentials(refused) => {
                let finding = finding(case, index, side, sandbox, runtime, false);
                findings.push(finding.confidence(Confidence::Possible).remedy(SAME_KEY));
            }
            Equality::Open | Equality::No => {}
        }
    }
}

/// The answers are of different media types.
fn other_media_type(case: &Case<'_>, pair: usize) -> bool {
    let is_media_type = |at: &Locator| matches!(at, Locator::Field { name, .. } if name == "content-type");
    case.differences_of(pair).any(|(_, known)| {
        known.significance == Significance::Material
            && matches!(&known.at, Locator::Response(at) if is_media_type(at))
    })
}

/// An answer that says itself why it is another one.
fn has_a_rule(exchange: &Exchange) -> bool {
    is_network_failure(exchange)
        || exchange.status() == Some(429)
        || redirects(exchange)
        || edge(exchange).is_some()
}

/// No other request tells the sides apart either: what a server was sent before may be why it answers otherwise now.
fn all_equal(case: &Case<'_>) -> bool {
    let answer = |at: &Locator| matches!(at, Locator::Status | Locator::Outcome | Locator::Response(_));
    !case.comparison.differences.iter().any(|known| {
        (known.significance == Significance::Material || is_reviewed(known)) && !answer(&known.at)
    })
}

/// Somebody expects it; that does not make the requests equal.
fn is_reviewed(difference: &Difference) -> bool {
    matches!(difference.significance, Significance::Expected(Reason::Reviewed { .. }))
}

/// How far the requests of a pair are known to be equal.
enum Equality {
    /// In everything that matters.
    Proven,
    /// In everything but credentials whose tags cannot be compared.
    Open,
    /// They are not.
    No,
}

const SAME_KEY: &str =
    "record both sides under one key (the same XDG_STATE_HOME), so that the credentials can be compared too";

fn equal(case: &Case<'_>, pair: usize) -> Equality {
    let answer = |at: &Locator| matches!(at, Locator::Status | Locator::Outcome | Locator::Response(_));
    let material = |known: &Difference| known.significance == Significance::Material && !answer(&known.at);
    if case.differences_of(pair).any(|(_, known)| material(known)) {
        return Equality::No;
    }
    let matches = case.comparison.credentials.get(pair).map_or(&[][..], |known| &known.matches);
    let mut equality = Equality::Proven;
    for known in matches {
        match known.identity {
            Identity::Same | Identity::Expected(_) => {}
            Identity::Unknown => equality = Equality::Open,
            _ => return Equality::No,
        }
    }
    equality
}

fn finding(
    case: &Case<'_>,
    pair: usize,
    side: Side,
    sandbox: &Exchange,
    runtime: &Exchange,
    connector_cleared: bool,
) -> Finding {
    let (exchange, partner) = if side == Side::Sandbox { (sandbox, runtime) } else { (runtime, sandbox) };
    let (here, there) = (exchange.status().unwrap_or_default(), partner.status().unwrap_or_default());
    let other = side.other();
    let so = if connector_cleared { ", so the connector is not the cause" } else { "" };
    let reviewed: Vec<&Difference> = case
        .differences_of(pair)
        .map(|(_, known)| known)
        .filter(|known| is_reviewed(known) && !matches!(known.at, Locator::Response(_) | Locator::Status))
        .collect();
    let claim = if !reviewed.is_empty() {
        format!(
            "but for expected differences the same request is answered {here} on {side} and {there} on {other}"
        )
    } else if here == there {
        format!("the same request is answered {here} on both sides, with another media type on {side}{so}")
    } else {
        format!("the same request is answered {here} on {side} and {there} on {other}{so}")
    };
    let of_pair = || case.differences_of(pair);
    let harmless = of_pair().any(|(_, known)| match known.significance {
        Significance::Cosmetic(reason) => !matches!(reason, Reason::Connection | Reason::Consequence),
        _ => false,
    });
    let mut finding = Finding::new(&RULE, side, claim)
        .confidence(match (reviewed.is_empty(), harmless) {
            (false, _) => Confidence::Possible,
            (true, true) => Confidence::Likely,
            (true, false) => Confidence::Certain,
        })
        .detail("status", here)
        .detail("connector_cleared", connector_cleared)
        .primary(side, Some(exchange.number), Locator::Status, here.to_string())
        .related(other, Some(partner.number), Locator::Status, format!("{there}, for the same request"))
        .explains(
            of_pair().filter(|(_, known)| known.significance == Significance::Material).map(|(at, _)| at),
        );
    for known in reviewed {
        let Significance::Expected(Reason::Reviewed { entry }) = known.significance else { continue };
        let place =
            case.comparison.expectations.get(entry).map_or_else(String::new, |line| line.entry.place());
        finding = finding
            .related(
                side,
                Some(exchange.number),
                known.at.clone(),
                format!("expected to differ ({place}), and may be why"),
            )
            .remedy(format!("look first at what {place} expects to differ: {}", known.at));
    }
    remains::add_to(&Answered { case, pair, side, here: exchange, there: partner }, finding)
}
