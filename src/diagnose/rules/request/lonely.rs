//! Exchanges without a partner, and what that means for either side.

use crate::compare::{Attempts, Locator, Reason};
use crate::diagnose::{Case, Finding, Rule};
use crate::model::{Exchange, Outcome, Side};

use super::super::network::is_network_failure;
use super::hop::is_hop;

/// What the absence of a partner means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// The other side should have sent it.
    Missing,
    /// This side should not have sent it, or it was refused.
    Unexpected,
}

/// An exchange that only one side has.
pub(super) struct Lonely<'a> {
    /// The side that has it.
    pub(super) side: Side,
    /// The exchange.
    pub(super) exchange: &'a Exchange,
    /// What it means.
    pub(super) meaning: Meaning,
    /// The pair that it stands in.
    pair: usize,
}

/// Exchanges without a partner that neither a framework's limits nor another failure explain.
pub(super) fn lonely<'a>(case: &Case<'a>) -> Vec<Lonely<'a>> {
    let mut all = Vec::new();
    for (at, pair) in case.comparison.pairs.iter().enumerate() {
        let side = match (&pair.sandbox, &pair.runtime) {
            (Some(_), None) => Side::Sandbox,
            (None, Some(_)) => Side::Runtime,
            _ => continue,
        };
        let Some(exchange) = case.compared(pair, side) else { continue };
        // A side that sent nothing, a hop, a noisy library, a lost connection: other rules speak of these.
        if case.capture(side.other()).exchanges.is_empty()
            || is_hop(case, side, exchange)
            || is_noise(exchange)
        {
            continue;
        }
        let meaning = match pair.alone {
            Some(Reason::Consequence | Reason::BesideReverse | Reason::Awaited) => None,
            None if exchange.succeeded() => absence(case, side, exchange),
            Some(_) if exchange.succeeded() => None,
            _ => refused(exchange).then_some(Meaning::Unexpected),
        };
        all.extend(meaning.map(|meaning| Lonely { side, exchange, meaning, pair: at }));
    }
    all
}

/// What it means that the other side lacks an exchange that succeeded here.
fn absence(case: &Case<'_>, side: Side, exchange: &Exchange) -> Option<Meaning> {
    let other = side.other();
    let failures: Vec<u32> = case
        .comparison
        .pairs
        .iter()
        .filter(|pair| pair.of(other).is_some_and(|attempts| !attempts.succeeded))
        .filter_map(|pair| pair.of(side).map(Attempts::last))
        .collect();
    // After its first failure the other side had no reason to go on.
    if failures.iter().any(|failed| *failed < exchange.number) {
        return None;
    }
    match (failures.is_empty(), side) {
        (true, Side::Runtime) => Some(Meaning::Unexpected),
        _ => Some(Meaning::Missing),
    }
}

/// Answered with a refusal; time-outs and rate limits have rules of their own.
fn refused(exchange: &Exchange) -> bool {
    matches!(exchange.outcome, Outcome::Answered(_))
        && !is_network_failure(exchange)
        && exchange.status() != Some(429)
}

/// Where client libraries report that they are used, and ask for their own address.
pub(in crate::diagnose) const NOISE: [&str; 3] = ["api.segment.io", "api.ipify.org", "checkip.amazonaws.com"];

/// Telemetry and address look-ups of client libraries.
fn is_noise(exchange: &Exchange) -> bool {
    NOISE.contains(&exchange.request.target.host.as_str())
}

/// One finding for all lonely exchanges of a meaning that one side has; refused ones apart from the others.
pub(super) fn state(
    case: &Case<'_>,
    rule: &'static Rule,
    meaning: Meaning,
    words: impl Fn(Side, &str) -> (String, String),
) -> Vec<Finding> {
    let all: Vec<_> = lonely(case).into_iter().filter(|lonely| lonely.meaning == meaning).collect();
    let mut findings = Vec::new();
    for (side, succeeded) in
        [(Side::Runtime, false), (Side::Sandbox, false), (Side::Sandbox, true), (Side::Runtime, true)]
    {
        let group: Vec<_> = all
            .iter()
            .filter(|known| known.side == side && known.exchange.succeeded() == succeeded)
            .collect();
        let Some(first) = group.first() else { continue };
        let more = match group.len() - 1 {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (claim, remedy) = words(side, &format!("{}{more}", name(first.exchange)));
        let blamed = if meaning == Meaning::Missing { side.other() } else { side };
        let mut finding = Finding::new(rule, blamed, claim).remedy(remedy);
        for known in &group {
            let status = known.exchange.status().map_or_else(String::new, |status| format!(" -> {status}"));
            let label = format!("only {side} sends it{status}");
            finding = finding.primary(side, Some(known.exchange.number), Locator::Request, label);
        }
        let pairs: Vec<usize> = group.iter().map(|known| known.pair).collect();
        let differences = case.comparison.differences.iter().enumerate();
        findings.push(
            finding.explains(differences.filter(|(_, known)| pairs.contains(&known.pair)).map(|(at, _)| at)),
        );
    }
    findings
}

/// `GET /v1/lots -> 403`.
fn name(exchange: &Exchange) -> String {
    let target = &exchange.request.target;
    match exchange.status().filter(|status| *status >= 400) {
        Some(status) => format!("{} {} -> {status}", exchange.request.method, target.path),
        None => format!("{} {}", exchange.request.method, target.path),
    }
}
