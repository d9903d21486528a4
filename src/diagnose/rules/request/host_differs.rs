//! `host-differs`.

use crate::compare::Locator;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use super::part::contrast;
use super::{Part, Stated, state};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "host-differs",
    family: Family::Request,
    summary: "the two sides call another scheme, host or port",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/host-differs.md"),
    leads_to: &[
        "upstream-unreachable",
        "upstream-tls-failed",
        "blocked-by-edge",
        "redirect-differs",
        "response-differs",
    ],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    state(
        case,
        findings,
        &RULE,
        Part::Host,
        |_| Some(String::new()),
        |side, all| {
            let telling = |wanted: &Locator| all.iter().find(|seen| seen.difference.at == *wanted);
            let first = telling(&Locator::Host)
                .or_else(|| telling(&Locator::Scheme))
                .or_else(|| telling(&Locator::Port));
            let first = first.unwrap_or(&all[0]);
            let what = match first.difference.at {
                Locator::Scheme => "schemes",
                Locator::Port => "ports",
                _ => "hosts",
            };
            Stated {
                claim: format!("the {what} differ: {}", contrast(first)),
                remedy: format!(
                    "give {side} the base URL that {} uses: the manifest's `url` (or `url_base`), or the config key that it reads",
                    side.other()
                ),
            }
        },
    );
}
