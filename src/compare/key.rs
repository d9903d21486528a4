//! What requests are paired by, as hashes: one look at each exchange, so that pairing stays near-linear.

use std::hash::{BuildHasher as _, Hash, Hasher as _};

use foldhash::quality::{FixedState, FoldHasher};

use super::significance::{is_clock, is_paging, is_per_request, is_signature};
use crate::model::{Class, Content, Exchange, Json, Parameter, Piece, Reference, Secret, Text};

/// The same for equal values in every run of samewire, and faster than the standard library's.
pub(super) fn new_hasher() -> FoldHasher<'static> {
    FixedState::default().build_hasher()
}

/// Words in a path that say that a request asks for credentials rather than for data.
const LOGIN: &[&str] = &[
    "token",
    "tokens",
    "oauth",
    "oauth2",
    "login",
    "signin",
    "authenticate",
    "access_token",
    "scoped-token",
];

/// What a request is for, in growing tolerance. Equal requests have equal hashes on every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Tier {
    /// Method, scheme, host, port, path shape and names of the query.
    Full,
    /// Without the query.
    Query,
    /// Without the method.
    Method,
    /// Without scheme, host and port.
    Host,
}

/// The tiers, from the strictest on.
pub(super) const TIERS: [Tier; 4] = [Tier::Full, Tier::Query, Tier::Method, Tier::Host];

/// The key of a request on a tier. Requests for credentials never share one with others.
pub(super) fn of(exchange: &Exchange, tier: Tier) -> u64 {
    let target = &exchange.request.target;
    let mut hasher = new_hasher();
    is_login(exchange).hash(&mut hasher);
    shape(&target.path, &mut hasher);
    if tier != Tier::Host {
        (&target.scheme, &target.host, target.port).hash(&mut hasher);
    }
    if matches!(tier, Tier::Full | Tier::Query | Tier::Host) {
        exchange.request.method.hash(&mut hasher);
    }
    if tier == Tier::Full {
        let mut names: Vec<&str> =
            target.query.iter().flatten().map(|parameter| parameter.name.as_str()).collect();
        names.sort_unstable();
        names.hash(&mut hasher);
    }
    hasher.finish()
}

/// The exact request but for its fields; `tags` says whether hidden values can be told apart by theirs.
pub(super) fn exact(exchange: &Exchange, tags: bool) -> u64 {
    let request = &exchange.request;
    let mut hasher = new_hasher();
    (&request.method, &request.target.scheme, &request.target.host, request.target.port).hash(&mut hasher);
    whole(&request.target.path, tags, &mut hasher);
    parameters(request.target.query.as_deref().unwrap_or_default(), &mut hasher, |parameter, hasher| {
        whole(parameter.value.as_ref().unwrap_or(&Text::default()), tags, hasher);
    });
    if tags {
        request.body.digest.hash(&mut hasher);
    }
    hasher.finish()
}

/// What of hidden values counts when requests are held to be equal but for what moves.
#[derive(Clone, Copy)]
pub(super) struct Kept {
    /// Their tags, not only their kinds.
    pub(super) tags: bool,
    /// UUIDs: they may name a resource, or be made anew for each request.
    pub(super) uuids: bool,
}

/// What of a request stays from run to run: path, query and body without credentials, clock, cursors and identifiers.
pub(super) fn stable(exchange: &Exchange, kept: Kept) -> u64 {
    let request = &exchange.request;
    let mut hasher = new_hasher();
    stable_text(&request.target.path, kept, &mut hasher);
    stable_parameters(request.target.query.as_deref().unwrap_or_default(), kept, &mut hasher);
    match &request.body.content {
        Content::Json(json) => stable_json(json, kept, &mut hasher),
        Content::JsonLines(lines) => lines.iter().for_each(|line| stable_json(line, kept, &mut hasher)),
        Content::Form(form) => stable_parameters(form, kept, &mut hasher),
        Content::Multipart(parts) => parts.len().hash(&mut hasher),
        Content::Text(text) => stable_text(text, kept, &mut hasher),
        Content::Empty => {}
        Content::Opaque(_) if kept.tags => request.body.digest.hash(&mut hasher),
        Content::Opaque(_) => request.body.length.hash(&mut hasher),
    }
    hasher.finish()
}

/// True for a request that asks for credentials: an OAuth token endpoint, a login.
pub(super) fn is_login(exchange: &Exchange) -> bool {
    let grant = |parameters: &[Parameter]| parameters.iter().any(|parameter| parameter.name == "grant_type");
    let asks = match &exchange.request.body.content {
        Content::Form(form) => grant(form),
        Content::Json(json) => json.members().iter().any(|(name, _)| name == "grant_type"),
        _ => false,
    };
    let words = || {
        exchange.request.target.path.pieces.iter().filter_map(|piece| match piece {
            Piece::Shown(shown) => Some(shown.as_str()),
            Piece::Hidden(_) => None,
        })
    };
    asks || (exchange.request.method == "POST"
        && words().flat_map(|shown| shown.split('/')).any(|word| LOGIN.contains(&word)))
}

