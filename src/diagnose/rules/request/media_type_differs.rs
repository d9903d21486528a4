//! `media-type-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "media-type-differs",
    family: Family::Request,
    summary: "Content-Type or Accept differs",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/media-type-differs.md"),
    leads_to: &["body-differs"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::MediaType,
        |seen| Some(seen.name()),
        |side, all| {
            let (field, how) = match all[0].name().as_str() {
                "accept" => ("Accept", "set `Accept` in `request_headers`"),
                _ => (
                    "Content-Type",
                    "choose the same kind of `request_body` (JSON, form, text), or set `Content-Type` in `request_headers`",
                ),
            };
            Stated {
                claim: format!("{field} differs: {}", contrast(&all[0])),
                remedy: format!("let {side} send {}'s media type: {how}", side.other()),
            }
        },
    );
}
