//! What a rule concludes.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::compare::Locator;
use crate::model::Side;

use super::Rule;

/// What a rule concludes: a claim with its evidence.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// The side at fault; `None` where no side can be named.
    pub side: Blame,
    /// One sentence, redacted.
    pub claim: String,
    /// The rule's own typed facts, such as `how`. A string under `cause` is the sentence that terminal reports
    /// show as `= cause:`.
    pub detail: Map<String, Value>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// What proves it, primary first.
    pub evidence: Vec<Evidence>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
    /// The rule whose finding caused this one; set by the engine.
    pub caused_by: Option<&'static str>,
    /// Indexes into the comparison's differences that it explains.
    pub explains: Vec<usize>,
}

/// Who is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// One side.
    Side(Side),
    /// Both.
    Both,
    /// Neither can be named.
    Nobody,
}

/// The findings that rules add to.
pub type Findings = Vec<Finding>;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Wrong, but not what tells the sides apart.
    Warning,
    /// Why one side fails.
    Error,
}

/// How sure a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Confidence {
    /// One cause among several.
    Possible,
    /// Most signs point to it.
    Likely,
    /// The wire or the output proves it.
    Certain,
}

/// One place that proves a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Whether it is where the fault is, or what it is compared with.
    pub role: Role,
    /// The side it is on.
    pub side: Side,
    /// The exchange, where it is in one.
    pub exchange: Option<u32>,
    /// The place.
    pub at: Locator,
    /// A few words.
    pub label: String,
}

/// Why a place is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// The fault is here.
    Primary,
    /// For comparison.
    Related,
}

/// What to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// One sentence: the config key, the manifest line, the command.
    pub text: String,
    /// A unified diff, where one can be given.
    pub patch: Option<String>,
}
