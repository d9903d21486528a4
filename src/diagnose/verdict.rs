//! The answer to the one question.

use super::{ExpectedFinding, Findings};

/// What the diagnosis of two captures says.
#[derive(Clone, Debug)]
pub struct Diagnosis {
    /// The answer.
    pub verdict: Verdict,
    /// Findings, root cause first.
    pub findings: Findings,
    /// Indexes of material differences that no finding explains.
    pub unexplained: Vec<usize>,
    /// Findings that say no more than what somebody has reviewed and expects.
    pub expected: Vec<ExpectedFinding>,
    /// Things to know about the comparison itself: same side twice, another key, a torn capture.
    pub notes: Vec<String>,
}

/// Do the runs differ in a request or in an answer?
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They do not.
    Same,
    /// They do.
    Differs,
    /// It cannot be told.
    Inconclusive(Inconclusive),
}

/// Why it cannot be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inconclusive {
    /// Neither side has a usable exchange.
    NothingCaptured,
    /// One side has none, and nothing names the cause.
    OneSideOnly,
    /// The captures were made under different keys and nothing else decides.
    KeysDiffer,
    /// A capture is torn where it matters.
    CaptureTorn,
}

impl Inconclusive {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NothingCaptured => "nothing-captured",
            Self::OneSideOnly => "one-side-only",
            Self::KeysDiffer => "keys-differ",
            Self::CaptureTorn => "capture-torn",
        }
    }
}
