//! `body-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::Side;

use super::super::auth::airbyte;
use super::part::{Seen, contrast, list};
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "body-differs",
    family: Family::Request,
    summary: "the request's content differs: a member, a form value, or the whole",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/body-differs.md"),
    leads_to: &["token-refresh-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Body,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: match all {
                [seen] if seen.name().is_empty() => format!("the request bodies differ: {}", contrast(seen)),
                [seen] => format!("`{}` differs in the request body: {}", seen.name(), contrast(seen)),
                all => format!("the request bodies differ: {}", list(all)),
            },
            remedy: allowed_origin(case, side, all).unwrap_or_else(|| {
                format!(
                    "send on {side} what {} sends: `request_body` in the manifest, names and types alike",
                    side.other()
                )
            }),
        },
    );
}

/// What is wrong with the `allowed_origin` of a request for an Airbyte widget token, where that is what differs.
fn allowed_origin(case: &Case<'_>, side: Side, all: &[Seen<'_>]) -> Option<String> {
    let number = all.iter().find(|seen| seen.name() == "allowed_origin")?.number(side)?;
    let fault = airbyte::allowed_origin_fault(case.exchange(side, number)?)?;
    Some(format!(
        "`allowed_origin` of {side} {fault}, such as `https://app.example.com`; 422 means that a field of the body is wrong"
    ))
}
