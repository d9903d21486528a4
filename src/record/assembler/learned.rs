//! What is learned of a connection again and again, and kept within bounds.

use crate::redact::{RawConnection, RawDial, RawFailure, RawRefused};

/// How many dials are kept of a connection: one that dials anew for each request would have one for each.
const DIALS: usize = 8;

/// Keeps a dial, unless one that went the same way is known.
pub(super) fn dial(of: &mut RawConnection, dial: RawDial) {
    if of.dials.len() < DIALS && !of.dials.contains(&dial) {
        of.dials.push(dial);
    }
}

/// Counts a request that was not taken. True where none was for this reason before.
pub(super) fn refused(of: &mut RawConnection, stream: u32, failure: RawFailure) -> bool {
    if let Some(known) = of.refused.iter_mut().find(|known| known.failure == failure) {
        known.times += 1;
        return false;
    }
    of.refused.push(RawRefused { stream, times: 1, failure });
    true
}
