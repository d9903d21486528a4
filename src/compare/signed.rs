//! What a request was signed with: secrets of the config that no request shows.

use super::carried::Item;
use super::identity::identity;
use super::side_by_side::Both;
use super::significance::is_signature;
use super::{Carried, CredentialMatch, CredentialPart, Identity, Locator, Reason};
use crate::model::{Capture, Reference, Secret};

/// The config's secrets that are not the same on both sides and that neither request shows, where both are signed and only one is
/// accepted. They join what the pair carries, matched, and that the signatures differ follows from them.
pub(super) fn keys(
    both: &Both<'_>,
    items: [&[Item]; 2],
    matches: &mut Vec<CredentialMatch>,
) -> [Vec<Item>; 2] {
    let mut keys = [Vec::new(), Vec::new()];
    if both.agree() || !both.runs.same_key {
        return keys;
    }
    let signature = |known: &CredentialMatch| {
        let (Some(one), Some(other)) = (known.sandbox, known.runtime) else { return false };
        let made = [&items[0][one], &items[1][other]];
        made.iter().all(|item| item.carried.secret.relation.is_none())
            && match known.identity {
                Identity::Expected(Reason::Signature | Reason::FreshJwt) => true,
                Identity::Unrelated => is_signature(&made[0].name),
                _ => false,
            }
    };
    if !matches.iter().any(signature) {
        return keys;
    }
    for (pointer, one, other) in both_have(both.runs.sandbox, both.runs.runtime) {
        let shown = |item: &Item| {
            let relation = item.carried.secret.relation.as_ref();
            relation.is_some_and(|known| known.reference == Reference::Config(pointer.to_owned()))
        };
        let identity = identity(both, one, other);
        if identity == Identity::Same || items.into_iter().flatten().any(shown) {
            continue;
        }
        let at = |own: usize| Some(items[own].len() + keys[own].len());
        matches.push(CredentialMatch { sandbox: at(0), runtime: at(1), identity });
        keys[0].push(key(pointer, one));
        keys[1].push(key(pointer, other));
    }
    if !keys[0].is_empty() {
        let own = matches.len() - keys[0].len();
        for known in matches[..own].iter_mut().filter(|known| signature(known)) {
            known.identity = Identity::Expected(Reason::Consequence);
        }
    }
    keys
}

/// Secrets that both configs have.
fn both_have<'a>(
    sandbox: &'a Capture,
    runtime: &'a Capture,
) -> impl Iterator<Item = (&'a str, &'a Secret, &'a Secret)> {
    let configs = sandbox.inputs.config.as_ref().zip(runtime.inputs.config.as_ref());
    configs.into_iter().flat_map(|(ours, theirs)| {
        let secrets = ours.values.iter().filter(|value| value.secret);
        secrets.filter_map(|value| {
            let other = theirs.at(&value.pointer)?;
            Some((value.pointer.as_str(), value.secret_value()?, other.secret_value()?))
        })
    })
}

fn key(pointer: &str, secret: &Secret) -> Item {
    let carried = Carried {
        at: Locator::Config(pointer.to_owned()),
        scheme: None,
        part: CredentialPart::Token,
        secret: secret.clone(),
    };
    Item { carried, name: pointer.to_owned(), parameter: None }
}
