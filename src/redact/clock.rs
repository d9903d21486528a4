//! The time that dates are told from: an exchange's start.

use std::cell::Cell;

use jiff::Timestamp;

/// A clock that stands still, and knows whether anybody has looked at it.
#[derive(Default)]
pub(super) struct Clock {
    now: Option<Timestamp>,
    asked: Cell<bool>,
}

impl Clock {
    /// A clock at this moment; one without any where nothing is to be told from it.
    pub(super) fn at(now: Option<Timestamp>) -> Self {
        Self { now, asked: Cell::new(false) }
    }

    /// The moment. What comes of it holds for this second only.
    pub(super) fn now(&self) -> Option<Timestamp> {
        self.asked.set(true);
        self.now
    }

    /// True when somebody has looked at it.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.get()
    }
}
