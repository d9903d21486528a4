//! The field lines of two requests: by name, then by occurrence. Order, case of names and spacing are cosmetic.

use super::carried::{Item, holds, holds_field, nth_field, nth_parameter};
use super::credentials::fields as field_values;
use super::imported::{may_have_field, withheld_field};
use super::reverse;
use super::side_by_side::{Both, Found, short};
use super::significance;
use super::value::{Likeness, texts};
use super::{ChangeKind, FieldPart, Locator, Reason, Significance};
use crate::model::{Exchange, Field, FieldValue, Parameter, Side, Text};

/// Compares everything but credentials.
pub(super) fn compare(both: &Both<'_>, items: [&[Item]; 2], found: &mut Found<'_>) {
    let (sandbox, runtime) = (both.sandbox.request.fields.as_slice(), both.runtime.request.fields.as_slice());
    let mut in_order = true;
    let mut last = 0;
    for (at, field) in sandbox.iter().enumerate() {
        let nth = nth_field(sandbox, at);
        let Some(partner) = occurrence(runtime, &field.name.key, nth) else {
            if !items.iter().any(|items| holds_field(items, &field.name.key)) {
                lonely(both, field, nth, ChangeKind::Missing, found);
            }
            continue;
        };
        in_order &= partner >= last;
        last = partner;
        pair(both, field, &runtime[partner], nth.max(nth_field(runtime, partner)), items, found);
    }
    for (at, field) in runtime.iter().enumerate() {
        let nth = nth_field(runtime, at);
        let carries = items.iter().any(|items| holds_field(items, &field.name.key));
        if occurrence(sandbox, &field.name.key, nth).is_none() && !carries {
            lonely(both, field, nth, ChangeKind::Added, found);
        }
    }
    cookies(both, items, found);
    if !in_order && both.heads_known() {
        let significance = Significance::Cosmetic(Reason::Order);
        found.push_kind(
            Locator::Fields,
            ChangeKind::Reordered,
            None,
            (Some(names(sandbox)), Some(names(runtime))),
            significance,
        );
    }
}

/// The place of the nth field of a name; an only one is the first.
fn occurrence(fields: &[Field], key: &str, nth: u32) -> Option<usize> {
    let same = fields.iter().enumerate().filter(|(_, field)| field.name.key == key).map(|(at, _)| at);
    same.into_iter().nth(usize::try_from(nth.max(1) - 1).unwrap_or(usize::MAX))
}

fn pair(
    both: &Both<'_>,
    field: &Field,
    partner: &Field,
    nth: u32,
    items: [&[Item]; 2],
    found: &mut Found<'_>,
) {
    // What is held once is equal.
    if field.is_shared_with(partner) && field.name.key != "host" {
        return;
    }
    let key = &field.name.key;
    let at = |part| Locator::Field { name: key.clone(), nth, part };
    if both.heads_known() {
        if field.name.sent != partner.name.sent {
            let values = (Some(field.name.sent.clone()), Some(partner.name.sent.clone()));
            found.push(
                at(FieldPart::Name),
                Some("case-changed"),
                values,
                Significance::Cosmetic(Reason::Case),
            );
        }
        if spacing(field) != spacing(partner) {
            let values = (Some(format!("{:?}", spacing(field))), Some(format!("{:?}", spacing(partner))));
            found.push(at(FieldPart::Spacing), None, values, Significance::Cosmetic(Reason::Spacing));
        }
    }
    if let (FieldValue::Cookies(_), FieldValue::Cookies(_)) = (&field.value, &partner.value) {
        return; // All together, see `cookies`.
    }
    if items.iter().any(|items| holds_field(items, key)) || is_host_of_target(both, field, partner) {
        return;
    }
    if withheld_field(both, &field.value, &partner.value) {
        return;
    }
    // Which fields an exporter writes of the connection and the framing is its own affair.
    if !both.bytes_known() && (significance::is_connection(key) || significance::is_framing(key)) {
        return;
    }
    let likeness = match key.as_str() {
        "content-type" | "accept" => media_types(both, key, &field.value, &partner.value),
        _ => field_values(both, key, &field.value, &partner.value),
    };
    if let Some(significance) = significance::field(both, key, likeness) {
        let significance = if reverse::names_its_place(both, field, partner) {
            Significance::Expected(Reason::ReverseHost)
        } else {
            negotiated(both, key, significance)
        };
        found.push(
            at(FieldPart::Whole),
            likeness.how(),
            (Some(value(field)), Some(value(partner))),
            significance,
        );
    }
}

