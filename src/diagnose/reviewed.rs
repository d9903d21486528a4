//! Findings that say no more than what somebody has reviewed and expects: they go to the ledger.

use std::collections::BTreeSet;

use super::{Case, Finding, Findings, Role};
use crate::compare::{Difference, Reason, Significance};

/// Rules that say what is wrong with a value, whether or not the other side has another one: to expect a difference is no excuse for that.
const OWN_FAULT: &[&str] = &[
    "token-altered",
    "token-cast",
    "token-expired",
    "token-kind-wrong",
    "token-swapped",
    "credentials-leaked-on-redirect",
    "retry-storm",
];

/// A finding that was not stated, and the entries that expect it: indexes into the comparison's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedFinding {
    /// The rule.
    pub rule: &'static str,
    /// The entries.
    pub entries: Vec<usize>,
}

/// Takes such findings out. Of one that says more, the evidence of pairs in which all is expected goes.
pub(super) fn set_apart(case: &Case<'_>, findings: Findings) -> (Findings, Vec<ExpectedFinding>) {
    let mut kept = Findings::new();
    let mut expected = Vec::new();
    for mut finding in findings {
        let entries = entries(case, &finding);
        if entries.is_empty() || OWN_FAULT.contains(&finding.rule.name) {
            kept.push(finding);
        } else if counts(case, &finding) {
            trim(case, &mut finding);
            kept.push(finding);
        } else {
            expected
                .push(ExpectedFinding { rule: finding.rule.name, entries: entries.into_iter().collect() });
        }
    }
    (kept, expected)
}

fn entry(difference: &Difference) -> Option<usize> {
    match difference.significance {
        Significance::Expected(Reason::Reviewed { entry }) => Some(entry),
        _ => None,
    }
}

fn explained<'a>(case: &Case<'a>, finding: &Finding) -> impl Iterator<Item = &'a Difference> {
    let all = &case.comparison.differences;
    finding.explains.iter().filter_map(|at| all.get(*at))
}

fn entries(case: &Case<'_>, finding: &Finding) -> BTreeSet<usize> {
    explained(case, finding).filter_map(entry).collect()
}

/// Whether it says more: a difference that counts, or a place outside of the requests, such as a line of output.
fn counts(case: &Case<'_>, finding: &Finding) -> bool {
    let material = |known: &Difference| known.significance == Significance::Material;
    let elsewhere =
        finding.evidence.iter().any(|place| place.role == Role::Primary && place.exchange.is_none());
    elsewhere || explained(case, finding).any(material)
}

fn trim(case: &Case<'_>, finding: &mut Finding) {
    let pairs = |wanted: &dyn Fn(&Difference) -> bool| -> BTreeSet<usize> {
        explained(case, finding).filter(|known| wanted(known)).map(|known| known.pair).collect()
    };
    let counting = pairs(&|known| entry(known).is_none());
    let expected = pairs(&|known| entry(known).is_some());
    finding.evidence.retain(|place| {
        let pair = place.exchange.and_then(|number| case.pair_of(place.side, number));
        pair.is_none_or(|pair| counting.contains(&pair) || !expected.contains(&pair))
    });
}
