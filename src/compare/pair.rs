//! Which requests of two runs belong together: by what they ask for, then by equality, then by order.

use std::collections::{HashMap, HashSet, VecDeque};

use super::attempt::{Unit, is_redirect};
use super::key::{self, Kept, TIERS, Tier};
use super::naming::{Name, Names};
use super::{Pair, alone};
use crate::model::Lack;
use crate::threads;

/// How far, in matched requests, two unequal requests of one kind may stand apart and still be taken for one; concurrency moves them.
const APART: usize = 16;

/// Matched requests of one kind from which it is learned what names them. What repeats at all repeats within so many.
const TELLING: usize = 512;

/// Pairs the units of two runs. Every unit stands in exactly one pair.
pub(super) fn pair(sandbox: &[Unit<'_>], runtime: &[Unit<'_>], same_key: bool) -> Vec<Pair> {
    let mut pairing = Pairing::new(sandbox, runtime, same_key);
    for (one, other) in told_last_hops(sandbox, runtime) {
        pairing.join(one, other);
    }
    for (other, one) in told_last_hops(runtime, sandbox) {
        pairing.join(one, other);
    }
    for tier in TIERS {
        if pairing.has_free() {
            pairing.tier(tier);
        }
    }
    pairing.similar_paths();
    pairing.last_resort();
    pairing.hops();
    let reasons = alone::reasons(sandbox, runtime, &pairing.partner_of_sandbox, &pairing.partner_of_runtime);
    let mut pairs = Vec::with_capacity(sandbox.len().max(runtime.len()));
    for (at, unit) in sandbox.iter().enumerate() {
        let partner = pairing.partner_of_sandbox[at].map(|partner| runtime[partner].attempts.clone());
        pairs.push(Pair {
            sandbox: Some(unit.attempts.clone()),
            runtime: partner,
            alone: reasons.sandbox[at],
        });
    }
    for (at, unit) in runtime.iter().enumerate() {
        if pairing.partner_of_runtime[at].is_none() {
            pairs.push(Pair {
                sandbox: None,
                runtime: Some(unit.attempts.clone()),
                alone: reasons.runtime[at],
            });
        }
    }
    pairs.sort_by_key(|pair| {
        let first = |attempts: &Option<super::Attempts>| attempts.as_ref().map(super::Attempts::first);
        let (one, other) = (first(&pair.sandbox), first(&pair.runtime));
        (one.or(other), one.is_none())
    });
    pairs
}

struct Pairing<'u, 'a> {
    sandbox: &'u [Unit<'a>],
    runtime: &'u [Unit<'a>],
    same_key: bool,
    partner_of_sandbox: Vec<Option<usize>>,
    partner_of_runtime: Vec<Option<usize>>,
}

/// Units of one kind, by index.
#[derive(Default)]
struct Bucket {
    sandbox: Vec<usize>,
    runtime: Vec<usize>,
}

