//! `token-missing`: one side carries credentials, the other has no such field at all.

use crate::compare::Identity;
use crate::diagnose::standing::Answers;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};

use super::place::{same_place, value, words};
use super::redirect::follow_ups;
use super::same::same_secret;
use super::suspect::{Suspect, looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "token-missing",
    family: Family::Auth,
    summary: "one side carries credentials, the other has no such field at all",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-missing.md"),
    leads_to: &["retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let redirected = follow_ups(case);
    for suspect in suspects(case) {
        let Some(sound) = suspect.sound.filter(|sound| looks_sound(&sound.secret)) else { continue };
        let hop =
            suspect.number(suspect.side).is_some_and(|number| redirected.contains(&(suspect.side, number)));
        if suspect.faulty.is_some() || *suspect.identity != Identity::Alone || hop || !lacks(&suspect) {
            continue;
        }
        let side = suspect.side;
        let place = words(&sound.at);
        let claim = format!("{side} sends no {place}, while {} sends {}", side.other(), value(sound));
        let finding = suspect.finding(&RULE, claim, "no such field", "the credentials");
        let elsewhere = !suspect.carried(side).is_empty() || !suspect.failed();
        findings.push(if elsewhere { finding.confidence(Confidence::Likely) } else { finding });
    }
}

/// The side at fault has neither this place nor this secret.
fn lacks(suspect: &Suspect<'_>) -> bool {
    let Some(sound) = suspect.sound else { return false };
    suspect.answers != Answers::Alone
        && !suspect.carried(suspect.side).iter().any(|carried| {
            same_place(&carried.at, &sound.at)
                || same_secret(&carried.secret, &sound.secret)
                || !looks_sound(&carried.secret)
        })
}
