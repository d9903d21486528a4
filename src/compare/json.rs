//! Two JSON values, down to the key. Order of members does not matter; types do.

use super::Locator;
use super::carried::{Item, holds, within};
use super::side_by_side::{Both, Found, short};
use super::significance;
use super::value::{Likeness, texts};
use crate::model::{Json, Text};

/// From this many members on, an object's names are looked up in a table.
const MANY: usize = 32;

/// A place that differs: JSON pointer and the values as shown.
pub(super) type Place = (String, (Option<String>, Option<String>));

/// Notes every place where two bodies differ; what carries credentials is compared there.
pub(super) fn compare(
    both: &Both<'_>,
    sandbox: &Json,
    runtime: &Json,
    pointer: &str,
    items: [&[Item]; 2],
    found: &mut Found<'_>,
) {
    let mut pointer = pointer.to_owned();
    walk(both, sandbox, runtime, &mut pointer, "", &mut |place, values, likeness| {
        let at = Locator::Body { pointer: place.to_owned() };
        if items.iter().any(|items| holds(items, &at)) {
            return true;
        }
        if let Some(significance) = significance::value(likeness) {
            let (from, to) = values;
            let significance = match (from, to) {
                (Some(_), Some(_)) => significance,
                _ => significance::lonely(both, place.rsplit('/').next().unwrap_or_default()),
            };
            found.push(at, likeness.how(), (from.map(display), to.map(display)), significance);
        }
        true
    });
}

/// The first place where two values differ and are not expected to.
pub(super) fn first(both: &Both<'_>, sandbox: &Json, runtime: &Json) -> Option<Place> {
    let mut first = None;
    walk(both, sandbox, runtime, &mut String::new(), "", &mut |place, (from, to), likeness| {
        if matches!(likeness, Likeness::Differs(_)) {
            first = Some((place.to_owned(), (from.map(display), to.map(display))));
        }
        first.is_none()
    });
    first
}

/// A value as a difference shows it: leaves whole, the rest by kind and size.
pub(super) fn display(json: &Json) -> String {
    match json {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => short(text),
        Json::String(text) => short(&format_args!("\"{text}\"")),
        Json::Embedded(inner) => short(&format_args!("JSON in a string: {}", display(inner))),
        Json::Array(items) => format!("[{} items]", items.len()),
        Json::Object(members) => {
            let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            short(&format_args!("{{{}}}", names.join(", ")))
        }
    }
}

/// What a walk tells of each leaf that is not equal; `false` ends the walk.
type Visit<'v> = dyn FnMut(&str, (Option<&Json>, Option<&Json>), Likeness) -> bool + 'v;

/// Walks two values at once. `name` is the nearest key above.
fn walk(
    both: &Both<'_>,
    sandbox: &Json,
    runtime: &Json,
    pointer: &mut String,
    name: &str,
    visit: &mut Visit<'_>,
) -> bool {
    let likeness = match (sandbox, runtime) {
        (Json::Object(from), Json::Object(to)) => return objects(both, from, to, pointer, visit),
        (Json::Array(from), Json::Array(to)) => return arrays(both, from, to, pointer, name, visit),
        (Json::Embedded(from), Json::Embedded(to)) => return walk(both, from, to, pointer, name, visit),
        (Json::Null, Json::Null) => Likeness::Equal,
        (Json::Bool(from), Json::Bool(to)) if from == to => Likeness::Equal,
        (Json::Number(from), Json::Number(to)) => numbers(both, name, from, to),
        (Json::String(from), Json::String(to)) => texts(both, name, from, to),
        (Json::Bool(_), Json::Bool(_)) => Likeness::Differs(None),
        _ => Likeness::Differs(Some("type")),
    };
    likeness == Likeness::Equal || visit(pointer, (Some(sandbox), Some(runtime)), likeness)
}

fn numbers(both: &Both<'_>, name: &str, sandbox: &Text, runtime: &Text) -> Likeness {
    let number = |text: &Text| text.as_shown().and_then(|shown| shown.parse::<f64>().ok());
    match (texts(both, name, sandbox, runtime), number(sandbox), number(runtime)) {
        (Likeness::Differs(_), Some(from), Some(to)) if from.to_bits() == to.to_bits() => Likeness::Spelled,
        (likeness, ..) => likeness,
    }
}

