//! `protocol-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "protocol-differs",
    family: Family::Request,
    summary: "the two sides speak another version of HTTP",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/protocol-differs.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Version,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: format!("the versions of HTTP differ: {}", contrast(&all[0])),
            remedy: format!("let {side}'s client speak the version that {}'s speaks", side.other()),
        },
    );
}
