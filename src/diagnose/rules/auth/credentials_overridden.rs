//! `credentials-overridden`: other credentials replaced the expected ones, or were put beside them.

use crate::compare::{Carried, CredentialPart, Identity, Locator};
use crate::diagnose::{Case, Confidence, Family, Findings, Rule, Severity};
use crate::model::Reference;

use super::place::{same_place, words};
use super::same::{same_reference, same_secret, same_without_scheme, schemes};
use super::suspect::{Suspect, looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "credentials-overridden",
    family: Family::Auth,
    summary: "other credentials replaced the expected ones, or the client library put them beside them",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-overridden.md"),
    leads_to: &["token-refresh-failed", "credentials-duplicated", "token-missing", "retry-storm"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        if suspect.guessed && suspect.failed() {
            continue;
        }
        let (Some(faulty), Some(how)) = (suspect.faulty, how(&suspect)) else { continue };
        let side = suspect.side;
        let place = words(&faulty.at);
        let sent = faulty.scheme.as_deref().unwrap_or("other");
        let claim = match how {
            How::Replaced(expected) => match schemes(expected).first() {
                Some(scheme) if !scheme.eq_ignore_ascii_case(sent) => {
                    format!(
                        "{side} sends `{sent}` credentials in {place}, while {} sends `{scheme}`",
                        side.other()
                    )
                }
                _ => format!("{side} sends `{sent}` credentials in {place} that are not of its config"),
            },
            How::Beside => {
                format!("{side} sends `{sent}` credentials in {place} that {} does not send", side.other())
            }
        };
        let finding = suspect.finding(&RULE, claim, "not the expected credentials", "the expected ones");
        findings.push(
            finding
                .confidence(if is_basic(faulty) { Confidence::Certain } else { Confidence::Likely })
                .remedy(
                    "look for the host in `~/.netrc` (or $NETRC) and for `user:password@` in the URL: HTTP libraries turn both into \
                     Basic credentials, over those that the program set (in requests: `session.trust_env = False`)",
                ),
        );
    }
}

enum How<'a> {
    Replaced(&'a Carried),
    Beside,
}

/// Other credentials stand where the expected ones should, or beside them.
pub(super) fn applies(suspect: &Suspect<'_>) -> bool {
    how(suspect).is_some()
}

fn how<'a>(suspect: &Suspect<'a>) -> Option<How<'a>> {
    let faulty =
        suspect.faulty.filter(|faulty| looks_sound(&faulty.secret) && is_authorization(&faulty.at))?;
    faulty.scheme.as_ref()?;
    if !matches!(suspect.identity, Identity::Unrelated | Identity::Alone | Identity::Unknown) {
        return None;
    }
    let others = suspect.carried(suspect.side.other());
    let known = |carried: &Carried| {
        same_secret(&carried.secret, &faulty.secret)
            || same_without_scheme(&carried.secret, &faulty.secret)
            || same_reference(&carried.secret, &faulty.secret)
    };
    if others.iter().any(known) {
        return None;
    }
    let there = others.iter().find(|other| same_place(&other.at, &faulty.at));
    if let Some(expected) = there {
        let scheme = expected.scheme.as_deref();
        let another = !faulty
            .scheme
            .as_deref()
            .zip(scheme)
            .is_some_and(|(sent, expected)| sent.eq_ignore_ascii_case(expected));
        return (another || is_foreign(suspect, faulty, expected)).then_some(How::Replaced(expected));
    }
    // Basic that nobody configured, beside what both sides send or in its stead.
    (is_basic(faulty) && faulty.part != CredentialPart::Token && !is_configured(faulty) && !others.is_empty())
        .then_some(How::Beside)
}

/// Basic on both sides: here without, there with a name in the config.
fn is_foreign(suspect: &Suspect<'_>, faulty: &Carried, expected: &Carried) -> bool {
    let has_config = suspect.case.capture(suspect.side).inputs.config.is_some();
    let password = |carried: &Carried| carried.part == CredentialPart::Password;
    is_basic(faulty)
        && password(faulty)
        && password(expected)
        && has_config
        && !is_configured(faulty)
        && is_configured(expected)
}

fn is_configured(carried: &Carried) -> bool {
    carried.secret.relation.as_ref().is_some_and(|relation| {
        matches!(relation.reference, Reference::Config(_) | Reference::Named(_) | Reference::Environment(_))
    })
}

fn is_authorization(at: &Locator) -> bool {
    matches!(at, Locator::Field { name, .. } if name == "authorization") || *at == Locator::UserInfo
}

fn is_basic(carried: &Carried) -> bool {
    carried.part != CredentialPart::Token
        || carried.scheme.as_deref().is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
}
