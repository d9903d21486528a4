//! What is left as the reason when equal requests are answered differently: address, time, account, edge, the server's state.

use serde_json::{Value, json};

use crate::compare::{Identity, Locator};
use crate::diagnose::{Case, Finding};
use crate::model::{Exchange, FieldValue, Side};

use super::super::refusal::speaks_of;
use super::super::span::span;

/// Two exchanges of one pair, the failing side's first.
pub(super) struct Answered<'a> {
    pub(super) case: &'a Case<'a>,
    pub(super) pair: usize,
    pub(super) side: Side,
    pub(super) here: &'a Exchange,
    pub(super) there: &'a Exchange,
}

/// One thing that is left.
struct Left {
    /// Its name in reports.
    what: &'static str,
    /// The server's own words, or what was recorded, point to it.
    likely: bool,
    /// In a sentence's part.
    words: String,
    /// The facts.
    facts: Value,
    remedy: Option<String>,
}

/// Fields by which an edge or a server tells which part of it answered, or that the answer was kept (RFC 9110, RFC 9111, vendors'
/// documentation).
const MARKS: [&str; 30] = [
    "server",
    "via",
    "age",
    "x-cache",
    "x-cache-hits",
    "cf-cache-status",
    "cf-ray",
    "x-served-by",
    "x-amzn-requestid",
    "x-amzn-errortype",
    "x-amz-cf-id",
    "x-amz-cf-pop",
    "x-amz-request-id",
    "x-amz-apigw-id",
    "x-azure-ref",
    "x-ms-request-id",
    "x-akamai-request-id",
    "akamai-grn",
    "x-iinfo",
    "x-sucuri-id",
    "x-vercel-id",
    "fly-request-id",
    "x-github-request-id",
    "x-envoy-upstream-service-time",
    "x-kong-request-id",
    "x-kong-response-latency",
    "x-request-id",
    "x-correlation-id",
    "x-backend-server",
    "x-varnish",
];

/// Marks that carry the answer's own number: what its owner looks it up by.
const NUMBERS: [&str; 14] = [
    "cf-ray",
    "x-amzn-requestid",
    "x-amz-cf-id",
    "x-amz-request-id",
    "x-amz-apigw-id",
    "x-azure-ref",
    "x-ms-request-id",
    "x-akamai-request-id",
    "akamai-grn",
    "x-github-request-id",
    "x-kong-request-id",
    "fly-request-id",
    "x-request-id",
    "x-correlation-id",
];

const OF_ADDRESS: [&str; 9] =
    ["address", "ip", "allowlist", "whitelist", "allowlisted", "whitelisted", "network", "region", "vpn"];
const OF_TIME: [&str; 7] =
    ["maintenance", "temporarily", "later", "unavailable", "expired", "retired", "sunset"];
const OF_ACCOUNT: [&str; 14] = [
    "account",
    "plan",
    "quota",
    "subscription",
    "license",
    "licence",
    "suspended",
    "disabled",
    "locked",
    "trial",
    "billing",
    "permission",
    "permissions",
    "tenant",
];

/// Adds what is left to a finding: in `detail.remains`, in its cause, as evidence and as remedies.
pub(super) fn add_to(answered: &Answered<'_>, finding: Finding) -> Finding {
    let mut left = vec![address(answered), edge(answered), account(answered), time(answered)];
    left.sort_by_key(|left| !left.likely);
    let words: Vec<&str> = left.iter().map(|left| left.words.as_str()).collect();
    let cause = format!("not what {} sends; what remains: {}", answered.side, words.join("; "));
    let facts: Vec<Value> = left
        .iter()
        .map(|left| {
            let mut facts = left.facts.clone();
            facts["what"] = left.what.into();
            facts["likely"] = left.likely.into();
            facts
        })
        .collect();
    let mut finding = finding.detail("cause", cause).detail("remains", facts);
    for name in marks(answered.here).take(3) {
        let at = Locator::Response(Box::new(Locator::field(name)));
        finding = finding.related(answered.side, Some(answered.here.number), at, "a mark of what answered");
    }
    left.into_iter().filter_map(|left| left.remedy).fold(finding, Finding::remedy)
}

fn address(answered: &Answered<'_>) -> Left {
    let upstream = |side: Side, exchange: &Exchange| {
        let connections = &answered.case.capture(side).connections;
        connections.iter().find(|known| known.number == exchange.connection)?.upstream.clone()
    };
    let (side, other) = (answered.side, answered.side.other());
    let (here, there) = (upstream(side, answered.here), upstream(other, answered.there));
    let target = &answered.here.request.target;
    let (words, remedy) = match (&here, &there) {
        (Some(here), Some(there)) if here != there => (
            format!(
                "the address ({side} was answered by {here}, {other} by {there}, and from where each calls is not in a capture)"
            ),
            format!(
                "send {side} to the address that answered {other}: `samewire record {side} --connect-to {}:{}:{there} -- ...` (where that succeeds, it is the server at {here})",
                target.host, target.port
            ),
        ),
        (Some(here), Some(_)) => (
            format!("the address that {side} calls from (both were answered by {here})"),
            format!(
                "send the request of {side} once more from {other}'s machine; if it succeeds there, it is the address"
            ),
        ),
        _ => (
            format!("the address that {side} calls from"),
            format!(
                "send the request of {side} once more from {other}'s machine; if it succeeds there, it is the address"
            ),
        ),
    };
    let likely = speaks_of(answered.here, &OF_ADDRESS) || here.is_some() && there.is_some() && here != there;
    let mut facts = json!({});
    facts[side.as_str()] = here.into();
    facts[other.as_str()] = there.into();
    Left { what: "address", likely, words, facts, remedy: Some(remedy) }
}

