//! Why a request has no partner, where the way in which frameworks work explains it.

use std::collections::{HashMap, HashSet};

use super::Reason;
use super::attempt::Unit;
use super::key::{self, Tier};
use crate::threads;

/// More requests of one kind than a test read of the Builder makes. A sandbox that made more read everything.
const TEST_READ: usize = 500;

/// The reasons, one for each unit; `None` for a unit with a partner, or without one and without a reason.
pub(super) struct Reasons {
    pub(super) sandbox: Vec<Option<Reason>>,
    pub(super) runtime: Vec<Option<Reason>>,
}

/// Finds the reasons. `partners` are indexes into the other run's units.
pub(super) fn reasons(
    sandbox: &[Unit<'_>],
    runtime: &[Unit<'_>],
    partner_of_sandbox: &[Option<usize>],
    partner_of_runtime: &[Option<usize>],
) -> Reasons {
    let ours = Run { units: sandbox, partners: partner_of_sandbox, others: runtime };
    let theirs = Run { units: runtime, partners: partner_of_runtime, others: sandbox };
    let (sandbox, runtime) =
        threads::both(|| ours.reasons(Limited::Check), || theirs.reasons(Limited::TestRead));
    Reasons { sandbox, runtime }
}

/// Which limits the other run may have had.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Limited {
    /// The Builder's test read: some pages of some slices of one stream.
    TestRead,
    /// `check` at run time: the first record of a stream, then no more.
    Check,
}

struct Run<'u, 'a> {
    units: &'u [Unit<'a>],
    partners: &'u [Option<usize>],
    others: &'u [Unit<'a>],
}

impl Run<'_, '_> {
    fn reasons(&self, limited: Limited) -> Vec<Option<Reason>> {
        if self.others.is_empty() || self.partners.iter().all(Option::is_some) {
            return vec![None; self.units.len()];
        }
        let shape = |unit: &Unit<'_>| key::of(unit.last, Tier::Query);
        // Of each kind of paired requests: how many the other run made, and the last place of one here.
        let mut kinds: HashMap<u64, (usize, usize)> = HashMap::new();
        let mut origins: HashSet<(&str, &str, u16)> = HashSet::new();
        let mut asked: HashSet<u64> = HashSet::new();
        // Where the other run failed and got nothing more.
        let mut broke_off: Option<usize> = None;
        for (at, unit) in self.units.iter().enumerate() {
            let Some(partner) = self.partners[at] else { continue };
            let kind = kinds.entry(shape(unit)).or_default();
            *kind = (kind.0 + 1, at);
            origins.insert(origin(unit));
            asked.insert(key::exact(unit.last, true));
            if self.others[partner].succeeded() {
                broke_off = None;
            } else if unit.succeeded() {
                broke_off = broke_off.or(Some(at));
            }
        }
        let reason = |at: usize, unit: &Unit<'_>| -> Option<Reason> {
            if broke_off.is_some_and(|broke_off| broke_off < at) {
                return Some(Reason::Consequence);
            }
            if !unit.succeeded() || unit.is_hop {
                return None;
            }
            if asked.contains(&key::exact(unit.last, true)) {
                return Some(Reason::ParentAgain);
            }
            match (kinds.get(&shape(unit)), limited) {
                (Some((count, _)), Limited::TestRead) if *count <= TEST_READ => Some(Reason::BuilderLimits),
                (Some((count, last)), Limited::Check) if *count <= TEST_READ && *last < at => {
                    Some(Reason::BuilderLimits)
                }
                (None, Limited::TestRead) if reads(unit) && origins.contains(&origin(unit)) => {
                    Some(Reason::BuilderLimits)
                }
                _ => None,
            }
        };
        self.units
            .iter()
            .enumerate()
            .map(|(at, unit)| if self.partners[at].is_some() { None } else { reason(at, unit) })
            .collect()
    }
}

fn origin<'e>(unit: &Unit<'e>) -> (&'e str, &'e str, u16) {
    let target = &unit.last.request.target;
    (&target.scheme, &target.host, target.port)
}

/// Another stream is read by asking, not by changing.
fn reads(unit: &Unit<'_>) -> bool {
    matches!(unit.last.request.method.as_str(), "GET" | "HEAD") && !key::is_login(unit.last)
}
