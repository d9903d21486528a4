//! What a rule concludes.

use std::collections::BTreeSet;

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

impl Finding {
    /// A finding that the wire or the output proves, as bad as its rule says; the engine lowers it where the sides do not differ in
    /// success.
    pub(crate) fn new(rule: &'static Rule, side: impl Into<Blame>, claim: impl Into<String>) -> Self {
        Self {
            rule,
            side: side.into(),
            claim: claim.into(),
            detail: Map::new(),
            severity: rule.severity,
            confidence: Confidence::Certain,
            evidence: Vec::new(),
            remedies: Vec::new(),
            caused_by: None,
            explains: Vec::new(),
        }
    }

    /// Adds a typed fact.
    pub(crate) fn detail(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(name.to_owned(), value.into());
        self
    }

    /// At most this bad.
    pub(crate) fn severity(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// This sure.
    pub(crate) fn confidence(mut self, confidence: Confidence) -> Self {
        self.confidence = confidence;
        self
    }

    /// Adds the place of the fault.
    pub(crate) fn primary(
        self,
        side: Side,
        exchange: Option<u32>,
        at: Locator,
        label: impl Into<String>,
    ) -> Self {
        self.evidence(Role::Primary, side, exchange, at, label)
    }

    /// Adds a place to compare it with.
    pub(crate) fn related(
        self,
        side: Side,
        exchange: Option<u32>,
        at: Locator,
        label: impl Into<String>,
    ) -> Self {
        self.evidence(Role::Related, side, exchange, at, label)
    }

    fn evidence(
        mut self,
        role: Role,
        side: Side,
        exchange: Option<u32>,
        at: Locator,
        label: impl Into<String>,
    ) -> Self {
        self.evidence.push(Evidence { role, side, exchange, at, label: label.into() });
        self
    }

    /// Adds what to do, best first.
    pub(crate) fn remedy(self, text: impl Into<String>) -> Self {
        self.remedy_with(text, None)
    }

    /// The same with a unified diff, where there is one.
    pub(crate) fn remedy_with(mut self, text: impl Into<String>, patch: Option<String>) -> Self {
        self.remedies.push(Remedy { text: text.into(), patch });
        self
    }

    /// Adds differences that it accounts for: indexes into the comparison's.
    pub(crate) fn explains(mut self, differences: impl IntoIterator<Item = usize>) -> Self {
        self.explains.extend(differences);
        self
    }

    /// Takes over what the same claim about other exchanges brings.
    pub(super) fn absorb(&mut self, other: Self) {
        self.severity = self.severity.max(other.severity);
        self.confidence = self.confidence.max(other.confidence);
        self.evidence.extend(other.evidence);
        self.explains.extend(other.explains);
        for remedy in other.remedies {
            if !self.remedies.contains(&remedy) {
                self.remedies.push(remedy);
            }
        }
    }

    /// Puts primary evidence first, each place once.
    pub(super) fn order_evidence(&mut self) {
        let mut seen = BTreeSet::new();
        self.evidence.retain(|evidence| {
            seen.insert((evidence.role, evidence.side, evidence.exchange, evidence.at.clone()))
        });
        self.evidence.sort_by_key(|evidence| evidence.role);
        self.explains.sort_unstable();
        self.explains.dedup();
    }

    /// The first exchange of its primary evidence.
    pub(super) fn first_exchange(&self) -> Option<u32> {
        self.primary_exchanges().min()
    }

    /// The last one.
    pub(super) fn last_exchange(&self) -> Option<u32> {
        self.primary_exchanges().max()
    }

    fn primary_exchanges(&self) -> impl Iterator<Item = u32> {
        self.evidence
            .iter()
            .filter(|evidence| evidence.role == Role::Primary)
            .filter_map(|evidence| evidence.exchange)
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self { text, patch: None }
    }
}

impl From<Side> for Blame {
    fn from(side: Side) -> Self {
        Self::Side(side)
    }
}
