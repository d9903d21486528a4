//! What a HAR says of an answer, or of none.

use crate::model::{FailureKind, Leg, Phase};
use crate::redact::{RawBody, RawFailure, RawOutcome, Told};

use super::super::ContentError;
use super::super::message::{self, body, untold_body};
use super::entry::{claimed, decoded, pairs};
use super::format::Response;

/// Chrome's names of network errors (`net_error_list.h`), and what they are here.
const ERRORS: [(&str, Phase, FailureKind); 12] = [
    ("NAME_NOT_RESOLVED", Phase::Resolve, FailureKind::NameNotResolved),
    ("CONNECTION_REFUSED", Phase::Connect, FailureKind::Refused),
    ("CONNECTION_TIMED_OUT", Phase::Connect, FailureKind::TimedOut),
    ("ADDRESS_UNREACHABLE", Phase::Connect, FailureKind::Unreachable),
    ("INTERNET_DISCONNECTED", Phase::Connect, FailureKind::Unreachable),
    ("PROXY", Phase::Proxy, FailureKind::ProxyRefused),
    ("TUNNEL", Phase::Proxy, FailureKind::ProxyRefused),
    ("CERT", Phase::Tls, FailureKind::Certificate),
    ("SSL", Phase::Tls, FailureKind::Tls),
    ("TIMED_OUT", Phase::Wait, FailureKind::TimedOut),
    ("CONNECTION_RESET", Phase::Wait, FailureKind::Reset),
    ("INVALID_RESPONSE", Phase::Receive, FailureKind::Malformed),
];

/// Reads an answer.
pub(super) fn read(response: Option<&Response>, version: &str) -> Result<RawOutcome, ContentError> {
    let Some(response) = response else { return Ok(RawOutcome::Unfinished) };
    let status = response.status.unwrap_or_default();
    if status <= 0.0 {
        let Some(error) = response.error.as_ref().filter(|error| !error.is_empty()) else {
            return Ok(RawOutcome::Unfinished);
        };
        return Ok(RawOutcome::Failed(failure(error), None));
    }
    if !(100.0..1000.0).contains(&status) || status.fract() != 0.0 {
        return Err(ContentError::value("response.status", "it is no status code"));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
    let status = status as u16;
    let version = response.http_version.as_deref().filter(|own| !own.is_empty()).unwrap_or(version);
    let reason = response.status_text.as_deref().unwrap_or_default();
    let mut fields = pairs(response.headers.as_deref());
    if let Some(kind) = response.content.as_ref().and_then(|content| content.mime_type.as_ref())
        && !message::has(&fields, "content-type")
        && kind.contains('/')
    {
        fields.push(("Content-Type".to_owned(), kind.clone()));
    }
    let head = message::response_head(version, status, reason, &fields)?;
    Ok(RawOutcome::Answered(message::message(head, content(response)?)))
}

fn content(response: &Response) -> Result<RawBody, ContentError> {
    let empty = RawBody { complete: true, ..RawBody::default() };
    let Some(content) = &response.content else { return Ok(empty) };
    match &content.text {
        Some(text) if !text.is_empty() => {
            Ok(body(decoded(text, content.encoding.as_deref(), "response.content.text")?))
        }
        _ => Ok(match claimed(content.size) {
            Some(length) if length > 0 => untold_body(length),
            _ => empty,
        }),
    }
}

/// Bytes of a byte order mark, which exporters leave out of the text and count.
const BYTE_ORDER_MARK: u64 = 3;

/// True where the content is all that there was: exporters cut long ones, and still say how long they were.
pub(super) fn is_whole(response: Option<&Response>, outcome: &RawOutcome) -> bool {
    let content = response.and_then(|response| response.content.as_ref());
    let Some(size) = content.and_then(|content| claimed(content.size)) else { return false };
    let RawOutcome::Answered(message) = outcome else { return false };
    // What is shorter was counted before its coding or its charset was undone.
    message.body.told != Told::Not && size <= message.body.length + BYTE_ORDER_MARK
}

fn failure(error: &str) -> RawFailure {
    let known = ERRORS.iter().find(|(name, ..)| error.contains(name));
    let (phase, kind) = known.map_or((Phase::Wait, FailureKind::Closed), |(_, phase, kind)| (*phase, *kind));
    let message = error.chars().filter(|letter| !letter.is_control()).take(200).collect();
    RawFailure { leg: Leg::Upstream, phase, kind, message }
}
