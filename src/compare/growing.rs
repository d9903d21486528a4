//! Comparing while a side is still being recorded: what it has not sent yet is no difference.

use super::{Pair, Reason};
use crate::model::Capture;

/// Notes where a request has no partner yet. Whatever else would explain that, or make a fault of it, is to be told when the recording has ended.
pub(super) fn explain(pair: &mut Pair, sandbox: &Capture, runtime: &Capture) {
    let other = match (&pair.sandbox, &pair.runtime) {
        (Some(_), None) => runtime,
        (None, Some(_)) => sandbox,
        _ => return,
    };
    if other.completeness.growing {
        pair.alone = Some(Reason::Awaited);
    }
}
