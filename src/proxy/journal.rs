//! What one connection tells the recorder, in order and in batches: a short exchange in one go, long bodies
//! piece by piece. A full channel holds the body back. Each batch wakes the recorder, which costs more than
//! taking an event does.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::model::{Phase, Side};
use crate::record::{ConnectionId, Event, EventSender, ExchangeId, Passing, Taken};
use crate::redact::RawFailure;

/// Content that may wait in the batch, so that few bytes do not cost a wake-up of the recorder each.
const BATCH_BYTES: usize = 16 * 1024;
const BATCH_EVENTS: usize = 16;

/// What one connection tells the recorder.
pub(super) struct Journal {
    pub(super) connection: ConnectionId,
    /// Whose exchanges they are.
    pub(super) side: Side,
    /// None: nothing of it is recorded.
    sender: Option<EventSender>,
    batch: Arc<Mutex<Batch>>,
}

#[derive(Default)]
struct Batch {
    events: Vec<Event>,
    bytes: usize,
    /// The exchanges that have no end yet: several where streams share the connection.
    open: Vec<Open>,
    /// An exchange has ended since the batch went out.
    ended: bool,
}

/// An exchange that has no end yet.
struct Open {
    exchange: ExchangeId,
    /// How far it has got.
    phase: Phase,
    request: Passing,
    response: Passing,
}

/// Sends a batch as there is room for it.
///
/// It is a task of its own: room is given to whoever has waited longest, and a waiter that nobody polls, such as a body that its HTTP connection
/// does not ask for just now, would keep it from all others.
pub(super) type Waiting = JoinHandle<()>;

impl Journal {
    pub(super) fn new(connection: ConnectionId, side: Side, sender: Option<EventSender>) -> Self {
        Self { connection, side, sender, batch: Arc::default() }
    }

    /// A journal that nobody reads.
    pub(super) fn silent(connection: ConnectionId, side: Side) -> Self {
        Self::new(connection, side, None)
    }

    /// Tells an event of the connection.
    pub(super) async fn tell(&self, event: Event) {
        self.add(event);
        self.flush().await;
    }

    /// Adds an event of the connection to the batch.
    pub(super) fn add(&self, event: Event) {
        self.lock().push(event, 0);
    }

    /// Begins an exchange. Its request waits in the batch: nothing can be recorded before more has come.
    pub(super) fn begin(&self, exchange: ExchangeId, request: Event) {
        let mut batch = self.lock();
        batch.push(request, 0);
        let (request, response) = Default::default();
        batch.open.push(Open { exchange, phase: Phase::Send, request, response });
    }

    /// Notes how far the exchange has got.
    pub(super) fn reach(&self, exchange: ExchangeId, phase: Phase) {
        if let Some(open) = self.lock().find(exchange) {
            // A request may end after its answer has begun.
            open.phase = phase.max(open.phase);
        }
    }

    /// Adds an event to the batch, unless its exchange has ended.
    pub(super) fn note(&self, exchange: ExchangeId, event: Event) {
        let mut batch = self.lock();
        if batch.find(exchange).is_some() {
            batch.push(event, 0);
        }
    }

    /// Notes a piece of the request's content, unless the exchange has ended. `left`: bytes that are to follow it, as far as its framing tells.
    pub(super) fn request_data(&self, exchange: ExchangeId, data: Bytes, left: Option<u64>) {
        self.data(
            exchange,
            |open, limit| open.request.take(data, left, limit),
            |data| Event::RequestData { exchange, data },
        );
    }

    /// Notes a piece of the answer's content, likewise.
    pub(super) fn response_data(&self, exchange: ExchangeId, data: Bytes, left: Option<u64>) {
        self.data(
            exchange,
            |open, limit| open.response.take(data, left, limit),
            |data| Event::ResponseData { exchange, data },
        );
    }

    /// Notes what is to be told of a piece of content.
    fn data(
        &self,
        exchange: ExchangeId,
        take: impl FnOnce(&mut Open, usize) -> Option<Bytes>,
        event: impl FnOnce(Bytes) -> Event,
    ) {
        let Some(limit) = self.body_limit() else { return };
        let mut batch = self.lock();
        if let Some(data) = batch.find(exchange).and_then(|open| take(open, limit)) {
            let bytes = data.len();
            batch.push(event(data), bytes);
        }
    }

    /// Bytes of a body that are told. `None`: nobody listens.
    fn body_limit(&self) -> Option<usize> {
        self.sender.as_ref().map(EventSender::body_limit)
    }

    /// Notes the request's end, unless its exchange has ended.
    pub(super) fn end_request(&self, exchange: ExchangeId, trailers: Bytes) {
        let mut batch = self.lock();
        batch.note_rest_of_request(exchange);
        if batch.find(exchange).is_some() {
            batch.push(Event::RequestEnd { exchange, at: Timestamp::now(), trailers }, 0);
        }
    }

    /// Notes the answer's end, unless its exchange has ended.
    pub(super) fn end_response(&self, exchange: ExchangeId, trailers: Bytes) {
        self.lock().end_response(exchange, trailers);
    }

    /// Ends the exchange, well, unless it has ended.
    pub(super) fn end(&self, exchange: ExchangeId, trailers: Bytes) {
        let mut batch = self.lock();
        batch.end_response(exchange, trailers);
        batch.close(exchange);
    }

