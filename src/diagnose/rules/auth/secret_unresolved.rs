//! `secret-unresolved`: a reference to a secret was sent instead of the secret.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::Class;

use super::placeholder::placeholders;

pub(crate) static RULE: Rule = Rule {
    name: "secret-unresolved",
    family: Family::Auth,
    summary: "a reference to a secret was sent instead of the secret",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/secret-unresolved.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for found in placeholders(case, |class| matches!(class, Class::SecretReference(_))) {
        let Class::SecretReference(kind) = &found.carried.secret.shape.class else { continue };
        let what = format!("a reference to a secret ({kind}) as the token in {}", found.place());
        let finding = found.finding(&RULE, &what, "names a secret, is none").detail("store", kind.as_str());
        findings.push(finding.remedy(remedy(kind)));
    }
}

/// Who resolves references of this kind.
fn remedy(kind: &str) -> &'static str {
    match kind {
        "airbyte" => {
            "let the platform resolve it: mark the key `airbyte_secret` in the spec, and run through the platform; \
             a config with `_secret` coordinates is of no use to a connector that is started by hand"
        }
        _ => "resolve the reference before the client starts, and give the run the right to read the secret",
    }
}
