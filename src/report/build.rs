//! A diagnosis to a report: every place that findings name is looked up in the captures here, so that formats need the report only.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::compare;
use crate::diagnose::{self, Blame, Case, Diagnosis, Verdict};

use super::{
    Change, Difference, Evidence, Finding, LearnedPlace, Remedy, Report, RunSummary, SCHEMA, Significance,
};
use super::{advice, config_to_wire, excerpt, expected};

impl Report {
    /// The report on two captures.
    pub fn new(case: &Case<'_>, diagnosis: &Diagnosis) -> Self {
        let explained_by = explained_by(diagnosis);
        let differences: Vec<Difference> = case
            .comparison
            .differences
            .iter()
            .enumerate()
            .map(|(at, found)| difference(case.comparison, found, explained_by.get(&at).copied()))
            .collect();
        let unexplained =
            diagnosis.unexplained.iter().filter_map(|at| differences.get(*at).cloned()).collect();
        let expected =
            differences.iter().filter(|one| one.significance == Significance::Expected).cloned().collect();
        let mut report = Self {
            schema: SCHEMA,
            version: env!("CARGO_PKG_VERSION"),
            verdict: diagnosis.verdict.clone(),
            verdict_reason: match &diagnosis.verdict {
                Verdict::Inconclusive(reason) => Some(reason.as_str()),
                Verdict::Same | Verdict::Differs => None,
            },
            headline: String::new(),
            sandbox: RunSummary::new(case.sandbox),
            runtime: RunSummary::new(case.runtime),
            pairs_compared: pairs_compared(case),
            findings: diagnosis.findings.iter().map(|found| finding(case, found)).collect(),
            differences,
            unexplained,
            expected,
            config_to_wire: config_to_wire::traced(case, diagnosis.findings.first()),
            learned: case.comparison.learned.iter().map(learned).collect(),
            expectations: expected::ledger(case, diagnosis),
            notes: diagnosis.notes.clone(),
            next: Vec::new(),
        };
        report.headline = advice::headline(&report);
        report.next = advice::next(&report);
        report
    }
}

fn pairs_compared(case: &Case<'_>) -> usize {
    case.comparison.pairs.iter().filter(|pair| pair.sandbox.is_some() && pair.runtime.is_some()).count()
}

/// The first rule that explains a difference, by the difference's index.
fn explained_by(diagnosis: &Diagnosis) -> BTreeMap<usize, &'static str> {
    let mut rules = BTreeMap::new();
    for found in &diagnosis.findings {
        for difference in &found.explains {
            rules.entry(*difference).or_insert(found.rule.name);
        }
    }
    rules
}

fn finding(case: &Case<'_>, found: &diagnose::Finding) -> Finding {
    let mut shown = BTreeSet::new();
    Finding {
        rule: found.rule.name,
        family: found.rule.family.as_str(),
        side: match found.side {
            Blame::Side(side) => Some(side.as_str()),
            Blame::Both => Some("both"),
            Blame::Nobody => None,
        },
        severity: found.severity,
        confidence: found.confidence,
        claim: found.claim.clone(),
        detail: found.detail.clone(),
        evidence: found
            .evidence
            .iter()
            .map(|place| {
                let first = shown.insert((place.role, place.side, &place.at, &place.label));
                evidence(case, place, first)
            })
            .collect(),
        caused_by: found.caused_by,
        remedies: found
            .remedies
            .iter()
            .map(|remedy| Remedy { text: remedy.text.clone(), patch: remedy.patch.clone() })
            .collect(),
    }
}

fn evidence(case: &Case<'_>, place: &diagnose::Evidence, with_excerpt: bool) -> Evidence {
    let exchange = place.exchange.and_then(|number| case.exchange(place.side, number));
    Evidence {
        role: place.role,
        side: place.side,
        exchange: place.exchange,
        at: place.at.to_string(),
        label: place.label.clone(),
        request: exchange.map(|one| format!("{} {}", one.request.method, one.request.target.url())),
        answer: exchange.map(excerpt::answer_in_words),
        excerpt: if with_excerpt {
            excerpt::excerpt(case, place.side, place.exchange, &place.at)
        } else {
            None
        },
    }
}

fn learned(place: &compare::LearnedPlace) -> LearnedPlace {
    LearnedPlace {
        side: place.side,
        request: place.request.clone(),
        at: place.at.to_string(),
        runs: place.runs,
        silenced: place.silenced,
    }
}

fn difference(
    comparison: &compare::Comparison,
    found: &compare::Difference,
    explained_by: Option<&'static str>,
) -> Difference {
    let (significance, reason) = match found.significance {
        compare::Significance::Material => (Significance::Material, None),
        compare::Significance::Cosmetic(reason) => (Significance::Cosmetic, Some(reason)),
        compare::Significance::Expected(reason) => (Significance::Expected, Some(reason)),
    };
    let entry = match reason {
        Some(compare::Reason::Reviewed { entry }) => expected::entry(comparison, entry),
        _ => None,
    };
    let (expected_by, reviewed) = entry.unzip();
    Difference {
        pair: found.pair + 1,
        sandbox: found.sandbox,
        runtime: found.runtime,
        at: found.at.to_string(),
        change: Change {
            kind: found.change.kind,
            how: found.change.how,
            sandbox: found.change.sandbox.clone(),
            runtime: found.change.runtime.clone(),
        },
        significance,
        why: reviewed.map(Cow::Owned).or_else(|| reason.map(compare::Reason::words)),
        learned_from: match reason {
            Some(compare::Reason::Learned { side, .. }) => Some(side),
            _ => None,
        },
        expected_by,
        explained_by,
    }
}
