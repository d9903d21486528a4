//! The places of two exchanges in rows: the same place of both sides beside each other, each with what the comparison says of it.

use serde::Serialize;

use crate::compare::{Difference, FieldPart, Locator, Significance};
use crate::model::Exchange;

use super::places::{PARTS, Place, places};
use super::spans::{self, Span};

/// Rows of one part that are equal on both sides and are still listed; the rest is counted.
const EQUAL: usize = 40;

/// Rows of one part that differ and are listed.
const DIFFERING: usize = 400;

/// A part of the two exchanges: the request's fields, its query ...
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    /// Its name.
    pub name: &'static str,
    /// Its rows.
    pub rows: Vec<Row>,
    /// Rows that are not listed, because there are too many.
    pub more: usize,
}

/// One place of both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Where it is on the page, where something leads to it.
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// How the sides compare.
    pub state: State,
    /// What stands there on the sandbox's side; null where it has no such place.
    pub sandbox: Option<Vec<Span>>,
    /// The same of the runtime; null also where it is the sandbox's (`state` is `same`).
    pub runtime: Option<Vec<Span>>,
    /// It carries credentials.
    pub credential: bool,
    /// How a value was changed, where that is known.
    pub how: Option<&'static str>,
    /// Why the difference does not count.
    pub why: Option<String>,
    /// The findings that have evidence here.
    pub findings: Vec<usize>,
    #[serde(skip)]
    at: Vec<Locator>,
    #[serde(skip)]
    order: usize,
}

/// How two places, or two exchanges, compare.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// They are equal.
    #[default]
    Same,
    /// They are not, and the comparison has nothing to say of it: it is told of in another place, or is no part of a request.
    Aside,
    /// A difference that no server minds.
    Cosmetic,
    /// A difference that healthy runs have.
    Expected,
    /// A difference that counts.
    Material,
    /// The other side is still being recorded, and may send it yet.
    Awaited,
}

impl State {
    /// Its sign, for those who know it, or see its word beside it.
    pub(in crate::report) fn sign(self) -> &'static str {
        match self {
            Self::Same => "=",
            Self::Aside | Self::Cosmetic | Self::Expected => "≈",
            Self::Material => "≠",
            Self::Awaited => "…",
        }
    }

    pub(super) fn of(significance: Significance) -> Self {
        match significance {
            Significance::Material => Self::Material,
            Significance::Cosmetic(_) => Self::Cosmetic,
            Significance::Expected(_) => Self::Expected,
        }
    }
}

impl Row {
    /// The sign of how it compares; none for places that are equal.
    pub(in crate::report) fn mark(&self) -> &'static str {
        match (self.state, &self.sandbox, &self.runtime) {
            (State::Same, ..) => "",
            (State::Material, Some(_), None) => "−",
            (State::Material, None, Some(_)) => "+",
            (state, ..) => state.sign(),
        }
    }

    /// True where a locator leads here.
    pub(super) fn is_at(&self, at: &Locator) -> bool {
        self.at.iter().any(|own| holds(own, at))
    }

    /// Gives it a name to be led to by.
    pub(super) fn name_it(&mut self, pair: usize) -> String {
        self.id.get_or_insert_with(|| format!("pair-{pair}-{}", self.order)).clone()
    }
}

/// Why a difference does not count.
pub(super) fn why(significance: Significance) -> Option<String> {
    match significance {
        Significance::Material => None,
        Significance::Cosmetic(reason) | Significance::Expected(reason) => Some(reason.words().into_owned()),
    }
}

/// The places of a pair, and those of its differences that are in none of them.
pub(super) fn sections<'d>(
    sandbox: Option<&Exchange>,
    runtime: Option<&Exchange>,
    differences: &[&'d Difference],
) -> (Vec<Section>, Vec<&'d Difference>) {
    let lonely = sandbox.is_none() || runtime.is_none();
    let [ours, theirs] = [sandbox, runtime].map(|exchange| exchange.map(places).unwrap_or_default());
    let mut rows: Vec<(usize, Row)> = Vec::new();
    let mut left: Vec<&Difference> = Vec::new();
    for (one, other) in beside(ours, theirs) {
        let part = one.as_ref().or(other.as_ref()).map_or(0, |place| place.part);
        rows.push((part, row(one, other, rows.len() + 1, lonely)));
    }
    for found in differences {
        let mut told = false;
        for (_, row) in rows.iter_mut().filter(|(_, row)| row.is_at(&found.at)) {
            told = true;
            tell(row, found);
        }
        // Of a lonely request the whole pair tells.
        if !told && found.at != Locator::Request {
            left.push(found);
        }
    }
    let mut sections: Vec<Section> =
        PARTS.iter().map(|name| Section { name, rows: Vec::new(), more: 0 }).collect();
    for (part, row) in rows {
        sections[part].rows.push(row);
    }
    for section in &mut sections {
        limit(section);
    }
    sections.retain(|section| !section.rows.is_empty());
    (sections, left)
}

