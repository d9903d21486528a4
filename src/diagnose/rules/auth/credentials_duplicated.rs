//! `credentials-duplicated`: one side sends credentials twice.

use crate::compare::{Carried, CredentialPart, Identity, Locator};
use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};

use crate::model::{DefinedCredentials, RepairKind, Side};

use super::credentials_overridden;
use super::place::{key, same_place, words};
use super::same::{same_reference, same_secret};
use super::suspect::{Suspect, looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "credentials-duplicated",
    family: Family::Auth,
    summary: "one side sends credentials twice: two `Authorization` fields, or field and query",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-duplicated.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        let Some(added) = suspect.faulty.filter(|_| *suspect.identity == Identity::Alone) else { continue };
        if suspect.guessed && suspect.failed()
            || !looks_sound(&added.secret)
            || credentials_overridden::applies(&suspect)
        {
            continue;
        }
        let Some((first, twin)) = twin(&suspect, added) else { continue };
        let side = suspect.side;
        let claim = if same_place(&first.at, &added.at) {
            format!("{side} sends {} twice, while {} sends it once", words(&added.at), side.other())
        } else {
            format!(
                "{side} sends credentials in {} and in {}, while {} sends them in {} only",
                words(&first.at),
                words(&added.at),
                side.other(),
                words(&first.at)
            )
        };
        let finding = suspect
            .finding(&RULE, claim, "credentials again", "the credentials")
            .related(side, suspect.number(side), first.at.clone(), "the first ones")
            .remedy_with(
                format!("send the credentials in {} only", words(&first.at)),
                drop_entry(case, side, &added.at),
            );
        findings.push(if twin { finding } else { finding.confidence(Confidence::Possible) });
    }
}

/// Takes the entry out of the manifest that sets the second ones.
fn drop_entry(case: &Case<'_>, side: Side, at: &Locator) -> Option<String> {
    let place = key(at)?;
    let manifest = case.capture(side).inputs.manifest.as_ref()?;
    let of_place = |known: &&DefinedCredentials| known.place.as_deref() == Some(place.as_str());
    let lines: Vec<Option<u32>> =
        manifest.credentials.iter().filter(of_place).map(|known| known.line).collect();
    repair(case, side, RepairKind::DropEntry, |known| lines.contains(&known.line))
}

/// The credentials beside which these were sent, and whether they are the same.
fn twin<'a>(suspect: &Suspect<'a>, added: &Carried) -> Option<(&'a Carried, bool)> {
    let beside = || {
        suspect.carried(suspect.side).iter().filter(|carried| {
            carried.at != added.at && looks_sound(&carried.secret) && expected_there(suspect, carried)
        })
    };
    let same = |carried: &&Carried| {
        same_secret(&carried.secret, &added.secret) || same_reference(&carried.secret, &added.secret)
    };
    if let Some(first) = beside().find(same) {
        return Some((first, true));
    }
    if let Some(first) =
        beside().find(|carried| same_place(&carried.at, &added.at) && repeats(&carried.at, &added.at))
    {
        return Some((first, true));
    }
    // Other credentials in a second place: a fault only where the request was refused, and cookies come from the server.
    let second = matches!(added.at, Locator::Field { .. } | Locator::Query { .. })
        && added.part == CredentialPart::Token;
    beside().find(|_| second && suspect.failed() && !suspect.guessed).map(|first| (first, false))
}

/// Two occurrences of one name.
fn repeats(first: &Locator, second: &Locator) -> bool {
    let nth = |at: &Locator| match at {
        Locator::Field { nth, .. } | Locator::Query { nth, .. } | Locator::Form { nth, .. } => Some(*nth),
        _ => None,
    };
    nth(first).is_some() && nth(first) != nth(second)
}

/// The other side sends credentials there as well.
fn expected_there(suspect: &Suspect<'_>, carried: &Carried) -> bool {
    suspect.carried(suspect.side.other()).iter().any(|other| same_place(&other.at, &carried.at))
}
