//! `token-masked`: a mask was sent as if it were the secret.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::Class;

use super::placeholder::placeholders;

pub(crate) static RULE: Rule = Rule {
    name: "token-masked",
    family: Family::Auth,
    summary: "a mask was sent as if it were the secret",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-masked.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for found in placeholders(case, |class| matches!(class, Class::Mask(_))) {
        let Class::Mask(text) = &found.carried.secret.shape.class else { continue };
        let what = format!("the mask `{text}` as the secret in {}", found.place());
        let finding = found.finding(&RULE, &what, "a mask, not a secret").detail("mask", text.as_str());
        findings.push(finding.remedy(
            "enter the secret again: what a form, an API or an export shows of a stored secret is its mask",
        ));
    }
}
