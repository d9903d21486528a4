//! Who said what: clues as the reason of a run that came to nothing.

use crate::compare::Locator;
use crate::diagnose::{Blame, Case, Confidence, Finding, Rule, Standing, standing};
use crate::model::{Clue, ClueKind, Exit, Side};

use super::super::network::went_past;

/// Both sides, in the order in which they are asked.
pub(in crate::diagnose::rules) const SIDES: [Side; 2] = [Side::Runtime, Side::Sandbox];

/// True for a side whose run did not do what it was started for.
///
/// A warning line in the output of a run that succeeded is no finding; so every rule that judges by clues asks this first.
pub(in crate::diagnose::rules) fn came_to_nothing(case: &Case<'_>, side: Side) -> bool {
    let ended_well = case.capture(side).run.exit.is_none_or(Exit::succeeded);
    match standing(case, side) {
        Standing::Succeeded => !ended_well,
        Standing::Failed => true,
        Standing::Silent => !ended_well || !says_it_worked(case, side),
    }
}

/// The command itself says that it read records or that its check succeeded.
fn says_it_worked(case: &Case<'_>, side: Side) -> bool {
    let mut worked = false;
    for clue in case.clues(side) {
        match clue.kind {
            ClueKind::CheckStatus { succeeded } => worked = succeeded,
            ClueKind::Records => worked = true,
            _ => {}
        }
    }
    worked
}

/// True for a clue that some rule takes as a cause of its own.
pub(in crate::diagnose::rules) fn names_a_cause(kind: &ClueKind) -> bool {
    match kind {
        ClueKind::SpecMissing
        | ClueKind::ManifestMissing(_)
        | ClueKind::ManifestRejected(_)
        | ClueKind::ConfigKeyMissing(_)
        | ClueKind::ConfigInvalid(_)
        | ClueKind::ConfigPathUndefined(_)
        | ClueKind::TemplateUndeclared(_)
        | ClueKind::TemplateSyntax(_)
        | ClueKind::CredentialsConflict(_)
        | ClueKind::FieldRefused(_)
        | ClueKind::AuthenticatorMisconfigured(_)
        | ClueKind::CustomCodeRefused
        | ClueKind::EgressBlocked(_)
        | ClueKind::UrlInvalid
        | ClueKind::CertificateRejected
        | ClueKind::NameNotResolved
        | ClueKind::ConnectionFailed
        | ClueKind::TimedOut => true,
        ClueKind::ModuleMissing(_)
        | ClueKind::CommandMissing(_)
        | ClueKind::ImageMissing
        | ClueKind::CheckStatus { .. }
        | ClueKind::Called { .. }
        | ClueKind::Records
        | ClueKind::Exception(_)
        | ClueKind::LastWords => false,
    }
}

/// True for a side that sent nothing, came to nothing, and did not say why: the only case in which a rule may judge by the config,
/// spec and manifest alone.
pub(in crate::diagnose::rules) fn unsaid(case: &Case<'_>, side: Side) -> bool {
    standing(case, side) == Standing::Silent
        && came_to_nothing(case, side)
        && case.capture(side).connections.is_empty()
        && !case.clues(side).any(|clue| names_a_cause(&clue.kind))
        && !went_past(case, side)
}

/// One fact, and the sides whose runs came to nothing after they said it.
pub(in crate::diagnose::rules) struct Said<'a, T> {
    /// The fact.
    pub(in crate::diagnose::rules) fact: T,
    first: (Side, &'a Clue),
    second: Option<(Side, &'a Clue)>,
}

/// The facts that `pick` finds among the clues of sides that came to nothing, each once.
pub(in crate::diagnose::rules) fn said<'a, T: PartialEq>(
    case: &Case<'a>,
    pick: impl Fn(&'a ClueKind) -> Option<T>,
) -> Vec<Said<'a, T>> {
    let mut all: Vec<Said<'a, T>> = Vec::new();
    for side in SIDES.into_iter().filter(|side| came_to_nothing(case, *side)) {
        for clue in case.clues(side) {
            let Some(fact) = pick(&clue.kind) else { continue };
            match all.iter_mut().find(|known| known.fact == fact) {
                Some(known) if known.first.0 != side => {
                    known.second.get_or_insert((side, clue));
                }
                Some(_) => {}
                None => all.push(Said { fact, first: (side, clue), second: None }),
            }
        }
    }
    all
}

impl<T> Said<'_, T> {
    /// The side to ask for config, spec and manifest.
    pub(in crate::diagnose::rules) fn side(&self) -> Side {
        self.first.0
    }

    /// `runtime`, or `both sides`.
    pub(in crate::diagnose::rules) fn who(&self) -> &'static str {
        if self.second.is_some() { "both sides" } else { self.side().as_str() }
    }

    /// `runtime's`, or `both sides'`.
    pub(in crate::diagnose::rules) fn whose(&self) -> &'static str {
        match (&self.second, self.side()) {
            (Some(_), _) => "both sides'",
            (None, Side::Runtime) => "runtime's",
            (None, Side::Sandbox) => "sandbox's",
        }
    }

    /// `, so no request was sent`, where that is so.
    pub(in crate::diagnose::rules) fn so(&self, case: &Case<'_>) -> &'static str {
        if case.capture(self.side()).exchanges.is_empty() { ", so no request was sent" } else { "" }
    }

    /// The finding, with the lines that prove it. Certain where nothing was sent at all.
    pub(in crate::diagnose::rules) fn finding(
        &self,
        case: &Case<'_>,
        rule: &'static Rule,
        claim: String,
    ) -> Finding {
        let blame = if self.second.is_some() { Blame::Both } else { Blame::Side(self.side()) };
        let silent = case.capture(self.side()).exchanges.is_empty();
        let sure = if silent { Confidence::Certain } else { Confidence::Likely };
        let mut finding = Finding::new(rule, blame, claim).confidence(sure);
        for (side, clue) in std::iter::once(self.first).chain(self.second) {
            finding =
                finding.primary(side, None, Locator::Output(clue.stream, clue.line), shortened(&clue.text));
        }
        finding
    }
}

/// The beginning of a line, for a label.
pub(in crate::diagnose::rules) fn shortened(text: &impl std::fmt::Display) -> String {
    const LONGEST: usize = 100;
    let text = text.to_string();
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}
