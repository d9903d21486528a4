//! What the HTTP/2 library does to a client's streams by itself. It refuses requests that break the protocol without a
//! word to its user; only the frames tell (RFC 9113, section 5.4). They are watched below it, above TLS: a stream that
//! began, was never handed over and was ended is a request that was refused.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use h2::Reason;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::io::{InspectReader, InspectWriter};

use super::PREFACE;
use super::frames::{Frame, FrameReader};
use crate::model::FailureKind;

/// Streams that may wait to be handed over: the library holds fewer. What it ignores because the connection is to end is
/// not counted without limit.
const WAITING: usize = 1024;

/// What is seen of a client's connection.
pub(super) struct Watch(Arc<Mutex<Streams>>);

/// A request that began and was not handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun {
    pub(super) stream: u32,
    /// How the library ended it.
    pub(super) refused: Option<Refused>,
}

/// How the library ended a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// With an answer of its own, which it has for one case: a head that is too large.
    Answered,
    /// With a reset.
    Reset(Reason),
}

struct Streams {
    sent: FrameReader,
    received: FrameReader,
    /// The highest that a client has begun.
    last: u32,
    waiting: Vec<Begun>,
    /// Some of them have been ended.
    has_refused: bool,
}

/// A client's connection as the library is to see it, and what is seen of it.
pub(super) fn watched<S>(stream: S) -> (impl AsyncRead + AsyncWrite + Unpin + Send, Watch)
where
    S: AsyncRead + AsyncWrite + Unpin + Send,
{
    let streams = Arc::new(Mutex::new(Streams {
        sent: FrameReader::default(),
        received: FrameReader::after(PREFACE.len()),
        last: 0,
        waiting: Vec::new(),
        has_refused: false,
    }));
    let [sent, received] = [&streams, &streams].map(Arc::clone);
    let stream = InspectWriter::new(stream, move |bytes: &[u8]| lock(&sent).note_written(bytes));
    let stream = InspectReader::new(stream, move |bytes: &[u8]| lock(&received).note_read(bytes));
    (stream, Watch(streams))
}

impl Watch {
    /// The library has handed over this stream: what becomes of it is known above.
    pub(super) fn take(&self, stream: u32) {
        self.lock().waiting.retain(|begun| begun.stream != stream);
    }

    /// True where a stream was ended that was not handed over. Only while the library has none to hand over this means
    /// that it never will be.
    pub(super) fn has_refused(&self) -> bool {
        self.lock().has_refused
    }

    /// Those streams.
    pub(super) fn refused(&self) -> Vec<Begun> {
        let mut streams = self.lock();
        streams.has_refused = false;
        streams.waiting.extract_if(.., |begun| begun.refused.is_some()).collect()
    }

    /// All that were not handed over, when the connection has ended.
    pub(super) fn rest(&self) -> Vec<Begun> {
        std::mem::take(&mut self.lock().waiting)
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        lock(&self.0)
    }
}

fn lock(streams: &Mutex<Streams>) -> MutexGuard<'_, Streams> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Streams {
    fn note_read(&mut self, bytes: &[u8]) {
        let Self { received, last, waiting, .. } = self;
        received.feed(bytes, |frame| {
            // What begins again is trailers. A client's streams have odd numbers that rise (section 5.1.1); with another
            // number it means a request all the same.
            let Frame::Headers { stream } = frame else { return };
            if (stream > *last || stream % 2 == 0) && waiting.len() < WAITING {
                waiting.push(Begun { stream, refused: None });
            }
            *last = stream.max(*last);
        });
    }

    fn note_written(&mut self, bytes: &[u8]) {
        let Self { sent, waiting, has_refused, .. } = self;
        sent.feed(bytes, |frame| {
            let (stream, how) = match frame {
                Frame::Headers { stream } => (stream, Refused::Answered),
                Frame::Reset { stream, reason } => (stream, Refused::Reset(reason)),
            };
            if let Some(begun) = waiting.iter_mut().find(|begun| begun.stream == stream) {
                begun.refused.get_or_insert(how);
                *has_refused = true;
            }
        });
    }
}

impl Begun {
    /// Why it was not taken; `reason` is the code for the whole connection, where the library ended that.
    pub(super) fn why(&self, reason: Option<Reason>) -> (FailureKind, String) {
        let code = match (self.refused, reason) {
            (Some(Refused::Answered), _) => {
                return (FailureKind::TooLarge, "its head is too large".to_owned());
            }
            (None, None) => return (FailureKind::Closed, "the connection ended first".to_owned()),
            (Some(Refused::Reset(code)), _) | (None, Some(code)) => code,
        };
        let (kind, as_for) = match (code, self.refused) {
            (Reason::PROTOCOL_ERROR, Some(_)) => (
                FailureKind::Malformed,
                "a field such as Connection, or a pseudo-header field that is missing or out of place",
            ),
            (Reason::PROTOCOL_ERROR | Reason::COMPRESSION_ERROR, _) => (
                FailureKind::Malformed,
                "a field name in upper case, fields that cannot be decoded, or a frame that may not come there",
            ),
            (Reason::ENHANCE_YOUR_CALM, _) => {
                (FailureKind::TooLarge, "a head without an end, or many requests that are reset at once")
            }
            (Reason::REFUSED_STREAM, _) => {
                (FailureKind::TooLarge, "more requests at a time than are allowed")
            }
            _ => (FailureKind::Malformed, "a frame that may not come there"),
        };
        let scope = if self.refused.is_some() { "" } else { " for the whole connection" };
        (kind, format!("{code:?}{scope}, as for {as_for}"))
    }
}
