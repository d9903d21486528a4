//! `protocol-differs`.

use crate::compare::{Difference, Locator, Significance};
use crate::diagnose::standing::{Answers, answers};
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Outcome, Side};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "protocol-differs",
    family: Family::Request,
    summary: "the two sides speak another version of HTTP or of TLS, or have another TLS fingerprint",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/protocol-differs.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Version,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: format!("the versions of HTTP differ: {}", contrast(&all[0])),
            remedy: format!("let {side}'s client speak the version that {}'s speaks", side.other()),
        },
    );
    for (index, pair) in case.comparison.pairs.iter().enumerate() {
        let Answers::OneFailed(side) = answers(pair) else { continue };
        let own: Vec<_> = case.differences_of(index).collect();
        let Some((at, difference)) = own.iter().find(|(_, one)| matches!(one.at, Locator::Tls(_))) else {
            continue;
        };
        let refused = case.compared(pair, side);
        if refused.is_some_and(may_be_a_guards) && !own.iter().any(|(_, one)| tells_more(one)) {
            findings.push(hello(case, side, *at, difference));
        }
    }
}

/// What guards in front of an API answer to clients that they do not like.
fn may_be_a_guards(exchange: &Exchange) -> bool {
    match &exchange.outcome {
        Outcome::Answered(response) => matches!(response.status, 403 | 406 | 429 | 503),
        Outcome::Failed { .. } => true,
        Outcome::Unfinished => false,
    }
}

/// A difference of the request that counts; the answer's are what is to be explained.
fn tells_more(difference: &Difference) -> bool {
    difference.significance == Significance::Material
        && !matches!(difference.at, Locator::Response(_) | Locator::Status | Locator::Outcome)
}

fn hello(case: &Case<'_>, side: Side, at: usize, difference: &Difference) -> Finding {
    let (sandbox, runtime) = (difference.change.sandbox.as_deref(), difference.change.runtime.as_deref());
    let (here, there) = if side == Side::Sandbox { (sandbox, runtime) } else { (runtime, sandbox) };
    let (here, there) = (here.unwrap_or_default(), there.unwrap_or_default());
    let other = side.other();
    let number = |side| if side == Side::Sandbox { difference.sandbox } else { difference.runtime };
    let place = |side: Side| {
        let exchange = number(side).and_then(|number| case.exchange(side, number));
        exchange.map_or_else(|| difference.at.clone(), |exchange| Locator::Tls(exchange.connection))
    };
    let claim = format!(
        "the TLS hellos differ, and nothing else of the request: {side} says `{here}`, {other} `{there}`"
    );
    Finding::new(&RULE, side, claim)
        .confidence(Confidence::Possible)
        .primary(side, number(side), place(side), here)
        .related(other, number(other), place(other), there)
        .remedy(format!(
            "call the API once on {side} with {other}'s client: a guard that judges by TLS lets that pass"
        ))
        .explains([at])
}
