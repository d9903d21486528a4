//! Two capture sets to differences.

use super::{Comparison, Learned, compare, learn};
use crate::model::{Capture, Side};

/// Compares the first captures of both sides, with what the other captures of either side's set teach.
pub fn compare_sets(sandbox: (&Capture, &[Capture]), runtime: (&Capture, &[Capture])) -> Comparison {
    let mut comparison = compare(sandbox.0, runtime.0);
    let learned: Vec<Learned> = [(Side::Sandbox, sandbox), (Side::Runtime, runtime)]
        .into_iter()
        .filter(|(_, (_, others))| !others.is_empty())
        .map(|(side, (first, others))| learn(side, &[first].into_iter().chain(others).collect::<Vec<_>>()))
        .collect();
    comparison.silence(sandbox.0, runtime.0, &learned);
    comparison
}