    /// Ends the exchange, not well, unless it has ended. True when it had not.
    pub(super) fn fail(&self, exchange: ExchangeId, failure: RawFailure) -> bool {
        let mut batch = self.lock();
        batch.note_rests(exchange);
        if batch.find(exchange).is_some() {
            batch.push(Event::Failed { exchange, at: Timestamp::now(), failure }, 0);
        }
        batch.close(exchange)
    }

    /// Nothing more comes on this connection: tells what has passed of exchanges that have no end.
    pub(super) async fn finish(&self) {
        for (exchange, _) in self.open() {
            self.lock().note_rests(exchange);
        }
        self.flush().await;
    }

    /// How far an exchange has got that has not ended.
    pub(super) fn phase(&self, exchange: ExchangeId) -> Option<Phase> {
        self.lock().find(exchange).map(|open| open.phase)
    }

    /// The exchanges that have not ended, and how far they have got.
    pub(super) fn open(&self) -> Vec<(ExchangeId, Phase)> {
        self.lock().open.iter().map(|open| (open.exchange, open.phase)).collect()
    }

    /// True when no exchange is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.lock().open.is_empty()
    }

    /// Gives back the memory that is held for the next exchange.
    pub(super) fn rest(&self) {
        let mut batch = self.lock();
        batch.events.shrink_to_fit();
        batch.open.shrink_to_fit();
    }

    /// True when the batch should go out now: it is large, or an exchange in it has ended.
    pub(super) fn is_due(&self) -> bool {
        let batch = self.lock();
        batch.bytes >= BATCH_BYTES || batch.events.len() >= BATCH_EVENTS || batch.ended
    }

    /// Sends the batch, waiting for room.
    pub(super) async fn flush(&self) {
        if let Some(waiting) = self.send_all() {
            // It does not panic, and nobody aborts it.
            let _ = waiting.await;
        }
    }

    /// Sends the batch. `None`: it is sent; otherwise what goes on sending it.
    fn send_all(&self) -> Option<Waiting> {
        if self.try_flush() {
            return None;
        }
        let (sender, batch) = (self.sender.clone()?, Arc::clone(&self.batch));
        // Until they are taken the events stay in the batch, so that nothing can overtake them.
        Some(tokio::spawn(async move { sender.retry(|| try_flush(&sender, &batch, true)).await }))
    }

    /// The same where there is no `await`; `waiting` keeps the wait between two calls.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>, waiting: &mut Option<Waiting>) -> Poll<()> {
        if waiting.is_none() {
            *waiting = self.send_all();
        }
        if let Some(flush) = waiting {
            // It does not panic, and nobody aborts it.
            let _ = ready!(Pin::new(flush).poll(cx));
            *waiting = None;
        }
        Poll::Ready(())
    }

    /// Sends the batch if there is room for it. A recorder that is gone takes everything.
    fn try_flush(&self) -> bool {
        if let Some(sender) = &self.sender {
            return try_flush(sender, &self.batch, false) == Taken::All;
        }
        self.lock().clear();
        true
    }

    /// Takes an exchange off the list, its end told already. True when it was on it.
    pub(super) fn close(&self, exchange: ExchangeId) -> bool {
        self.lock().close(exchange)
    }

    fn lock(&self) -> MutexGuard<'_, Batch> {
        lock(&self.batch)
    }
}

fn lock(batch: &Mutex<Batch>) -> MutexGuard<'_, Batch> {
    batch.lock().unwrap_or_else(PoisonError::into_inner)
}

fn try_flush(sender: &EventSender, batch: &Mutex<Batch>, waits: bool) -> Taken {
    let mut batch = lock(batch);
    if batch.events.is_empty() {
        return Taken::All;
    }
    let taken = sender.try_send_all(&mut batch.events, waits);
    match taken {
        Taken::All => batch.clear(),
        // Still to go out.
        Taken::None => batch.ended = true,
    }
    taken
}

impl Batch {
    fn push(&mut self, event: Event, bytes: usize) {
        self.events.push(event);
        self.bytes += bytes;
    }

    fn find(&mut self, exchange: ExchangeId) -> Option<&mut Open> {
        self.open.iter_mut().find(|open| open.exchange == exchange)
    }

    fn end_response(&mut self, exchange: ExchangeId, trailers: Bytes) {
        self.note_rest_of_response(exchange);
        if self.find(exchange).is_some() {
            self.push(Event::ResponseEnd { exchange, at: Timestamp::now(), trailers }, 0);
        }
    }

    fn close(&mut self, exchange: ExchangeId) -> bool {
        let at = self.open.iter().position(|open| open.exchange == exchange);
        if let Some(at) = at {
            self.open.swap_remove(at);
            self.ended = true;
        }
        at.is_some()
    }

    fn note_rest_of_request(&mut self, exchange: ExchangeId) {
        if let Some(whole) = self.find(exchange).and_then(|open| open.request.whole()) {
            self.push(Event::RequestRest { exchange, whole }, 0);
        }
    }

    fn note_rest_of_response(&mut self, exchange: ExchangeId) {
        if let Some(whole) = self.find(exchange).and_then(|open| open.response.whole()) {
            self.push(Event::ResponseRest { exchange, whole }, 0);
        }
    }

    fn note_rests(&mut self, exchange: ExchangeId) {
        self.note_rest_of_request(exchange);
        self.note_rest_of_response(exchange);
    }

    fn clear(&mut self) {
        self.events.clear();
        (self.bytes, self.ended) = (0, false);
    }
}
