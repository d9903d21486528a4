//! The ledger of reviewed entries, as reports tell it.

use crate::compare::{ChangeKind, Comparison, ExpectedEntry, Locator, Withheld};
use crate::diagnose::{Case, Diagnosis};

use super::{Expectation, ExpectationState};

/// A line for each entry of the file, in its order.
pub(super) fn ledger(case: &Case<'_>, diagnosis: &Diagnosis) -> Vec<Expectation> {
    let entries = &case.comparison.expectations;
    entries.iter().enumerate().map(|(at, line)| told(line, rules(diagnosis, at))).collect()
}

/// Where the entry stands, and why it expects a difference.
pub(super) fn entry(comparison: &Comparison, at: usize) -> Option<(String, String)> {
    let line = comparison.expectations.get(at)?;
    Some((line.entry.place(), line.entry.why.clone()))
}

fn rules(diagnosis: &Diagnosis, entry: usize) -> Vec<&'static str> {
    let mut rules: Vec<&'static str> = Vec::new();
    for finding in diagnosis.expected.iter().filter(|finding| finding.entries.contains(&entry)) {
        if !rules.contains(&finding.rule) {
            rules.push(finding.rule);
        }
    }
    rules
}

fn told(line: &ExpectedEntry, rules: Vec<&'static str>) -> Expectation {
    let entry = &line.entry;
    let state = match (line.expired, line.silenced) {
        (true, _) => ExpectationState::Expired,
        (false, 1..) => ExpectationState::Used,
        (false, 0) if line.withheld.is_empty() => ExpectationState::Unused,
        (false, 0) => ExpectationState::Withheld,
    };
    let mut remarks: Vec<String> = line.withheld.iter().map(|why| withheld(why, entry.change)).collect();
    remarks.extend(line.near.as_ref().map(|near| {
        format!("there is a difference at {near}; copy `at` and `change` from the report (--format json)")
    }));
    Expectation {
        entry: entry.place(),
        at: entry.at.to_string(),
        change: entry.change,
        why: entry.why.clone(),
        until: entry.until.map(|date| date.to_string()),
        state,
        silenced: line.silenced,
        credentials: line.credentials,
        rules,
        remarks,
    }
}

fn withheld(why: &Withheld, change: ChangeKind) -> String {
    match why {
        Withheld::Wildcard(at) => format!(
            "{at} carries credentials, which are expected to differ only where an entry names place and host in full: \
             at = \"{at}\", host = \"api.example.com\", neither with a star"
        ),
        Withheld::Refused(at) if is_answer(at) => {
            format!("{at} counts, because one side was refused and the other was not")
        }
        Withheld::Refused(at) => {
            format!(
                "the difference at {at} counts, because one side was refused and the other was not: it may be why"
            )
        }
        Withheld::Unsound(at) if change == ChangeKind::Altered => {
            format!(
                "{at} has a placeholder or a damaged value on one side, and that is no other value but a fault"
            )
        }
        Withheld::Unsound(at) => format!("{at} has a placeholder or a damaged value, and that is a fault"),
    }
}

fn is_answer(at: &Locator) -> bool {
    matches!(at, Locator::Status | Locator::Outcome | Locator::Response(_))
}
