//! Events to finished exchanges and connections. No I/O and no clock: a test is a transcript.

mod learned;

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};
use foldhash::fast::RandomState;
use jiff::Timestamp;
use tracing::debug;

use super::event::{ConnectionId, Event, ExchangeId};
use super::passing::{SMALL, Whole};
use crate::model::{Exit, Fidelity, Handshake, Tag, Timings, WebSocket};
use crate::redact::{
    Output, RawBody, RawConnection, RawCoverage, RawExchange, RawFailure, RawKind, RawMessage, RawOutcome,
    Redactor,
};

/// What the events amount to, in the order in which it was known.
pub(super) enum Assembled {
    /// An exchange is complete.
    Exchange(Box<RawExchange>),
    /// Something new is known of a connection; it replaces what was said of it before.
    Connection(RawConnection),
    /// A connection to an ignored host was passed through.
    Ignored(String),
    /// A client was turned away.
    Rejected,
    /// The command wrote something.
    Output(Output),
    /// What is known by now of traffic past the proxy.
    Covered(RawCoverage),
    /// The command ended.
    Exited(Exit),
}

/// Puts exchanges and connections together from events.
#[derive(Default)]
pub(super) struct Assembler {
    connections: HashMap<ConnectionId, OpenConnection, RandomState>,
    exchanges: HashMap<ExchangeId, OpenExchange, RandomState>,
    last_connection: u32,
}

struct OpenConnection {
    raw: RawConnection,
    /// Requests read on it so far.
    requests: u32,
    /// Exchanges on it that were answered before the request's end was seen.
    answered: Vec<ExchangeId>,
    /// More is known than was told.
    changed: bool,
}

struct OpenExchange {
    number: u32,
    on: ConnectionId,
    connection: u32,
    index: u32,
    started_at: Timestamp,
    timings: Timings,
    scheme: &'static str,
    authority: Option<String>,
    fidelity: Fidelity,
    request: Message,
    interim: Vec<u16>,
    websocket: Option<WebSocket>,
    response: Option<Message>,
}

/// A message while it passes.
struct Message {
    head: Bytes,
    /// A short beginning, which often is all.
    first: Bytes,
    kept: BytesMut,
    /// Length and tag of all that has passed, where more has than was told.
    whole: Option<(u64, Tag)>,
    complete: bool,
    trailers: Bytes,
}

