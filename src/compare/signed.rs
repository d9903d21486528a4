//! What a request was signed with: secrets of the config, of the environment and named by the user, that no request shows.

use std::sync::Arc;

use super::carried::Item;
use super::identity::identity;
use super::side_by_side::Both;
use super::significance::is_signature;
use super::{Carried, CredentialMatch, CredentialPart, Identity, Locator, Reason};
use crate::model::{Capture, Reference, Secret, Variable};

/// The runs' secrets that are not the same on both sides and that neither request shows, where both are signed and only one is
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
    let mut values = Vec::new();
    for (reference, one, other) in both_have(both.runs.sandbox, both.runs.runtime) {
        let shown = |item: &Item| {
            let relation = item.carried.secret.relation.as_ref();
            relation.is_some_and(|known| known.reference == reference)
        };
        let identity = identity(both, one, other);
        // One value may have several names.
        let pair = [one, other].map(|secret| secret.fingerprint.exact);
        if identity == Identity::Same || values.contains(&pair) || items.into_iter().flatten().any(shown) {
            continue;
        }
        values.push(pair);
        let at = |own: usize| Some(items[own].len() + keys[own].len());
        matches.push(CredentialMatch { sandbox: at(0), runtime: at(1), identity });
        keys[0].push(key(&reference, one));
        keys[1].push(key(&reference, other));
    }
    if !keys[0].is_empty() {
        let own = matches.len() - keys[0].len();
        for known in matches[..own].iter_mut().filter(|known| signature(known)) {
            known.identity = Identity::Expected(Reason::Consequence);
        }
    }
    keys
}

/// Secrets that both sides have under one name: those of the config first.
fn both_have<'a>(
    sandbox: &'a Capture,
    runtime: &'a Capture,
) -> impl Iterator<Item = (Reference, &'a Secret, &'a Secret)> {
    let configs = sandbox.inputs.config.as_ref().zip(runtime.inputs.config.as_ref());
    let of_config = configs.into_iter().flat_map(|(ours, theirs)| {
        let secrets = ours.values.iter().filter(|value| value.secret);
        secrets.filter_map(|value| {
            let other = theirs.at(&value.pointer)?;
            Some((Reference::Config(value.pointer.clone()), value.secret_value()?, other.secret_value()?))
        })
    });
    let named = variables(sandbox.inputs.secrets.as_ref(), runtime.inputs.secrets.as_ref(), Reference::Named);
    let set = variables(
        sandbox.inputs.environment.as_ref(),
        runtime.inputs.environment.as_ref(),
        Reference::Environment,
    );
    of_config.chain(named).chain(set)
}

fn variables<'a>(
    ours: Option<&'a Vec<Variable>>,
    theirs: Option<&'a Vec<Variable>>,
    reference: fn(String) -> Reference,
) -> impl Iterator<Item = (Reference, &'a Secret, &'a Secret)> {
    ours.into_iter().flatten().filter_map(move |one| {
        let other = theirs.into_iter().flatten().find(|other| other.name == one.name)?;
        Some((reference(one.name.clone()), one.value.as_secret()?, other.value.as_secret()?))
    })
}

fn key(reference: &Reference, secret: &Secret) -> Item {
    let (at, name) = match reference {
        Reference::Environment(name) => (Locator::Variable(name.clone()), name),
        Reference::Named(name) => (Locator::Named(name.clone()), name),
        Reference::Config(name) | Reference::Manifest(name) | Reference::Issued { at: name, .. } => {
            (Locator::Config(name.clone()), name)
        }
    };
    let carried = Carried { at, scheme: None, part: CredentialPart::Token, secret: Arc::new(secret.clone()) };
    Item { carried, name: name.clone(), parameter: None }
}
