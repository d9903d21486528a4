//! `rate-limited`.

use crate::compare::{Locator, Pair};
use crate::diagnose::{Blame, Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Side};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "rate-limited",
    family: Family::Network,
    summary: "the API answered 429 and the client gave up",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/rate-limited.md"),
    leads_to: &["response-differs", "request-missing", "request-unexpected"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for pair in &case.comparison.pairs {
        let limited =
            |side: Side| case.compared(pair, side).filter(|exchange| exchange.status() == Some(429));
        match (limited(Side::Sandbox), limited(Side::Runtime)) {
            (None, None) => {}
            (Some(sandbox), Some(runtime)) => {
                let claim = format!("{} limits the rate of both sides: 429", runtime.request.target.host);
                let finding = Finding::new(&RULE, Blame::Both, claim);
                let finding = shown(case, pair, Side::Runtime, runtime, finding);
                findings.push(remedies(shown(case, pair, Side::Sandbox, sandbox, finding)));
            }
            (Some(exchange), None) => findings.push(one(case, pair, Side::Sandbox, exchange)),
            (None, Some(exchange)) => findings.push(one(case, pair, Side::Runtime, exchange)),
        }
    }
}

fn one(case: &Case<'_>, pair: &Pair, side: Side, exchange: &Exchange) -> Finding {
    let claim = format!("{} limits {side}'s rate: 429", exchange.request.target.host);
    let mut finding = shown(case, pair, side, exchange, Finding::new(&RULE, side, claim));
    if let Some(partner) = case.compared(pair, side.other()) {
        let label = partner.status().map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        finding = finding.related(side.other(), Some(partner.number), Locator::Status, label);
    }
    remedies(finding)
}

fn shown(case: &Case<'_>, pair: &Pair, side: Side, exchange: &Exchange, finding: Finding) -> Finding {
    let attempts = match side {
        Side::Sandbox => &pair.sandbox,
        Side::Runtime => &pair.runtime,
    };
    let tried = attempts.as_ref().map_or(1, |attempts| attempts.exchanges.len());
    let before = case.capture(side).exchanges.iter().filter(|known| known.number < exchange.number).count();
    let label = match tried {
        1 if before == 0 => "429 to the first request".to_owned(),
        1 => format!("429 after {before} other requests"),
        tried => format!("429, {tried} attempts"),
    };
    let finding = finding.primary(side, Some(exchange.number), Locator::Status, label);
    match exchange
        .response()
        .and_then(|response| response.fields.iter().find(|field| field.name.key == "retry-after"))
    {
        Some(_) => {
            let at = Locator::Response(Box::new(Locator::field("retry-after")));
            finding.related(side, Some(exchange.number), at, "when to come back")
        }
        None => finding,
    }
}

fn remedies(finding: Finding) -> Finding {
    finding
        .remedy("wait as Retry-After says and retry; lower the concurrency or the page rate of the run")
        .remedy("look who else uses the same key or address: limits are often counted across all of them")
}
