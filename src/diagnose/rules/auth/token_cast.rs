//! `token-cast`: a template language read the token as a literal.

use crate::compare::{Carried, Identity};
use crate::diagnose::rules::repair::repair_for;
use crate::diagnose::rules::setup::keys::dotted;
use crate::diagnose::standing::Answers;
use crate::diagnose::{Blame, Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Form, RepairKind, Step};

use super::place::{value, words};
use super::suspect::{Suspect, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "token-cast",
    family: Family::Auth,
    summary: "a template language read the token as a literal and changed it: `1.10` to `1.1`",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-cast.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        let Some(faulty) = suspect.faulty else { continue };
        if suspect.sound.is_some_and(was_cast) && was_cast(faulty) {
            if suspect.answers == Answers::BothFailed && !suspect.guessed {
                let claim = format!(
                    "both sides send the token in {} as a template read it, not as it is",
                    words(&faulty.at)
                );
                let mut finding = suspect.finding(&RULE, claim, "read as a literal", "read as a literal");
                finding.side = Blame::Both;
                findings.push(advise(&suspect, finding));
            }
        } else if applies(&suspect) && suspect.answers != Answers::BothSucceeded {
            let side = suspect.side;
            let other = suspect.counterpart().map_or_else(|| "the token".to_owned(), value);
            let claim = format!(
                "{side} sends the token in {} as a template read it: as a number, while {} sends {other}",
                words(&faulty.at),
                side.other()
            );
            findings.push(advise(&suspect, suspect.finding(&RULE, claim, "read as a literal", "the token")));
        }
    }
}

/// The side at fault sends what a template language makes of the other side's value.
pub(super) fn applies(suspect: &Suspect<'_>) -> bool {
    let Some(faulty) = suspect.faulty else { return false };
    let of_other = suspect.sound.is_some_and(|sound| {
        sound.secret.fingerprint.forms.get(&Form::Cast) == Some(&faulty.secret.fingerprint.exact)
            && faulty.secret.fingerprint.exact != sound.secret.fingerprint.exact
    });
    of_other || was_cast(faulty) || (*suspect.identity == Identity::Altered("cast") && !suspect.guessed)
}

fn was_cast(carried: &Carried) -> bool {
    carried.secret.relation.as_ref().is_some_and(|relation| relation.steps.contains(&Step::Cast))
}

/// Names the template, where the manifest is known.
fn advise(suspect: &Suspect<'_>, finding: Finding) -> Finding {
    let manifest = suspect.case.capture(suspect.side).inputs.manifest.as_ref();
    let pointer = suspect.faulty.and_then(super::place::config_pointer);
    let template = manifest.and_then(|manifest| {
        manifest
            .references
            .iter()
            .find(|read| read.bare && pointer.is_none_or(|pointer| read.config == pointer))
    });
    let finding = match template {
        Some(read) => finding.detail(
            "cause",
            format!(
                "the manifest's template is nothing but config.{}{}, so its result is read as a literal",
                dotted(&read.config),
                read.line.map_or_else(String::new, |line| format!(" (line {line})"))
            ),
        ),
        None => finding,
    };
    let quoted =
        pointer.and_then(|pointer| repair_for(suspect.case, suspect.side, RepairKind::Quote, pointer));
    let finding = match quoted {
        Some(patch) => finding.remedy_with(
            "put quotes into the template: what is read as a literal is then a text, whatever it looks like",
            Some(patch),
        ),
        None => finding,
    };
    finding.remedy(
        "put the scheme into the template (`Bearer {{ config['...'] }}` under an ApiKeyAuthenticator for `Authorization`): \
         only a template that is nothing but the key is read as a literal",
    )
}
