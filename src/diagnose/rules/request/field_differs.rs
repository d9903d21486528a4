//! `field-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "field-differs",
    family: Family::Request,
    summary: "a field other than credentials has another value, or is there on the failing side only",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/field-differs.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Field,
        |seen| (seen.here().is_some() || seen.there().is_none()).then(|| seen.name()),
        |side, all| {
            let name = all[0].name();
            let claim = match (all[0].here(), all[0].there()) {
                (Some(_), None) => {
                    format!("{side} sends the field `{name}`, which {} does not send", side.other())
                }
                _ if name.is_empty() => "the fields stand in another order".to_owned(),
                _ => format!("the field `{name}` differs: {}", contrast(&all[0])),
            };
            let remedy = if all[0].are_times() {
                format!(
                    "set the clock of {side}'s machine (`timedatectl`, NTP), or make `{name}` when the request is sent"
                )
            } else {
                format!("send `{name}` on {side} as {} does: `request_headers` in the manifest", side.other())
            };
            Stated { claim, remedy }
        },
    );
}