impl Assembler {
    /// Takes one event, and appends to `done` what is finished by it. The redactor tags long bodies.
    pub(super) fn take(&mut self, event: Event, redactor: &Redactor, done: &mut Vec<Assembled>) {
        match event {
            Event::Opened { connection, at } => {
                self.open(connection, at);
            }
            Event::Asked { connection, authority } => {
                self.learn(connection, |raw| raw.authority = Some(authority));
            }
            Event::Dialled { connection, address } => {
                self.learn(connection, |raw| raw.upstream = Some(address));
            }
            Event::Tried { connection, dial } => self.learn(connection, |raw| learned::dial(raw, dial)),
            Event::Refused { connection, stream, failure } => {
                let mut is_new = false;
                self.learn(connection, |raw| {
                    is_new = learned::refused(raw, stream, failure);
                    if matches!(raw.kind, RawKind::Unused) {
                        raw.kind = RawKind::Plain;
                    }
                });
                // Of a flood the first is told at once, and how many they are at the end.
                if is_new {
                    self.tell(connection, done);
                }
            }
            Event::ConnectFailed { connection, failure } => {
                self.learn(connection, |raw| raw.failure = Some(failure));
                self.tell(connection, done);
            }
            Event::Handshake { connection, hello, version, protocol, result } => {
                let completed = result == Handshake::Completed;
                self.learn(connection, |raw| {
                    raw.kind = RawKind::Tls { hello, version, protocol, handshake: result };
                });
                // A completed one is told with its first exchange.
                if !completed {
                    self.tell(connection, done);
                }
            }
            Event::Tunnelled { connection, reason, sent, received } => {
                self.learn(connection, |raw| raw.kind = RawKind::Tunnel { reason, sent, received });
                self.tell(connection, done);
            }
            Event::Ignored { host } => done.push(Assembled::Ignored(host)),
            Event::Rejected => done.push(Assembled::Rejected),
            Event::Closed { connection } => self.close(connection, done),
            Event::Request { exchange, connection, at, head, scheme, authority, fidelity } => {
                self.begin(exchange, connection, at, head, scheme, authority, fidelity);
            }
            Event::RequestData { exchange, data } => {
                self.with(exchange, |open| open.request.push(data));
            }
            Event::RequestRest { exchange, whole } => {
                self.with(exchange, |open| open.request.note_whole(&whole, redactor));
            }
            Event::RequestEnd { exchange, at, trailers } => {
                let answered = self.with(exchange, |open| {
                    open.timings.sent = Some(open.since_start(at));
                    open.request.end(trailers);
                    open.response.as_ref().is_some_and(|response| response.complete)
                });
                if answered == Some(true) {
                    self.complete(exchange, None, done);
                }
            }
            Event::Interim { exchange, status } => {
                self.with(exchange, |open| open.interim.push(status));
            }
            Event::Response { exchange, at, head } => {
                self.with(exchange, |open| {
                    open.timings.answered = Some(open.since_start(at));
                    open.response = Some(Message::new(head));
                });
            }
            Event::Messages { exchange, messages } => {
                self.with(exchange, |open| open.websocket = Some(messages));
            }
            Event::ResponseData { exchange, data } => {
                self.with_response(exchange, |response| response.push(data));
            }
            Event::ResponseRest { exchange, whole } => {
                self.with_response(exchange, |response| response.note_whole(&whole, redactor));
            }
            Event::ResponseEnd { exchange, at, trailers } => {
                self.with_response(exchange, |response| response.end(trailers));
                // An answer may come before the request's end; then that is waited for.
                let on = self.with(exchange, |open| {
                    open.timings.ended = Some(open.since_start(at));
                    (open.request.complete, open.on)
                });
                match on {
                    Some((true, _)) => self.complete(exchange, None, done),
                    Some((false, on)) => match self.connections.get_mut(&on) {
                        Some(open) => open.answered.push(exchange),
                        None => self.complete(exchange, None, done),
                    },
                    None => {}
                }
            }
            Event::Failed { exchange, at, failure } => {
                self.with(exchange, |open| {
                    let ended = open.since_start(at);
                    open.timings.ended.get_or_insert(ended);
                });
                self.complete(exchange, Some(failure), done);
            }
            Event::Output(output) => done.push(Assembled::Output(output)),
            Event::Covered(coverage) => done.push(Assembled::Covered(coverage)),
            Event::Exited(exit) => done.push(Assembled::Exited(exit)),
        }
    }

    /// Completes what is still open: exchanges in the order in which they started, then connections.
    pub(super) fn finish(mut self, done: &mut Vec<Assembled>) {
        let mut open: Vec<(u32, ExchangeId)> =
            self.exchanges.iter().map(|(id, open)| (open.number, *id)).collect();
        open.sort_unstable();
        for (_, exchange) in open {
            self.complete(exchange, None, done);
        }
        let mut connections: Vec<_> = self.connections.into_values().filter(|open| open.changed).collect();
        connections.sort_unstable_by_key(|open| open.raw.number);
        done.extend(connections.into_iter().map(|open| Assembled::Connection(open.raw)));
    }

    fn open(&mut self, connection: ConnectionId, at: Timestamp) -> &mut OpenConnection {
        let last = &mut self.last_connection;
        self.connections.entry(connection).or_insert_with(|| {
            *last += 1;
            let raw = RawConnection {
                number: *last,
                opened_at: at,
                authority: None,
                kind: RawKind::Unused,
                upstream: None,
                dials: Vec::new(),
                refused: Vec::new(),
                failure: None,
            };
            OpenConnection { raw, requests: 0, answered: Vec::new(), changed: true }
        })
    }

    fn learn(&mut self, connection: ConnectionId, change: impl FnOnce(&mut RawConnection)) {
        if let Some(open) = self.connections.get_mut(&connection) {
            change(&mut open.raw);
            open.changed = true;
        } else {
            debug!(connection = connection.0, "event of a connection that is not open");
        }
    }

    fn tell(&mut self, connection: ConnectionId, done: &mut Vec<Assembled>) {
        if let Some(open) = self.connections.get_mut(&connection).filter(|open| open.changed) {
            open.changed = false;
            done.push(Assembled::Connection(open.raw.clone()));
        }
    }

    /// What was answered but still sending when the connection went away is over.
    fn close(&mut self, connection: ConnectionId, done: &mut Vec<Assembled>) {
        let answered = self.connections.get_mut(&connection).map(|open| std::mem::take(&mut open.answered));
        for exchange in answered.unwrap_or_default() {
            self.complete(exchange, None, done);
        }
        self.tell(connection, done);
        self.connections.remove(&connection);
    }

