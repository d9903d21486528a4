//! Values that stand where a credential should: nothing, a language's nothing, a template, a mask, a reference.

use crate::compare::Carried;
use crate::diagnose::standing::Answers;
use crate::diagnose::{Blame, Case, Finding, Rule};
use crate::model::Class;

use super::place::{value, words};
use super::suspect::{Suspect, suspects};

/// A placeholder that was sent.
pub(super) struct Placeholder<'a> {
    /// Where, and against what.
    pub(super) suspect: Suspect<'a>,
    /// It.
    pub(super) carried: &'a Carried,
    /// Both sides send one, and both are refused.
    shared: bool,
}

/// The placeholders of a kind that one side sends where the other has a value, or that both send and are refused for.
pub(super) fn placeholders<'a>(case: &'a Case<'a>, is: impl Fn(&Class) -> bool) -> Vec<Placeholder<'a>> {
    let mut found = Vec::new();
    for suspect in suspects(case) {
        let Some(carried) = suspect.faulty.filter(|carried| is(&carried.secret.shape.class)) else {
            continue;
        };
        let shared = suspect.sound.is_some_and(|sound| is(&sound.secret.shape.class));
        let fires = if shared {
            suspect.answers == Answers::BothFailed && !suspect.guessed
        } else {
            suspect.answers != Answers::Alone || suspect.failed() && !suspect.guessed
        };
        if fires {
            found.push(Placeholder { suspect, carried, shared });
        }
    }
    found
}

impl Placeholder<'_> {
    /// Both sides send one.
    pub(super) fn is_shared(&self) -> bool {
        self.shared
    }

    /// The finding: `what` completes "runtime sends"; `label` goes under the value.
    pub(super) fn finding(&self, rule: &'static Rule, what: &str, label: &str) -> Finding {
        let side = self.suspect.side;
        if self.shared {
            let mut finding = self.suspect.finding(rule, format!("both sides send {what}"), label, label);
            finding.side = Blame::Both;
            return finding;
        }
        let claim = match self.suspect.counterpart() {
            Some(other) => format!("{side} sends {what}, while {} sends {}", side.other(), value(other)),
            None => format!("{side} sends {what}"),
        };
        let sound = if self.suspect.sound.is_some() { "the same place" } else { "the credentials" };
        self.suspect.finding(rule, claim, label, sound)
    }

    /// The place in words, with the auth-scheme where there is one.
    pub(super) fn place(&self) -> String {
        words(&self.carried.at)
    }
}
