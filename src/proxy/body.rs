//! The content of a message on its way through: every frame is told to the recorder before it goes on, and a
//! full channel holds it back.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use crate::model::Phase;
use crate::record::ExchangeId;

use super::alarm::Patience;
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
    /// What is to follow once all that came before it is written, and how often everything had been written then.
    last: Option<(Last, u64)>,
    /// Bytes that were given since everything had been written last, and how often that had been then.
    given: (usize, u64),
    ended: bool,
}

/// Bytes that hyper may hold of a body for a peer that does not take them; a piece may go beyond.
const UNWRITTEN: usize = 32 * 1024;

enum Source {
    Own(Option<Bytes>),
    /// Without a body where the origin has answered before it asked for it.
    Request {
        body: Option<Incoming>,
        told: Told,
        gate: Option<Gate>,
        out: TapHandle,
    },
    Response {
        body: Incoming,
        told: Told,
        out: ToClient,
    },
}

/// What comes next of a body.
enum Next {
    Data(Bytes),
    End,
    /// The end, in chunks, with these trailer lines.
    Trailers(Bytes),
    /// It ends before its end.
    BrokenOff,
}

/// How a body ends that has to be written so far first.
enum Last {
    Trailers(Bytes),
    BrokenOff,
}

/// To whom a body is told, and as what.
pub(super) struct Told {
    pub(super) journal: Arc<Journal>,
    pub(super) exchange: ExchangeId,
    /// Of the leg that the body comes from.
    pub(super) tap: TapHandle,
    /// How long nothing may come.
    pub(super) patience: Patience,
    /// Says that there is still something of the exchange.
    pub(super) _underway: Arc<()>,
}

/// The leg that an answer goes out on.
pub(super) struct ToClient {
    pub(super) tap: TapHandle,
    pub(super) reset: ResetFlag,
    pub(super) framing: Framing,
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

    /// A request's content, which goes out on `out`; it is not read before the gate opens. The end of one that has
    /// none is told already.
    pub(super) fn request(body: Incoming, told: Told, gate: Option<Gate>, out: TapHandle) -> Self {
        let ended = body.is_end_stream();
        Self::of(Source::Request { body: Some(body), told, gate, out }, ended)
    }

    /// The same body, for another connection. Nothing of it was read.
    pub(super) fn redirect(&mut self, to: TapHandle) {
        if let Source::Request { out, .. } = &mut self.source {
            *out = to;
        }
    }

    /// An answer's content.
    pub(super) fn response(body: Incoming, told: Told, out: ToClient) -> Self {
        let ended = body.is_end_stream();
        if ended {
            told.end_response();
        }
        Self::of(Source::Response { body, told, out }, ended)
    }

    fn of(source: Source, ended: bool) -> Self {
        Self { source, held: None, waiting: None, last: None, given: (0, 0), ended }
    }
}

impl Told {
    /// Tells a request's end; gives its trailers.
    fn end_request(&self) -> Bytes {
        let (exchange, trailers) = (self.exchange, self.tap.next_trailers());
        self.journal.end_request(exchange, trailers.clone());
        self.journal.reach(exchange, Phase::Wait);
        trailers
    }

    /// Tells an answer's end; gives its trailers.
    fn end_response(&self) -> Bytes {
        let trailers = self.tap.next_trailers();
        self.journal.end(self.exchange, trailers.clone());
        trailers
    }

