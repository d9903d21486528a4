//! What is answered: the page, what changed, or a stream of versions. Every answer forbids to be stored, framed, sniffed or read by others.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION,
    REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::Frame;
use tokio::sync::watch;
use tokio::time::timeout;

use super::board::Shown;

pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// How often a quiet stream shows that it is there.
const QUIET: Duration = Duration::from_secs(15);

const HTML: &str = "text/html; charset=utf-8";

/// The whole page.
pub(super) fn page(shown: &Shown) -> Response<Body> {
    answer(StatusCode::OK, HTML, &shown.policy, whole(shown.page.clone()))
}

/// What a page of this version lacks.
pub(super) fn changes(shown: &Shown, since: u64) -> Response<Body> {
    answer(StatusCode::OK, HTML, "default-src 'none'", whole(shown.changes(since).into()))
}

/// Leads to the page.
pub(super) fn led_to(page: &str) -> Response<Body> {
    let mut response = answer(StatusCode::SEE_OTHER, HTML, "default-src 'none'", whole(Bytes::new()));
    // A path of ours is plain text.
    if let Ok(page) = HeaderValue::from_str(page) {
        response.headers_mut().insert(LOCATION, page);
    }
    response
}

/// A refusal, which says nothing of what there is.
pub(super) fn refusal(status: StatusCode) -> Response<Body> {
    let text = match status {
        StatusCode::MISDIRECTED_REQUEST => {
            "open the address that `samewire ui` printed, by 127.0.0.1 or localhost\n"
        }
        StatusCode::NOT_FOUND => {
            "not here: open the whole address that `samewire ui` printed; each run has a new one\n"
        }
        _ => "refused\n",
    };
    let mut response = answer(status, "text/plain; charset=utf-8", "default-src 'none'", whole(text.into()));
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
    }
    response
}

/// Server-sent events: the version that is shown, now and whenever there is a newer one. A slow reader hears of the newest only. `closing` ends it
/// with the event `end`.
pub(super) fn events(mut shown: watch::Receiver<Arc<Shown>>, closing: watch::Receiver<()>) -> Response<Body> {
    shown.mark_changed();
    let told = stream::unfold(Some((shown, closing)), |state| async move {
        let (mut shown, mut closing) = state?;
        let next = tokio::select! {
            _ = closing.changed() => None,
            next = timeout(QUIET, shown.changed()) => Some(next),
        };
        let (text, state) = match next {
            Some(Ok(Ok(()))) => {
                let version = shown.borrow_and_update().version;
                (format!("data: {version}\n\n"), Some((shown, closing)))
            }
            Some(Err(_)) => (":\n\n".to_owned(), Some((shown, closing))),
            // Nothing more will be drawn, or samewire ends.
            Some(Ok(Err(_))) | None => ("event: end\ndata:\n\n".to_owned(), None),
        };
        Some((Ok(Frame::data(Bytes::from(text))), state))
    });
    let body = StreamBody::new(told).boxed_unsync();
    answer(StatusCode::OK, "text/event-stream", "default-src 'none'", body)
}

fn whole(content: Bytes) -> Body {
    Full::new(content).boxed_unsync()
}

fn answer(status: StatusCode, media_type: &'static str, policy: &str, body: Body) -> Response<Body> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let fixed = [
        (CONTENT_TYPE, media_type),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    ];
    let fields = response.headers_mut();
    for (name, value) in fixed {
        fields.insert(name, HeaderValue::from_static(value));
    }
    // A policy of ours is plain text; should it ever not be, nothing at all is allowed.
    let policy = HeaderValue::try_from(format!("{policy}; frame-ancestors 'none'"));
    fields.insert(
        CONTENT_SECURITY_POLICY,
        policy.unwrap_or(HeaderValue::from_static("default-src 'none'; sandbox")),
    );
    response
}