/// White space before, between scheme and token, and after.
fn spacing(field: &Field) -> (&str, &str, &str) {
    let between = match &field.value {
        FieldValue::Credentials(credentials) => credentials.separator.as_str(),
        _ => "",
    };
    let between = if between.is_empty() { " " } else { between };
    (&field.spacing.before, between, &field.spacing.after)
}

/// `Host` that says what the target says is compared there.
fn is_host_of_target(both: &Both<'_>, field: &Field, partner: &Field) -> bool {
    let says = |field: &Field, exchange: &Exchange| {
        let target = &exchange.request.target;
        matches!(&field.value, FieldValue::Text(text) if text.as_shown().is_some_and(|shown| reverse::says(target, shown)))
    };
    field.name.key == "host" && says(field, both.sandbox) && says(partner, both.runtime)
}

/// A field that one side does not have.
fn lonely(both: &Both<'_>, field: &Field, nth: u32, kind: ChangeKind, found: &mut Found<'_>) {
    let key = &field.name.key;
    let exchange = if kind == ChangeKind::Missing { both.sandbox } else { both.runtime };
    let capture = if kind == ChangeKind::Missing { both.runs.sandbox } else { both.runs.runtime };
    let reversed = capture.run.interception.upstream().is_some();
    let other = if kind == ChangeKind::Missing { both.runtime } else { both.sandbox };
    let of_sending = significance::is_connection(key) || significance::is_framing(key);
    if may_have_field(other, key) || of_sending && !both.bytes_known() {
        return;
    }
    if key == "host" && (reversed || is_host(field, &exchange.request.target.host)) {
        return;
    }
    if let FieldValue::Cookies(_) = &field.value {
        return;
    }
    // HTTP/2 has no place for it: whether it was meant is unknown.
    if significance::is_http1_only(key) && !both.heads_known() {
        return;
    }
    // `Accept: */*` says what its absence says (RFC 9110, section 12.5.1).
    let any =
        key == "accept" && matches!(&field.value, FieldValue::Text(text) if text.as_shown() == Some("*/*"));
    let significance = if any {
        Significance::Cosmetic(Reason::Spelling)
    } else if significance::is_per_request(key) {
        significance::lonely(both, key)
    } else {
        significance::field(both, key, Likeness::Differs(None)).unwrap_or(Significance::Material)
    };
    let significance = negotiated(both, key, significance);
    let at = Locator::Field { name: key.clone(), nth, part: FieldPart::Whole };
    let shown = Some(value(field));
    let values = if kind == ChangeKind::Missing { (shown, None) } else { (None, shown) };
    found.push_kind(at, kind, None, values, significance);
}

fn is_host(field: &Field, host: &str) -> bool {
    matches!(&field.value, FieldValue::Text(text) if text.as_shown().is_some_and(|shown| shown.starts_with(host)))
}

/// Two `Accept` that were answered with one media type asked for the same (RFC 9110, section 12.5.1).
fn negotiated(both: &Both<'_>, key: &str, significance: Significance) -> Significance {
    let answered = |exchange: &Exchange| {
        let response = exchange.response().filter(|_| exchange.succeeded())?;
        let field = response.fields.iter().find(|field| field.name.key == "content-type")?;
        let FieldValue::Text(text) = &field.value else { return None };
        Some(text.as_shown()?.split(';').next()?.trim().to_ascii_lowercase())
    };
    let one = answered(both.sandbox).filter(|_| key == "accept");
    if one.is_some() && significance == Significance::Material && one == answered(both.runtime) {
        Significance::Cosmetic(Reason::ClientIdentity)
    } else {
        significance
    }
}