    #[expect(clippy::too_many_arguments, reason = "the members of one event")]
    fn begin(
        &mut self,
        exchange: ExchangeId,
        on: ConnectionId,
        started_at: Timestamp,
        head: Bytes,
        scheme: &'static str,
        authority: Option<String>,
        fidelity: Fidelity,
    ) {
        if self.exchanges.contains_key(&exchange) {
            debug!(exchange = exchange.0, "a second request of one exchange");
            return;
        }
        // Not known where it was closed before its last request came through the channel: nothing that was sent is lost.
        let connection = self.open(on, started_at);
        connection.requests += 1;
        if matches!(connection.raw.kind, RawKind::Unused) {
            connection.raw.kind = RawKind::Plain;
            connection.changed = true;
        }
        let (connection, index) = (connection.raw.number, connection.requests);
        let open = OpenExchange {
            number: u32::try_from(exchange.0).unwrap_or(u32::MAX),
            on,
            connection,
            index,
            started_at,
            timings: Timings::default(),
            scheme,
            authority,
            fidelity,
            request: Message::new(head),
            interim: Vec::new(),
            websocket: None,
            response: None,
        };
        self.exchanges.insert(exchange, open);
    }

    fn with<T>(&mut self, exchange: ExchangeId, change: impl FnOnce(&mut OpenExchange) -> T) -> Option<T> {
        let open = self.exchanges.get_mut(&exchange);
        if open.is_none() {
            debug!(exchange = exchange.0, "event of an exchange that is not open");
        }
        open.map(change)
    }

    fn with_response(&mut self, exchange: ExchangeId, change: impl FnOnce(&mut Message)) {
        self.with(exchange, |open| {
            if let Some(response) = &mut open.response {
                change(response);
            } else {
                debug!(exchange = exchange.0, "content of an answer without a head");
            }
        });
    }

    /// The exchange is over: answered, failed, or neither.
    fn complete(&mut self, exchange: ExchangeId, failure: Option<RawFailure>, done: &mut Vec<Assembled>) {
        let Some(open) = self.exchanges.remove(&exchange) else {
            return;
        };
        self.tell(open.on, done);
        let response = open.response;
        let outcome = match (failure, response) {
            (_, Some(response)) if response.complete => RawOutcome::Answered(response.into_raw()),
            (Some(failure), response) => RawOutcome::Failed(failure, response.map(Message::into_raw)),
            (None, _) => RawOutcome::Unfinished,
        };
        done.push(Assembled::Exchange(Box::new(RawExchange {
            number: open.number,
            connection: open.connection,
            index: open.index,
            started_at: open.started_at,
            timings: open.timings,
            scheme: open.scheme,
            authority: open.authority,
            fidelity: open.fidelity,
            request: open.request.into_raw(),
            interim: open.interim,
            websocket: open.websocket,
            outcome,
        })));
    }
}

impl OpenExchange {
    /// Milliseconds, to the microsecond; a clock that was set back does not make them negative.
    fn since_start(&self, at: Timestamp) -> f64 {
        let micros = at.duration_since(self.started_at).as_micros().max(0);
        u32::try_from(micros).map_or(f64::from(u32::MAX), f64::from) / 1000.0
    }
}

impl Message {
    fn new(head: Bytes) -> Self {
        let (first, trailers) = (Bytes::new(), Bytes::new());
        Self { head, first, kept: BytesMut::new(), whole: None, complete: false, trailers }
    }

    fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.kept.is_empty() && data.len() <= SMALL {
            self.first = data;
            return;
        }
        self.kept.extend_from_slice(&std::mem::take(&mut self.first));
        self.kept.extend_from_slice(&data);
    }

    fn note_whole(&mut self, whole: &Whole, redactor: &Redactor) {
        self.whole = Some((whole.length, redactor.tag(&whole.digest)));
    }

    fn end(&mut self, trailers: Bytes) {
        self.complete = true;
        self.trailers = trailers;
    }

    fn into_raw(self) -> RawMessage {
        let bytes = if self.kept.is_empty() { self.first } else { self.kept.freeze() };
        let (length, digest) =
            self.whole.map_or((bytes.len() as u64, None), |(length, tag)| (length, Some(tag)));
        RawMessage {
            head: self.head,
            body: RawBody {
                bytes,
                length,
                digest,
                complete: self.complete,
                trailers: self.trailers,
                ..RawBody::default()
            },
        }
    }
}

#[cfg(test)]
mod tests;
