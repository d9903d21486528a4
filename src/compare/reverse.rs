//! What differs because a side was recorded in reverse mode: its client takes samewire for the API, and only what goes there is seen.

use super::side_by_side::Both;
use super::{Pair, Reason};
use crate::model::{Capture, Exchange, Field, FieldValue, Target};

/// True for two fields in which each client names the place it calls, and a reversed side's client names samewire.
pub(super) fn names_its_place(both: &Both<'_>, field: &Field, partner: &Field) -> bool {
    let reversed = |capture: &Capture| capture.run.interception.upstream().is_some();
    let sides = [(both.runs.sandbox, both.sandbox, field), (both.runs.runtime, both.runtime, partner)];
    sides.iter().any(|(capture, ..)| reversed(capture))
        && sides.iter().all(|(capture, exchange, field)| match field.name.key.as_str() {
            "host" => reversed(capture) || says(&exchange.request.target, &shown(field)),
            "origin" | "referer" => {
                let here =
                    if reversed(capture) { called(exchange) } else { origin(&exchange.request.target) };
                shown(field).strip_prefix(&*here).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
            _ => false,
        })
}

/// Notes where a request has no partner because the other side's went where reverse mode does not see it.
pub(super) fn explain(
    pair: &mut Pair,
    one: (&Capture, Option<&Exchange>),
    other: (&Capture, Option<&Exchange>),
) {
    let (((blind, None), (_, Some(exchange))) | ((_, Some(exchange)), (blind, None))) = (one, other) else {
        return;
    };
    let Some(upstream) = blind.run.interception.upstream() else { return };
    if !is_below(&exchange.request.target, upstream) {
        pair.alone = Some(Reason::BesideReverse);
    }
}

fn is_below(target: &Target, base: &Target) -> bool {
    let path = target.path.to_string();
    let rest = path.strip_prefix(&*base.path.to_string());
    (&target.scheme, &target.host, target.port) == (&base.scheme, &base.host, base.port)
        && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The value of `Host` names the target.
pub(super) fn says(target: &Target, host: &str) -> bool {
    host.eq_ignore_ascii_case(&target.host) || host.eq_ignore_ascii_case(&target.authority())
}

/// Where a reversed side's client believes to be.
fn called(exchange: &Exchange) -> String {
    let host = exchange.request.fields.iter().find(|field| field.name.key == "host");
    format!("http://{}", host.map(shown).unwrap_or_default())
}

/// `scheme://host:port`, the default port left out.
fn origin(target: &Target) -> String {
    match (target.scheme.as_str(), target.port) {
        ("http", 80) | ("https", 443) => format!("{}://{}", target.scheme, target.host),
        _ => format!("{}://{}", target.scheme, target.authority()),
    }
}

fn shown(field: &Field) -> String {
    match &field.value {
        FieldValue::Text(text) => text.to_string(),
        FieldValue::Credentials(_) | FieldValue::Cookies(_) => String::new(),
    }
}
