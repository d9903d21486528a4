//! `query-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::{contrast, list};
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "query-differs",
    family: Family::Request,
    summary: "a query parameter is absent, additional, or has another value",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/query-differs.md"),
    leads_to: &["token-refresh-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Query,
        |_| Some(String::new()),
        |side, all| Stated {
            claim: match all {
                [seen] => format!("the query parameter `{}` differs: {}", seen.name(), contrast(seen)),
                all => format!("query parameters differ: {}", list(all)),
            },
            remedy: format!(
                "give {side} the parameters that {} sends: `request_parameters`, the paginator and the slices in the manifest",
                side.other()
            ),
        },
    );
}
