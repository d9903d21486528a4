//! `path-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "path-differs",
    family: Family::Request,
    summary: "the two sides call another path",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/path-differs.md"),
    leads_to: &["redirect-differs", "token-refresh-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Path,
        |_| Some(String::new()),
        |side, all| {
            let slash = |value: Option<&str>| value.map(|value| value.trim_end_matches('/').to_owned());
            let only_slash = slash(all[0].here()) == slash(all[0].there());
            let remark = if only_slash { " (only the last slash differs)" } else { "" };
            Stated {
                claim: format!("the paths differ{remark}: {}", contrast(&all[0])),
                remedy: format!(
                    "give {side} the path that {} uses: the stream's `url` or `path` in the manifest",
                    side.other()
                ),
            }
        },
    );
}