fn edge(answered: &Answered<'_>) -> Left {
    let (side, other) = (answered.side, answered.side.other());
    let mut told = Vec::new();
    let mut names = Vec::new();
    let mut apart = false;
    for name in MARKS {
        let (here, there) = (value(answered.here, name), value(answered.there, name));
        if here.is_none() && there.is_none() {
            continue;
        }
        // Numbers of answers are always different; that only one side has one is a sign.
        let telling = if NUMBERS.contains(&name) { here.is_some() != there.is_some() } else { here != there };
        apart |= telling;
        let shown = match (&here, &there) {
            (Some(here), Some(there)) if telling => format!("{name}: {here}, {other} {there}"),
            (Some(_), None) => format!("{name}, only on {side}"),
            (None, _) => format!("{name}, only on {other}"),
            (Some(here), Some(_)) if NUMBERS.contains(&name) || here.is_empty() => name.to_owned(),
            (Some(here), Some(_)) => format!("{name}: {here}"),
        };
        if telling {
            names.insert(0, shown);
        } else {
            names.push(shown);
        }
        let mut facts = json!({ "field": name });
        facts[side.as_str()] = here.into();
        facts[other.as_str()] = there.into();
        told.push(facts);
    }
    names.truncate(4);
    let words = match names.as_slice() {
        [] => "an edge or a server between (it left no mark in either answer)".to_owned(),
        names => format!("what answers in the API's name ({})", names.join("; ")),
    };
    let number = NUMBERS.into_iter().find(|name| value(answered.here, name).is_some());
    let remedy = number.map(|name| {
        format!(
            "ask the API's owner by the `{name}` of {side}'s answer #{} (its value is in the client's own log, a capture has its tag) and the time {}",
            answered.here.number, answered.here.started_at
        )
    });
    Left { what: "edge", likely: apart, words, facts: json!({ "marks": told }), remedy }
}

fn account(answered: &Answered<'_>) -> Left {
    let matches =
        answered.case.comparison.credentials.get(answered.pair).map_or(&[][..], |known| &known.matches);
    let same = matches.iter().all(|known| known.identity == Identity::Same);
    let issued = matches.iter().any(|known| matches!(known.identity, Identity::Expected(_)));
    let (words, remedy) = if matches.is_empty() {
        ("the account (neither request carries credentials)".to_owned(), None)
    } else if same {
        ("the account's state (the credentials are the same on both sides: a quota, a lock, a right that was taken away)".to_owned(), None)
    } else if issued {
        (
            "the account (each side got its token in its own run)".to_owned(),
            Some("compare whose account the two tokens are of, and which rights it has".to_owned()),
        )
    } else {
        (
            "the account (whether the credentials are the same cannot be compared)".to_owned(),
            Some("compare whose account each side uses, and which rights it has".to_owned()),
        )
    };
    Left {
        what: "account",
        likely: speaks_of(answered.here, &OF_ACCOUNT),
        words,
        facts: json!({ "same_credentials": same && !matches.is_empty() }),
        remedy,
    }
}

fn time(answered: &Answered<'_>) -> Left {
    let side = answered.side;
    let gap = answered.here.started_at.duration_since(answered.there.started_at).as_secs();
    let when = if gap < 0 { "before" } else { "after" };
    let status = answered.here.status().unwrap_or_default();
    let likely = status >= 500 || speaks_of(answered.here, &OF_TIME);
    Left {
        what: "time",
        likely,
        words: format!(
            "the time ({side} asked {} {when} {}, and the server may have changed in between)",
            span(gap.abs()),
            side.other()
        ),
        facts: json!({ "seconds": gap }),
        remedy: Some(format!(
            "run {} once more now: if it is refused as well, it is the time or the account",
            side.other()
        )),
    }
}

/// The marks in an answer, those that name it first.
fn marks(exchange: &Exchange) -> impl Iterator<Item = &'static str> {
    let here = |name: &&'static str| value(exchange, name).is_some();
    NUMBERS.into_iter().chain(["server", "via", "x-cache"]).filter(move |name| here(name))
}

/// A field of an answer, redacted; a credential or cookie is not told.
fn value(exchange: &Exchange, name: &str) -> Option<String> {
    let field = exchange.response()?.fields.iter().find(|field| field.name.key == name)?;
    Some(match &field.value {
        FieldValue::Text(text) => text.to_string(),
        FieldValue::Credentials(_) | FieldValue::Cookies(_) => String::new(),
    })
}
