//! `credentials-leaked-on-redirect`: a redirect carried credentials to another host.

use crate::diagnose::{Blame, Case, Family, Finding, Findings, Rule, Severity};
use crate::model::Side;

use super::place::words;
use super::redirect::hops;
use super::same::same_secret;
use super::suspect::looks_sound;

pub(crate) static RULE: Rule = Rule {
    name: "credentials-leaked-on-redirect",
    family: Family::Auth,
    summary: "a redirect carried credentials to another host",
    severity: Severity::Warning,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-leaked-on-redirect.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let leaks = |side| {
        let mut leaks = Findings::new();
        leaks_of(case, side, &mut leaks);
        leaks
    };
    let (sandbox, runtime) = (leaks(Side::Sandbox), leaks(Side::Runtime));
    let both = !sandbox.is_empty() && !runtime.is_empty();
    for mut finding in sandbox.into_iter().chain(runtime) {
        if both {
            finding.side = Blame::Both;
        }
        findings.push(finding);
    }
}

fn leaks_of(case: &Case<'_>, side: Side, findings: &mut Findings) {
    for hop in hops(case, side) {
        let (from, to) = (&hop.first.request.target.host, &hop.second.request.target.host);
        if from == to {
            continue;
        }
        for carried in hop.after.iter().filter(|carried| looks_sound(&carried.secret)) {
            let Some(first) = hop.before.iter().find(|first| same_secret(&first.secret, &carried.secret))
            else {
                continue;
            };
            findings.push(
                Finding::new(&RULE, side, format!("a redirect from {from} carried {} on to {to}", words(&carried.at)))
                    .primary(side, Some(hop.second.number), carried.at.clone(), "the same secret, at another host")
                    .related(side, Some(hop.first.number), first.at.clone(), "meant for this host")
                    .remedy(format!("if {to} is not yours to trust, change the credentials; call the final host directly"))
                    .remedy("HTTP libraries strip `Authorization` at another host, but no other field and no parameter"),
            );
        }
    }
}
