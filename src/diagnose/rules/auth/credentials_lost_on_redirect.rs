//! `credentials-lost-on-redirect`: the hop after a redirect to another origin lacks the credentials.

use crate::compare::{Carried, Locator};
use crate::diagnose::{Case, Family, Finding, Findings, Rule, Severity};
use crate::model::Side;

use super::place::{same_place, words};
use super::redirect::{Hop, hops, origin};
use super::same::same_secret;
use super::suspect::looks_sound;

pub(crate) static RULE: Rule = Rule {
    name: "credentials-lost-on-redirect",
    family: Family::Auth,
    summary: "the first hop had the credentials; the hop after a redirect to another origin does not",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-lost-on-redirect.md"),
    leads_to: &["token-missing", "request-unexpected", "redirect-differs", "retry-storm"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for side in [Side::Sandbox, Side::Runtime] {
        for hop in hops(case, side) {
            // Many redirects go to a signed URL that wants no credentials: only a refusal makes their loss a fault.
            let Some(lost) = lost(&hop).filter(|_| !hop.second.succeeded()) else { continue };
            let (from, to) = (origin(&hop.first.request.target), origin(&hop.second.request.target));
            let place = words(&lost.at);
            findings.push(
                Finding::new(&RULE, side, format!("{side} is redirected from {from} to {to} and loses {place} on the way"))
                    .detail("from", from)
                    .detail("to", to.as_str())
                    .primary(side, Some(hop.second.number), lost.at.clone(), "no credentials after the redirect")
                    .related(side, Some(hop.first.number), lost.at.clone(), "the credentials before it")
                    .explains(explained(case, &hop, &lost.at))
                    .remedy(format!("call {to} directly: put the address that the API redirects to into the base URL"))
                    .remedy("clients drop credentials at another host, scheme or port on purpose; do not switch that off"),
            );
        }
    }
}

/// The credentials of the first request of which the second has none.
fn lost<'a>(hop: &Hop<'a>) -> Option<&'a Carried> {
    let kept = |carried: &Carried| {
        hop.after
            .iter()
            .any(|other| same_place(&other.at, &carried.at) || same_secret(&other.secret, &carried.secret))
    };
    hop.before.iter().find(|carried| {
        looks_sound(&carried.secret) && !matches!(carried.at, Locator::Cookie { .. }) && !kept(carried)
    })
}

/// What the second request lacks, and that there are two requests.
fn explained(case: &Case<'_>, hop: &Hop<'_>, at: &Locator) -> Vec<usize> {
    let number = |sandbox: Option<u32>, runtime: Option<u32>| match hop.side {
        Side::Sandbox => sandbox,
        Side::Runtime => runtime,
    };
    let differences = case.comparison.differences.iter().enumerate();
    differences
        .filter(|(_, difference)| {
            let number = number(difference.sandbox, difference.runtime);
            let of_second = number == Some(hop.second.number) && same_place(at, &difference.at);
            let of_hop = number == Some(hop.first.number) || number == Some(hop.second.number);
            of_second || of_hop && difference.at == Locator::Request
        })
        .map(|(index, _)| index)
        .collect()
}
