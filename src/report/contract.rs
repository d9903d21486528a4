//! The report as data: what `--format json` writes, and what every other format is made of.
//!
//! The members are a contract. Within `samewire.report/1` members may be added, never renamed, removed or given another meaning.

use std::borrow::Cow;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::compare::ChangeKind;
use crate::diagnose::{Confidence, Role, Severity, Verdict};
use crate::model::Side;

use super::{ConfigToWire, RunSummary};

/// The name of this form of the report.
pub const SCHEMA: &str = "samewire.report/1";

/// What a comparison of two captures says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    /// The version of samewire that made it.
    pub version: &'static str,
    /// `same`, `differs` or `inconclusive`.
    #[serde(serialize_with = "verdict_name")]
    pub verdict: Verdict,
    /// Why it is inconclusive: `nothing-captured`, `one-side-only`, `keys-differ`, `capture-torn`. Null otherwise.
    pub verdict_reason: Option<&'static str>,
    /// The root cause, or what the verdict rests on, in one sentence.
    pub headline: String,
    /// The run that works.
    pub sandbox: RunSummary,
    /// The run that fails.
    pub runtime: RunSummary,
    /// How many pairs of exchanges were compared.
    pub pairs_compared: usize,
    /// What the rules conclude, root cause first.
    pub findings: Vec<Finding>,
    /// Every place where paired exchanges are not equal.
    pub differences: Vec<Difference>,
    /// The material differences that no rule explains.
    pub unexplained: Vec<Difference>,
    /// The differences that healthy runs have.
    pub expected: Vec<Difference>,
    /// Where each value of the config went on either side.
    pub config_to_wire: Vec<ConfigToWire>,
    /// What several runs of a side taught: the ledger of what is not shown because of that.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<LearnedPlace>,
    /// The reviewed entries of `samewire.toml`, and what came of each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub expectations: Vec<Expectation>,
    /// Things to know about the comparison itself: the same side twice, another key, a torn capture.
    pub notes: Vec<String>,
    /// Where the verdict is inconclusive: what to do about it, best first.
    pub next: Vec<String>,
}

/// What a rule concludes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finding {
    /// The rule's name.
    pub rule: &'static str,
    /// Its family: `auth`, `setup`, `network`, `request`.
    pub family: &'static str,
    /// The side at fault: `sandbox`, `runtime`, `both`; null where none can be named.
    pub side: Option<&'static str>,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// One sentence.
    pub claim: String,
    /// The rule's own typed facts.
    pub detail: Map<String, Value>,
    /// What proves it, in the rule's order.
    pub evidence: Vec<Evidence>,
    /// The rule whose finding caused this one.
    pub caused_by: Option<&'static str>,
    /// What to do, best first.
    pub remedies: Vec<Remedy>,
}

/// A place that proves a finding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evidence {
    /// Whether the fault is here, or what it is compared with.
    pub role: Role,
    /// The side it is on.
    pub side: Side,
    /// The number of the exchange, where it is in one.
    pub exchange: Option<u32>,
    /// The place.
    pub at: String,
    /// A few words.
    pub label: String,
    /// `METHOD URL` of the exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// What came of the exchange: a status, or why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<String>,
    /// The place as text; only for the first of several that differ in nothing but the exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<Excerpt>,
}

/// One line of a redacted message, of a command's output or of an input, with a mark in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excerpt {
    /// Line, from 1; absent where the place has no lines.
    pub line: Option<u32>,
    /// The line as recorded. Characters that no terminal should see are still in it; every format makes them harmless.
    pub text: String,
    /// First marked byte of `text`.
    pub start: usize,
    /// One past the last marked byte; equal to `start` where what is missing would stand there.
    pub end: usize,
}

/// What to do about a finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remedy {
    /// One sentence.
    pub text: String,
    /// A unified diff; `null` where none can be given.
    pub patch: Option<String>,
}

/// A place where paired exchanges are not equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The pair, from 1.
    pub pair: usize,
    /// The sandbox's exchange, null for one without a partner.
    pub sandbox: Option<u32>,
    /// The runtime's exchange.
    pub runtime: Option<u32>,
    /// The place.
    pub at: String,
    /// What changed from sandbox to runtime.
    pub change: Change,
    /// Whether it matters.
    pub significance: Significance,
    /// Why it does not; null for a material one.
    pub why: Option<Cow<'static, str>>,
    /// The side whose own runs differ there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learned_from: Option<Side>,
    /// The reviewed entry that expects it: `samewire.toml:4`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expected_by: Option<String>,
    /// The first rule whose finding explains it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explained_by: Option<&'static str>,
}

/// A place that changes from run to run of one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LearnedPlace {
    /// The side that was recorded several times.
    pub side: Side,
    /// `METHOD URL` of the request, without its query.
    pub request: String,
    /// The place; `request` where the number of such requests changes.
    pub at: String,
    /// How many runs were compared.
    pub runs: u32,
    /// How many differences between the sides do not count because of it.
    pub silenced: usize,
}

/// A reviewed entry, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Expectation {
    /// Where it stands: `samewire.toml:4`.
    pub entry: String,
    /// The place that it names.
    pub at: String,
    /// The kind of change that it expects.
    pub change: ChangeKind,
    /// Why.
    pub why: String,
    /// The last day on which it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What came of it.
    pub state: ExpectationState,
    /// How many differences do not count because of it; of an expired one, how many would not.
    pub silenced: usize,
    /// Credentials are among them.
    pub credentials: bool,
    /// Rules whose findings are not stated because of it.
    pub rules: Vec<&'static str>,
    /// What a reader must know of it: differences that count although it names them, why nothing fits it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<String>,
}

/// What came of a reviewed entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectationState {
    /// It names differences, and they do not count.
    Used,
    /// It names nothing here.
    Unused,
    /// Its last day has passed.
    Expired,
    /// It names differences that count all the same.
    Withheld,
}

/// What changed from sandbox to runtime.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The kind.
    pub kind: ChangeKind,
    /// How a value was changed, where that is known.
    pub how: Option<&'static str>,
    /// The sandbox's value.
    pub sandbox: Option<String>,
    /// The runtime's value.
    pub runtime: Option<String>,
}

/// Whether a difference matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Significance {
    /// The servers see two different requests.
    Material,
    /// No server that follows the RFCs treats them differently.
    Cosmetic,
    /// Healthy runs differ there.
    Expected,
}

/// The verdict's name in reports.
pub(super) fn verdict_word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Same => "same",
        Verdict::Differs => "differs",
        Verdict::Inconclusive(_) => "inconclusive",
    }
}

fn verdict_name<S: Serializer>(verdict: &Verdict, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(verdict_word(verdict))
}
