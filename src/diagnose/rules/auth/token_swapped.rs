//! `token-swapped`: the place carries another value of the config than on the other side.

use crate::compare::{Carried, CredentialPart, Identity};
use crate::diagnose::rules::setup::keys::dotted;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{Capture, Class, Reference};

use super::place::{config_pointer, same_place, value, words};
use super::same::same_schemes;
use super::suspect::{Suspect, looks_sound, suspects};

pub(crate) static RULE: Rule = Rule {
    name: "token-swapped",
    family: Family::Auth,
    summary: "the place carries another value of the config than on the other side",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/token-swapped.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for suspect in suspects(case).filter(|suspect| !suspect.guessed) {
        let (Some((faulty, sound)), Some(swap)) = (suspect.both(), swap(&suspect)) else { continue };
        let side = suspect.side;
        let claim = format!(
            "{side} sends {} in {}, while {} sends {}",
            swap.sent,
            words(&faulty.at),
            side.other(),
            swap.expected
        );
        let finding = suspect.finding(&RULE, claim, "another value of the config", "the same place");
        let wanted = config_pointer(sound)
            .map_or_else(|| value(sound), |pointer| format!("config.{}", dotted(pointer)));
        findings.push(finding.detail("sent", swap.sent).remedy(format!("send {wanted} there")));
    }
}

/// The two names, in words.
pub(super) struct Swap {
    sent: String,
    expected: String,
}

/// The two values that changed places, where names or the config show it.
pub(super) fn swap(suspect: &Suspect<'_>) -> Option<Swap> {
    let (faulty, sound) = suspect.both()?;
    if !matches!(suspect.identity, Identity::Unrelated | Identity::Unknown)
        || !looks_sound(&faulty.secret)
        || !same_schemes(faulty, sound)
    {
        return None;
    }
    by_name(faulty, sound)
        .or_else(|| by_config(suspect, faulty, sound))
        .or_else(|| by_place(suspect, faulty, sound))
        .or_else(|| by_kind(faulty, sound))
}

/// Both values have names, and the names are not the same.
fn by_name(faulty: &Carried, sound: &Carried) -> Option<Swap> {
    let name =
        |carried: &Carried| carried.secret.relation.as_ref().map(|relation| relation.reference.clone());
    let (sent, expected) = (name(faulty)?, name(sound)?);
    let of_inputs = |reference: &Reference| {
        matches!(reference, Reference::Config(_) | Reference::Named(_) | Reference::Environment(_))
    };
    let alike = match (&sent, &expected) {
        (Reference::Config(sent), Reference::Config(expected)) => plain(sent) == plain(expected),
        // A static token in place of an issued one is another value; the other way round it is another way to get a token.
        (sent, Reference::Issued { .. }) => !of_inputs(sent),
        (sent, expected) => {
            sent == expected || !of_inputs(sent) || !of_inputs(expected) || kind(sent) != kind(expected)
        }
    };
    (!alike).then(|| Swap { sent: sent.to_string(), expected: expected.to_string() })
}

/// The value of one side stands in the config of the other one, under another key than the one that is sent.
fn by_config(suspect: &Suspect<'_>, faulty: &Carried, sound: &Carried) -> Option<Swap> {
    let own = suspect.case.capture(suspect.side);
    let other = suspect.case.capture(suspect.side.other());
    let sent = config_pointer(faulty);
    let wanted = key_of(own, sound).filter(|key| Some(*key) != sent);
    let used = key_of(other, faulty).filter(|key| Some(*key) != config_pointer(sound));
    if used.is_none() && (sent.is_none() || wanted.is_none()) {
        return None;
    }
    let described = match (sent, used) {
        (_, Some(used)) => format!("what {} has as config.{}", suspect.side.other(), dotted(used)),
        (Some(sent), None) => format!("config.{}", dotted(sent)),
        (None, None) => value(faulty),
    };
    let expected = match wanted {
        Some(wanted) => format!("what {} has as config.{}", suspect.side, dotted(wanted)),
        None => value(sound),
    };
    Some(Swap { sent: described, expected })
}

/// What is sent here is what the other side's request carries in another place, or as another part of it.
fn by_place(suspect: &Suspect<'_>, faulty: &Carried, sound: &Carried) -> Option<Swap> {
    let other = suspect.side.other();
    let there = suspect.carried(other).iter().filter(|_| suspect.unrelated()).find(|carried| {
        carried.secret.fingerprint.exact == faulty.secret.fingerprint.exact
            && (carried.part != faulty.part || !same_place(&carried.at, &faulty.at))
    })?;
    let place = match there.part {
        CredentialPart::User => "the user name".to_owned(),
        CredentialPart::Password => "the password".to_owned(),
        CredentialPart::Token => words(&there.at),
    };
    Some(Swap { sent: format!("what {other} sends as {place}"), expected: value(sound) })
}

/// A date, a timestamp or a URL is nobody's token, where the other side has one.
fn by_kind(faulty: &Carried, sound: &Carried) -> Option<Swap> {
    let other = |carried: &Carried| {
        matches!(carried.secret.shape.class, Class::Date { .. } | Class::Timestamp { .. } | Class::Url)
    };
    (other(faulty) && !other(sound)).then(|| Swap { sent: value(faulty), expected: value(sound) })
}

/// The key of a config under which a value stands.
fn key_of<'a>(capture: &'a Capture, carried: &Carried) -> Option<&'a str> {
    let config = capture.inputs.config.as_ref()?;
    let found = config.values.iter().find(|value| {
        value.secret_value().is_some_and(|secret| {
            secret.fingerprint.exact == carried.secret.fingerprint.exact && looks_sound(secret)
        })
    });
    found.map(|value| value.pointer.as_str())
}

fn kind(reference: &Reference) -> std::mem::Discriminant<Reference> {
    std::mem::discriminant(reference)
}

/// The last part of a pointer without what spellings differ in: a renamed key is no other key.
fn plain(pointer: &str) -> String {
    let last = pointer.rsplit('/').next().unwrap_or(pointer);
    last.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