    /// The next frame, or why there is none.
    fn poll_frame(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Cause>>> {
        match Pin::new(body).poll_frame(cx) {
            Poll::Ready(frame) => {
                self.patience.renew();
                Poll::Ready(frame.map(|frame| frame.map_err(|error| self.cause(&error))))
            }
            Poll::Pending if self.patience.is_over(cx) => Poll::Ready(Some(Err(Cause::TimedOut))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn cause(&self, error: &hyper::Error) -> Cause {
        self.tap.cause().or_else(|| Cause::within(error)).unwrap_or(Cause::Closed)
    }
}

impl Source {
    /// Takes the next piece and tells it.
    fn poll_next(&mut self, cx: &mut Context<'_>, ended: &mut bool) -> Poll<Next> {
        match self {
            Self::Own(content) => {
                *ended = true;
                Poll::Ready(content.take().map_or(Next::End, Next::Data))
            }
            Self::Request { body, told, gate, .. } => {
                if let Some(wait) = gate {
                    if !ready!(wait.as_mut().poll(cx)) {
                        // Dropped, so that hyper does not ask the client for it any more.
                        *body = None;
                    }
                    *gate = None;
                }
                let Some(body) = body else { return Poll::Pending };
                let exchange = told.exchange;
                Poll::Ready(
                    match ready!(told.poll_frame(body, cx)).map(|frame| frame.map(Frame::into_data)) {
                        Some(Ok(Ok(data))) => {
                            told.journal.request_data(exchange, data.clone(), body.size_hint().exact());
                            *ended = body.is_end_stream();
                            if *ended {
                                told.end_request();
                            }
                            Next::Data(data)
                        }
                        Some(Ok(Err(_))) | None => Next::ended(told.end_request(), Framing::Chunked),
                        Some(Err(cause)) => {
                            let (kind, words) = (cause.kind(), cause.words());
                            let message =
                                format!("the client's connection {words} in the middle of its request");
                            told.journal.fail(exchange, failure::client(Phase::Send, kind, message));
                            Next::BrokenOff
                        }
                    },
                )
            }
            Self::Response { body, told, out } => {
                let exchange = told.exchange;
                Poll::Ready(
                    match ready!(told.poll_frame(body, cx)).map(|frame| frame.map(Frame::into_data)) {
                        Some(Ok(Ok(data))) => {
                            told.journal.response_data(exchange, data.clone(), body.size_hint().exact());
                            *ended = body.is_end_stream();
                            if *ended {
                                told.end_response();
                            }
                            Next::Data(data)
                        }
                        Some(Ok(Err(_))) | None => Next::ended(told.end_response(), out.framing),
                        Some(Err(cause)) => {
                            let (kind, words) = (cause.kind(), cause.words());
                            let message =
                                format!("the origin's connection {words} in the middle of its answer");
                            told.journal.fail(exchange, failure::upstream(Phase::Receive, kind, message));
                            if out.framing == Framing::UntilClose {
                                out.reset.set();
                            }
                            Next::BrokenOff
                        }
                    },
                )
            }
        }
    }

    fn journal(&self) -> Option<&Arc<Journal>> {
        match self {
            Self::Own(_) => None,
            Self::Request { told, .. } | Self::Response { told, .. } => Some(&told.journal),
        }
    }

    /// The leg that it goes out on.
    fn out(&self) -> Option<&TapHandle> {
        match self {
            Self::Own(_) => None,
            Self::Request { out, .. } => Some(out),
            Self::Response { out, .. } => Some(&out.tap),
        }
    }
}

impl Next {
    /// An end with these trailer lines; only chunks have a place for them.
    fn ended(trailers: Bytes, framing: Framing) -> Self {
        if trailers.is_empty() || framing != Framing::Chunked { Self::End } else { Self::Trailers(trailers) }
    }
}

impl Outgoing {
    /// Ready when there is room for the next piece: as many bytes as hyper holds for the peer, the recorder holds as well.
    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let (bytes, since) = self.given;
        let Some(out) = self.source.out().filter(|_| bytes > 0) else { return Poll::Ready(()) };
        if bytes >= UNWRITTEN {
            ready!(out.poll_flushed(cx, since));
        }
        Poll::Ready(())
    }

    /// Notes that a piece goes to hyper.
    fn note_given(&mut self, bytes: usize) {
        let Some(flushes) = self.source.out().map(TapHandle::flushes) else { return };
        let before = if self.given.1 == flushes { self.given.0 } else { 0 };
        self.given = (before + bytes, flushes);
    }

    /// Makes what is last follow when what came before it is written: a broken body's beginning is to be seen, and
    /// the writer finds the last chunk only where nothing stands before it.
    fn poll_last(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        if let (Some((_, since)), Some(out)) = (&self.last, self.source.out()) {
            ready!(out.poll_flushed(cx, *since));
            if let Some((Last::BrokenOff, _)) = self.last {
                return Poll::Ready(Some(Err(BrokenOff)));
            }
            if let Some((Last::Trailers(lines), _)) = self.last.take() {
                out.replace_last_chunk(&lines);
            }
            self.ended = true;
        }
        Poll::Ready(None)
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
        if this.held.is_none() && !this.ended && this.last.is_none() {
            ready!(this.poll_room(cx));
            let last = match ready!(this.source.poll_next(cx, &mut this.ended)) {
                Next::Data(data) => {
                    this.note_given(data.len());
                    this.held = Some(Frame::data(data));
                    None
                }
                Next::End => {
                    this.ended = true;
                    None
                }
                Next::Trailers(lines) => Some(Last::Trailers(lines)),
                Next::BrokenOff => Some(Last::BrokenOff),
            };
            this.last = last.zip(this.source.out().map(TapHandle::flushes));
        }
        if let Some(journal) = this.source.journal()
            && (this.waiting.is_some() || journal.is_due())
        {
            ready!(journal.poll_flush(cx, &mut this.waiting));
        }
        if this.last.is_some() {
            return this.poll_last(cx);
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
