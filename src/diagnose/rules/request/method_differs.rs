//! `method-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "method-differs",
    family: Family::Request,
    summary: "the two sides use different methods",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/method-differs.md"),
    leads_to: &["media-type-differs", "body-differs", "query-differs", "field-missing", "field-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Method,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: format!("the methods differ: {}", contrast(&all[0])),
            remedy: format!("use {}'s method on {side} too: `http_method` of the requester", side.other()),
        },
    );
}
