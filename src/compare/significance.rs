//! The one place that decides whether a difference matters, and why not.

use super::side_by_side::Both;
use super::value::Likeness;
use super::visitor::knows_a_visitor;
use super::{Reason, Significance};
use crate::model::{Class, Exchange, Secret, Side, Text};

/// Seconds by which a value that is made from the clock may lie off: the time between making and sending it.
///
/// Well below the five minutes from which on servers refuse a signature's date.
const CLOCK_TOLERANCE: i64 = 120;

/// Fields of one connection (RFC 9110, section 7.6.1) and what clients say to a proxy.
const CONNECTION: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "te",
    "upgrade",
    "http2-settings",
];

/// Fields that only HTTP/1 has (RFC 9113, section 8.2.2).
const HTTP1_ONLY: &[&str] =
    &["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade", "http2-settings"];

/// Fields about how the body is sent, not what it is. They matter only to servers that refuse one way.
const FRAMING: &[&str] = &["transfer-encoding", "trailer", "expect", "content-length"];

/// What a client says of itself.
const IDENTITY: &[&str] = &[
    "user-agent",
    "accept-encoding",
    "x-goog-api-client",
    "x-amz-user-agent",
    "priority",
    "dnt",
    "upgrade-insecure-requests",
];

/// Digests over the body.
const BODY_DIGESTS: &[&str] =
    &["content-md5", "digest", "content-digest", "repr-digest", "x-amz-content-sha256"];

/// Ends of names, letters and digits only, of values that are made anew for each request.
const PER_REQUEST: &[&str] = &[
    "requestid",
    "requestuuid",
    "requestguid",
    "correlationid",
    "traceid",
    "spanid",
    "parentspanid",
    "traceparent",
    "tracestate",
    "tracecontext",
    "sentrytrace",
    "baggage",
    "datadogparentid",
    "idempotencykey",
    "idempotencytoken",
    "nonce",
    // OAuth's proof keys (RFC 7636).
    "codechallenge",
    "codeverifier",
    "invocationid",
    "messageid",
    "eventid",
    "deduplicationid",
    "clientmutationid",
    "transactionid",
    "cachebuster",
    "boundary",
    // The time that is left of a call.
    "grpctimeout",
];

/// Names, letters and digits only, of values that are the time of sending and nothing else. No ends: `start_date` is a choice.
const CLOCK: &[&str] = &[
    "date",
    "xamzdate",
    "xmsdate",
    "xdate",
    "timestamp",
    "xtimestamp",
    "xrequesttimestamp",
    "requesttimestamp",
    "oauthtimestamp",
    "ts",
];

/// Ends of names of signatures.
const SIGNATURE: &[&str] = &["signature", "signature256", "hmac", "sign", "sig"];

/// Ends of names of places in a list that an earlier answer named: no credentials, whatever `token` is in the name.
const PAGING: &[&str] = &[
    "pagetoken",
    "nexttoken",
    "continuationtoken",
    "paginationtoken",
    "synctoken",
    "deltatoken",
    "skiptoken",
    "cursor",
    "scrollid",
    "nextpage",
    "marker",
];

/// Ends of names of what a signature is made with.
const KEY_ID: &[&str] =
    &["keyid", "accesskey", "accesskeyid", "credential", "consumerkey", "clientid", "username", "apikey"];

/// True for a field of the connection only.
pub(super) fn is_connection(key: &str) -> bool {
    CONNECTION.contains(&key)
}

/// True for a field that tells how the body is sent.
pub(super) fn is_framing(key: &str) -> bool {
    FRAMING.contains(&key)
}

/// True for a field that HTTP/2 does not have.
pub(super) fn is_http1_only(key: &str) -> bool {
    HTTP1_ONLY.contains(&key)
}

/// True for a digest over the body.
pub(super) fn is_body_digest(key: &str) -> bool {
    BODY_DIGESTS.contains(&key)
}

/// True for what a client says of itself.
fn is_identity(key: &str) -> bool {
    IDENTITY.contains(&key) || key.starts_with("sec-fetch-") || key.starts_with("sec-ch-ua")
}

/// True for names of identifiers that are made anew for each request.
pub(super) fn is_per_request(name: &str) -> bool {
    matches!(name, "b3" | "nc") || ends_with_any(name, PER_REQUEST)
}

