//! Answers of samewire's own. Each names samewire, says what happened and what to do, and ends the connection.

use bytes::Bytes;
use hyper::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};

use crate::model::FailureKind;
use crate::redact::RawFailure;

use super::body::Outgoing;

/// The status for a failure on the way to the origin.
pub(super) fn status_of(failure: &RawFailure) -> StatusCode {
    match failure.kind {
        FailureKind::TimedOut => StatusCode::GATEWAY_TIMEOUT,
        FailureKind::Forbidden => StatusCode::FORBIDDEN,
        _ => StatusCode::BAD_GATEWAY,
    }
}

/// An answer for hyper to send.
pub(super) fn response(status: StatusCode, message: &str) -> Response<Outgoing> {
    let mut response = Response::new(Outgoing::own(text(message)));
    *response.status_mut() = status;
    let fields = response.headers_mut();
    fields.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    fields.insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// The same as bytes, for where hyper has no part yet. `fields` are whole lines.
pub(super) fn bytes(status: StatusCode, fields: &str, message: &str) -> Bytes {
    let text = text(message);
    let reason = status.canonical_reason().unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {} {reason}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n{fields}\
         Connection: close\r\n\r\n",
        status.as_u16(),
        text.len(),
    );
    Bytes::from(head + &text)
}

/// The text of an answer, with samewire's name in it.
pub(super) fn text(message: &str) -> String {
    format!("samewire: {message}\n")
}
