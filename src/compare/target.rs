//! Where two requests go: method, scheme, host, port, path, query, version.

use super::carried::{Item, holds, nth_parameter};
use super::side_by_side::{Both, Found, short};
use super::significance::{self, identity};
use super::value::{Likeness, texts};
use super::{ChangeKind, Locator, Reason, Significance};
use crate::model::{Class, Parameter, Piece, Secret, Target, Text};

/// Compares both start lines.
pub(super) fn compare(both: &Both<'_>, items: [&[Item]; 2], found: &mut Found<'_>) {
    let (one, other) = (&both.sandbox.request, &both.runtime.request);
    let words = |found: &mut Found<'_>, at, from: &str, to: &str, significance| {
        // An import's version may not be told.
        if from != to && !from.is_empty() && !to.is_empty() {
            found.push(at, None, (Some(from.to_owned()), Some(to.to_owned())), significance);
        }
    };
    words(found, Locator::Method, &one.method, &other.method, Significance::Material);
    let (from, to) = (&one.target, &other.target);
    words(found, Locator::Scheme, &from.scheme, &to.scheme, Significance::Material);
    words(found, Locator::Host, &from.host, &to.host, Significance::Material);
    let implied = from.scheme != to.scheme && default_port(from) && default_port(to);
    let port = if implied { Significance::Cosmetic(Reason::Consequence) } else { Significance::Material };
    words(found, Locator::Port, &from.port.to_string(), &to.port.to_string(), port);
    if !items.iter().any(|items| holds(items, &Locator::Path)) {
        let likeness = match texts(both, "path", &from.path, &to.path) {
            Likeness::Differs(_) if names_anew(both) => Likeness::Expected(Reason::PerRequest),
            likeness => likeness,
        };
        if let Some(significance) = significance::value(likeness) {
            found.push(
                Locator::Path,
                likeness.how(),
                (Some(short(&from.path)), Some(short(&to.path))),
                significance,
            );
        }
    }
    let (from, to) = (from.query.as_deref().unwrap_or_default(), to.query.as_deref().unwrap_or_default());
    parameters(both, [from, to], items, found, |name, nth| Locator::Query { name: name.to_owned(), nth });
    words(found, Locator::Version, &one.version, &other.version, identity(both));
}

/// `PUT` makes a resource under a name that the client chose (RFC 9110, section 9.3.4): two paths that differ in random UUIDs alone, of
/// no config, and were both accepted.
fn names_anew(both: &Both<'_>) -> bool {
    let chosen = |secret: &Secret| {
        secret.relation.is_none() && matches!(secret.shape.class, Class::Uuid { version: 1 | 4 | 6 | 7 })
    };
    let (from, to) = (&both.sandbox.request, &both.runtime.request);
    let pieces = || from.target.path.pieces.iter().zip(&to.target.path.pieces);
    from.method == "PUT"
        && to.method == "PUT"
        && both.sandbox.succeeded()
        && both.runtime.succeeded()
        && from.target.path.pieces.len() == to.target.path.pieces.len()
        && pieces().all(|(one, other)| match (one, other) {
            (Piece::Hidden(one), Piece::Hidden(other)) => {
                one.fingerprint.exact == other.fingerprint.exact || (chosen(one) && chosen(other))
            }
            (one, other) => one == other,
        })
}

/// Compares named values, by name and occurrence. Those that carry credentials are compared there.
pub(super) fn parameters(
    both: &Both<'_>,
    [sandbox, runtime]: [&[Parameter]; 2],
    items: [&[Item]; 2],
    found: &mut Found<'_>,
    place: impl Fn(&str, u32) -> Locator,
) {
    let (mut last, mut misplaced) = (0, None);
    for (at, parameter) in sandbox.iter().enumerate() {
        let nth = nth_parameter(sandbox, at);
        let partner = occurrence(runtime, &parameter.name, nth);
        let nth = partner.map_or(nth, |partner| nth.max(nth_parameter(runtime, partner)));
        let locator = place(&parameter.name, nth);
        if let Some(partner) = partner {
            if partner < last && misplaced.is_none() {
                misplaced = Some(locator.clone());
            }
            last = last.max(partner);
        }
        if items.iter().any(|items| holds(items, &locator)) {
            continue;
        }
        let from = shown(parameter);
        match partner.map(|partner| &runtime[partner]) {
            Some(partner) => {
                let likeness = values(both, parameter, partner);
                if let Some(significance) = significance::value(likeness) {
                    found.push(locator, likeness.how(), (Some(from), Some(shown(partner))), significance);
                }
            }
            None => {
                found.push(locator, None, (Some(from), None), significance::lonely(both, &parameter.name));
            }
        }
    }
    for (at, parameter) in runtime.iter().enumerate() {
        let nth = nth_parameter(runtime, at);
        let locator = place(&parameter.name, nth);
        if occurrence(sandbox, &parameter.name, nth).is_none()
            && !items.iter().any(|items| holds(items, &locator))
        {
            found.push(
                locator,
                None,
                (None, Some(shown(parameter))),
                significance::lonely(both, &parameter.name),
            );
        }
    }
    if let Some(at) = misplaced {
        let names = |parameters: &[Parameter]| {
            let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name.as_str()).collect();
            Some(short(&names.join("&")))
        };
        found.push_kind(
            at,
            ChangeKind::Reordered,
            None,
            (names(sandbox), names(runtime)),
            Significance::Cosmetic(Reason::Order),
        );
    }
}

/// The place of the nth parameter of a name; an only one is the first.
fn occurrence(parameters: &[Parameter], name: &str, nth: u32) -> Option<usize> {
    let same =
        parameters.iter().enumerate().filter(|(_, parameter)| parameter.name == name).map(|(at, _)| at);
    same.into_iter().nth(usize::try_from(nth.max(1) - 1).unwrap_or(usize::MAX))
}

fn values(both: &Both<'_>, sandbox: &Parameter, runtime: &Parameter) -> Likeness {
    match (&sandbox.value, &runtime.value) {
        (Some(from), Some(to)) => texts(both, &sandbox.name, from, to),
        (None, None) => Likeness::Equal,
        (Some(value), None) | (None, Some(value)) if is_nothing(value) => Likeness::Spelled,
        _ => Likeness::Differs(None),
    }
}

fn is_nothing(value: &Text) -> bool {
    value.secrets().all(|secret| matches!(secret.shape.class, crate::model::Class::Empty))
        && value.pieces.len() <= 1
        && value.as_shown().is_none_or(str::is_empty)
}

fn shown(parameter: &Parameter) -> String {
    parameter.value.as_ref().map(short).unwrap_or_default()
}

fn default_port(target: &Target) -> bool {
    matches!((target.scheme.as_str(), target.port), ("http", 80) | ("https", 443))
}
