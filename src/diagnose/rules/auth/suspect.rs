//! One credential of one pair, seen from the side at fault.

use crate::compare::{Carried, CredentialMatch, CredentialPair, Identity, Locator, Reason};
use crate::diagnose::standing::{Answers, answers};
use crate::diagnose::{Case, Confidence, Finding, Rule};
use crate::model::{Class, Exchange, Reference, Secret, Side};

use super::lookalike::untold;
use super::origin::origin;
use super::place::same_place;

/// One credential of one pair: what the side at fault sends, and what the other one does.
pub(super) struct Suspect<'a> {
    pub(super) case: &'a Case<'a>,
    /// Index of the pair.
    pub(super) pair: usize,
    /// What became of the pair.
    pub(super) answers: Answers,
    /// The side at fault.
    pub(super) side: Side,
    /// What it sends, if anything.
    pub(super) faulty: Option<&'a Carried>,
    /// What the other side sends, if anything.
    pub(super) sound: Option<&'a Carried>,
    /// How the runtime's value relates to the sandbox's.
    pub(super) identity: &'a Identity,
    /// The answers do not tell the side at fault, and this is the second guess: only for rules that look at one side's value alone.
    pub(super) guessed: bool,
}

/// Every credential that is not plainly equal on both sides.
///
/// Where only one side's answer fails, that side is at fault. Where the answers do not tell, the runtime is looked at first and the
/// sandbox second.
pub(super) fn suspects<'a>(case: &'a Case<'a>) -> impl Iterator<Item = Suspect<'a>> {
    let pairs = case.comparison.pairs.iter().zip(&case.comparison.credentials).enumerate();
    pairs.flat_map(move |(at, (pair, credentials))| {
        credentials.matches.iter().flat_map(move |found| {
            let carried = |side: Side| {
                let index = match side {
                    Side::Sandbox => found.sandbox,
                    Side::Runtime => found.runtime,
                };
                index.and_then(|index| of_side(credentials, side).get(index))
            };
            let (sandbox, runtime) = (carried(Side::Sandbox), carried(Side::Runtime));
            let answers = answers(pair);
            let sides: &[Side] = match answers {
                _ if healthy(found, sandbox, runtime) => &[],
                Answers::OneFailed(Side::Sandbox) => &[Side::Sandbox],
                Answers::OneFailed(Side::Runtime) => &[Side::Runtime],
                _ => &[Side::Runtime, Side::Sandbox],
            };
            sides.iter().enumerate().map(move |(guess, side)| {
                let (faulty, sound) = match side {
                    Side::Sandbox => (sandbox, runtime),
                    Side::Runtime => (runtime, sandbox),
                };
                let identity = &found.identity;
                Suspect { case, pair: at, answers, side: *side, faulty, sound, identity, guessed: guess > 0 }
            })
        })
    })
}

/// The same sound value in the same place under the same scheme.
fn healthy(found: &CredentialMatch, sandbox: Option<&Carried>, runtime: Option<&Carried>) -> bool {
    let (Some(sandbox), Some(runtime)) = (sandbox, runtime) else { return false };
    found.identity == Identity::Same
        && sandbox.scheme == runtime.scheme
        && sandbox.at == runtime.at
        && looks_sound(&sandbox.secret)
        && sandbox.secret.relation.as_ref().is_none_or(|relation| relation.steps.is_empty())
        && !matches!(sandbox.secret.shape.class, Class::Jwt(_))
        && sandbox.secret.shape.envelope.is_none()
}

impl<'a> Suspect<'a> {
    /// Both sides' values, where both have one.
    pub(super) fn both(&self) -> Option<(&'a Carried, &'a Carried)> {
        self.faulty.zip(self.sound)
    }

