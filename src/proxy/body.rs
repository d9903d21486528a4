//! The content of a message on its way through: every frame is told to the recorder before it goes on, and a
//! full channel holds it back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use jiff::Timestamp;

use crate::model::Phase;
use crate::record::{Event, ExchangeId};

use super::client_stream::ResetFlag;
use super::failure::{self, Cause};
use super::head::Framing;
use super::journal::{Journal, Waiting};
use super::tap::TapHandle;

/// A body that goes through, or one of samewire's own.
pub(super) struct Outgoing {
    source: Source,
    /// A frame that has been told and waits for room in the channel.
    held: Option<Frame<Bytes>>,
    waiting: Option<Waiting>,
    ended: bool,
}

enum Source {
    Own(Option<Bytes>),
    /// Without a body where the origin has answered before it asked for it.
    Request {
        body: Option<Incoming>,
        told: Told,
        gate: Option<Gate>,
    },
    Response {
        body: Incoming,
        told: Told,
        out: ToClient,
    },
}

/// To whom a body is told, and as what.
struct Told {
    journal: Arc<Journal>,
    exchange: ExchangeId,
    /// Of the leg that the body comes from.
    tap: TapHandle,
}

/// The leg that an answer goes out on.
pub(super) struct ToClient {
    pub(super) tap: TapHandle,
    pub(super) reset: ResetFlag,
    pub(super) framing: Framing,
    /// The answer broke off; how often everything had been written then.
    broken: Option<(BrokenOff, u64)>,
}

impl ToClient {
    pub(super) fn new(tap: TapHandle, reset: ResetFlag, framing: Framing) -> Self {
        Self { tap, reset, framing, broken: None }
    }
}

/// Opens with true when the body may be read, with false when nobody wants it any more.
pub(super) type Gate = Pin<Box<dyn Future<Output = bool> + Send>>;

/// A body ended before its end. Recorded already; it makes hyper end the connection.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the body broke off")]
pub(super) struct BrokenOff;

impl Outgoing {
    /// An answer of samewire's own.
    pub(super) fn own(content: impl Into<Bytes>) -> Self {
        let content = content.into();
        Self::of(Source::Own((!content.is_empty()).then_some(content)), false)
    }

    /// A request's content; it is not read before the gate opens. The end of one that has none is told already.
    pub(super) fn request(
        body: Incoming,
        journal: &Arc<Journal>,
        exchange: ExchangeId,
        tap: &TapHandle,
        gate: Option<Gate>,
    ) -> Self {
        let ended = body.is_end_stream();
        let told = Told { journal: Arc::clone(journal), exchange, tap: tap.clone() };
        Self::of(Source::Request { body: Some(body), told, gate }, ended)
    }

    /// An answer's content.
    pub(super) fn response(
        body: Incoming,
        journal: &Arc<Journal>,
        exchange: ExchangeId,
        tap: &TapHandle,
        out: ToClient,
    ) -> Self {
        let ended = body.is_end_stream();
        let told = Told { journal: Arc::clone(journal), exchange, tap: tap.clone() };
        if ended {
            told.end_response();
        }
        Self::of(Source::Response { body, told, out }, ended)
    }

    fn of(source: Source, ended: bool) -> Self {
        Self { source, held: None, waiting: None, ended }
    }
}

impl Told {
    fn end_request(&self) {
        let (exchange, trailers) = (self.exchange, self.tap.next_trailers());
        self.journal.note(exchange, Event::RequestEnd { exchange, at: Timestamp::now(), trailers });
        self.journal.reach(exchange, Phase::Wait);
    }

    fn end_response(&self) {
        self.journal.end(self.exchange, self.tap.next_trailers());
    }

    fn cause(&self, error: &hyper::Error) -> Cause {
        self.tap.cause().or_else(|| Cause::within(error)).unwrap_or(Cause::Closed)
    }
}

