//! `token-empty`: the place is there but its token is empty.

use crate::compare::CredentialPart;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};
use crate::model::{Class, Side};

use super::super::setup::start_failed;
use super::placeholder::placeholders;
use super::unsent::unsent;

pub(crate) static RULE: Rule = Rule {
    name: "token-empty",
    family: Family::Auth,
    summary: "the place is there, but its token is empty",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-empty.md"),
    leads_to: &["retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for side in [Side::Sandbox, Side::Runtime] {
        if start_failed::never_started(case, side)
            && let Some(unsent) = unsent(case, side)
        {
            findings.push(unsent.finding(&RULE).confidence(Confidence::Likely));
        }
    }
    for found in placeholders(case, |class| *class == Class::Empty) {
        // Some APIs want an empty part by design: it is a fault only where the other side has one.
        if found.is_shared()
            || found.suspect.counterpart().is_none_or(|other| other.secret.shape.class == Class::Empty)
        {
            continue;
        }
        let (what, label) = match (found.carried.part, &found.carried.scheme) {
            (CredentialPart::Password, _) => {
                (format!("an empty password in {}", found.place()), "no password")
            }
            (CredentialPart::User, _) => (format!("an empty user name in {}", found.place()), "no user name"),
            (CredentialPart::Token, Some(scheme)) => {
                (format!("`{scheme}` with nothing after it"), "scheme, then nothing")
            }
            (CredentialPart::Token, None) => (format!("{} without a value", found.place()), "nothing here"),
        };
        findings.push(found.finding(&RULE, &what, label));
    }
}
