//! `upstream-unreachable`.

use crate::compare::Locator;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, Exchange, Failure, FailureKind, Leg, Outcome, Phase, Side};

use super::super::setup::{SIDES, came_to_nothing, said};
use super::unanswered::{is_tls, unanswered};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "upstream-unreachable",
    family: Family::Network,
    summary: "the API could not be reached, or did not answer in time",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/upstream-unreachable.md"),
    leads_to: &["response-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for side in SIDES {
        for lost in unanswered(case, side).into_iter().filter(|lost| !is_tls(lost.failure)) {
            let failure = lost.failure;
            let claim = format!("{side} cannot reach {}: {}", lost.host, how(failure));
            let finding = Finding::new(&RULE, side, claim)
                .detail("leg", failure.leg.to_string())
                .detail("phase", format!("{:?}", failure.phase).to_ascii_lowercase())
                .primary(side, lost.exchange, lost.at, failure.kind.to_string());
            findings.push(
                with_partner(case, side, lost.exchange, finding).remedy(remedy(failure.kind, lost.host)),
            );
        }
        for exchange in given_up(case, side) {
            findings.push(gave_up(case, side, exchange));
        }
    }
    if findings.len() == before {
        findings.extend(by_words_alone(case));
    }
}

/// What happened, and how far it had got where that is not said by itself.
fn how(failure: &Failure) -> String {
    match failure.kind {
        FailureKind::NameNotResolved | FailureKind::Refused => failure.kind.to_string(),
        kind => format!("{kind} while {}", failure.phase),
    }
}

/// Requests that the client left before their answer came.
fn given_up<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = &'a Exchange> {
    let timed_out = case.clues(side).any(|clue| clue.kind == ClueKind::TimedOut);
    let failed = came_to_nothing(case, side);
    case.comparison.pairs.iter().filter_map(move |pair| {
        let exchange = case.compared(pair, side)?;
        let left = match &exchange.outcome {
            Outcome::Failed { failure, response: None } => {
                failure.leg == Leg::Client && failure.phase != Phase::Head
            }
            Outcome::Unfinished => timed_out,
            _ => false,
        };
        (left && (timed_out || failed)).then_some(exchange)
    })
}

fn gave_up(case: &Case<'_>, side: Side, exchange: &Exchange) -> Finding {
    let host = &exchange.request.target.host;
    let after =
        exchange.timings.ended.map(|ended| format!(" after {:.1} s", ended / 1000.0)).unwrap_or_default();
    let claim = format!("{side}'s client gave up waiting for {host}{after}: timed out while {}", Phase::Wait);
    let mut finding = Finding::new(&RULE, side, claim)
        .detail("leg", Leg::Client.to_string())
        .detail("phase", "wait")
        .primary(side, Some(exchange.number), Locator::Outcome, "no answer in time");
    if let Some(clue) = case.clues(side).find(|clue| clue.kind == ClueKind::TimedOut) {
        finding = finding.related(side, None, Locator::Output(clue.stream, clue.line), "its own words");
    } else {
        finding = finding.confidence(Confidence::Likely);
    }
    with_partner(case, side, Some(exchange.number), finding)
        .remedy(format!("ask {host} the same from {side}'s machine with a longer time-out; a slow or filtered route shows there too"))
}

/// True where the wire does not show what the client says: it sent nothing, or it gave up on answers that then came whole.
fn untold(case: &Case<'_>, side: Side, fact: FailureKind) -> bool {
    let exchanges = &case.capture(side).exchanges;
    exchanges.is_empty() || (fact == FailureKind::TimedOut && exchanges.iter().all(Exchange::succeeded))
}

/// The wire shows nothing of it, and the client's own words are all there is.
fn by_words_alone(case: &Case<'_>) -> Vec<Finding> {
    let pick = |kind: &ClueKind| match kind {
        ClueKind::NameNotResolved => Some(FailureKind::NameNotResolved),
        ClueKind::ConnectionFailed => Some(FailureKind::Refused),
        ClueKind::TimedOut => Some(FailureKind::TimedOut),
        _ => None,
    };
    said(case, pick)
        .into_iter()
        .filter(|said| untold(case, said.side(), said.fact))
        .map(|said| {
            let what = match said.fact {
                FailureKind::NameNotResolved => "could not resolve a name",
                FailureKind::TimedOut => "timed out",
                _ => "could not connect",
            };
            let silent = case.capture(said.side()).exchanges.is_empty();
            let so = if silent { ", and no request came through samewire" } else { " before its answers came" };
            let claim = format!("{} {what}{so}", said.who());
            let finding = said.finding(case, &RULE, claim).confidence(Confidence::Likely).detail("leg", Leg::Client.to_string());
            finding.remedy(format!(
                "look from {}'s machine whether the name resolves and the port answers; a client that looks names up itself does so even behind a proxy",
                said.side()
            ))
        })
        .collect()
}

fn with_partner(case: &Case<'_>, side: Side, number: Option<u32>, finding: Finding) -> Finding {
    match number.and_then(|number| case.partner(side, number)).filter(|partner| partner.succeeded()) {
        Some(partner) => {
            finding.related(side.other(), Some(partner.number), Locator::Status, "answered here")
        }
        None => finding,
    }
}

fn remedy(kind: FailureKind, host: &str) -> String {
    match kind {
        FailureKind::NameNotResolved => format!(
            "correct the host name {host}, or the resolver that this run uses (`getent hosts {host}`)"
        ),
        FailureKind::Refused => format!("correct the port, or start what should listen on {host}"),
        FailureKind::Forbidden => {
            "call another host: samewire does not connect to itself or to metadata addresses".to_owned()
        }
        FailureKind::ProxyRefused => {
            "let the upstream proxy pass this host, or give samewire another one with --upstream-proxy"
                .to_owned()
        }
        FailureKind::Malformed => format!("look what answers on {host}: it does not speak HTTP"),
        _ => format!(
            "open the way to {host} from this run's network: firewall, security group, routing, allow-list"
        ),
    }
}
