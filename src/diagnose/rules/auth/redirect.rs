//! Redirects: an answer with a Location (RFC 9110, section 15.4) and the request that followed it.

use std::collections::{BTreeMap, BTreeSet};

use crate::compare::Carried;
use crate::diagnose::Case;
use crate::model::{Exchange, FieldValue, Side, Target};

use super::suspect::of_side;

/// A redirect to another scheme, host or port, and what both requests carry.
pub(super) struct Hop<'a> {
    pub(super) side: Side,
    pub(super) first: &'a Exchange,
    pub(super) second: &'a Exchange,
    pub(super) before: &'a [Carried],
    pub(super) after: &'a [Carried],
}

/// How many exchanges later a redirect is looked for: other workers' requests may come between.
const REACH: usize = 16;

/// The redirects of a side that left their origin, in order.
pub(super) fn hops<'a>(case: &Case<'a>, side: Side) -> Vec<Hop<'a>> {
    let exchanges = &case.capture(side).exchanges;
    let mut found: Vec<(&Exchange, &Exchange)> = Vec::new();
    for (at, first) in exchanges.iter().enumerate() {
        let Some(location) = location(first) else { continue };
        let next = exchanges
            .iter()
            .skip(at + 1)
            .take(REACH)
            .find(|next| goes_to(&location, first, &next.request.target));
        if let Some(second) =
            next.filter(|second| !same_origin(&first.request.target, &second.request.target))
        {
            found.push((first, second));
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    let mut carried: BTreeMap<u32, &'a [Carried]> = BTreeMap::new();
    for (pair, credentials) in case.comparison.pairs.iter().zip(&case.comparison.credentials) {
        if let Some(exchange) = case.compared(pair, side) {
            carried.insert(exchange.number, of_side(credentials, side));
        }
    }
    let of = |exchange: &Exchange| carried.get(&exchange.number).copied().unwrap_or_default();
    found
        .into_iter()
        .map(|(first, second)| Hop { side, first, second, before: of(first), after: of(second) })
        .collect()
}

/// Exchanges that a redirect to another origin led to.
pub(super) fn follow_ups(case: &Case<'_>) -> BTreeSet<(Side, u32)> {
    let sides = [Side::Sandbox, Side::Runtime].into_iter();
    sides.flat_map(|side| hops(case, side)).map(|hop| (hop.side, hop.second.number)).collect()
}

/// Where an answer sends the client, as far as it is shown.
fn location(exchange: &Exchange) -> Option<String> {
    let response = exchange.response()?;
    if !matches!(response.status, 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let field = response.fields.iter().find(|field| field.name.key == "location")?;
    match &field.value {
        FieldValue::Text(text) => Some(text.to_string()),
        FieldValue::Credentials(_) | FieldValue::Cookies(_) => Some(String::new()),
    }
}

/// True where a request goes to the origin that a Location names; one that is hidden may name any other origin.
fn goes_to(location: &str, from: &Exchange, to: &Target) -> bool {
    let Some((scheme, rest)) = location.split_once("://") else {
        let hidden = location.is_empty() || location.starts_with('\u{2039}');
        return hidden != same_origin(&from.request.target, to);
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    if authority.contains('\u{2039}') {
        return scheme == to.scheme;
    }
    scheme.eq_ignore_ascii_case(&to.scheme)
        && (authority.eq_ignore_ascii_case(&to.authority())
            || authority.eq_ignore_ascii_case(&to.host) && is_default(to))
}

fn is_default(target: &Target) -> bool {
    target.port == if target.scheme == "https" { 443 } else { 80 }
}

fn same_origin(left: &Target, right: &Target) -> bool {
    left.scheme == right.scheme && left.host == right.host && left.port == right.port
}

/// `scheme://host:port`, the default port left out.
pub(super) fn origin(target: &Target) -> String {
    if is_default(target) {
        format!("{}://{}", target.scheme, target.host)
    } else {
        format!("{}://{}", target.scheme, target.authority())
    }
}
