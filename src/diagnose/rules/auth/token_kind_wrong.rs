//! `token-kind-wrong`: the token is of another kind than the endpoint wants.

use std::collections::BTreeSet;

use crate::compare::{Identity, Reason};
use crate::diagnose::standing::Answers;
use crate::diagnose::{Blame, Case, Confidence, Family, Findings, Rule, Severity};
use crate::model::{Class, Exchange, Jwt, Secret};

use super::airbyte;
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
    for suspect in suspects(case).filter(|suspect| !suspect.guessed && suspect.failed()) {
        let (Some(faulty), Some(mismatch)) = (suspect.faulty, mismatch(&suspect)) else { continue };
        let side = suspect.side;
        let place = words(&faulty.at);
        let other = side.other();
        let exchange = suspect.exchange(side);
        let embedded = exchange.filter(|exchange| airbyte::is_airbyte(exchange));
        let (claim, label) = match &mismatch {
            Mismatch::Claims(names) => (
                format!("{side} sends a JWT in {place} that differs from {other}'s in {}", listed(names)),
                format!("other {}", listed(names)),
            ),
            Mismatch::Kind { sent, wanted, by_endpoint: true } => (
                format!(
                    "{side} sends {} in {place}, and this endpoint wants {}",
                    sent.words(),
                    wanted.words()
                ),
                sent.words().to_owned(),
            ),
            Mismatch::Kind { sent, wanted, by_endpoint: false } => (
                format!("{side} sends {} in {place}, {other} sends {}", sent.words(), wanted.words()),
                sent.words().to_owned(),
            ),
        };
        let sure = match &mismatch {
            Mismatch::Kind { by_endpoint: true, .. } => Confidence::Certain,
            _ => Confidence::Likely,
        };
        let mut finding = suspect.finding(&RULE, claim, label, "the kind that was accepted").confidence(sure);
        finding = match &mismatch {
            Mismatch::Claims(names) => {
                finding.detail("claims", names.iter().copied().map(str::to_owned).collect::<Vec<_>>())
            }
            Mismatch::Kind { sent, wanted, .. } => {
                finding.detail("sent_kind", sent.as_str()).detail("wanted_kind", wanted.as_str())
            }
        };
        let status = exchange.and_then(Exchange::status).unwrap_or_default();
        if let Some(meaning) = embedded.and_then(|_| airbyte::meaning(status)) {
            finding = finding.detail("answer_means", meaning);
        }
        if shared(&suspect) {
            finding.side = Blame::Both;
        }
        findings.push(finding.remedy(match (&mismatch, embedded) {
            (Mismatch::Kind { wanted, .. }, _) => wanted.issued_by(),
            (Mismatch::Claims(names), Some(_)) if names.iter().any(|name| name.contains("workspace")) => {
                "issue a scoped token for the workspace that this belongs to: 403 is said to tokens of another one"
            }
            (Mismatch::Claims(names), _) if *names == ["exp"] => {
                "let the token live as long as the other side's (`token_duration` of a JwtAuthenticator): APIs refuse tokens that live too long"
            }
            _ => "ask the issuer for a token with the audience and scopes that this endpoint wants",
        }));
    }
}

enum Mismatch<'a> {
    Claims(Vec<&'a str>),
    Kind { sent: airbyte::Kind, wanted: airbyte::Kind, by_endpoint: bool },
}

/// The side at fault sends a token of another kind.
pub(super) fn applies(suspect: &Suspect<'_>) -> bool {
    suspect.failed() && mismatch(suspect).is_some()
}

/// Both sides send the same token, and both are refused.
fn shared(suspect: &Suspect<'_>) -> bool {
    suspect.answers == Answers::BothFailed
        && matches!(suspect.identity, Identity::Same | Identity::Expected(_))
}

fn mismatch<'a>(suspect: &Suspect<'a>) -> Option<Mismatch<'a>> {
    let faulty = suspect.faulty?;
    if !looks_sound(&faulty.secret) || token_expired::applies(suspect) {
        return None;
    }
    let of_airbyte = suspect.exchange(suspect.side).filter(|exchange| airbyte::is_airbyte(exchange));
    let sent = of_airbyte.and_then(|_| airbyte::kind(&faulty.secret));
    if let (Some(sent), Some(wanted)) = (sent, of_airbyte.and_then(airbyte::wanted))
        && sent != wanted
    {
        return Some(Mismatch::Kind { sent, wanted, by_endpoint: true });
    }
    let (faulty, sound) = suspect.both()?;
    if *suspect.identity == Identity::Expected(Reason::FreshJwt)
        && matches!(suspect.answers, Answers::OneFailed(_))
        && !jwt(&faulty.secret)?.lives_as_long_as(jwt(&sound.secret)?)
    {
        return Some(Mismatch::Claims(vec!["exp"]));
    }
    if matches!(suspect.identity, Identity::Same | Identity::Altered(_) | Identity::Expected(_)) {
        return None;
    }
    if let (Some(sent), Some(wanted)) = (sent, of_airbyte.and_then(|_| airbyte::kind(&sound.secret)))
        && sent != wanted
    {
        return Some(Mismatch::Kind { sent, wanted, by_endpoint: false });
    }
    let (sent, expected) = (jwt(&faulty.secret)?, jwt(&sound.secret)?);
    let names = purposes(sent, expected, suspect.case.comparison.same_key);
    (!names.is_empty()).then_some(Mismatch::Claims(names))
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

fn listed(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
