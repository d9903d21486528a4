//! How a stream or its connection ended before its time.

use h2::Reason;

use crate::model::FailureKind;

use crate::proxy::failure::Cause;

/// How a stream or its connection ended before its time.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) kind: FailureKind,
    /// In words, after who did it: `reset the stream (CANCEL)`.
    pub(super) words: String,
    /// The code that tells the other leg (RFC 9113, section 7).
    pub(super) reason: Reason,
}

impl Fault {
    pub(super) fn of(error: &h2::Error) -> Self {
        let reason = error.reason().unwrap_or(Reason::INTERNAL_ERROR);
        if let Some(io) = error.get_io() {
            let cause = Cause::of(io);
            let words = match cause {
                Cause::Closed => "closed the connection too early".to_owned(),
                Cause::Reset => "reset the connection".to_owned(),
                ref other => format!("is lost: the connection {}", other.words()),
            };
            return Self { kind: cause.kind(), words, reason };
        }
        if error.is_library() {
            let words = format!("does not keep to HTTP/2 ({reason:?})");
            return Self { kind: FailureKind::Malformed, words, reason };
        }
        if error.is_go_away() {
            // Streams that end by it were not looked at: the request may be sent again (section 6.8).
            let words = format!("ended the connection before it took the request (GOAWAY, {reason:?})");
            return Self { kind: FailureKind::Closed, words, reason: Reason::REFUSED_STREAM };
        }
        if error.is_reset() {
            return Self::reset(reason);
        }
        Self { kind: FailureKind::Internal, words: format!("cannot be sent more: {error}"), reason }
    }

    /// The other end has reset the stream.
    pub(super) fn reset(reason: Reason) -> Self {
        let words = format!("reset the stream ({reason:?})");
        // Without an error the end would look like a good one.
        let reason = if reason == Reason::NO_ERROR { Reason::INTERNAL_ERROR } else { reason };
        Self { kind: FailureKind::Reset, words, reason }
    }

    /// The other end leaves its message without an end.
    pub(super) fn silence() -> Self {
        let words = "sends nothing any more; --idle-timeout allows more".to_owned();
        Self { kind: FailureKind::TimedOut, words, reason: Reason::INTERNAL_ERROR }
    }

    /// The other end has closed the connection.
    pub(super) fn closed() -> Self {
        let words = "closed the connection too early".to_owned();
        Self { kind: FailureKind::Closed, words, reason: Reason::INTERNAL_ERROR }
    }
}
