//! `token-expired`: a token was sent outside of its time.

use crate::compare::Carried;
use crate::diagnose::standing::Answers;
use crate::diagnose::{Blame, Case, Family, Findings, Rule, Severity};
use crate::model::{Class, Content, Exchange, Json, Lack, Reference, Side};

use super::super::span::span;
use super::airbyte;
use super::place::words;
use super::suspect::{Suspect, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "token-expired",
    family: Family::Auth,
    summary: "a token had expired when it was sent, or was not valid yet",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-expired.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case) {
        let Some(faulty) = suspect.faulty else { continue };
        let Some(age) = overdue(&suspect, suspect.side, faulty).filter(|_| suspect.failed()) else {
            continue;
        };
        let shared =
            suspect.sound.is_some_and(|sound| overdue(&suspect, suspect.side.other(), sound).is_some());
        if shared && (suspect.guessed || suspect.answers != Answers::BothFailed) {
            continue;
        }
        let side = suspect.side;
        let who = if shared { "both sides send".to_owned() } else { format!("{side} sends") };
        let claim = format!("{who} a token in {} that had expired", words(&faulty.at));
        let label = format!("expired {} before it was sent", span(age));
        let mut finding =
            suspect.finding(&RULE, claim, label, "the other side's").detail("expired_for_seconds", age);
        if shared {
            finding.side = Blame::Both;
        }
        findings.push(
            finding
                .remedy("get a new token for each run, or let the connector refresh it")
                .remedy("check the clock of the machine that issues or sends it"),
        );
    }
    for suspect in suspects(case).filter(|suspect| !suspect.guessed && suspect.failed()) {
        let Some((faulty, sound)) = suspect.both() else { continue };
        let Some(ahead) = early(&suspect, suspect.side, faulty) else { continue };
        if early(&suspect, suspect.side.other(), sound).is_some() {
            continue;
        }
        let claim = format!("{} sends a token in {} that is not valid yet", suspect.side, words(&faulty.at));
        let label = format!("valid from {} after it was sent, by its `nbf` or `iat`", span(ahead));
        let finding = suspect.finding(&RULE, claim, label, "the other side's");
        findings.push(
            finding.detail("early_by_seconds", ahead).remedy(
                "set the clock of the machine that makes the token: it is ahead (`timedatectl`, NTP)",
            ),
        );
    }
}

/// For how many seconds a JWT was not valid yet when it was sent.
fn early(suspect: &Suspect<'_>, side: Side, carried: &Carried) -> Option<i64> {
    let Class::Jwt(jwt) = &carried.secret.shape.class else { return None };
    let untold = suspect.exchange(side).is_some_and(|exchange| exchange.lacks(Lack::Time));
    jwt.early().filter(|_| !untold)
}

/// The side at fault sends an expired token and the other one does not.
pub(super) fn applies(suspect: &Suspect<'_>) -> bool {
    let expired = |side: Side, carried: Option<&Carried>| {
        carried.is_some_and(|carried| overdue(suspect, side, carried).is_some())
    };
    suspect.failed() && expired(suspect.side, suspect.faulty) && !expired(suspect.side.other(), suspect.sound)
}

/// For how many seconds a token had been expired when it was sent.
fn overdue(suspect: &Suspect<'_>, side: Side, carried: &Carried) -> Option<i64> {
    // An import may not tell when it was sent.
    if suspect.exchange(side).is_some_and(|exchange| exchange.lacks(Lack::Time)) {
        return None;
    }
    if let Class::Jwt(jwt) = &carried.secret.shape.class {
        return jwt.expires_in.filter(|seconds| *seconds < 0).map(|seconds| -seconds);
    }
    if let Some(jwt) = carried.secret.shape.envelope.as_ref().and_then(|envelope| envelope.token.as_ref()) {
        return jwt.expires_in.filter(|seconds| *seconds < 0).map(|seconds| -seconds);
    }
    let Reference::Issued { exchange, .. } = &carried.secret.relation.as_ref()?.reference else {
        return None;
    };
    let issuing = suspect.case.exchange(side, *exchange)?;
    let sent = suspect.case.exchange(side, suspect.number(side)?)?;
    let age = sent.started_at.duration_since(issuing.started_at).as_secs();
    Some(age - lifetime(issuing).or_else(|| airbyte::lifetime(issuing))?).filter(|overdue| *overdue > 0)
}

/// `expires_in` of the answer that issued a token (RFC 6749, section 5.1).
fn lifetime(issuing: &Exchange) -> Option<i64> {
    let Content::Json(json) = &issuing.response()?.body.content else { return None };
    json.members().iter().find_map(|(name, value)| match value {
        Json::Number(text) if name == "expires_in" => text.as_shown()?.parse().ok(),
        _ => None,
    })
}
