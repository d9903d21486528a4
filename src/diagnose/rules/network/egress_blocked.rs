//! `egress-blocked`.

use crate::compare::Locator;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::ClueKind;

use super::super::setup::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "egress-blocked",
    family: Family::Network,
    summary: "the client's own guard refused the target: a private address, or a scheme that it does not allow",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/egress-blocked.md"),
    leads_to: &["start-failed", "upstream-unreachable"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| match kind {
        ClueKind::EgressBlocked(why) => Some(why),
        _ => None,
    }) {
        let (why, remedy) = match said.fact.as_str() {
            "scheme" => (
                "a URL without TLS",
                "use an https URL; in cloud mode the framework sends nothing to http ones",
            ),
            "private-address" => (
                "a private address",
                "give the API a public name, or run where private targets are allowed (DEPLOYMENT_MODE is not `cloud`)",
            ),
            _ => ("its target", "let the framework call this target, or choose one that it allows"),
        };
        let (side, claim) =
            (said.side(), format!("{} own guard refused {why}{}", said.whose(), said.so(case)));
        let mut finding = said.finding(case, &RULE, claim).detail("how", said.fact.as_str());
        if let Some(partner) = case.capture(side.other()).exchanges.first() {
            let label = partner.request.target.authority();
            finding = finding.related(side.other(), Some(partner.number), Locator::Host, label);
        }
        findings.push(finding.remedy(remedy));
    }
}