type Members = [(String, Json)];

fn objects(
    both: &Both<'_>,
    sandbox: &Members,
    runtime: &Members,
    pointer: &mut String,
    visit: &mut Visit<'_>,
) -> bool {
    let (there, here) = (Names::of(runtime), Names::of(sandbox));
    for (at, (key, from)) in sandbox.iter().enumerate() {
        let partner = there.nth(key, here.before(at));
        let go_on = with_key(pointer, key, |pointer| match partner {
            Some(partner) => walk(both, from, &runtime[partner].1, pointer, key, visit),
            None => visit(pointer, (Some(from), None), Likeness::Differs(None)),
        });
        if !go_on {
            return false;
        }
    }
    for (at, (key, to)) in runtime.iter().enumerate() {
        let known = here.nth(key, there.before(at)).is_some();
        if !known
            && !with_key(pointer, key, |pointer| visit(pointer, (None, Some(to)), Likeness::Differs(None)))
        {
            return false;
        }
    }
    true
}

/// Items that are equal at both ends are passed by; what lies between is compared in order.
fn arrays(
    both: &Both<'_>,
    sandbox: &[Json],
    runtime: &[Json],
    pointer: &mut String,
    name: &str,
    visit: &mut Visit<'_>,
) -> bool {
    let (mut from, mut to) = (sandbox, runtime);
    let mut start = 0;
    if from.len() != to.len() {
        while let ([one, rest @ ..], [other, others @ ..]) = (from, to)
            && equal(both, one, other, name)
        {
            (from, to, start) = (rest, others, start + 1);
        }
        while let ([rest @ .., one], [others @ .., other]) = (from, to)
            && equal(both, one, other, name)
        {
            (from, to) = (rest, others);
        }
    }
    for at in 0..from.len().max(to.len()) {
        let go_on =
            with_key(pointer, &(start + at).to_string(), |pointer| match (from.get(at), to.get(at)) {
                (Some(one), Some(other)) => walk(both, one, other, pointer, name, visit),
                (one, other) => visit(pointer, (one, other), Likeness::Differs(None)),
            });
        if !go_on {
            return false;
        }
    }
    true
}

/// True where a walk finds nothing that counts.
pub(super) fn equal(both: &Both<'_>, sandbox: &Json, runtime: &Json, name: &str) -> bool {
    let mut equal = true;
    walk(both, sandbox, runtime, &mut String::new(), name, &mut |_, _, likeness| {
        equal &= !matches!(likeness, Likeness::Differs(_));
        equal
    });
    equal
}

fn with_key(pointer: &mut String, key: &str, inner: impl FnOnce(&mut String) -> bool) -> bool {
    let mut go_on = true;
    within(pointer, key, |pointer| go_on = inner(pointer));
    go_on
}

/// The names of an object's members; a name may occur more than once.
struct Names<'j> {
    members: &'j Members,
    table: Option<std::collections::HashMap<&'j str, Vec<usize>>>,
}

impl<'j> Names<'j> {
    fn of(members: &'j Members) -> Self {
        let table = (members.len() >= MANY).then(|| {
            let mut table: std::collections::HashMap<&str, Vec<usize>> = std::collections::HashMap::new();
            for (at, (name, _)) in members.iter().enumerate() {
                table.entry(name).or_default().push(at);
            }
            table
        });
        Self { members, table }
    }

    /// The place of the member of this name that has `before` of its name before it.
    fn nth(&self, name: &str, before: usize) -> Option<usize> {
        if let Some(table) = &self.table {
            return table.get(name)?.get(before).copied();
        }
        let mut same = self.members.iter().enumerate().filter(|(_, (own, _))| own == name);
        same.nth(before).map(|(at, _)| at)
    }

    /// How many members before this one have its name.
    fn before(&self, at: usize) -> usize {
        let Some((name, _)) = self.members.get(at) else { return 0 };
        match &self.table {
            Some(table) => {
                table.get(name.as_str()).map_or(0, |places| places.partition_point(|place| *place < at))
            }
            None => self.members[..at].iter().filter(|(own, _)| own == name).count(),
        }
    }
}
