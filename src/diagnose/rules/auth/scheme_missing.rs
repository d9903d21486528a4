//! `scheme-missing`: the same token with its scheme on one side and without on the other.

use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};

use crate::model::RepairKind;

use super::place::{config_pointer, same_place, value, words};
use super::same::{same_without_scheme, schemes};
use super::suspect::{looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "scheme-missing",
    family: Family::Auth,
    summary: "the same token with its auth-scheme on one side and without on the other",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/scheme-missing.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).filter(|suspect| !suspect.guessed) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        if !looks_sound(&faulty.secret)
            || !same_place(&faulty.at, &sound.at)
            || !(suspect.one_token() || same_without_scheme(&faulty.secret, &sound.secret))
        {
            continue;
        }
        let side = suspect.side;
        let token = value(sound);
        let place = words(&faulty.at);
        let (claim, label, other, remedy) = match (schemes(faulty).as_slice(), schemes(sound).as_slice()) {
            ([], [scheme]) => (
                format!(
                    "{side} sends the token in {place} without `{scheme}`, while {} sends `{scheme}` and {token}",
                    side.other()
                ),
                "no auth-scheme",
                "scheme and token",
                format!("send `{scheme}`, a space, then the token"),
            ),
            ([scheme], []) => (
                format!(
                    "{side} sends `{scheme}` before the token in {place}, while {} sends {token} alone",
                    side.other()
                ),
                "an auth-scheme",
                "the token alone",
                format!("send the token without `{scheme}`"),
            ),
            _ => continue,
        };
        let patch = match (config_pointer(faulty), schemes(sound).as_slice()) {
            (Some(pointer), [scheme]) => repair(case, side, RepairKind::AddScheme, |known| {
                known.config.as_deref() == Some(pointer)
                    && known.word.as_ref().is_some_and(|word| word.eq_ignore_ascii_case(scheme))
            }),
            _ => None,
        };
        findings.push(suspect.finding(&RULE, claim, label, other).remedy_with(remedy, patch));
    }
}
