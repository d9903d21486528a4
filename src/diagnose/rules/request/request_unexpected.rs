//! `request-unexpected`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::lonely::{Meaning, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "request-unexpected",
    family: Family::Request,
    summary: "one side sends a request that the other does not send, or that only a limit of the other kept it from sending, and it fails",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/request-unexpected.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    findings.extend(state(case, &RULE, Meaning::Unexpected, |side, name| {
        let claim = format!("{side} sends {name}, which {} does not send", side.other());
        let remedy = format!("test the same stream in {} (its test reads one stream and few pages), or take it out of the check's `stream_names`", side.other());
        (claim, remedy)
    }));
}
