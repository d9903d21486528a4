//! How sure a finding can be where a side is an import: another program told of it, and samewire did not see it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::compare::Locator;
use crate::model::{Capture, Lack, Side, Source};

use super::{Blame, Case, Confidence, Finding};

/// Holds findings that lean on an import to what an import can prove.
pub(super) fn temper(case: &Case<'_>, finding: &mut Finding) {
    let imported = |side: Side| case.capture(side).run.source.is_some();
    let leans = |side: Side| {
        imported(side)
            && finding.evidence.iter().any(|evidence| evidence.side == side && is_of_wire(&evidence.at))
    };
    if leans(Side::Sandbox) || leans(Side::Runtime) {
        finding.confidence = finding.confidence.min(Confidence::Likely);
    }
    // What is missing there may have been left out by the exporter.
    let absent = matches!(finding.side, Blame::Side(side) if imported(side));
    if absent && matches!(finding.rule.name, "token-missing" | "field-missing" | "request-missing") {
        finding.confidence = Confidence::Possible;
    }
}

fn is_of_wire(at: &Locator) -> bool {
    !matches!(
        at,
        Locator::Output(..)
            | Locator::Config(_)
            | Locator::Variable(_)
            | Locator::Named(_)
            | Locator::Spec
            | Locator::Manifest(_)
    )
}

/// What a reader must know of an imported side, and how to know more.
pub(super) fn note(side: Side, capture: &Capture) -> Option<String> {
    let source = capture.run.source.as_ref()?;
    let program = if source.program.is_empty() { String::new() } else { format!(" of {}", source.program) };
    let mut note = format!(
        "the {side} was imported from {}{program}, not recorded: order, case and spacing of its fields, the fields of the connection and \
         its bytes are unknown, and so is every value that is masked there",
        source.format.words()
    );
    let lacks = lacks(source, capture);
    // Writing to a string cannot fail.
    if !lacks.is_empty() {
        let words: Vec<&str> = lacks.into_iter().map(Lack::words).collect();
        let _ = write!(note, "; nor does it tell {}", words.join(", nor "));
    }
    if capture.exchanges.iter().any(|exchange| exchange.presumed().is_some()) {
        let how = if side == Side::Sandbox { "success" } else { "failure" };
        let _ = write!(note, "; its answers are not told, {how} is presumed");
    }
    let _ = write!(note, ". To know them: samewire record {side} -- COMMAND");
    Some(note)
}

fn lacks(source: &Source, capture: &Capture) -> BTreeSet<Lack> {
    let of_exchanges = capture.exchanges.iter().filter_map(|exchange| exchange.imported());
    of_exchanges
        .flat_map(|imported| imported.lacks.iter().copied())
        .chain(source.lacks.iter().copied())
        .collect()
}