impl<'u, 'a> Pairing<'u, 'a> {
    fn new(sandbox: &'u [Unit<'a>], runtime: &'u [Unit<'a>], same_key: bool) -> Self {
        Self {
            sandbox,
            runtime,
            same_key,
            partner_of_sandbox: vec![None; sandbox.len()],
            partner_of_runtime: vec![None; runtime.len()],
        }
    }

    fn join(&mut self, one: usize, other: usize) {
        self.partner_of_sandbox[one] = Some(other);
        self.partner_of_runtime[other] = Some(one);
    }

    /// Both sides have requests without a partner.
    fn has_free(&self) -> bool {
        [&self.partner_of_sandbox, &self.partner_of_runtime].iter().all(|partners| partners.contains(&None))
    }

    /// Units that begin something (no hops of a redirect), by key.
    fn buckets(&self, key: impl Fn(&Unit<'_>) -> u64 + Sync) -> Vec<Bucket> {
        let keys = |units: &[Unit<'_>]| -> Vec<(usize, u64)> {
            let shares = threads::in_shares(units, |first, share| {
                let begin = share.iter().enumerate().filter(|(_, unit)| !unit.is_hop);
                begin.map(|(at, unit)| (first + at, key(unit))).collect::<Vec<_>>()
            });
            shares.concat()
        };
        let mut buckets: Vec<Bucket> = Vec::new();
        let mut places: HashMap<u64, usize> = HashMap::new();
        let mut place = |key: u64, buckets: &mut Vec<Bucket>| {
            *places.entry(key).or_insert_with(|| {
                buckets.push(Bucket::default());
                buckets.len() - 1
            })
        };
        for (at, key) in keys(self.sandbox) {
            let bucket = place(key, &mut buckets);
            buckets[bucket].sandbox.push(at);
        }
        for (at, key) in keys(self.runtime) {
            let bucket = place(key, &mut buckets);
            buckets[bucket].runtime.push(at);
        }
        buckets.retain(|bucket| !bucket.sandbox.is_empty() && !bucket.runtime.is_empty());
        buckets
    }

    /// Matches within the buckets of a tier: equal ones, ones equal but for what moves, then by order.
    fn tier(&mut self, tier: Tier) {
        for bucket in self.buckets(|unit| key::of(unit.last, tier)) {
            let same_key = self.same_key;
            if tier == Tier::Full {
                self.equal(&bucket, |unit| key::exact(unit.last, same_key));
            }
            for uuids in [true, false] {
                self.equal(&bucket, |unit| key::stable(unit.last, Kept { tags: same_key, uuids }));
            }
            self.in_order(&bucket);
        }
    }

    /// Pairs the free units of a bucket that have the same hash, first with first.
    fn equal(&mut self, bucket: &Bucket, hash: impl Fn(&Unit<'_>) -> u64 + Sync) {
        let free = |bucket: &[usize], partners: &[Option<usize>]| -> Vec<usize> {
            bucket.iter().copied().filter(|at| partners[*at].is_none()).collect()
        };
        let ones = free(&bucket.sandbox, &self.partner_of_sandbox);
        let others = free(&bucket.runtime, &self.partner_of_runtime);
        if ones.is_empty() || others.is_empty() {
            return;
        }
        let hashes = |free: &[usize], units: &[Unit<'_>]| -> Vec<u64> {
            let shares = threads::in_shares(free, |_, share| {
                share.iter().map(|at| hash(&units[*at])).collect::<Vec<_>>()
            });
            shares.concat()
        };
        let mut waiting: HashMap<u64, VecDeque<usize>> = HashMap::new();
        for (at, hash) in others.iter().zip(hashes(&others, self.runtime)) {
            waiting.entry(hash).or_default().push_back(*at);
        }
        for (at, hash) in ones.iter().zip(hashes(&ones, self.sandbox)) {
            if let Some(other) = waiting.get_mut(&hash).and_then(VecDeque::pop_front) {
                self.join(*at, other);
            }
        }
    }

    /// Pairs what is left of a bucket: what has one name, then in order, where about as many matched requests stand before both.
    fn in_order(&mut self, bucket: &Bucket) {
        let free = |units: &[usize], partners: &[Option<usize>]| {
            let mut matched = 0_usize;
            let mut free = Vec::new();
            for at in units {
                if partners[*at].is_some() { matched += 1 } else { free.push((*at, matched)) }
            }
            free
        };
        let mut ones = free(&bucket.sandbox, &self.partner_of_sandbox);
        let mut others = free(&bucket.runtime, &self.partner_of_runtime);
        if ones.is_empty() || others.is_empty() {
            return;
        }
        let names = self.names(bucket);
        self.of_one_name(&names, &mut ones, &mut others);
        let (mut one, mut other) = (0, 0);
        while let (Some((at, rank)), Some((partner, other_rank))) = (ones.get(one), others.get(other)) {
            // What is named otherwise may be the same request only in the very same place.
            let apart = if names.are_known() { 0 } else { APART };
            if rank.abs_diff(*other_rank) <= apart {
                self.join(*at, *partner);
                (one, other) = (one + 1, other + 1);
            } else if rank < other_rank {
                one += 1;
            } else {
                other += 1;
            }
        }
    }

    /// The parts that name requests, as the matched ones of a bucket show.
    fn names(&self, bucket: &Bucket) -> Names<'a> {
        let matched = bucket.sandbox.iter().filter_map(|at| {
            let partner = self.partner_of_sandbox[*at]?;
            Some((self.sandbox[*at].last, self.runtime[partner].last))
        });
        Names::of(&matched.take(TELLING).collect::<Vec<_>>())
    }

    /// Pairs what asks for the same by name, and takes it out of what is free.
    fn of_one_name(
        &mut self,
        names: &Names<'_>,
        ones: &mut Vec<(usize, usize)>,
        others: &mut Vec<(usize, usize)>,
    ) {
        let mut waiting: HashMap<Name, VecDeque<usize>> = HashMap::new();
        for (at, _) in others.iter() {
            for name in names.of_request(self.runtime[*at].last) {
                waiting.entry(name).or_default().push_back(*at);
            }
        }
        for (at, _) in ones.iter() {
            let partner = names.of_request(self.sandbox[*at].last).into_iter().find_map(|name| {
                let waiting = waiting.get_mut(&name)?;
                std::iter::from_fn(|| waiting.pop_front())
                    .find(|other| self.partner_of_runtime[*other].is_none())
            });
            if let Some(partner) = partner {
                self.join(*at, partner);
            }
        }
        ones.retain(|(at, _)| self.partner_of_sandbox[*at].is_none());
        others.retain(|(at, _)| self.partner_of_runtime[*at].is_none());
    }

    /// What has another path: first where most of its segments are the same.
    fn similar_paths(&mut self) {
        let free = |units: &[Unit<'_>], partners: &[Option<usize>]| -> Vec<usize> {
            (0..units.len())
                .filter(|at| partners[*at].is_none() && !units[*at].is_hop)
                .take(LEFT_OVER)
                .collect()
        };
        let others = free(self.runtime, &self.partner_of_runtime);
        for one in free(self.sandbox, &self.partner_of_sandbox) {
            let unit = &self.sandbox[one];
            let best =
                others.iter().filter(|other| self.partner_of_runtime[**other].is_none()).find(|other| {
                    let partner = &self.runtime[**other];
                    key::is_login(unit.last) == key::is_login(partner.last) && similar(unit, partner)
                });
            if let Some(other) = best.copied() {
                self.join(one, other);
            }
        }
    }

    /// Where nothing of a run's data requests has a partner, order is all there is.
    fn last_resort(&mut self) {
        for login in [false, true] {
            let of = |units: &[Unit<'_>]| -> Vec<usize> {
                let begins = units
                    .iter()
                    .enumerate()
                    .filter(|(_, unit)| !unit.is_hop && key::is_login(unit.last) == login);
                begins.map(|(at, _)| at).collect()
            };
            let (ones, others) = (of(self.sandbox), of(self.runtime));
            let untouched = ones.iter().all(|at| self.partner_of_sandbox[*at].is_none())
                && others.iter().all(|at| self.partner_of_runtime[*at].is_none());
            if untouched {
                for (one, other) in ones.into_iter().zip(others) {
                    self.join(one, other);
                }
            }
        }
    }

    /// The hops of two redirects that belong together belong together, one by one. Where one side was redirected only, its hops stay alone.
    fn hops(&mut self) {
        for at in 0..self.sandbox.len() {
            if self.sandbox[at].is_hop {
                continue;
            }
            let (mut one, mut other) = (at, self.partner_of_sandbox[at]);
            while let Some(partner) = other
                && is_redirect(self.sandbox[one].last)
                && is_redirect(self.runtime[partner].last)
                && let (Some(next), Some(next_partner)) =
                    (self.sandbox[one].next_hop, self.runtime[partner].next_hop)
            {
                self.join(next, next_partner);
                (one, other) = (next, Some(next_partner));
            }
        }
    }
}

