//! `blocked-by-edge`.

use crate::compare::{ChangeKind, CredentialPair, Difference, FieldPart, Identity, Locator};
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Side};

use super::super::setup::SIDES;
use super::edge;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "blocked-by-edge",
    family: Family::Network,
    summary: "a firewall or bot guard answered in the API's place",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/blocked-by-edge.md"),
    leads_to: &["response-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for (index, pair) in case.comparison.pairs.iter().enumerate() {
        for side in SIDES {
            let Some(exchange) = case.compared(pair, side) else { continue };
            let partner = case.compared(pair, side.other());
            let (Some(edge), None) = (edge(exchange), partner.and_then(edge)) else { continue };
            // An edge does not look tokens up; where they differ the answer may be the API's own page.
            if case.comparison.credentials.get(index).is_some_and(credentials_differ) {
                continue;
            }
            findings.push(finding(case, index, side, edge, exchange, partner));
        }
    }
}

fn credentials_differ(pair: &CredentialPair) -> bool {
    pair.matches
        .iter()
        .any(|pair| matches!(pair.identity, Identity::Altered(_) | Identity::Unrelated | Identity::Alone))
}

fn finding(
    case: &Case<'_>,
    pair: usize,
    side: Side,
    edge: &'static str,
    exchange: &Exchange,
    partner: Option<&Exchange>,
) -> Finding {
    let other = side.other();
    let judged: Vec<(usize, &Difference)> = case
        .comparison
        .differences
        .iter()
        .enumerate()
        .filter(|(_, difference)| difference.pair == pair && tells_clients_apart(difference))
        .collect();
    let places: Vec<String> = judged.iter().map(|(_, difference)| place(difference)).collect();
    let status = exchange.status().unwrap_or_default();
    let by = match places.as_slice() {
        [] if partner.is_some() => "the requests are equal, so it judged by address, rate or TLS".to_owned(),
        [] => format!("{other} has no such request"),
        places => format!("it may have judged by {}", places.join(", ")),
    };
    let claim = format!("{edge} answered {side} with {status} in the API's place; {by}");
    let mut finding = Finding::new(&RULE, side, claim)
        .confidence(if partner.is_some_and(Exchange::succeeded) {
            Confidence::Certain
        } else {
            Confidence::Likely
        })
        .detail("edge", edge)
        .detail("judged_by", places)
        .primary(side, Some(exchange.number), Locator::Status, format!("a page of {edge}"));
    if let Some(partner) = partner {
        finding = finding.related(other, Some(partner.number), Locator::Status, "answered by the API");
    }
    for (_, difference) in judged.iter().take(4) {
        let number = if side == Side::Sandbox { difference.sandbox } else { difference.runtime };
        finding = finding.related(side, number, difference.at.clone(), "it may have judged by this");
    }
    let user_agent = judged
        .iter()
        .any(|(_, difference)| matches!(&difference.at, Locator::Field { name, .. } if name == "user-agent"));
    if user_agent {
        finding = finding
            .remedy(format!("send {other}'s User-Agent on {side}, or one that the API's owner allows"));
    }
    finding
        .remedy(format!("ask the API's owner to let {side}'s address and client pass; show the time and the edge's request id of the answer"))
        .remedy(format!("call the API once from {side}'s network with {other}'s client: if that is blocked as well, it is the address"))
        .explains(judged.into_iter().map(|(at, _)| at))
}

/// What an edge can judge a client by.
fn tells_clients_apart(difference: &Difference) -> bool {
    match &difference.at {
        Locator::Field { name, part, .. } => {
            matches!(part, FieldPart::Whole | FieldPart::Name)
                && !matches!(
                    name.as_str(),
                    "authorization" | "cookie" | "content-length" | "host" | "connection"
                )
        }
        Locator::Version | Locator::Tls(_) | Locator::Fields => difference.change.kind != ChangeKind::Moved,
        _ => false,
    }
}

fn place(difference: &Difference) -> String {
    match &difference.at {
        Locator::Field { name, .. } => name.clone(),
        Locator::Version => "the HTTP version".to_owned(),
        Locator::Tls(_) => "the TLS fingerprint".to_owned(),
        _ => "the order of fields".to_owned(),
    }
}
