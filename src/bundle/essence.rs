//! What of a report must stay when tags and hosts get other names.

use crate::compare::ChangeKind;
use crate::diagnose::{Confidence, Role, Severity, Verdict};
use crate::model::Side;
use crate::report::{Difference, Finding, Report, Significance};

/// A report without its words.
#[derive(Debug, PartialEq)]
pub(super) struct Essence {
    verdict: Verdict,
    findings: Vec<Found>,
    differences: Vec<Differs>,
    unexplained: usize,
}

#[derive(Debug, PartialEq)]
struct Found {
    rule: &'static str,
    side: Option<&'static str>,
    severity: Severity,
    confidence: Confidence,
    caused_by: Option<&'static str>,
    /// Names of the rule's facts, and those that are no text.
    detail: Vec<(String, Option<serde_json::Value>)>,
    evidence: Vec<(Role, Side, Option<u32>)>,
}

#[derive(Debug, PartialEq)]
struct Differs {
    exchanges: (usize, Option<u32>, Option<u32>),
    kind: ChangeKind,
    how: Option<&'static str>,
    significance: Significance,
    explained_by: Option<&'static str>,
}

impl Essence {
    pub(super) fn of(report: &Report) -> Self {
        Self {
            verdict: report.verdict.clone(),
            findings: report.findings.iter().map(found).collect(),
            differences: report.differences.iter().map(differs).collect(),
            unexplained: report.unexplained.len(),
        }
    }

    /// What is not the same, in a word.
    pub(super) fn differs_from(&self, other: &Self) -> Option<&'static str> {
        if self.verdict != other.verdict {
            Some("its verdict")
        } else if self.findings != other.findings {
            Some("its findings")
        } else if self != other {
            Some("its differences")
        } else {
            None
        }
    }
}

fn found(finding: &Finding) -> Found {
    let fact = |value: &serde_json::Value| {
        Some(value.clone()).filter(|value| value.is_number() || value.is_boolean())
    };
    Found {
        rule: finding.rule,
        side: finding.side,
        severity: finding.severity,
        confidence: finding.confidence,
        caused_by: finding.caused_by,
        detail: finding.detail.iter().map(|(name, value)| (name.clone(), fact(value))).collect(),
        evidence: finding.evidence.iter().map(|place| (place.role, place.side, place.exchange)).collect(),
    }
}

fn differs(difference: &Difference) -> Differs {
    Differs {
        exchanges: (difference.pair, difference.sandbox, difference.runtime),
        kind: difference.change.kind,
        how: difference.change.how,
        significance: difference.significance,
        explained_by: difference.explained_by,
    }
}
