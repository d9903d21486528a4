//! An entry to a raw exchange.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::{Fidelity, Timings, WebSocket};
use crate::redact::{RawBody, RawExchange};

use super::super::ContentError;
use super::super::limits::MOST_MEMBERS;
use super::super::message::{self, body, untold_body};
use super::super::target::{self, Url};
use super::Pair;
use super::format::{self, Entry, Named, PostData, Request, WebSocketMessage};
use super::outcome;

/// What an entry tells of.
pub(super) enum Kind {
    /// A request that was on the wire.
    Wire(Box<RawExchange>),
    /// An answer from a cache, or a URL that needs no network.
    Other,
}

/// Longest time that is believed, in milliseconds: a year.
const LONGEST: f64 = 366.0 * 86_400.0 * 1_000.0;

/// Reads an entry. Its number and what it lacks are the caller's to say.
pub(super) fn read(entry: &Entry, at: usize) -> Result<Kind, ContentError> {
    exchange(entry).map_err(|problem| problem.within(&format!("entry {at}")))
}

fn exchange(entry: &Entry) -> Result<Kind, ContentError> {
    if entry.from_cache.is_some() {
        return Ok(Kind::Other);
    }
    let request = &entry.request;
    let place = match target::read(&request.url, None) {
        Ok(Url::Web(place)) => place,
        Ok(Url::Other) => return Ok(Kind::Other),
        Err(reason) => return Err(ContentError::value("request.url", reason)),
    };
    let started_at: Timestamp = entry.started_date_time.parse().map_err(|_| {
        ContentError::value("startedDateTime", "it is no time with a zone, as RFC 3339 has it")
    })?;
    let mut fields = pairs(request.headers.as_deref());
    add_cookies(request, &mut fields)?;
    let version = request.http_version.as_deref().unwrap_or_default();
    let head = message::request_head(&request.method, &place.target, version, &fields)?;
    Ok(Kind::Wire(Box::new(RawExchange {
        number: 0,
        connection: 0,
        index: 0,
        started_at,
        timings: timings(entry),
        scheme: place.scheme,
        authority: Some(place.authority),
        fidelity: Fidelity::Wire,
        request: message::message(head, posted(request, &fields)?),
        interim: Vec::new(),
        websocket: entry.websocket.as_deref().map(websocket),
        outcome: outcome::read(entry.response.as_ref(), version)?,
    })))
}

pub(super) fn pairs(fields: Option<&[Named]>) -> Vec<Pair> {
    let fields = fields.unwrap_or_default();
    fields.iter().map(|field| (field.name.clone(), field.value.clone().unwrap_or_default())).collect()
}

/// Safari tells cookies apart from the fields.
fn add_cookies(request: &Request, fields: &mut Vec<Pair>) -> Result<(), ContentError> {
    let cookies = request.cookies.as_deref().unwrap_or_default();
    if cookies.len() > MOST_MEMBERS {
        let place = "request.cookies".to_owned();
        return Err(ContentError::TooMany { place, what: "cookies", limit: MOST_MEMBERS });
    }
    if !cookies.is_empty() && !message::has(fields, "cookie") {
        let cookies: Vec<String> = cookies
            .iter()
            .map(|cookie| format!("{}={}", cookie.name, cookie.value.as_deref().unwrap_or_default()))
            .collect();
        fields.push(("Cookie".to_owned(), cookies.join("; ")));
    }
    Ok(())
}

fn posted(request: &Request, fields: &[Pair]) -> Result<RawBody, ContentError> {
    let claimed = claimed(request.body_size);
    let Some(posted) = &request.post_data else {
        let told = fields
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
            .and_then(|(_, value)| value.trim().parse::<u64>().ok());
        // Browsers leave the content of uploads out.
        return Ok(match told.or(claimed) {
            Some(length) if length > 0 => untold_body(length),
            _ => RawBody { complete: true, ..RawBody::default() },
        });
    };
    match (&posted.text, posted.params.as_deref().unwrap_or_default()) {
        (Some(text), params) if !text.is_empty() || params.is_empty() => {
            Ok(body(decoded(text, posted.encoding.as_deref(), "request.postData.text")?))
        }
        (_, []) => Ok(match claimed {
            Some(length) if length > 0 => untold_body(length),
            _ => RawBody { complete: true, ..RawBody::default() },
        }),
        (_, params) => form(posted, params, claimed),
    }
}

/// A form of which the exporter tells the parameters only.
fn form(posted: &PostData, params: &[Named], claimed: Option<u64>) -> Result<RawBody, ContentError> {
    if params.len() > MOST_MEMBERS {
        let place = "request.postData.params".to_owned();
        return Err(ContentError::TooMany { place, what: "parameters", limit: MOST_MEMBERS });
    }
    if !posted.mime_type.as_deref().unwrap_or_default().starts_with("application/x-www-form-urlencoded") {
        return Ok(untold_body(claimed.unwrap_or(1)));
    }
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs: Vec<String> = params
        .iter()
        .map(|param| {
            format!("{}={}", encoded(&param.name), encoded(param.value.as_deref().unwrap_or_default()))
        })
        .collect();
    Ok(body(pairs.join("&").into_bytes()))
}

/// Text, or base64 where it says so.
pub(super) fn decoded(
    text: &str,
    encoding: Option<&str>,
    place: &'static str,
) -> Result<Vec<u8>, ContentError> {
    match encoding {
        Some(encoding) if encoding.eq_ignore_ascii_case("base64") => {
            let lenient =
                GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
            let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, lenient);
            engine.decode(text.trim()).map_err(|_| ContentError::value(place, "it says base64 and is none"))
        }
        _ => Ok(text.as_bytes().to_vec()),
    }
}

/// A size as far as it can be one.
pub(super) fn claimed(size: Option<f64>) -> Option<u64> {
    let size = size.filter(|size| *size >= 0.0 && *size <= 9.0e15)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
    Some(size as u64)
}

fn timings(entry: &Entry) -> Timings {
    let known = |time: Option<f64>| time.filter(|time| *time > 0.0).unwrap_or_default().min(LONGEST);
    let Some(format::Timings { blocked, dns, connect, send, wait, receive }) = &entry.timings else {
        let ended = entry.time.filter(|time| *time >= 0.0).map(|time| time.min(LONGEST));
        return Timings { ended, ..Timings::default() };
    };
    let sent = known(*blocked) + known(*dns) + known(*connect) + known(*send);
    let answered = sent + known(*wait);
    Timings { sent: Some(sent), answered: Some(answered), ended: Some(answered + known(*receive)) }
}

fn websocket(messages: &[WebSocketMessage]) -> WebSocket {
    let mut counted = WebSocket::default();
    for message in messages {
        let direction = match message.direction.as_deref() {
            Some("send") => &mut counted.sent,
            _ => &mut counted.received,
        };
        if message.opcode.is_some_and(|opcode| opcode >= 8.0) {
            direction.control += 1;
        } else {
            direction.messages += 1;
            direction.bytes += message.data.as_ref().map_or(0, |data| data.len() as u64);
        }
    }
    counted
}
