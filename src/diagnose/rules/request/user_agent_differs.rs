//! `user-agent-differs`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "user-agent-differs",
    family: Family::Request,
    summary: "the client names itself otherwise: another User-Agent, or another family of clients",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/user-agent-differs.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::UserAgent,
        |_| Some(String::new()),
        |side, all| {
            let (here, there) = (family(all[0].here()), family(all[0].there()));
            let remark = if here == there { String::new() } else { format!(" ({here} against {there})") };
            Stated {
                claim: format!("User-Agent differs{remark}: {}", contrast(&all[0])),
                remedy: format!(
                    "send {}'s User-Agent on {side} to see whether the server judges by it: `User-Agent` in `request_headers`",
                    side.other()
                ),
            }
        },
    );
}

/// The first product of a User-Agent (RFC 9110, section 10.1.5), without its version.
fn family(value: Option<&str>) -> &str {
    match value {
        None | Some("") => "no name",
        Some(value) => value.split(['/', ' ']).next().unwrap_or(value),
    }
}
