//! Places that hold an identifier made anew for each request, known by the whole column of their values and not by a name.
//!
//! One value tells little: hexadecimal digits may read as a number or as a time. Over many requests an identifier shows: no run uses a
//! value twice, no two runs share one, all are of one length, and the API accepts them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::mem::{Discriminant, discriminant};

use super::key::{self, Tier};
use super::learn::carries;
use super::{ChangeKind, Comparison, FieldPart, Locator, Reason, Significance, compared};
use crate::model::{Capture, Class, Content, Exchange, FieldValue, Json, Parameter, Secret, Tag, Text};

/// Pairs with accepted values from which on a column tells what it holds.
const LEAST: usize = 8;

/// The same where every value is a UUID: those are made up, whatever else they name.
const LEAST_UUIDS: usize = 3;

/// A place within one kind of request; fields mean the same in requests of any kind.
type Place = (u64, Locator);

/// Makes differences at such places expected ones.
pub(super) fn explain(comparison: &mut Comparison, sandbox: &Capture, runtime: &Capture) {
    if !comparison.same_key {
        return;
    }
    let mut candidates: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
    for (index, difference) in comparison.differences.iter().enumerate() {
        if difference.significance == Significance::Material
            && difference.change.kind == ChangeKind::Altered
            && let Some(one) = difference.sandbox.and_then(|number| sandbox.exchange(number))
            && may_hold_ids(&difference.at)
        {
            let kind = kind(one, &difference.at);
            candidates.entry((kind, difference.at.clone())).or_default().push(index);
        }
    }
    candidates.retain(|_, differences| differences.len() >= LEAST_UUIDS);
    for (place, differences) in candidates {
        if holds_ids(comparison, &place, sandbox, runtime) {
            for index in differences {
                comparison.differences[index].significance = Significance::Expected(Reason::PerRequest);
            }
        }
    }
}

/// True for values that may be an identifier which somebody made up: anything of letters and digits that is no fault in the place of one.
pub(super) fn may_be_id(secret: &Secret) -> bool {
    matches!(
        secret.shape.class,
        Class::Opaque
            | Class::Hex
            | Class::Uuid { .. }
            | Class::Integer
            | Class::Number
            | Class::Words
            | Class::Timestamp { .. }
    )
}

/// No credential, and not made of a value that has a name.
fn may_be_made_up(secret: &Secret) -> bool {
    !secret.credential && secret.relation.is_none() && may_be_id(secret)
}

fn may_hold_ids(at: &Locator) -> bool {
    matches!(
        at,
        Locator::Field { part: FieldPart::Whole, .. }
            | Locator::Query { .. }
            | Locator::Form { .. }
            | Locator::Body { .. }
    )
}

fn kind(exchange: &Exchange, at: &Locator) -> u64 {
    if matches!(at, Locator::Field { .. }) { 0 } else { key::of(exchange, Tier::Host) }
}

fn holds_ids(comparison: &Comparison, (of, at): &Place, sandbox: &Capture, runtime: &Capture) -> bool {
    let mut columns = [Column::default(), Column::default()];
    let mut accepted = 0;
    for (index, pair) in comparison.pairs.iter().enumerate() {
        let (Some(one), Some(other)) =
            (compared(sandbox, pair.sandbox.as_ref()), compared(runtime, pair.runtime.as_ref()))
        else {
            continue;
        };
        if kind(one, at) != *of {
            continue;
        }
        let carries = comparison.credentials.get(index).is_some_and(|pair| carries(pair, at));
        match [one, other].map(|exchange| held(exchange, at)) {
            [Held::Nothing, Held::Nothing] => continue,
            [Held::Value(from), Held::Value(to)]
                if !carries && may_be_made_up(from) && may_be_made_up(to) =>
            {
                if !columns[0].take(from) || !columns[1].take(to) {
                    return false;
                }
            }
            _ => return false,
        }
        accepted += usize::from(one.succeeded() && other.succeeded());
    }
    let [ours, theirs] = columns;
    let least = if ours.is_all_uuids() && theirs.is_all_uuids() { LEAST_UUIDS } else { LEAST };
    accepted >= least
        && ours.length == theirs.length
        && ours.class() == theirs.class()
        && ours.seen.is_disjoint(&theirs.seen)
}

/// The values of a place in one run.
#[derive(Default)]
struct Column {
    seen: HashSet<Tag, foldhash::fast::RandomState>,
    length: Option<crate::model::Length>,
    classes: HashMap<Discriminant<Class>, usize>,
}

impl Column {
    /// Takes a value; false where it is there already, or is not as long as the others.
    fn take(&mut self, secret: &Secret) -> bool {
        *self.classes.entry(discriminant(&secret.shape.class)).or_default() += 1;
        *self.length.get_or_insert(secret.shape.length) == secret.shape.length
            && self.seen.insert(secret.fingerprint.exact)
    }

    fn is_all_uuids(&self) -> bool {
        let uuid = discriminant(&Class::Uuid { version: 4 });
        self.classes.keys().all(|class| *class == uuid)
    }

    /// The class of more than half of the values; identifiers now and then look like something else.
    fn class(&self) -> Option<Discriminant<Class>> {
        let most = self.classes.iter().find(|(_, count)| 2 * **count > self.seen.len());
        most.map(|(class, _)| *class)
    }
}

/// What a place holds.
enum Held<'e> {
    Nothing,
    /// One hidden value.
    Value(&'e Secret),
    /// Words that are shown, or more than one value.
    Other,
}

impl<'e> Held<'e> {
    fn of(text: Option<&'e Text>) -> Self {
        text.and_then(Text::as_secret).map_or(Self::Other, Self::Value)
    }
}

fn held<'e>(exchange: &'e Exchange, at: &Locator) -> Held<'e> {
    let nth = |nth: u32| usize::try_from(nth.max(1) - 1).unwrap_or(usize::MAX);
    let named = |all: &'e [Parameter], name: &str, at: u32| {
        let parameter = all.iter().filter(|parameter| parameter.name == name).nth(nth(at));
        parameter.map_or(Held::Nothing, |parameter| Held::of(parameter.value.as_ref()))
    };
    let request = &exchange.request;
    match at {
        Locator::Field { name, nth: at, .. } => {
            let field = request.fields.iter().filter(|field| field.name.key == *name).nth(nth(*at));
            match field.map(|field| &field.value) {
                None => Held::Nothing,
                Some(FieldValue::Text(text)) => Held::of(Some(text)),
                Some(FieldValue::Credentials(_) | FieldValue::Cookies(_)) => Held::Other,
            }
        }
        Locator::Query { name, nth: at } => {
            named(request.target.query.as_deref().unwrap_or_default(), name, *at)
        }
        Locator::Form { name, nth: at } => match &request.body.content {
            Content::Form(form) => named(form, name, *at),
            _ => Held::Other,
        },
        Locator::Body { pointer } => match &request.body.content {
            Content::Json(json) => match json.at(pointer) {
                None => Held::Nothing,
                Some(Json::String(text) | Json::Number(text)) => Held::of(Some(text)),
                Some(_) => Held::Other,
            },
            _ => Held::Other,
        },
        _ => Held::Other,
    }
}
