//! Findings as tools of a build take them: one alert each, with the files that it points to. `JUnit`, SARIF and GitHub's annotations are
//! made of these, for comparisons and inspections alike.

use crate::diagnose::{self, Severity, Verdict};
use crate::inspect::{self, Inspection};

use super::contract::verdict_word;
use super::{Difference, Finding, Report, inert};

/// The rule of differences that no rule explains.
const UNEXPLAINED: &str = "unexplained";

/// All that a build is told.
pub(super) struct Alerts {
    /// What was done: `compare`, `inspect`.
    pub(super) task: &'static str,
    /// How it ended.
    pub(super) outcome: Outcome,
    /// That in a sentence.
    pub(super) headline: String,
    /// When, as RFC 3339 has it, where that is known.
    pub(super) at: Option<String>,
    /// What was found.
    pub(super) found: Vec<Alert>,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Passed,
    Failed,
    /// It cannot be told.
    Open,
}

/// One finding.
pub(super) struct Alert {
    pub(super) rule: &'static str,
    pub(super) family: &'static str,
    pub(super) severity: Severity,
    pub(super) claim: String,
    /// Cause, evidence and remedies, a line each.
    pub(super) lines: Vec<String>,
    /// Files, the fault first.
    pub(super) files: Vec<Spot>,
    /// Places in requests and runs.
    pub(super) places: Vec<String>,
}

/// A place in a file.
#[derive(PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) file: String,
    pub(super) line: Option<u32>,
    pub(super) label: String,
}

impl Alerts {
    /// Of a comparison.
    pub(super) fn of_report(report: &Report) -> Self {
        let outcome = match report.verdict {
            Verdict::Same => Outcome::Passed,
            Verdict::Differs => Outcome::Failed,
            Verdict::Inconclusive(_) => Outcome::Open,
        };
        let mut found: Vec<Alert> = report.findings.iter().map(|one| Alert::of(report, one)).collect();
        found.extend(report.unexplained.iter().map(Alert::unexplained));
        Self {
            task: "compare",
            outcome,
            headline: inert(&format!("{}: {}", verdict_word(&report.verdict), report.headline)),
            at: Some(report.runtime.started_at.to_string()),
            found,
        }
    }

    /// Of an inspection.
    pub(super) fn of_inspection(inspection: &Inspection) -> Self {
        let failed = inspection.worst() == Some(Severity::Error);
        let number = super::advice::count(inspection.findings.len(), "finding");
        Self {
            task: "inspect",
            outcome: if failed { Outcome::Failed } else { Outcome::Passed },
            headline: inert(&format!("{number} in {}", inspection.target)),
            at: None,
            found: inspection.findings.iter().map(Alert::of_files).collect(),
        }
    }
}

impl Alert {
    fn of(report: &Report, found: &Finding) -> Self {
        let cause = found.detail.get("cause").and_then(serde_json::Value::as_str);
        let mut lines: Vec<String> = cause.iter().map(|cause| format!("cause: {cause}")).collect();
        lines.extend(found.caused_by.iter().map(|cause| format!("a consequence of {cause}")));
        let mut files: Vec<Spot> = Vec::new();
        let mut places = Vec::new();
        for place in &found.evidence {
            let number = place.exchange.map(|number| format!(" #{number}")).unwrap_or_default();
            let name = format!("{}{number} {}", place.side, place.at);
            if let Some(excerpt) = &place.excerpt {
                lines.push(format!("{name} | {} ({})", excerpt.text.trim_start(), place.label));
            }
            if !places.contains(&name) {
                places.push(name);
            }
            let run =
                if place.side == crate::model::Side::Sandbox { &report.sandbox } else { &report.runtime };
            let line = place.at.strip_prefix("run.manifest");
            let (Some(line), Some(file)) = (line, &run.manifest) else { continue };
            let line = line.strip_prefix(':').and_then(|line| line.parse().ok());
            let spot = Spot { file: inert(file), line, label: inert(&place.label) };
            if !files.contains(&spot) {
                files.push(spot);
            }
        }
        lines.extend(found.remedies.iter().map(|remedy| format!("fix: {}", remedy.text)));
        Self {
            rule: found.rule,
            family: found.family,
            severity: found.severity,
            claim: inert(&found.claim),
            lines: lines.iter().map(|line| inert(line)).collect(),
            files,
            places: places.iter().map(|place| inert(place)).collect(),
        }
    }

    fn unexplained(difference: &Difference) -> Self {
        let value = |value: &Option<String>| match value.as_deref() {
            None => "nothing".to_owned(),
            Some("") => "an empty value".to_owned(),
            Some(value) => inert(value),
        };
        let at = inert(&difference.at);
        let (sandbox, runtime) = (value(&difference.change.sandbox), value(&difference.change.runtime));
        Self {
            rule: UNEXPLAINED,
            family: "request",
            severity: Severity::Error,
            claim: format!("a difference that no rule explains, at {at}"),
            lines: vec![format!("sandbox has {sandbox}, runtime has {runtime}")],
            files: Vec::new(),
            places: vec![at],
        }
    }

    fn of_files(found: &inspect::Finding) -> Self {
        let place = |spot: &inspect::Spot| Spot {
            file: inert(&spot.file),
            line: spot.line,
            label: inert(&spot.label),
        };
        let lines = found.remedies.iter().map(|remedy| inert(&format!("fix: {}", remedy.text)));
        Self {
            rule: found.rule,
            family: found.family,
            severity: found.severity,
            claim: inert(&found.claim),
            lines: lines.collect(),
            files: found.evidence.iter().map(place).collect(),
            places: Vec::new(),
        }
    }

    /// What the rule is about, in one sentence, and its page.
    pub(super) fn page(&self) -> (&'static str, &'static str) {
        let rule = diagnose::rule(self.rule).map(|rule| (rule.summary, rule.docs));
        let check = inspect::check(self.rule).map(|check| (check.summary, check.docs));
        rule.or(check).unwrap_or((
            "a difference between the two runs that no rule explains",
            "Two paired requests or answers are not equal in a place that no rule knows. Look at both values; if the difference is meant, \
             put it into samewire.toml.",
        ))
    }
}
