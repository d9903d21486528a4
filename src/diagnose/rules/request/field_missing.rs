//! `field-missing`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "field-missing",
    family: Family::Request,
    summary: "a field other than credentials is absent",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/field-missing.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Field,
        |seen| (seen.here().is_none() && seen.there().is_some()).then(|| seen.name()),
        |side, all| {
            let name = all[0].name();
            Stated {
                claim: format!("{side} does not send the field `{name}`, which {} sends", side.other()),
                remedy: format!(
                    "send `{name}` on {side}: `request_headers` in the manifest, and the config key that it reads (a template that renders to nothing drops its field)"
                ),
            }
        },
    );
}