/// Parts of names, letters and digits only, of things that keep their identifier: whose is the data, what is asked for.
#[rustfmt::skip]
const THINGS: &[&str] = &[
    "account", "app", "brand", "business", "calendar", "campaign", "channel", "client", "company", "connect",
    "contract", "customer", "database", "dataset", "device", "domain", "environment", "folder", "form", "group",
    "install", "instance", "location", "member", "merchant", "organisation", "organization", "owner", "partner",
    "plan", "product", "profile", "project", "property", "realm", "resource", "segment", "server", "shop", "site",
    "source", "store", "subscription", "table", "team", "tenant", "user", "vendor", "workspace",
];

/// True where a name speaks of a thing that has an identifier, or calls its value one without saying of what.
pub(super) fn names_a_thing(name: &str) -> bool {
    let name = plain(name);
    ["id", "ids", "uuid", "guid", "org", "key"].iter().any(|end| name.ends_with(end))
        || THINGS.iter().any(|thing| name.contains(thing))
}

/// True for the name of what OAuth hands back unseen.
pub(super) fn is_state(name: &str) -> bool {
    plain(name) == "state"
}

/// True for names of values that are the time of sending.
pub(super) fn is_clock(name: &str) -> bool {
    name == "_" || CLOCK.contains(&plain(name).as_str())
}

/// True for names of signatures.
pub(super) fn is_signature(name: &str) -> bool {
    ends_with_any(name, SIGNATURE)
}

/// True for schemes whose credentials are a signature over the request: Amazon S3's and Azure Storage's, and the many called HMAC.
pub(super) fn signs(scheme: &str) -> bool {
    let scheme = plain(scheme);
    scheme.contains("hmac")
        || matches!(scheme.as_str(), "aws" | "sharedkey" | "sharedkeylite" | "hawk" | "mac")
}

/// True for names of cursors.
pub(super) fn is_paging(name: &str) -> bool {
    ends_with_any(name, PAGING)
}

/// True for names of what a signature is made with.
pub(super) fn is_key_id(name: &str) -> bool {
    ends_with_any(name, KEY_ID)
}

fn ends_with_any(name: &str, ends: &[&str]) -> bool {
    let plain = plain(name);
    ends.iter().any(|end| plain.ends_with(end))
}

/// A name without case and separators.
fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect()
}

/// What a field's likeness means; `None` where it is no difference.
pub(super) fn field(both: &Both<'_>, key: &str, likeness: Likeness) -> Option<Significance> {
    let significance = value(likeness)?;
    if significance != Significance::Material {
        return Some(significance);
    }
    Some(if is_connection(key) {
        Significance::Cosmetic(Reason::Connection)
    } else if is_framing(key) {
        framing(both, key)
    } else if is_body_digest(key) && both.bodies_differ() {
        Significance::Cosmetic(Reason::Consequence)
    } else if is_identity(key) {
        identity(both)
    } else {
        Significance::Material
    })
}

/// What a cookie's likeness means; `None` where it is no difference. A cookie that `only` one side sends and an earlier answer of that run set
/// tells who keeps cookies.
pub(super) fn cookie(
    both: &Both<'_>,
    name: &str,
    likeness: Likeness,
    only: Option<Side>,
    sent: &Text,
) -> Option<Significance> {
    let significance = value(likeness)?;
    if significance != Significance::Material {
        return Some(significance);
    }
    let kept = only.is_some_and(|side| both.succeed() && both.told_text(side, sent));
    Some(if kept || knows_a_visitor(name) { identity(both) } else { significance })
}

/// What a value's likeness means; `None` where it is no difference.
pub(super) fn value(likeness: Likeness) -> Option<Significance> {
    match likeness {
        Likeness::Equal | Likeness::Unknown => None,
        Likeness::Spelled => Some(Significance::Cosmetic(Reason::Spelling)),
        Likeness::Expected(reason) => Some(Significance::Expected(reason)),
        Likeness::Differs(_) => Some(Significance::Material),
    }
}

/// What tells clients apart matters only where the answers do.
pub(super) fn identity(both: &Both<'_>) -> Significance {
    if both.agree() { Significance::Cosmetic(Reason::ClientIdentity) } else { Significance::Material }
}

