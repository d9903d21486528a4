//! `token-null`: a language's word for nothing was sent as the token.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::Class;

use super::placeholder::placeholders;

pub(crate) static RULE: Rule = Rule {
    name: "token-null",
    family: Family::Auth,
    summary: "the token is a language's nothing: `None`, `null`, `undefined`",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-null.md"),
    leads_to: &["retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for found in placeholders(case, |class| matches!(class, Class::Null(_))) {
        let Class::Null(text) = &found.carried.secret.shape.class else { continue };
        let what = format!("`{text}` as the token in {}", found.place());
        let finding =
            found.finding(&RULE, &what, "a language's word for nothing").detail("sent", text.as_str());
        findings
            .push(finding.remedy("fail early where the value is absent, instead of turning it into text"));
    }
}