/// Both sides' places in one order: the sandbox's, and what only the runtime has after what it follows there.
fn beside(ours: Vec<Place>, theirs: Vec<Place>) -> Vec<(Option<Place>, Option<Place>)> {
    let mut table = std::collections::HashMap::new();
    for (at, place) in theirs.iter().enumerate() {
        table.entry((place.part, place.at.first().map(ToString::to_string))).or_insert(at);
    }
    let mut theirs: Vec<Option<Place>> = theirs.into_iter().map(Some).collect();
    let partners: Vec<Option<usize>> = ours
        .iter()
        .map(|place| table.remove(&(place.part, place.at.first().map(ToString::to_string))))
        .collect();
    let mut taken = vec![false; theirs.len()];
    for at in partners.iter().flatten() {
        taken[*at] = true;
    }
    let mut rows = Vec::new();
    let mut alone_from =
        |from: usize, rows: &mut Vec<(Option<Place>, Option<Place>)>, theirs: &mut Vec<Option<Place>>| {
            let mut at = from;
            while at < taken.len() && !taken[at] {
                taken[at] = true;
                rows.push((None, theirs[at].take()));
                at += 1;
            }
        };
    alone_from(0, &mut rows, &mut theirs);
    for (place, partner) in ours.into_iter().zip(partners) {
        let other = partner.and_then(|at| theirs[at].take());
        rows.push((Some(place), other));
        if let Some(at) = partner {
            alone_from(at + 1, &mut rows, &mut theirs);
        }
    }
    rows
}

fn row(one: Option<Place>, other: Option<Place>, order: usize, lonely: bool) -> Row {
    let (state, sandbox, runtime) = match (&one, &other) {
        (Some(one), Some(other)) if one.value == other.value => {
            (State::Same, Some(spans::plain(&one.value)), None)
        }
        (Some(one), Some(other)) => {
            let (one, other) = spans::compared(&one.value, &other.value);
            (State::Aside, Some(one), Some(other))
        }
        _ => {
            let of = |place: &Option<Place>| {
                let value = &place.as_ref()?.value;
                Some(if lonely { spans::plain(value) } else { spans::marked(value) })
            };
            (State::Aside, of(&one), of(&other))
        }
    };
    let mut at: Vec<Locator> = Vec::new();
    for place in [&one, &other].into_iter().flatten() {
        at.extend(place.at.iter().cloned());
    }
    at.dedup();
    let credential = one.as_ref().is_some_and(|place| place.credential)
        || other.as_ref().is_some_and(|place| place.credential);
    let name = match (one, other) {
        // The case of a field's name may differ.
        (Some(one), Some(other)) if one.name != other.name => format!("{} / {}", one.name, other.name),
        (Some(one), _) => one.name,
        (None, other) => other.map(|place| place.name).unwrap_or_default(),
    };
    Row {
        id: None,
        name,
        state,
        sandbox,
        runtime,
        credential,
        how: None,
        why: None,
        findings: Vec::new(),
        at,
        order,
    }
}

/// Lets a difference say what it has to say of a row.
fn tell(row: &mut Row, found: &Difference) {
    let state = State::of(found.significance);
    if state <= row.state && row.state != State::Aside {
        return;
    }
    if row.state == State::Same {
        // Equal as shown: the difference is in what is not (spacing, a hidden value's letters).
        let equal = row.sandbox.clone();
        row.runtime = equal;
    }
    row.state = state;
    row.how = found.change.how;
    row.why = why(found.significance);
}

/// True where `at` is the place `own`, a part of it, or something around it.
fn holds(own: &Locator, at: &Locator) -> bool {
    let same = |one: u32, other: u32| one.max(1) == other.max(1);
    match (own, at) {
        (Locator::Response(own), Locator::Response(at)) => holds(own, at),
        (Locator::Field { name, nth, .. }, Locator::Field { name: other, nth: number, part }) => {
            name == other && same(*nth, *number) && *part != FieldPart::Order
        }
        (Locator::Query { name, nth }, Locator::Query { name: other, nth: number })
        | (Locator::Form { name, nth }, Locator::Form { name: other, nth: number }) => {
            name == other && same(*nth, *number)
        }
        (Locator::Body { pointer }, Locator::Body { pointer: other }) => {
            // A difference of the whole body tells nothing of one leaf.
            pointer == other || (!other.is_empty() && (is_below(pointer, other) || is_below(other, pointer)))
        }
        (own, at) => own == at,
    }
}

fn is_below(pointer: &str, above: &str) -> bool {
    pointer.strip_prefix(above).is_some_and(|rest| rest.starts_with('/'))
}

/// Keeps what differs, and of what is equal only so much.
fn limit(section: &mut Section) {
    let (mut equal, mut differing) = (0, 0);
    let before = section.rows.len();
    section.rows.retain(|row| {
        let (count, limit) =
            if row.state == State::Same { (&mut equal, EQUAL) } else { (&mut differing, DIFFERING) };
        *count += 1;
        *count <= limit
    });
    section.more = before - section.rows.len();
}
