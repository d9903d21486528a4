//! Diffs for remedies: those that were worked out when the run was recorded, and its manifest was at hand.

use crate::diagnose::Case;
use crate::model::{Repair, RepairKind, Side};

/// The diff of a side's manifest that does this, for the first one that fits.
pub(super) fn repair(
    case: &Case<'_>,
    side: Side,
    kind: RepairKind,
    fits: impl Fn(&Repair) -> bool,
) -> Option<String> {
    let manifest = case.capture(side).inputs.manifest.as_ref()?;
    let found = manifest.repairs.iter().find(|repair| repair.kind == kind && fits(repair));
    found.map(|repair| repair.patch.clone())
}

/// The same for a config value.
pub(super) fn repair_for(case: &Case<'_>, side: Side, kind: RepairKind, pointer: &str) -> Option<String> {
    repair(case, side, kind, |repair| repair.config.as_deref() == Some(pointer))
}

/// Lets a template read another config value; of this line, where it is known.
pub(super) fn read_instead(
    case: &Case<'_>,
    side: Side,
    (from, to): (&str, &str),
    line: Option<u32>,
) -> Option<String> {
    let of = |repair: &Repair| repair.config.as_deref() == Some(from) && repair.word.as_deref() == Some(to);
    let here = line.and_then(|line| {
        repair(case, side, RepairKind::ReadKey, |known| of(known) && known.line == Some(line))
    });
    here.or_else(|| repair(case, side, RepairKind::ReadKey, of))
}
