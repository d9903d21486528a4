//! `token-differs`: two unrelated tokens, each looking sound.

use std::collections::BTreeSet;

use crate::compare::{CredentialPart, Identity};
use crate::diagnose::standing::Answers;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};
use crate::model::{Class, Secret};

use super::super::refusal::blames_credentials;
use super::place::{is_key, same_place, value, words};
use super::same::same_schemes;
use super::suspect::{Suspect, looks_sound, suspects};
use super::{airbyte, credentials_overridden, token_cast, token_expired, token_kind_wrong, token_swapped};

pub(crate) static RULE: Rule = Rule {
    name: "token-differs",
    family: Family::Auth,
    summary: "two unrelated tokens, each looking sound",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-differs.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).filter(|suspect| !suspect.guessed) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        if !same_place(&faulty.at, &sound.at)
            || !same_schemes(faulty, sound)
            || !nothing_else_says_why(&suspect)
        {
            continue;
        }
        let guessed = seems_refused(&suspect);
        if !(suspect.unrelated() || guessed) || !looks_sound(&faulty.secret) || !looks_sound(&sound.secret) {
            continue;
        }
        let side = suspect.side;
        let what = match faulty.part {
            CredentialPart::Token => "token",
            CredentialPart::User => "user name",
            CredentialPart::Password => "password",
        };
        let claim = if guessed {
            let hidden = [faulty, sound].iter().any(|one| one.secret.shape.class == Class::Withheld);
            let why = if hidden {
                "cannot be told, as the import hides it"
            } else {
                "cannot be compared under different keys"
            };
            format!(
                "the API refuses {side}'s {what} in {}, and whether it is {}'s {why}",
                words(&faulty.at),
                side.other()
            )
        } else if is_key(&faulty.at) {
            format!("{side} signs with another {} than {}", words(&faulty.at), side.other())
        } else {
            format!("{side} sends another {what} in {} than {}", words(&faulty.at), side.other())
        };
        let parts = jwt_parts(&suspect, &faulty.secret, &sound.secret);
        let claim = match parts.as_slice() {
            [] => claim,
            parts => format!("{claim}: its JWT has another {}", listed(parts)),
        };
        let finding = suspect.finding(&RULE, claim, value(faulty), value(sound)).remedy(format!(
            "give {side} the {what} that {} uses, or one with the same rights",
            side.other()
        ));
        let finding = match parts.as_slice() {
            [] => finding,
            parts => finding.detail("claims", parts.to_vec()).remedy(format!(
                "look where {side} gets {} of its token from: config, key file, account",
                listed(parts)
            )),
        };
        let finding = match suspect.exchange(side).filter(|exchange| airbyte::is_airbyte(exchange)) {
            Some(_) if airbyte::are_of_organizations([faulty, sound].map(|one| &*one.secret)) => finding
                .remedy("look which client_id each token was issued for (POST `/api/v1/account/applications/token`): the claims of operator and application tokens do not tell them apart"),
            _ => finding,
        };
        findings.push(match suspect.answers {
            Answers::OneFailed(_) if !guessed => finding,
            _ => finding.confidence(Confidence::Possible),
        });
    }
}

/// The parts of two JWTs' heads and claims that differ and do not differ from token to token anyway.
fn jwt_parts(suspect: &Suspect<'_>, faulty: &Secret, sound: &Secret) -> Vec<String> {
    let (Class::Jwt(one), Class::Jwt(other)) = (&faulty.shape.class, &sound.shape.class) else {
        return Vec::new();
    };
    if !suspect.case.comparison.same_key {
        return Vec::new();
    }
    let head = [("alg", one.alg != other.alg), ("typ", one.typ != other.typ)];
    let head = head.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned());
    let names: BTreeSet<&String> = one.tags.keys().chain(other.tags.keys()).collect();
    let claims = names.into_iter().filter(|name| one.tags.get(*name) != other.tags.get(*name));
    head.chain(claims.cloned()).collect()
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Tags cannot be compared, one side was refused, and the answer blames the credentials.
fn seems_refused(suspect: &Suspect<'_>) -> bool {
    *suspect.identity == Identity::Unknown
        && matches!(suspect.answers, Answers::OneFailed(_))
        && suspect
            .number(suspect.side)
            .and_then(|number| suspect.case.exchange(suspect.side, number))
            .is_some_and(blames_credentials)
}

fn nothing_else_says_why(suspect: &Suspect<'_>) -> bool {
    !token_cast::applies(suspect)
        && !token_expired::applies(suspect)
        && !token_kind_wrong::applies(suspect)
        && token_swapped::swap(suspect).is_none()
        && !credentials_overridden::applies(suspect)
}