/// The shape of a path: numbers and hidden segments stand for any.
fn shape(path: &Text, hasher: &mut FoldHasher<'_>) {
    match path.as_shown() {
        Some(shown) => {
            for segment in shown.split('/') {
                Some(segment).filter(|segment| !is_number(segment)).hash(hasher);
            }
        }
        None => segments(path).iter().for_each(|segment| segment.as_deref().hash(hasher)),
    }
}

/// It may be another one in another run.
fn is_number(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|letter| letter.is_ascii_digit() || letter == b'-')
}

/// The segments of a path; `None` for one that may be another value in another run.
pub(super) fn segments(path: &Text) -> Vec<Option<String>> {
    let mut segments = vec![Some(String::new())];
    for piece in &path.pieces {
        match piece {
            Piece::Shown(shown) => {
                for (at, part) in shown.split('/').enumerate() {
                    if at > 0 {
                        segments.push(Some(String::new()));
                    }
                    if let Some(Some(segment)) = segments.last_mut() {
                        segment.push_str(part);
                    }
                }
            }
            Piece::Hidden(_) => {
                if let Some(last) = segments.last_mut() {
                    *last = None;
                }
            }
        }
    }
    segments.into_iter().map(|segment| segment.filter(|segment| !is_number(segment))).collect()
}

fn whole(text: &Text, tags: bool, hasher: &mut FoldHasher<'_>) {
    for piece in &text.pieces {
        match piece {
            Piece::Shown(shown) => shown.hash(hasher),
            Piece::Hidden(secret) => hidden(secret, tags, hasher),
        }
    }
}

fn hidden(secret: &Secret, tags: bool, hasher: &mut FoldHasher<'_>) {
    if tags {
        secret.fingerprint.exact.hash(hasher);
    } else {
        std::mem::discriminant(&secret.shape.class).hash(hasher);
    }
}

/// Parameters in any order. Names of credentials and the like are left to `value`.
fn parameters<'p>(
    parameters: impl IntoIterator<Item = &'p Parameter>,
    hasher: &mut FoldHasher<'_>,
    value: impl Fn(&Parameter, &mut FoldHasher<'_>),
) {
    let mut sum = 0_u64;
    for parameter in parameters {
        let mut own = new_hasher();
        parameter.name.hash(&mut own);
        value(parameter, &mut own);
        sum = sum.wrapping_add(own.finish());
    }
    sum.hash(hasher);
}

fn stable_parameters(all: &[Parameter], kept: Kept, hasher: &mut FoldHasher<'_>) {
    let stay = all.iter().filter(|parameter| !carries(parameter) && !moves(&parameter.name));
    parameters(stay, hasher, |parameter, hasher| {
        if let Some(value) = &parameter.value {
            stable_text(value, kept, hasher);
        }
    });
}

fn carries(parameter: &Parameter) -> bool {
    parameter.value.iter().flat_map(Text::secrets).any(|secret| secret.credential)
}

fn moves(name: &str) -> bool {
    is_per_request(name) || is_clock(name) || is_signature(name) || is_paging(name)
}

fn stable_text(text: &Text, kept: Kept, hasher: &mut FoldHasher<'_>) {
    for piece in &text.pieces {
        match piece {
            Piece::Shown(shown) => shown.hash(hasher),
            Piece::Hidden(secret) if volatile(secret) || (!kept.uuids && is_uuid(secret)) => {}
            Piece::Hidden(secret) => hidden(secret, kept.tags, hasher),
        }
    }
}

fn is_uuid(secret: &Secret) -> bool {
    matches!(secret.shape.class, Class::Uuid { .. })
}

fn volatile(secret: &Secret) -> bool {
    let issued = secret
        .relation
        .as_ref()
        .is_some_and(|relation| matches!(relation.reference, Reference::Issued { .. }));
    secret.credential || issued || matches!(secret.shape.class, Class::Date { .. } | Class::Timestamp { .. })
}

fn stable_json(json: &Json, kept: Kept, hasher: &mut FoldHasher<'_>) {
    std::mem::discriminant(json).hash(hasher);
    match json {
        Json::Null => {}
        Json::Bool(flag) => flag.hash(hasher),
        Json::Number(text) | Json::String(text) => stable_text(text, kept, hasher),
        Json::Embedded(inner) => stable_json(inner, kept, hasher),
        Json::Array(items) => items.iter().for_each(|item| stable_json(item, kept, hasher)),
        Json::Object(members) => {
            let mut sum = 0_u64;
            for (name, member) in members.iter().filter(|(name, _)| !moves(name)) {
                let mut own = new_hasher();
                name.hash(&mut own);
                stable_json(member, kept, &mut own);
                sum = sum.wrapping_add(own.finish());
            }
            sum.hash(hasher);
        }
    }
}
