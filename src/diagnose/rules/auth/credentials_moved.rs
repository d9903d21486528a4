//! `credentials-moved`: the same secret in another place or under another name.

use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};

use super::place::{same_place, value, words};
use super::suspect::{looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "credentials-moved",
    family: Family::Auth,
    summary: "the same secret in another place or under another name",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-moved.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).filter(|suspect| !suspect.guessed) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        let there_too =
            suspect.carried(suspect.side).iter().any(|carried| same_place(&carried.at, &sound.at));
        if same_place(&faulty.at, &sound.at)
            || there_too
            || !(suspect.one_token() || suspect.seems_moved())
            || !looks_sound(&faulty.secret)
        {
            continue;
        }
        let side = suspect.side;
        let claim = format!(
            "{side} sends {} in {}, while {} sends it in {}",
            value(faulty),
            words(&faulty.at),
            side.other(),
            words(&sound.at)
        );
        let other = case.differences_of(suspect.pair).filter(|(_, known)| same_place(&sound.at, &known.at));
        let finding = suspect
            .finding(&RULE, claim, "the same secret", "the place on this side")
            .detail("from", sound.at.to_string())
            .detail("to", faulty.at.to_string())
            .explains(other.map(|(at, _)| at))
            .remedy(format!("send it in {}", words(&sound.at)));
        // By name or shape alone where tags cannot be compared.
        let proven = case.comparison.same_key;
        findings.push(if proven { finding } else { finding.confidence(Confidence::Likely) });
    }
}
