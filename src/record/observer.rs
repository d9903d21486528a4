//! Who watches a recording.

use crate::model::{Exchange, Failure, Outcome, Timings};

/// Sees each exchange that may be shown, on the recorder's thread.
pub trait Observer: Send {
    /// An exchange will be in the capture.
    fn see(&mut self, seen: &Seen<'_>);
    /// Those seen by now are on disk, or cannot be written.
    fn rest(&mut self) {}
}

/// What an observer is told of an exchange, all of it redacted.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// Its number.
    pub number: u32,
    /// The request's method.
    pub method: &'a str,
    /// Where it went.
    pub url: &'a str,
    /// What came of it.
    pub came: Came<'a>,
    /// How long its parts took.
    pub timings: &'a Timings,
}

/// What came of a request.
#[derive(Clone, Copy, Debug)]
pub enum Came<'a> {
    /// A whole answer with this status.
    Answered(u16),
    /// No answer, or not a whole one.
    Failed(&'a Failure),
    /// The recording ended first.
    Unfinished,
}

impl<'a> From<&'a Outcome> for Came<'a> {
    fn from(outcome: &'a Outcome) -> Self {
        match outcome {
            Outcome::Answered(response) => Self::Answered(response.status),
            Outcome::Failed { failure, .. } => Self::Failed(failure),
            Outcome::Unfinished => Self::Unfinished,
        }
    }
}

impl<F: FnMut(&Seen<'_>) + Send> Observer for F {
    fn see(&mut self, seen: &Seen<'_>) {
        self(seen);
    }
}

/// Shows a whole exchange.
pub(super) fn show(observer: &mut dyn Observer, exchange: &Exchange) {
    observer.see(&Seen {
        number: exchange.number,
        method: &exchange.request.method,
        url: &exchange.request.target.url(),
        came: (&exchange.outcome).into(),
        timings: &exchange.timings,
    });
}