/// A named value that one side does not have: an identifier of the request is missed only by a server that asks for it.
pub(super) fn lonely(both: &Both<'_>, name: &str) -> Significance {
    if is_per_request(name) && both.agree() {
        Significance::Cosmetic(Reason::PerRequest)
    } else {
        Significance::Material
    }
}

/// Case of a scheme: equal by RFC 9110, section 11.1, refused by some servers.
pub(super) fn scheme_case(both: &Both<'_>) -> Significance {
    if both.agree() { Significance::Cosmetic(Reason::Case) } else { Significance::Material }
}

fn framing(both: &Both<'_>, key: &str) -> Significance {
    if key == "content-length" && empty_without_meaning(both) {
        Significance::Cosmetic(Reason::Spelling)
    } else if key == "content-length" && both.sandbox.request.body.length != both.runtime.request.body.length
    {
        Significance::Cosmetic(Reason::Consequence)
    } else if both.agree() || !both.heads_known() {
        // HTTP/2 frames bodies by itself.
        Significance::Cosmetic(Reason::Connection)
    } else {
        Significance::Material
    }
}

/// No content either way: `Content-Length: 0` says what its absence says, for methods that have no content (RFC 9110, section 8.6).
fn empty_without_meaning(both: &Both<'_>) -> bool {
    [both.sandbox, both.runtime].iter().all(|exchange| {
        let request = &exchange.request;
        request.body.length == 0 && matches!(request.method.as_str(), "GET" | "HEAD" | "DELETE" | "OPTIONS")
    })
}

/// True where two different values are both read from the clock: the same distance from their requests or from the start of their runs.
pub(super) fn moved_with_clock(both: &Both<'_>, sandbox: &Secret, runtime: &Secret) -> bool {
    let (from, to, by_day) = match (&sandbox.shape.class, &runtime.shape.class) {
        (Class::Date { format: a, offset: Some(from) }, Class::Date { format: b, offset: Some(to) })
            if a == b =>
        {
            (*from, *to, !["%H", "%I", "%T", "%R", "%s", "%c"].iter().any(|part| a.contains(part)))
        }
        (Class::Timestamp { digits: a, offset: from }, Class::Timestamp { digits: b, offset: to })
            if a == b =>
        {
            (*from, *to, false)
        }
        _ => return false,
    };
    if (to - from).abs() <= CLOCK_TOLERANCE {
        return true;
    }
    let seconds = |exchange: &Exchange| exchange.started_at.as_second();
    let (first, second) = (seconds(both.sandbox), seconds(both.runtime));
    let (from, to) = (first + from, second + to);
    let runs = both.runs.runtime.run.started_at.as_second() - both.runs.sandbox.run.started_at.as_second();
    if (to - from - runs).abs() <= CLOCK_TOLERANCE {
        return true;
    }
    // Cut off at the hour or the day: it stands still, then jumps when such a boundary, which is one of some half hour in every
    // time zone, has passed between the two requests.
    let unit = if by_day || (whole(from, 86_400) && whole(to, 86_400)) {
        86_400
    } else if whole(from, 3_600) && whole(to, 3_600) {
        3_600
    } else {
        return false;
    };
    let passed = second - first;
    first.div_euclid(1_800) != second.div_euclid(1_800) && (to - from - passed).abs() < unit
}

fn whole(seconds: i64, unit: i64) -> bool {
    let rest = seconds.rem_euclid(unit);
    rest <= 1 || rest == unit - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_known_by_their_end_in_any_spelling() {
        assert!(is_per_request("X-Request-Id"));
        assert!(is_per_request("request_id"));
        assert!(is_per_request("traceparent"));
        assert!(is_per_request("X-B3-TraceId"));
        assert!(is_per_request("Idempotency-Key"));
        assert!(!is_per_request("X-Tenant-Id"));
        assert!(!is_per_request("X-Api-Key"));
        assert!(is_paging("pageToken") && is_paging("next_page_token"));
        assert!(!is_paging("access_token"));
        assert!(is_clock("X-Amz-Date") && !is_clock("start_date"));
        assert!(is_signature("X-Signature") && is_signature("oauth_signature"));
    }
}
