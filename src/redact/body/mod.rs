//! Bodies: decoded within limits, then redacted by what they are.

mod coding;
mod graphql;
pub(super) mod json;
mod markup;
mod multipart;
mod zstd;

use crate::model::{Body, Coding, Content, Framing, Json, OpaqueReason, Text};

use super::message::Head;
use super::secret::Scope;
use super::value::is_version;
use super::{RawBody, Told, forms, words};
use json::Node;
pub use zstd::ZstdReader;

/// Most values of a JSON body that are looked at one by one.
const MOST_VALUES: usize = 20_000;

/// A body without its codings, parsed as far as its kind allows.
pub(super) enum Decoded {
    Empty,
    /// One JSON value, or several, one a line; with the text they were read from.
    Json(Vec<Node>),
    JsonLines(Vec<Node>),
    Form(Vec<u8>),
    Multipart(Vec<u8>, String),
    Markup(String),
    GraphQl(String),
    Text(String),
    Opaque(OpaqueReason),
}

/// Redacts a body. Its trailers are the caller's.
pub(super) fn body(scope: &Scope<'_>, raw: &RawBody, head: &Head<'_>, answer: bool) -> Body {
    let (codings, _) = coding::codings(head);
    Body {
        length: raw.length,
        digest: (raw.length > 0)
            .then(|| raw.digest.unwrap_or_else(|| scope.redactor.tagger.body(&raw.bytes))),
        framing: framing(head, raw.length, answer),
        complete: raw.complete,
        codings,
        content: content(scope, decoded(raw, head), answer),
        trailers: Vec::new(),
    }
}

fn framing(head: &Head<'_>, length: u64, answer: bool) -> Framing {
    let chunked =
        head.field("transfer-encoding").is_some_and(|value| value.to_ascii_lowercase().ends_with(b"chunked"));
    if chunked {
        Framing::Chunked
    } else if head.field("content-length").is_some() {
        Framing::ContentLength
    } else if answer && length > 0 && !head.start.starts_with(b"HTTP/2 ") {
        Framing::UntilClose
    } else {
        Framing::None
    }
}

/// A body as what its media type says, or, where that says nothing, as what it looks like.
pub(super) fn decoded(raw: &RawBody, head: &Head<'_>) -> Decoded {
    if raw.told == Told::Not {
        return Decoded::Opaque(OpaqueReason::NotTold);
    }
    if raw.length == 0 {
        return Decoded::Empty;
    }
    if (raw.bytes.len() as u64) < raw.length {
        return Decoded::Opaque(OpaqueReason::TooLarge);
    }
    if !raw.complete {
        return Decoded::Opaque(OpaqueReason::Truncated);
    }
    let (codings, known) = match raw.told {
        Told::Decoded => (Vec::new(), true),
        Told::Wire | Told::Not => coding::codings(head),
    };
    if !known {
        return Decoded::Opaque(OpaqueReason::Coding);
    }
    match coding::decode(&raw.bytes, &codings) {
        Some(bytes) => parsed(&bytes, &MediaType::of(head.field("content-type"))),
        None => Decoded::Opaque(OpaqueReason::Coding),
    }
}

/// A media type: `type/subtype` in lower case, and its boundary.
pub(super) struct MediaType {
    essence: String,
    boundary: Option<String>,
}

impl MediaType {
    pub(super) fn of(field: Option<&[u8]>) -> Self {
        let text = forms::text_of(field.unwrap_or_default()).into_owned();
        let mut parts = text.split(';').map(str::trim);
        let essence = parts.next().unwrap_or_default().to_ascii_lowercase();
        let boundary = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"').to_owned())
        });
        Self { essence, boundary }
    }
}

