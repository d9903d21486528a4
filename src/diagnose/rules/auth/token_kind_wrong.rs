//! `token-kind-wrong`: the token is of another kind than the endpoint wants.

use std::collections::BTreeSet;

use crate::compare::Identity;
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};
use crate::model::{Class, Jwt, Secret};

use super::place::words;
use super::suspect::{Suspect, looks_sound, suspects};
use super::token_expired;

pub(crate) static RULE: Rule = Rule {
    name: "token-kind-wrong",
    family: Family::Auth,
    summary: "the token's kind does not fit the endpoint: audience, scope, workspace, operator or scoped",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-kind-wrong.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

/// Claims that say what a token is good for (RFC 9068, section 2.2; `token_use` of Amazon Cognito, `typ` of Keycloak).
const PURPOSE: [&str; 9] =
    ["aud", "scope", "scp", "scopes", "roles", "permissions", "token_use", "typ", "client_id"];

/// Claims that are new in each token, or that a token may have or not have whatever it is good for.
const PASSING: [&str; 8] = ["iat", "nbf", "exp", "jti", "auth_time", "nonce", "sid", "at_hash"];

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).into_iter().filter(|suspect| !suspect.guessed && suspect.failed()) {
        let (Some(faulty), Some(mismatch)) = (suspect.faulty, mismatch(&suspect)) else { continue };
        let side = suspect.side;
        let place = words(&faulty.at);
        let other = side.other();
        let (claim, label, confidence) = match &mismatch {
            Mismatch::Claims(names) => (
                format!("{side} sends a JWT in {place} that differs from {other}'s in {}", listed(names)),
                format!("other {}", listed(names)),
                Confidence::Likely,
            ),
            Mismatch::Kind { sent, expected } => (
                format!("{side} sends {sent} in {place}, {other} sends {expected}"),
                (*sent).to_owned(),
                Confidence::Likely,
            ),
        };
        let mut finding =
            suspect.finding(&RULE, claim, label, "the kind that was accepted").confidence(confidence);
        if let Mismatch::Claims(names) = &mismatch {
            finding = finding.detail("claims", names.iter().copied().map(str::to_owned).collect::<Vec<_>>());
        }
        findings.push(finding.remedy(if is_embedded(&suspect) {
            "issue the kind that this endpoint wants: the operator token for tokens and templates, a scoped token for what \
             belongs to a workspace; a widget token is for the widget only"
        } else {
            "ask the issuer for a token with the audience and scopes that this endpoint wants"
        }));
    }
}

enum Mismatch<'a> {
    Claims(Vec<&'a str>),
    Kind { sent: &'static str, expected: &'static str },
}

/// The side at fault sends a token of another kind.
pub(super) fn applies(suspect: &Suspect<'_>) -> bool {
    suspect.failed() && mismatch(suspect).is_some()
}

fn mismatch<'a>(suspect: &Suspect<'a>) -> Option<Mismatch<'a>> {
    let (faulty, sound) = suspect.both()?;
    if matches!(suspect.identity, Identity::Same | Identity::Altered(_) | Identity::Expected(_))
        || !looks_sound(&faulty.secret)
        || token_expired::applies(suspect)
    {
        return None;
    }
    match (jwt(&faulty.secret), jwt(&sound.secret)) {
        (Some(sent), Some(expected)) => {
            let names = purposes(sent, expected, suspect.case.comparison.same_key);
            (!names.is_empty()).then_some(Mismatch::Claims(names))
        }
        (None, Some(_)) if is_embedded(suspect) => {
            Some(Mismatch::Kind { sent: "a token that is no JWT (a widget token?)", expected: "a JWT" })
        }
        (Some(_), None) if is_embedded(suspect) => {
            Some(Mismatch::Kind { sent: "a JWT", expected: "a token that is none" })
        }
        _ => None,
    }
}

fn jwt(secret: &Secret) -> Option<&Jwt> {
    match &secret.shape.class {
        Class::Jwt(jwt) => Some(jwt),
        _ => None,
    }
}

/// The claims in which two tokens differ in purpose. Two tokens of two issuers are two tokens, not two kinds.
fn purposes<'a>(sent: &'a Jwt, expected: &'a Jwt, same_key: bool) -> Vec<&'a str> {
    let names = |jwt: &'a Jwt| -> BTreeSet<&'a str> { jwt.claims.iter().map(String::as_str).collect() };
    let (of_sent, of_expected) = (names(sent), names(expected));
    let mut found: Vec<&str> =
        of_sent.symmetric_difference(&of_expected).copied().filter(|name| !PASSING.contains(name)).collect();
    let differs = |name: &str| same_key && sent.tags.get(name) != expected.tags.get(name);
    if !differs("iss") {
        found.extend(
            of_sent.intersection(&of_expected).copied().filter(|name| is_purpose(name) && differs(name)),
        );
    }
    found
}

fn is_purpose(name: &str) -> bool {
    PURPOSE.contains(&name) || name.contains("workspace") || name.contains("scope")
}

/// Airbyte Embedded and its neighbours, where three kinds of tokens look alike.
fn is_embedded(suspect: &Suspect<'_>) -> bool {
    let exchange =
        suspect.number(suspect.side).and_then(|number| suspect.case.exchange(suspect.side, number));
    exchange.is_some_and(|exchange| {
        let path = exchange.request.target.path.to_string();
        path.contains("/embedded/") || path.contains("/integrations/")
    })
}

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
