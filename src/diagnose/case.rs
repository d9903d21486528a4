//! What a rule may look at.

use crate::compare::{Comparison, Difference, Pair};
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
        self.capture(side).exchange(number)
    }

    /// The exchange of a pair that is compared: the last attempt.
    pub fn compared(&self, pair: &Pair, side: Side) -> Option<&'a Exchange> {
        pair.of(side).and_then(|attempts| self.exchange(side, attempts.last()))
    }

    /// The pair that an exchange of a side stands in, as an index.
    pub fn pair_of(&self, side: Side, number: u32) -> Option<usize> {
        self.comparison
            .pairs
            .iter()
            .position(|pair| pair.of(side).is_some_and(|attempts| attempts.exchanges.contains(&number)))
    }

    /// What the other side compares with an exchange of this side.
    pub fn partner(&self, side: Side, number: u32) -> Option<&'a Exchange> {
        let pair = self.comparison.pairs.get(self.pair_of(side, number)?)?;
        self.compared(pair, side.other())
    }

    /// The differences of a pair and their indexes. They come in the order of pairs.
    pub fn differences_of(&self, pair: usize) -> impl Iterator<Item = (usize, &'a Difference)> + use<'a> {
        let all = &self.comparison.differences;
        let from = all.partition_point(|difference| difference.pair < pair);
        all.iter().enumerate().skip(from).take_while(move |(_, difference)| difference.pair == pair)
    }

    /// The clues of a side, in order.
    pub fn clues(&self, side: Side) -> impl Iterator<Item = &'a Clue> {
        self.capture(side).clues.iter()
    }
}