pub(super) fn parsed(bytes: &[u8], media_type: &MediaType) -> Decoded {
    let essence = media_type.essence.as_str();
    if let Some(boundary) = media_type.boundary.as_ref().filter(|_| essence.starts_with("multipart/")) {
        return Decoded::Multipart(bytes.to_vec(), boundary.clone());
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Decoded::Opaque(OpaqueReason::Binary) };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text
        .chars()
        .any(|letter| letter.is_control() && !matches!(letter, '\t' | '\n' | '\r' | '\u{c}' | '\u{1b}'))
    {
        return Decoded::Opaque(OpaqueReason::Binary);
    }
    let lines = || json::lines(text).map(Decoded::JsonLines);
    match essence {
        "application/x-www-form-urlencoded" => Decoded::Form(bytes.to_vec()),
        "application/graphql" => Decoded::GraphQl(text.to_owned()),
        "application/x-ndjson"
        | "application/jsonl"
        | "application/jsonlines"
        | "application/json-seq"
        | "application/ndjson" => lines().unwrap_or(Decoded::Opaque(OpaqueReason::Malformed)),
        _ if essence.ends_with("/json") || essence.ends_with("+json") => match json::parse(text) {
            Some(value) => Decoded::Json(vec![value]),
            None => lines().unwrap_or(Decoded::Opaque(OpaqueReason::Malformed)),
        },
        _ if essence.ends_with("/xml") || essence.ends_with("+xml") || essence == "text/html" => {
            Decoded::Markup(text.to_owned())
        }
        _ if text.trim_start().starts_with(['{', '[']) => match json::parse(text) {
            Some(value) => Decoded::Json(vec![value]),
            None => lines().unwrap_or_else(|| Decoded::Text(text.to_owned())),
        },
        _ if text.trim_start().starts_with('<') => Decoded::Markup(text.to_owned()),
        _ if looks_like_form(text) => Decoded::Form(bytes.to_vec()),
        _ => Decoded::Text(text.to_owned()),
    }
}

fn looks_like_form(text: &str) -> bool {
    text.split('&').all(|pair| pair.split_once('=').is_some_and(|(name, _)| words::is_name(name)))
        && !text.contains(char::is_whitespace)
}

pub(super) fn content(scope: &Scope<'_>, decoded: Decoded, answer: bool) -> Content {
    let json = |value: &Node| json::redact(scope, value, answer);
    match decoded {
        Decoded::Empty => Content::Empty,
        Decoded::Json(values) | Decoded::JsonLines(values)
            if values.iter().map(Node::size).sum::<usize>() > MOST_VALUES =>
        {
            Content::Opaque(OpaqueReason::TooLarge)
        }
        Decoded::Json(values) => Content::from(values.first().map_or(Json::Null, json)),
        Decoded::JsonLines(values) => Content::JsonLines(values.iter().map(json).collect()),
        Decoded::Form(bytes) => Content::Form(scope.parameters(&bytes)),
        Decoded::Multipart(bytes, boundary) => match multipart::parts(scope, &bytes, &boundary, answer) {
            Some(parts) => Content::Multipart(parts),
            None => Content::Opaque(OpaqueReason::Malformed),
        },
        Decoded::Markup(text) => Content::Text(markup::redact(scope, &text)),
        Decoded::GraphQl(text) => Content::Text(graphql::redact(scope, &text)),
        Decoded::Text(text) => Content::Text(plain(scope, &text)),
        Decoded::Opaque(reason) => Content::Opaque(reason),
    }
}

fn plain(scope: &Scope<'_>, text: &str) -> Text {
    let word = text.trim();
    if is_version(word) && word.len() <= 6 { Text::shown(text) } else { scope.tagged(text) }
}

/// True for bytes that are compressed, or an archive.
pub(super) fn unpacks(bytes: &[u8]) -> bool {
    coding::unpacks(bytes)
}

/// Names a coding as the model does.
fn coding_of(name: &str) -> Coding {
    match name {
        "gzip" | "x-gzip" => Coding::Gzip,
        "deflate" => Coding::Deflate,
        "br" => Coding::Brotli,
        "zstd" => Coding::Zstd,
        _ => Coding::Unknown,
    }
}
