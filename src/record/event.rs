//! What the data path tells the recorder. A bounded queue carries it: a slow recorder slows the bodies, it loses nothing.

use bytes::Bytes;
use jiff::Timestamp;

use crate::model::{Exit, Fidelity, Handshake, WebSocket};
use crate::redact::{Output, RawCoverage, RawDial, RawFailure, RawHello};

use super::Whole;

/// Names a connection within one run of the proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u64);

/// Names an exchange of one side within one run of the proxy: they count from 1 in the order in which they started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(pub u64);

/// Something happened on the data path or in the command.
pub enum Event {
    /// A client connected.
    Opened {
        /// The connection.
        connection: ConnectionId,
        /// When.
        at: Timestamp,
    },
    /// It asked for a tunnel with CONNECT.
    Asked {
        /// The connection.
        connection: ConnectionId,
        /// `host:port`.
        authority: String,
    },
    /// The upstream of its CONNECT was connected.
    Dialled {
        /// The connection.
        connection: ConnectionId,
        /// `address:port`.
        address: String,
    },
    /// More than one address was tried for an upstream connection of it.
    Tried {
        /// The connection.
        connection: ConnectionId,
        /// What became of each.
        dial: RawDial,
    },
    /// The upstream of its CONNECT could not be had.
    ConnectFailed {
        /// The connection.
        connection: ConnectionId,
        /// Why.
        failure: RawFailure,
    },
    /// The client's TLS handshake ended, well or not.
    Handshake {
        /// The connection.
        connection: ConnectionId,
        /// What its first message said.
        hello: Box<RawHello>,
        /// Version agreed.
        version: Option<String>,
        /// Protocol agreed.
        protocol: Option<Vec<u8>>,
        /// How it went.
        result: Handshake,
    },
    /// The connection was passed through unread, and has ended.
    Tunnelled {
        /// The connection.
        connection: ConnectionId,
        /// Why it was not opened.
        reason: &'static str,
        /// Bytes from the client.
        sent: u64,
        /// Bytes to the client.
        received: u64,
    },
    /// A connection to an ignored host was passed through; nothing of it is recorded but the count.
    Ignored {
        /// Its host.
        host: String,
    },
    /// A client was turned away, because it showed no credential or a wrong one.
    Rejected,
    /// The connection has ended.
    Closed {
        /// The connection.
        connection: ConnectionId,
    },
    /// A request of HTTP/2 was not taken; its head is not known.
    Refused {
        /// The connection.
        connection: ConnectionId,
        /// Its stream.
        stream: u32,
        /// Why.
        failure: RawFailure,
    },
    /// A request's head was read.
    Request {
        /// The exchange.
        exchange: ExchangeId,
        /// Its connection.
        connection: ConnectionId,
        /// When its first byte was read.
        at: Timestamp,
        /// The head, exactly as on the wire.
        head: Bytes,
        /// `http` or `https`.
        scheme: &'static str,
        /// `host:port` of the CONNECT around it.
        authority: Option<String>,
        /// Whether the HTTP library saw the same.
        fidelity: Fidelity,
    },
    /// Content of the request, in order.
    RequestData {
        /// The exchange.
        exchange: ExchangeId,
        /// The bytes.
        data: Bytes,
    },
    /// Content of the request beyond the limit has passed, and was not told.
    RequestRest {
        /// The exchange.
        exchange: ExchangeId,
        /// All that has passed.
        whole: Whole,
    },
    /// The request's end; sent for every request that ended, also for one without content.
    RequestEnd {
        /// The exchange.
        exchange: ExchangeId,
        /// When.
        at: Timestamp,
        /// Trailer lines as sent.
        trailers: Bytes,
    },
    /// An interim answer (1xx).
    Interim {
        /// The exchange.
        exchange: ExchangeId,
        /// Its status.
        status: u16,
    },
    /// The answer's head was read.
    Response {
        /// The exchange.
        exchange: ExchangeId,
        /// When.
        at: Timestamp,
        /// The head, exactly as on the wire.
        head: Bytes,
    },
    /// What passed after an answer that changed to WebSocket.
    Messages {
        /// The exchange.
        exchange: ExchangeId,
        /// How much, in both directions.
        messages: WebSocket,
    },
    /// Content of the answer, in order.
    ResponseData {
        /// The exchange.
        exchange: ExchangeId,
        /// The bytes.
        data: Bytes,
    },
    /// Content of the answer beyond the limit has passed, and was not told.
    ResponseRest {
        /// The exchange.
        exchange: ExchangeId,
        /// All that has passed.
        whole: Whole,
    },
    /// The answer's end: the exchange is complete once the request has ended too, or its connection.
    ResponseEnd {
        /// The exchange.
        exchange: ExchangeId,
        /// When.
        at: Timestamp,
        /// Trailer lines as sent.
        trailers: Bytes,
    },
    /// The exchange has no whole answer.
    Failed {
        /// The exchange.
        exchange: ExchangeId,
        /// When.
        at: Timestamp,
        /// Why.
        failure: RawFailure,
    },
    /// The command wrote something.
    Output(Output),
    /// What is known by now of traffic past the proxy; it replaces what was told before.
    Covered(RawCoverage),
    /// The command ended.
    Exited(Exit),
}

impl Event {
    /// Bytes of a message's content in it.
    pub(crate) fn content(&self) -> usize {
        match self {
            Self::RequestData { data, .. } | Self::ResponseData { data, .. } => data.len(),
            _ => 0,
        }
    }
}