/// An import that tells of each redirect's last hop only: that hop is its partner. Indexes of the partial run and of the other one.
fn told_last_hops(partial: &[Unit<'_>], other: &[Unit<'_>]) -> Vec<(usize, usize)> {
    let told = partial.iter().enumerate().filter(|(_, unit)| !unit.is_hop && unit.last.lacks(Lack::Requests));
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return Vec::new();
    }
    let mut hops: HashMap<u64, usize> = HashMap::new();
    let mut begun: HashSet<u64> = HashSet::new();
    for (at, unit) in other.iter().enumerate() {
        let key = key::of(unit.last, Tier::Full);
        if !unit.is_hop {
            begun.insert(key);
        } else if !is_redirect(unit.last) {
            hops.entry(key).or_insert(at);
        }
    }
    told.into_iter()
        .filter_map(|(at, unit)| {
            let key = key::of(unit.last, Tier::Full);
            if begun.contains(&key) { None } else { Some((at, hops.remove(&key)?)) }
        })
        .collect()
}

/// How many requests without a partner are tried against each other.
const LEFT_OVER: usize = 256;

/// The same method, and on one host the same last segment and at least half of all segments, or the same path but for its slashes.
///
/// Where the paths have one shape, the tiers have had their say.
fn similar(one: &Unit<'_>, other: &Unit<'_>) -> bool {
    let (from, to) = (&one.last.request, &other.last.request);
    let (a, b) = (key::segments(&from.target.path), key::segments(&to.target.path));
    if a == b || from.method != to.method {
        return false;
    }
    let trimmed = |segments: &[Option<String>]| -> Vec<Option<String>> {
        segments.iter().filter(|segment| segment.as_deref() != Some("")).cloned().collect()
    };
    let (a, b) = (trimmed(&a), trimmed(&b));
    let common = a.iter().filter(|segment| b.contains(segment)).count();
    let same_end = a.last() == b.last();
    from.target.host == to.target.host
        && from.method == to.method
        && same_end
        && 2 * common >= a.len().max(b.len())
        || a == b && from.method == to.method
}
