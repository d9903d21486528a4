//! `redirect-differs`.

use crate::compare::{Difference, Locator, Pair, Significance};
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Exchange, Side};

use super::hop::{next_hop, redirects};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "redirect-differs",
    family: Family::Request,
    summary: "one side was redirected, or redirected elsewhere",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/redirect-differs.md"),
    leads_to: &["response-differs", "request-missing", "request-unexpected"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for (index, pair) in case.comparison.pairs.iter().enumerate() {
        let (Some(sandbox), Some(runtime)) =
            (case.compared(pair, Side::Sandbox), case.compared(pair, Side::Runtime))
        else {
            continue;
        };
        match (redirects(sandbox), redirects(runtime)) {
            (false, true) if sandbox.succeeded() => {
                findings.push(redirected(case, index, Side::Runtime, runtime, sandbox));
            }
            (true, false) if runtime.succeeded() => {
                findings.push(redirected(case, index, Side::Sandbox, sandbox, runtime));
            }
            (true, true) => {
                let place = case
                    .comparison
                    .differences
                    .iter()
                    .enumerate()
                    .find(|(_, known)| known.pair == index && is_place(known));
                findings.extend(place.map(|(at, difference)| elsewhere(case, pair, at, difference)));
            }
            _ => {}
        }
    }
}

fn is_place(difference: &Difference) -> bool {
    let Locator::Response(at) = &difference.at else { return false };
    difference.significance == Significance::Material
        && matches!(&**at, Locator::Field { name, .. } if name == "location")
}

fn redirected(case: &Case<'_>, pair: usize, side: Side, exchange: &Exchange, partner: &Exchange) -> Finding {
    let other = side.other();
    let status = exchange.status().unwrap_or_default();
    let target = next_hop(case, side, exchange);
    let to = target
        .map(|hop| format!(" to {}{}", hop.request.target.host, hop.request.target.path))
        .unwrap_or_default();
    let claim = format!("the server redirects {side}{to} ({status}), and answers {other} itself");
    let at_redirect = |finding: Finding, primary: bool| {
        if primary {
            finding.primary(side, Some(exchange.number), Locator::Status, "redirected here")
        } else {
            finding.related(side, Some(exchange.number), Locator::Status, "redirected here")
        }
    };
    let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely).detail("status", status);
    let finding = match target.filter(|hop| !hop.succeeded()) {
        Some(hop) => {
            at_redirect(finding.primary(side, Some(hop.number), Locator::Status, "it ends here"), false)
        }
        None => at_redirect(finding, true),
    };
    finding
        .related(other, Some(partner.number), Locator::Status, "answered here")
        .explains(of_pair(case, pair, |at| matches!(at, Locator::Status | Locator::Response(_))))
        .explains(target.into_iter().flat_map(|hop| of_hop(case, side, hop.number)))
        .remedy("call the address that the redirect names, if it is the API's; a redirect to a sign-in page means that the server did not accept the session")
        .remedy(format!("look what tells the server the two apart: address, cookies, host name of {side}"))
}

fn elsewhere(case: &Case<'_>, pair: &Pair, at: usize, difference: &Difference) -> Finding {
    let side = match (case.compared(pair, Side::Sandbox), case.compared(pair, Side::Runtime)) {
        (Some(sandbox), Some(runtime))
            if ends_badly(case, Side::Sandbox, sandbox) && !ends_badly(case, Side::Runtime, runtime) =>
        {
            Side::Sandbox
        }
        _ => Side::Runtime,
    };
    let number = |side: Side| if side == Side::Sandbox { difference.sandbox } else { difference.runtime };
    let value = |side: Side| {
        if side == Side::Sandbox { &difference.change.sandbox } else { &difference.change.runtime }
    };
    let words = |side: Side| value(side).as_deref().unwrap_or("nowhere").to_owned();
    let claim = format!(
        "the server redirects {side} to {}, and {} to {}",
        words(side),
        side.other(),
        words(side.other())
    );
    Finding::new(&RULE, side, claim)
        .confidence(Confidence::Likely)
        .primary(side, number(side), difference.at.clone(), words(side))
        .related(side.other(), number(side.other()), difference.at.clone(), words(side.other()))
        .explains([at])
        .remedy("look what tells the server the two apart: address, cookies, host name; then call the right address directly")
}

fn ends_badly(case: &Case<'_>, side: Side, exchange: &Exchange) -> bool {
    next_hop(case, side, exchange).is_some_and(|hop| !hop.succeeded())
}

fn of_pair(case: &Case<'_>, pair: usize, wanted: impl Fn(&Locator) -> bool) -> Vec<usize> {
    let differences = case.comparison.differences.iter().enumerate();
    differences.filter(|(_, known)| known.pair == pair && wanted(&known.at)).map(|(at, _)| at).collect()
}

/// The difference that says that only one side has this hop.
fn of_hop(case: &Case<'_>, side: Side, number: u32) -> Vec<usize> {
    let Some(pair) = case.pair_of(side, number) else { return Vec::new() };
    of_pair(case, pair, |at| *at == Locator::Request)
}