/// Media types: case and blanks do not matter, nor does the boundary.
fn media_types(both: &Both<'_>, key: &str, sandbox: &FieldValue, runtime: &FieldValue) -> Likeness {
    let (FieldValue::Text(from), FieldValue::Text(to)) = (sandbox, runtime) else {
        return field_values(both, key, sandbox, runtime);
    };
    let likeness = texts(both, key, from, to);
    if !matches!(likeness, Likeness::Differs(_)) {
        return likeness;
    }
    let plain = |text: &Text| {
        let mut shown = text.to_string().to_ascii_lowercase();
        shown.retain(|letter| !matches!(letter, ' ' | '\t' | '"'));
        shown
    };
    let (from, to) = (plain(from), plain(to));
    match (from.split_once("boundary="), to.split_once("boundary=")) {
        _ if from == to => Likeness::Spelled,
        (Some((from, _)), Some((to, _))) if from == to => Likeness::Expected(Reason::PerRequest),
        _ => likeness,
    }
}

/// Cookies, by name; HTTP/2 may spread them over several fields (RFC 9113, section 8.2.3). Those that carry
/// credentials are compared there.
fn cookies(both: &Both<'_>, items: [&[Item]; 2], found: &mut Found<'_>) {
    let all = |exchange: &Exchange| -> Option<Vec<Parameter>> {
        let lists = exchange.request.fields.iter().filter_map(|field| match &field.value {
            FieldValue::Cookies(cookies) => Some(cookies.as_slice()),
            FieldValue::Text(_) | FieldValue::Credentials(_) => None,
        });
        let lists: Vec<_> = lists.collect();
        (!lists.is_empty()).then(|| lists.concat())
    };
    let (sandbox, runtime) = (all(both.sandbox), all(both.runtime));
    let unknown = |cookies: &Option<_>, exchange| cookies.is_none() && may_have_field(exchange, "cookie");
    if unknown(&sandbox, both.sandbox) || unknown(&runtime, both.runtime) {
        return;
    }
    let (sandbox, runtime) = (&sandbox.unwrap_or_default(), &runtime.unwrap_or_default());
    let partner = |cookies: &[Parameter], name: &str, nth: u32| -> Option<Text> {
        let same = cookies.iter().filter(|cookie| cookie.name == name);
        let found = same.into_iter().nth(usize::try_from(nth.max(1) - 1).unwrap_or(usize::MAX))?;
        Some(found.value.clone().unwrap_or_default())
    };
    let carries = |name: &str| {
        let at = Locator::Cookie { name: name.to_owned() };
        items.iter().any(|items| holds(items, &at))
    };
    for (at, cookie) in sandbox.iter().enumerate().filter(|(_, cookie)| !carries(&cookie.name)) {
        let from = cookie.value.clone().unwrap_or_default();
        let to = partner(runtime, &cookie.name, nth_parameter(sandbox, at));
        let likeness = to.as_ref().map_or(Likeness::Differs(None), |to| texts(both, &cookie.name, &from, to));
        let only = to.is_none().then_some(Side::Sandbox);
        if let Some(significance) = significance::cookie(both, &cookie.name, likeness, only, &from) {
            let values = (Some(short(&from)), to.as_ref().map(short));
            found.push(Locator::Cookie { name: cookie.name.clone() }, likeness.how(), values, significance);
        }
    }
    for (at, cookie) in runtime.iter().enumerate().filter(|(_, cookie)| !carries(&cookie.name)) {
        if partner(sandbox, &cookie.name, nth_parameter(runtime, at)).is_some() {
            continue;
        }
        let (to, likeness) = (cookie.value.clone().unwrap_or_default(), Likeness::Differs(None));
        if let Some(significance) =
            significance::cookie(both, &cookie.name, likeness, Some(Side::Runtime), &to)
        {
            let at = Locator::Cookie { name: cookie.name.clone() };
            found.push(at, None, (None, Some(short(&to))), significance);
        }
    }
}

/// A field's value as a difference shows it.
pub(super) fn value(field: &Field) -> String {
    use crate::model::Token;
    match &field.value {
        FieldValue::Text(text) => short(text),
        FieldValue::Cookies(cookies) => {
            let names: Vec<&str> = cookies.iter().map(|cookie| cookie.name.as_str()).collect();
            short(&names.join("; "))
        }
        FieldValue::Credentials(credentials) => {
            let scheme = credentials.scheme.as_deref().unwrap_or_default();
            match &credentials.token {
                Token::Opaque(secret) => short(&format_args!("{scheme}{}{secret}", credentials.separator)),
                Token::Basic(_) | Token::Parameters(_) => scheme.to_owned(),
            }
        }
    }
}

fn names(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name.sent.as_str()).collect();
    short(&names.join(", "))
}
