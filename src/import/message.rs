//! What a source tells of a message, as the bytes of a head. What could not have stood in one is an error, not another line.

use bytes::Bytes;
use jiff::Timestamp;

use crate::model::{Fidelity, Imported, Timings};
use crate::redact::{RawBody, RawExchange, RawMessage, RawOutcome, Told};

use super::ContentError;
use super::limits::{LONGEST_METHOD, MOST_MEMBERS};
use super::target::Place;

/// Name and value of a field.
pub(super) type Pair = (String, String);

/// The head of a request.
pub(super) fn request_head(
    method: &str,
    target: &str,
    version: &str,
    fields: &[Pair],
) -> Result<Bytes, ContentError> {
    if method.is_empty() || method.len() > LONGEST_METHOD || !method.bytes().all(is_token) {
        return Err(ContentError::value("request.method", "it is no method"));
    }
    let mut head = format!("{method} {target} {}\r\n", version_of(version)).into_bytes();
    push_fields("request", fields, &mut head)?;
    Ok(head.into())
}

/// The head of an answer. Several values of one field may stand in one, a line each, as browsers write `Set-Cookie`.
pub(super) fn response_head(
    version: &str,
    status: u16,
    reason: &str,
    fields: &[Pair],
) -> Result<Bytes, ContentError> {
    let reason: String = reason.chars().filter(|letter| !letter.is_control()).take(200).collect();
    let version = match version_of(version) {
        "" => "HTTP/1.1",
        version => version,
    };
    let mut head = format!("{version} {status} {reason}\r\n").into_bytes();
    let lines: Vec<Pair> = fields
        .iter()
        .flat_map(|(name, value)| {
            value.split('\n').map(move |line| (name.clone(), line.trim_end_matches('\r').to_owned()))
        })
        .collect();
    push_fields("response", &lines, &mut head)?;
    Ok(head.into())
}

fn push_fields(whole: &str, fields: &[Pair], head: &mut Vec<u8>) -> Result<(), ContentError> {
    if fields.len() > MOST_MEMBERS {
        let place = format!("{whole}.headers");
        return Err(ContentError::TooMany { place, what: "fields", limit: MOST_MEMBERS });
    }
    let has_host = fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    for (at, (name, value)) in fields.iter().enumerate() {
        let place = |member: &str| format!("{whole}.headers[{at}].{member}");
        // HTTP/2's own: the authority is the field `Host`, the others stand in the start line.
        let name = match name.strip_prefix(':') {
            Some("authority") if !has_host => "host",
            Some(_) => continue,
            None => name.as_str(),
        };
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(ContentError::value(place("name"), "it is no field name"));
        }
        if value.bytes().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(ContentError::value(
                place("value"),
                "it holds a line break or NUL, which no field can",
            ));
        }
        head.extend_from_slice(name.as_bytes());
        head.extend_from_slice(b": ");
        head.extend_from_slice(value.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    Ok(())
}

/// RFC 9110, section 5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// As samewire writes it, empty where it is not told.
fn version_of(text: &str) -> &'static str {
    match text.to_ascii_lowercase().as_str() {
        "http/1.1" => "HTTP/1.1",
        "http/1.0" => "HTTP/1.0",
        "h2" | "h2c" | "http/2" | "http/2.0" | "http/2+quic/46" => "HTTP/2",
        "h3" | "http/3" | "http/3.0" | "h3-29" => "HTTP/3",
        _ => "",
    }
}

/// A body whose content coding was undone.
pub(super) fn body(bytes: Vec<u8>) -> RawBody {
    RawBody {
        length: bytes.len() as u64,
        bytes: bytes.into(),
        complete: true,
        told: Told::Decoded,
        ..RawBody::default()
    }
}

/// A body of which no more is told than that there was one.
pub(super) fn untold_body(length: u64) -> RawBody {
    RawBody { length, complete: true, told: Told::Not, ..RawBody::default() }
}

/// A message that has both.
pub(super) fn message(head: Bytes, body: RawBody) -> RawMessage {
    RawMessage { head, body }
}

/// An exchange of a source that tells of no connection and no times. Without an answer it is unfinished.
pub(super) fn exchange(
    number: u32,
    started_at: Timestamp,
    place: Place,
    told: Imported,
    request: RawMessage,
    answer: Option<RawMessage>,
) -> RawExchange {
    RawExchange {
        number,
        connection: 0,
        index: 0,
        started_at,
        timings: Timings::default(),
        scheme: place.scheme,
        authority: Some(place.authority),
        fidelity: Fidelity::Imported(told),
        request,
        interim: Vec::new(),
        websocket: None,
        outcome: answer.map_or(RawOutcome::Unfinished, RawOutcome::Answered),
    }
}

/// True where one of these fields is there, in any case.
pub(super) fn has(fields: &[Pair], name: &str) -> bool {
    fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<Pair> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn a_value_cannot_become_another_line() {
        assert!(request_head("GET", "/", "", &pairs(&[("A", "b\r\nAuthorization: x")])).is_err());
        assert!(request_head("GET", "/", "", &pairs(&[("A\r\nB", "c")])).is_err());
        assert!(request_head("GET / HTTP/1.1\r\nX: y", "/", "", &[]).is_err());
        let head = response_head("h2", 200, "OK\r\nX: y", &pairs(&[("set-cookie", "a=1\nb=2")])).unwrap();
        assert_eq!(&head[..], b"HTTP/2 200 OKX: y\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n\r\n");
    }

    #[test]
    fn pseudo_fields_are_the_start_line_and_host() {
        let fields = pairs(&[(":method", "GET"), (":authority", "x.example"), ("accept", "*/*")]);
        let head = request_head("GET", "/", "h2", &fields).unwrap();
        assert_eq!(&head[..], b"GET / HTTP/2\r\nhost: x.example\r\naccept: */*\r\n\r\n");
    }
}
