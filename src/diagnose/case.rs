//! What a rule may look at.

use crate::compare::{Comparison, Pair};
use crate::model::{Capture, Clue, Exchange, Side};

/// Two captures and their differences.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The run that works.
    pub sandbox: &'a Capture,
    /// The run that fails.
    pub runtime: &'a Capture,
    /// How they compare.
    pub comparison: &'a Comparison,
}

impl<'a> Case<'a> {
    /// The capture of a side.
    pub fn capture(&self, side: Side) -> &'a Capture {
        match side {
            Side::Sandbox => self.sandbox,
            Side::Runtime => self.runtime,
        }
    }

    /// An exchange by its number.
    pub fn exchange(&self, side: Side, number: u32) -> Option<&'a Exchange> {
        let exchanges = &self.capture(side).exchanges;
        exchanges.binary_search_by_key(&number, |exchange| exchange.number).ok().map(|at| &exchanges[at])
    }

    /// The exchange of a pair that is compared: the last attempt.
    pub fn compared(&self, pair: &Pair, side: Side) -> Option<&'a Exchange> {
        let attempts = match side {
            Side::Sandbox => pair.sandbox.as_ref(),
            Side::Runtime => pair.runtime.as_ref(),
        };
        attempts.and_then(|attempts| self.exchange(side, attempts.last()))
    }

    /// The clues of a side, in order.
    pub fn clues(&self, side: Side) -> impl Iterator<Item = &'a Clue> {
        self.capture(side).clues.iter()
    }
}
