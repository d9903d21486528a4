//! `body-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::{contrast, list};
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
            remedy: format!(
                "send on {side} what {} sends: `request_body` in the manifest, names and types alike",
                side.other()
            ),
        },
    );
}
