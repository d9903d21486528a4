//! Which parts of requests name what is asked for: the number of a page, the id of a store.
//!
//! Where every matched pair agrees in a part and no two pairs share its value, the part is a name. Two requests with two names are two
//! requests, and none of them is the other one altered.

use std::collections::{BTreeMap, HashSet};
use std::hash::{BuildHasher as _, Hash as _, Hasher as _};

use foldhash::fast::FixedState;

use crate::model::{Content, Exchange, Json, Parameter, Piece, Text};

/// Matched pairs from which on a part that never repeats is taken for a name.
const LEAST: usize = 8;

/// A part of a request.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part<'e> {
    /// A segment of the path.
    Segment(usize),
    /// A parameter of the query.
    Query(&'e str),
    /// A parameter of a form, or a member of a JSON object.
    Member(&'e str),
}

/// The parts that name the requests of a bucket; none where nothing does, or where too few were matched to tell.
#[derive(Default)]
pub(super) struct Names<'e>(Vec<Part<'e>>);

/// One of a request's names: which part, and its value.
pub(super) type Name = (usize, u64);

impl<'e> Names<'e> {
    /// Learns from matched pairs.
    pub(super) fn of(pairs: &[(&'e Exchange, &'e Exchange)]) -> Self {
        let Some((first, rest)) = pairs.split_first().filter(|_| pairs.len() >= LEAST) else {
            return Self::default();
        };
        let mut seen: BTreeMap<Part<'e>, HashSet<u64, FixedState>> =
            agreed(*first).into_iter().map(|(part, value)| (part, [value].into_iter().collect())).collect();
        for pair in rest {
            if seen.is_empty() {
                break;
            }
            let parts = agreed(*pair);
            seen.retain(|part, values| parts.get(part).is_some_and(|value| values.insert(*value)));
        }
        Self(seen.into_keys().collect())
    }

    /// Something names these requests.
    pub(super) fn are_known(&self) -> bool {
        !self.0.is_empty()
    }

    /// What a request is named, by each of these parts.
    pub(super) fn of_request(&self, exchange: &Exchange) -> Vec<Name> {
        if self.0.is_empty() {
            return Vec::new();
        }
        let parts = parts(exchange);
        self.0.iter().enumerate().filter_map(|(at, part)| Some((at, *parts.get(part)?))).collect()
    }
}

/// The parts in which both requests of a pair are equal.
fn agreed<'e>((one, other): (&'e Exchange, &'e Exchange)) -> BTreeMap<Part<'e>, u64> {
    let there = parts(other);
    let mut here = parts(one);
    here.retain(|part, value| there.get(part) == Some(value));
    here
}

fn parts(exchange: &Exchange) -> BTreeMap<Part<'_>, u64> {
    let request = &exchange.request;
    let mut parts = BTreeMap::new();
    // Texts with hidden pieces count by their tags; of a path each piece between slashes is a segment.
    let mut segment = (0, FixedState::default().build_hasher());
    for piece in &request.target.path.pieces {
        match piece {
            Piece::Shown(shown) => {
                for (at, word) in shown.split('/').enumerate() {
                    if at > 0 {
                        parts.insert(Part::Segment(segment.0), segment.1.finish());
                        segment = (segment.0 + 1, FixedState::default().build_hasher());
                    }
                    word.hash(&mut segment.1);
                }
            }
            Piece::Hidden(secret) => secret.fingerprint.exact.hash(&mut segment.1),
        }
    }
    parts.insert(Part::Segment(segment.0), segment.1.finish());
    let query = request.target.query.as_deref().unwrap_or_default();
    parts.extend(values(query).map(|(name, value)| (Part::Query(name), value)));
    match &request.body.content {
        Content::Form(form) => parts.extend(values(form).map(|(name, value)| (Part::Member(name), value))),
        Content::Json(json) => {
            for (name, member) in json.members() {
                if let Json::String(text) | Json::Number(text) = member {
                    parts.insert(Part::Member(name), hash(text));
                }
            }
        }
        _ => {}
    }
    parts
}

fn values(parameters: &[Parameter]) -> impl Iterator<Item = (&str, u64)> {
    parameters.iter().filter_map(|parameter| Some((parameter.name.as_str(), hash(parameter.value.as_ref()?))))
}

fn hash(text: &Text) -> u64 {
    let mut hasher = FixedState::default().build_hasher();
    for piece in &text.pieces {
        match piece {
            Piece::Shown(shown) => shown.hash(&mut hasher),
            Piece::Hidden(secret) => secret.fingerprint.exact.hash(&mut hasher),
        }
    }
    hasher.finish()
}
