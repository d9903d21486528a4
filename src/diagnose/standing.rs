//! Who succeeded: what severities, the side at fault and the verdict hang on.

use std::collections::BTreeSet;

use crate::compare::Pair;
use crate::model::{ClueKind, Side};

use super::{Blame, Case, Family, Finding, Role, Severity};

/// How far a run came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It asked and got what it asked for.
    Succeeded,
    /// It asked in vain.
    Failed,
    /// No request of it was seen.
    Silent,
}

/// How far a side came, by its exchanges and by its own words.
///
/// The exit code alone is no witness: an Airbyte check that was refused exits with 0, and so does the builder.
pub fn standing(case: &Case<'_>, side: Side) -> Standing {
    let exchanges = &case.capture(side).exchanges;
    let Some(last) = exchanges.last() else {
        return Standing::Silent;
    };
    let said = case.clues(side).filter_map(|clue| match clue.kind {
        ClueKind::CheckStatus { succeeded } => Some(succeeded),
        _ => None,
    });
    let succeeded = said.last().unwrap_or_else(|| last.succeeded());
    if succeeded { Standing::Succeeded } else { Standing::Failed }
}

/// What became of a pair's compared exchanges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answers {
    /// Only this side was refused or got no answer.
    OneFailed(Side),
    /// Both were.
    BothFailed,
    /// Neither was.
    BothSucceeded,
    /// There is no partner.
    Alone,
}

/// What became of the exchanges of a pair.
pub(crate) fn answers(pair: &Pair) -> Answers {
    let side = |side| pair.of(side).map(|attempts| attempts.succeeded);
    match (side(Side::Sandbox), side(Side::Runtime)) {
        (Some(true), Some(true)) => Answers::BothSucceeded,
        (Some(false), Some(false)) => Answers::BothFailed,
        (Some(false), Some(true)) => Answers::OneFailed(Side::Sandbox),
        (Some(true), Some(false)) => Answers::OneFailed(Side::Runtime),
        _ => Answers::Alone,
    }
}

/// The severity that a finding has in this case, at most the one it was stated with.
pub(super) fn severity(case: &Case<'_>, finding: &Finding) -> Severity {
    let contrast = contrast(case, finding);
    let severity = match (finding.rule.family, contrast) {
        (_, Contrast::Differs) => Severity::Error,
        (Family::Request, Contrast::BothSucceeded) => Severity::Note,
        (_, Contrast::BothFailed | Contrast::BothSucceeded) => Severity::Warning,
    };
    severity.min(finding.severity)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Contrast {
    Differs,
    BothFailed,
    BothSucceeded,
}

/// Whether the sides differ in success where the finding's evidence lies: in its pairs if they have both sides, else in the runs.
fn contrast(case: &Case<'_>, finding: &Finding) -> Contrast {
    if finding.side == Blame::Both {
        return runs(case).min_both();
    }
    let mut seen = None;
    for pair in pairs_of(case, finding) {
        match answers(pair) {
            Answers::OneFailed(_) => return Contrast::Differs,
            Answers::BothFailed => seen = Some(Contrast::BothFailed),
            Answers::BothSucceeded => seen = seen.or(Some(Contrast::BothSucceeded)),
            Answers::Alone => {}
        }
    }
    match seen {
        // A run can fail on an answer that HTTP calls a success.
        Some(Contrast::BothSucceeded) if fails_unseen(case) => Contrast::Differs,
        Some(seen) => seen,
        None => runs(case),
    }
}

impl Contrast {
    /// For a finding that both sides share: it cannot be what tells them apart.
    fn min_both(self) -> Self {
        if self == Self::Differs { Self::BothFailed } else { self }
    }
}

fn runs(case: &Case<'_>) -> Contrast {
    match (standing(case, Side::Sandbox), standing(case, Side::Runtime)) {
        (Standing::Succeeded, Standing::Succeeded) => Contrast::BothSucceeded,
        (sandbox, runtime) if sandbox == runtime => Contrast::BothFailed,
        _ => Contrast::Differs,
    }
}

/// One run failed by its own words although every pair was answered alike.
fn fails_unseen(case: &Case<'_>) -> bool {
    runs(case) == Contrast::Differs
        && case.comparison.pairs.iter().all(|pair| {
            [&pair.sandbox, &pair.runtime].into_iter().flatten().all(|attempts| attempts.succeeded)
        })
}

/// The pairs in which the primary evidence lies.
fn pairs_of<'a>(case: &Case<'a>, finding: &'a Finding) -> impl Iterator<Item = &'a Pair> {
    let places: BTreeSet<(Side, u32)> = finding
        .evidence
        .iter()
        .filter(|evidence| evidence.role == Role::Primary)
        .filter_map(|evidence| evidence.exchange.map(|number| (evidence.side, number)))
        .collect();
    case.comparison.pairs.iter().filter(move |pair| {
        [(Side::Sandbox, &pair.sandbox), (Side::Runtime, &pair.runtime)].into_iter().any(
            |(side, attempts)| {
                attempts
                    .iter()
                    .flat_map(|attempts| &attempts.exchanges)
                    .any(|number| places.contains(&(side, *number)))
            },
        )
    })
}