    /// What the other side sends in its stead: in the same match, else in the same exchange, else in the same place of another one.
    pub(super) fn counterpart(&self) -> Option<&'a Carried> {
        let sound = |carried: &&'a Carried| looks_sound(&carried.secret);
        let elsewhere = || {
            let at = self.place()?;
            let pairs = self.case.comparison.credentials.iter();
            pairs
                .flat_map(|pair| of_side(pair, self.side.other()))
                .find(|carried| looks_sound(&carried.secret) && same_place(&carried.at, at))
        };
        self.sound
            .filter(sound)
            .or_else(|| self.carried(self.side.other()).iter().find(sound))
            .or_else(elsewhere)
            .or(self.sound)
    }

    /// The exchange that is compared, of a side.
    pub(super) fn number(&self, side: Side) -> Option<u32> {
        let pair = self.case.comparison.pairs.get(self.pair)?;
        self.case.compared(pair, side).map(|exchange| exchange.number)
    }

    /// The same, itself.
    pub(super) fn exchange(&self, side: Side) -> Option<&'a Exchange> {
        let pair = self.case.comparison.pairs.get(self.pair)?;
        self.case.compared(pair, side)
    }

    /// Everything a side carries in this pair.
    pub(super) fn carried(&self, side: Side) -> &'a [Carried] {
        let credentials = self.case.comparison.credentials.get(self.pair);
        credentials.map_or(&[], |credentials| of_side(credentials, side))
    }

    /// The identity says that it is one secret, changed or not.
    pub(super) fn one_secret(&self) -> bool {
        matches!(self.identity, Identity::Same | Identity::Altered(_))
            || self.both().is_some_and(|(faulty, sound)| same_reference(&faulty.secret, &sound.secret))
    }

    /// The same, or one token that was issued anew for each run.
    pub(super) fn one_token(&self) -> bool {
        self.one_secret() || matches!(self.identity, Identity::Expected(Reason::FreshJwt | Reason::Issued))
    }

    /// Matched across places although their tags cannot be compared: name or shape say that it is one secret.
    pub(super) fn seems_moved(&self) -> bool {
        *self.identity == Identity::Unknown
            && self.both().is_some_and(|(faulty, sound)| !same_place(&faulty.at, &sound.at))
    }

    /// The two are different values, and nothing says that they should be.
    pub(super) fn unrelated(&self) -> bool {
        *self.identity == Identity::Unrelated
    }

    /// Only where the answers say that this side is at fault, or nothing contradicts it.
    pub(super) fn failed(&self) -> bool {
        match self.answers {
            Answers::OneFailed(side) => side == self.side,
            Answers::BothFailed => true,
            Answers::BothSucceeded => false,
            Answers::Alone => self
                .number(self.side)
                .and_then(|number| self.case.exchange(self.side, number))
                .is_some_and(|exchange| !exchange.succeeded()),
        }
    }

    /// The place where the fault is: where the side sends the value, or where it does not.
    pub(super) fn place(&self) -> Option<&'a Locator> {
        self.faulty.or(self.sound).map(|carried| &carried.at)
    }

    /// A finding about this credential, with evidence, the cause as far as config and manifest tell it, and the differences that it
    /// accounts for. `faulty` and `sound` label the places.
    pub(super) fn finding(
        &self,
        rule: &'static Rule,
        claim: impl Into<String>,
        faulty: impl Into<String>,
        sound: impl Into<String>,
    ) -> Finding {
        let mut finding = Finding::new(rule, self.side, claim);
        if let Some(at) = self.place() {
            finding = finding.primary(self.side, self.number(self.side), at.clone(), faulty);
        }
        let other = self.side.other();
        if let (Some(carried), Some(number)) = (self.counterpart(), self.number(other)) {
            finding = finding.related(other, Some(number), carried.at.clone(), sound);
        }
        if self.guessed {
            finding = finding.confidence(Confidence::Likely);
        }
        let finding = finding.explains(self.explained());
        match origin(self) {
            Some(origin) => origin.add_to(finding, self.side),
            None => untold(self, finding),
        }
    }

    /// The other side's value was issued by an earlier answer.
    pub(super) fn asked_for_token(&self) -> bool {
        self.counterpart()
            .and_then(|sound| sound.secret.relation.as_ref())
            .is_some_and(|relation| matches!(relation.reference, Reference::Issued { .. }))
    }

    /// The pair's differences at either side's place.
    pub(super) fn explained(&self) -> impl Iterator<Item = usize> {
        let places: Vec<&Locator> =
            [self.faulty, self.sound].into_iter().flatten().map(|carried| &carried.at).collect();
        self.case
            .differences_of(self.pair)
            .filter(move |(_, difference)| places.iter().any(|place| same_place(place, &difference.at)))
            .map(|(at, _)| at)
    }
}

/// What a side of a pair carries.
pub(super) fn of_side(pair: &CredentialPair, side: Side) -> &[Carried] {
    match side {
        Side::Sandbox => &pair.sandbox,
        Side::Runtime => &pair.runtime,
    }
}

/// A value that could be a credential: neither empty nor somebody's placeholder.
pub(super) fn looks_sound(secret: &Secret) -> bool {
    !matches!(
        secret.shape.class,
        Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_) | Class::SecretReference(_)
    )
}

/// Both are made of the value of one name: also tells where tags cannot be compared.
fn same_reference(left: &Secret, right: &Secret) -> bool {
    match (&left.relation, &right.relation) {
        (Some(left), Some(right)) => left.reference == right.reference && left.steps != right.steps,
        _ => false,
    }
}