impl Source {
    /// Takes the next frame and tells it.
    fn poll_frame(
        &mut self,
        cx: &mut Context<'_>,
        ended: &mut bool,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self {
            Self::Own(content) => {
                *ended = true;
                Poll::Ready(content.take().map(|content| Ok(Frame::data(content))))
            }
            Self::Request { body, told, gate } => {
                if let Some(wait) = gate {
                    if !ready!(wait.as_mut().poll(cx)) {
                        // Dropped, so that hyper does not ask the client for it any more.
                        *body = None;
                    }
                    *gate = None;
                }
                let Some(body) = body else { return Poll::Pending };
                let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
                let exchange = told.exchange;
                match &frame {
                    Some(Ok(frame)) if frame.is_data() => {
                        if let Some(data) = frame.data_ref().cloned() {
                            told.journal.note(exchange, Event::RequestData { exchange, data });
                        }
                        *ended = body.is_end_stream();
                    }
                    Some(Ok(_)) | None => *ended = true,
                    Some(Err(error)) => {
                        let cause = told.cause(error);
                        let (kind, words) = (cause.kind(), cause.words());
                        let message = format!("the client's connection {words} in the middle of its request");
                        told.journal.fail(exchange, failure::client(Phase::Send, kind, message));
                        return Poll::Ready(Some(Err(BrokenOff)));
                    }
                }
                if *ended {
                    told.end_request();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(|_| BrokenOff)))
            }
            Self::Response { body, told, out } => {
                if let Some((error, flushes)) = out.broken {
                    // What had come of the answer goes out first.
                    return if out.tap.flushes() > flushes {
                        Poll::Ready(Some(Err(error)))
                    } else {
                        Poll::Pending
                    };
                }
                let frame = ready!(Pin::new(&mut *body).poll_frame(cx));
                let exchange = told.exchange;
                match &frame {
                    Some(Ok(frame)) if frame.is_data() => {
                        if let Some(data) = frame.data_ref().cloned() {
                            told.journal.note(exchange, Event::ResponseData { exchange, data });
                        }
                        *ended = body.is_end_stream();
                    }
                    Some(Ok(_)) | None => *ended = true,
                    Some(Err(error)) => {
                        let cause = told.cause(error);
                        let (kind, words) = (cause.kind(), cause.words());
                        let message = format!("the origin's connection {words} in the middle of its answer");
                        told.journal.fail(exchange, failure::upstream(Phase::Receive, kind, message));
                        if out.framing == Framing::UntilClose {
                            out.reset.set();
                        }
                        out.broken = Some((BrokenOff, out.tap.flushes()));
                        cx.waker().wake_by_ref();
                        return Poll::Pending;
                    }
                }
                if *ended {
                    told.end_response();
                }
                Poll::Ready(frame.map(|frame| frame.map_err(|_| BrokenOff)))
            }
        }
    }

    fn journal(&self) -> Option<&Arc<Journal>> {
        match self {
            Self::Own(_) => None,
            Self::Request { told, .. } | Self::Response { told, .. } => Some(&told.journal),
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let this = self.get_mut();
        if this.held.is_none() && !this.ended {
            match ready!(this.source.poll_frame(cx, &mut this.ended)) {
                Some(Ok(frame)) => this.held = Some(frame),
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                None => {}
            }
        }
        if let Some(journal) = this.source.journal()
            && (this.waiting.is_some() || journal.is_due())
        {
            ready!(journal.poll_flush(cx, &mut this.waiting));
        }
        Poll::Ready(this.held.take().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        (self.held.is_none() && self.ended) || matches!(&self.source, Source::Own(None))
    }

    fn size_hint(&self) -> SizeHint {
        match &self.source {
            Source::Own(content) => SizeHint::with_exact(content.as_ref().map_or(0, |own| own.len() as u64)),
            Source::Request { body, .. } => body.as_ref().map_or_else(SizeHint::new, Body::size_hint),
            Source::Response { body, .. } => body.size_hint(),
        }
    }
}
