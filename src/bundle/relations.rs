//! `relations.json`: the values of a bundle and how they are made of each other, for people and other programs.
//!
//! samewire itself needs only the ordinals in the captures; this is what they say.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::read::Contents;
use super::walk::{self, Kind, Visitor};
use crate::compare::alteration;
use crate::model::{Secret, Side, Tag};

/// Most values that are listed; credentials and related ones come first.
const MOST_VALUES: usize = 1_000;
/// An ordinal that more values share is a normal form of anything (the empty one), and says nothing.
const COMMON: usize = 16;

#[derive(Serialize)]
struct Graph {
    values: Vec<Value>,
    /// Values that are listed nowhere, for want of room.
    #[serde(skip_serializing_if = "is_zero")]
    left_out: usize,
    relations: Vec<Edge>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// One value.
#[derive(Serialize)]
struct Value {
    name: String,
    /// What is known of it, as reports show it.
    shown: String,
    credential: bool,
    /// In how many places each side has it.
    sandbox: u32,
    runtime: u32,
}

/// `S2 = S1 + "\n"`, in the words of a report's `how`.
#[derive(Serialize)]
struct Edge {
    value: String,
    made_of: String,
    how: &'static str,
}

#[derive(Default)]
struct Values {
    side: Option<Side>,
    found: BTreeMap<(usize, Tag), Found>,
    key: usize,
}

struct Found {
    secret: Secret,
    places: [u32; 2],
}

impl Visitor for Values {
    fn secret(&mut self, secret: &Secret) {
        let found = self.found.entry((self.key, secret.fingerprint.exact));
        let found = found.or_insert_with(|| Found { secret: secret.clone(), places: [0; 2] });
        found.secret.credential |= secret.credential;
        if found.secret.relation.is_none() {
            found.secret.relation.clone_from(&secret.relation);
        }
        found.places[usize::from(self.side == Some(Side::Runtime))] += 1;
    }

    fn value(&mut self, _: &mut Tag) {}

    fn part(&mut self, _: &mut Tag) {}

    fn string(&mut self, _: Kind, _: &mut String) {}
}

/// The graph of the values in the captures of both sides, as JSON.
pub(super) fn graph(contents: &Contents) -> serde_json::Result<Vec<u8>> {
    let mut values = Values::default();
    let mut keys: Vec<&str> = Vec::new();
    for (side, runs) in [(Side::Sandbox, &contents.sandbox), (Side::Runtime, &contents.runtime)] {
        values.side = Some(side);
        for capture in runs.captures() {
            values.key = keys.iter().position(|key| *key == capture.key_id).unwrap_or_else(|| {
                keys.push(&capture.key_id);
                keys.len() - 1
            });
            // The visitor changes nothing; the walk wants to be able to.
            walk::capture(&mut values, &mut capture.clone());
        }
    }
    let all: Vec<((usize, Tag), Found)> = values.found.into_iter().collect();
    let relations = edges(&all);
    let related: BTreeSet<String> =
        relations.iter().flat_map(|edge| [edge.value.clone(), edge.made_of.clone()]).collect();
    let mut listed: Vec<Value> = all
        .iter()
        .map(|((_, tag), found)| Value {
            name: tag.to_string(),
            shown: found.secret.to_string(),
            credential: found.secret.credential,
            sandbox: found.places[0],
            runtime: found.places[1],
        })
        .collect();
    // Stable: within each kind the order of the numbers stays.
    listed.sort_by_key(|value| !(value.credential || related.contains(&value.name)));
    let left_out = listed.len().saturating_sub(MOST_VALUES);
    listed.truncate(MOST_VALUES);
    serde_json::to_vec_pretty(&Graph { values: listed, left_out, relations })
}

/// The pairs of values of one key that are each other's altered form.
fn edges(all: &[((usize, Tag), Found)]) -> Vec<Edge> {
    let mut sharing: HashMap<(usize, u8, Tag), Vec<usize>> = HashMap::new();
    for (at, ((key, _), found)) in all.iter().enumerate() {
        let fingerprint = &found.secret.fingerprint;
        let forms = fingerprint.forms.values().chain([&fingerprint.exact]).map(|tag| (0, tag));
        let first = fingerprint.prefixes.first().map(|tag| (1, tag));
        let last = fingerprint.suffixes.first().map(|tag| (2, tag));
        for (domain, tag) in forms.chain(first).chain(last) {
            let sharing = sharing.entry((*key, domain, *tag)).or_default();
            if sharing.last() != Some(&at) {
                sharing.push(at);
            }
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for sharing in sharing.values().filter(|sharing| sharing.len() <= COMMON) {
        for (place, one) in sharing.iter().enumerate() {
            pairs.extend(sharing[place + 1..].iter().map(|other| (*one, *other)));
        }
    }
    let edge = |(one, other): (usize, usize)| {
        let (one, other) = (&all[one].1.secret, &all[other].1.secret);
        let found = alteration(one, other)?;
        let (made_of, value) = if found.side == Side::Runtime { (one, other) } else { (other, one) };
        let name = |secret: &Secret| secret.fingerprint.exact.to_string();
        Some(Edge { value: name(value), made_of: name(made_of), how: found.how })
    };
    pairs.into_iter().filter_map(edge).take(MOST_VALUES).collect()
}
