//! `token-refresh-failed`: the token or login endpoint answered with a failure.

use std::collections::BTreeSet;

use crate::compare::{Locator, Pair, Significance};
use crate::diagnose::standing::{Answers, answers};
use crate::diagnose::{Blame, Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Content, Exchange, Reference, Side};

use super::super::request::Seen;
use super::super::request::from_config::with_cause;
use super::suspect::of_side;

pub(crate) static RULE: Rule = Rule {
    name: "token-refresh-failed",
    family: Family::Auth,
    summary: "the token or login endpoint answered with a failure, so the API was never called, or called without",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-refresh-failed.md"),
    leads_to: &[
        "token-missing",
        "token-empty",
        "token-null",
        "retry-storm",
        "request-missing",
        "response-differs",
    ],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let issuing = [Side::Sandbox, Side::Runtime].map(|side| issuing(case, side));
    let issues = |side: Side, number: u32| match side {
        Side::Sandbox => issuing[0].contains(&number),
        Side::Runtime => issuing[1].contains(&number),
    };
    for (index, pair) in case.comparison.pairs.iter().enumerate() {
        let answers = answers(pair);
        let sides: &[Side] = match answers {
            Answers::OneFailed(Side::Sandbox) => &[Side::Sandbox],
            Answers::OneFailed(Side::Runtime) | Answers::BothFailed => &[Side::Runtime],
            Answers::Alone => &[Side::Sandbox, Side::Runtime],
            Answers::BothSucceeded => &[],
        };
        for side in sides {
            let Some(exchange) = case.compared(pair, *side) else { continue };
            let partner = case.compared(pair, side.other());
            let brought_one = partner.is_some_and(|partner| issues(side.other(), partner.number));
            if exchange.status().is_none_or(|status| status < 400)
                || !(brought_one || asks_for_token(exchange))
            {
                continue;
            }
            if went_on(case, *side, exchange, pair) {
                continue;
            }
            let mut finding = finding(case, index, *side, exchange, partner);
            if answers == Answers::BothFailed {
                finding.side = Blame::Both;
            }
            findings.push(finding);
        }
    }
}

fn finding(
    case: &Case<'_>,
    pair: usize,
    side: Side,
    exchange: &Exchange,
    partner: Option<&Exchange>,
) -> Finding {
    let status = exchange.status().unwrap_or_default();
    let last = case.capture(side).exchanges.last().map(|last| last.number);
    let then = if last == Some(exchange.number) {
        "the API was never called"
    } else {
        "the API was called without a new token"
    };
    let url = endpoint(exchange);
    let claim = format!(
        "{side}'s token request {} {url} was answered with {status}, so {then}",
        exchange.request.method
    );
    let mut finding = Finding::new(&RULE, side, claim).detail("status", status).primary(
        side,
        Some(exchange.number),
        Locator::Status,
        "no token",
    );
    if let Some(partner) = partner {
        finding = finding.related(side.other(), Some(partner.number), Locator::Status, "the same request");
    }
    let equal = partner.is_some_and(Exchange::succeeded)
        && !case.differences_of(pair).any(|(_, difference)| {
            difference.significance == Significance::Material
                && !matches!(difference.at, Locator::Status | Locator::Outcome | Locator::Response(_))
        });
    if equal {
        finding = finding.detail("cause", "both sides sent the same token request: what it spends or whom it locks out is on the server").remedy(
            "get a new refresh token: many are good for one use, and the other run has spent this one",
        );
    }
    // What it asks without may be why.
    for (index, difference) in case.differences_of(pair) {
        if difference.significance == Significance::Material {
            finding = with_cause(case, finding, &Seen { side, index, difference });
        }
    }
    finding
        .remedy("read the answer's error code: invalid_client means client id or secret, invalid_grant the refresh token or the login")
        .remedy("check whether the account or the client is locked")
}

/// Scheme, host and path: a token request's query is nobody's business.
fn endpoint(exchange: &Exchange) -> String {
    let target = &exchange.request.target;
    format!("{}{}", super::redirect::origin(target), target.path)
}

/// The exchanges of a side whose answers issued credentials that were used later.
fn issuing(case: &Case<'_>, side: Side) -> BTreeSet<u32> {
    case.comparison
        .credentials
        .iter()
        .flat_map(|pair| of_side(pair, side))
        .filter_map(|carried| match &carried.secret.relation.as_ref()?.reference {
            Reference::Issued { exchange, .. } => Some(*exchange),
            _ => None,
        })
        .collect()
}

/// A request for a token by its looks: an OAuth grant (RFC 6749), or a POST to a path that says login or token.
fn asks_for_token(exchange: &Exchange) -> bool {
    let grant = match &exchange.request.body.content {
        Content::Form(parameters) => parameters.iter().any(|parameter| parameter.name == "grant_type"),
        Content::Json(json) => json.members().iter().any(|(name, _)| name == "grant_type"),
        _ => false,
    };
    if grant {
        return true;
    }
    let path = exchange.request.target.path.to_string().to_ascii_lowercase();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let words = [
        "token",
        "oauth",
        "login",
        "logon",
        "signin",
        "sign-in",
        "sign_in",
        "session",
        "authenticate",
        "authorize",
    ];
    exchange.request.method == "POST" && (last == "auth" || words.iter().any(|word| last.contains(word)))
}

/// The side was served later on all the same: the token was not needed, or another one was had.
fn went_on(case: &Case<'_>, side: Side, exchange: &Exchange, pair: &Pair) -> bool {
    let attempts = match side {
        Side::Sandbox => pair.sandbox.as_ref(),
        Side::Runtime => pair.runtime.as_ref(),
    };
    let last = attempts.map_or(exchange.number, crate::compare::Attempts::last);
    case.capture(side).exchanges.iter().any(|later| later.number > last && later.succeeded())
}
