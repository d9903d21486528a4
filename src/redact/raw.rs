//! What was read from the wire and from the command, before redaction. Never written, never logged.

use std::ffi::OsString;

use std::fmt;
use std::net::SocketAddr;

use bytes::Bytes;
use jiff::Timestamp;

use crate::model::{
    DialOutcome, FailureKind, Fidelity, Handshake, Leg, Phase, Stream, Tag, Timings, WebSocket,
};

/// A message: head bytes from the start line to the blank line, and what came after.
#[derive(Clone, Default)]
pub struct RawMessage {
    /// Start line, field lines and the blank line, exactly as on the wire.
    pub head: Bytes,
    /// Its content.
    pub body: RawBody,
}

/// The content of a message, as far as it was kept.
#[derive(Clone, Default)]
pub struct RawBody {
    /// The first bytes, up to the body limit; chunk framing undone, content coding not.
    pub bytes: Bytes,
    /// All bytes that passed.
    pub length: u64,
    /// Keyed tag over all bytes, computed while they passed; absent where `bytes` is the whole.
    pub digest: Option<Tag>,
    /// Its end was seen.
    pub complete: bool,
    /// Trailer field lines as sent, each with its line end.
    pub trailers: Bytes,
    /// How it is known.
    pub told: Told,
}

/// How a body is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Told {
    /// As it stood on the wire.
    #[default]
    Wire,
    /// Its content coding was undone before it got here.
    Decoded,
    /// An import says that there was one, and no more.
    Not,
}

/// A request and its outcome.
#[derive(Clone)]
pub struct RawExchange {
    /// From 1, in the order in which they started.
    pub number: u32,
    /// Number of the connection.
    pub connection: u32,
    /// Place on the connection, from 1.
    pub index: u32,
    /// When the first byte of the request was read.
    pub started_at: Timestamp,
    /// Milliseconds since.
    pub timings: Timings,
    /// `http` or `https`.
    pub scheme: &'static str,
    /// `host:port` of the CONNECT around it.
    pub authority: Option<String>,
    /// Where the head comes from.
    pub fidelity: Fidelity,
    /// The request.
    pub request: RawMessage,
    /// Interim answers.
    pub interim: Vec<u16>,
    /// What followed the answer, where it changed to WebSocket.
    pub websocket: Option<WebSocket>,
    /// What came of it.
    pub outcome: RawOutcome,
}

/// What came of a request.
#[derive(Clone)]
pub enum RawOutcome {
    /// A whole answer.
    Answered(RawMessage),
    /// No answer or not a whole one, and what had arrived of it.
    Failed(RawFailure, Option<RawMessage>),
    /// The recording ended first.
    Unfinished,
}

/// Why something failed.
#[derive(Clone, PartialEq, Eq)]
pub struct RawFailure {
    /// On which leg.
    pub leg: Leg,
    /// How far it had got.
    pub phase: Phase,
    /// What happened.
    pub kind: FailureKind,
    /// In words; may hold host names.
    pub message: String,
}

/// A connection from a client.
#[derive(Clone)]
pub struct RawConnection {
    /// From 1, in the order in which they were accepted.
    pub number: u32,
    /// When it was accepted.
    pub opened_at: Timestamp,
    /// `host:port` of its CONNECT.
    pub authority: Option<String>,
    /// What it turned out to be.
    pub kind: RawKind,
    /// The address connected to for its CONNECT.
    pub upstream: Option<String>,
    /// The addresses that were tried, as they are.
    pub dials: Vec<RawDial>,
    /// Requests of HTTP/2 that were not taken.
    pub refused: Vec<RawRefused>,
    /// Why the upstream could not be had.
    pub failure: Option<RawFailure>,
}

/// Requests of HTTP/2 that were not taken.
#[derive(Clone)]
pub struct RawRefused {
    /// The stream of the first.
    pub stream: u32,
    /// How many they are.
    pub times: u32,
    /// Why.
    pub failure: RawFailure,
}

/// The addresses that were tried for one upstream connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawDial {
    /// `host:port` whose addresses they are.
    pub to: String,
    /// In the order in which they were tried.
    pub tried: Vec<(SocketAddr, DialOutcome)>,
}

/// What a connection turned out to be.
#[derive(Clone)]
pub enum RawKind {
    /// HTTP without TLS.
    Plain,
    /// TLS opened by samewire.
    Tls {
        /// What the client's hello says.
        hello: Box<RawHello>,
        /// The version agreed.
        version: Option<String>,
        /// The protocol agreed.
        protocol: Option<Vec<u8>>,
        /// How the handshake went.
        handshake: Handshake,
    },
    /// Passed through unread.
    Tunnel {
        /// Why.
        reason: &'static str,
        /// Bytes from the client.
        sent: u64,
        /// Bytes to the client.
        received: u64,
    },
    /// CONNECT, then nothing.
    Unused,
}

/// What a client's TLS hello says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RawHello {
    /// Server name.
    pub server_name: Option<String>,
    /// Protocols offered.
    pub alpn: Vec<Vec<u8>>,
    /// Versions offered, by their numbers on the wire.
    pub versions: Vec<u16>,
    /// How many cipher suites, GREASE left out.
    pub cipher_suites: usize,
    /// How many extensions, GREASE left out.
    pub extensions: usize,
    /// The JA3 fingerprint, in hexadecimal digits; absent where the hello could not be read.
    pub ja3: Option<String>,
    /// The JA4 fingerprint.
    pub ja4: Option<String>,
}

/// A piece of the command's output.
#[derive(Clone)]
pub struct Output {
    /// Which stream.
    pub stream: Stream,
    /// The bytes, cut anywhere.
    pub data: Bytes,
}

/// Shows sizes only.
impl fmt::Debug for RawMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawMessage(head {} B, body {} B)", self.head.len(), self.body.length)
    }
}

/// Shows where, not what.
impl fmt::Debug for RawFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawFailure({} leg, {}: {})", self.leg, self.phase, self.kind)
    }
}

/// A container's image as its engine describes it.
#[derive(Clone, Debug, Default)]
pub struct RawImage {
    /// As the command line names it.
    pub reference: String,
    /// `sha256:...` of its configuration.
    pub id: String,
    /// `sha256:...` of its manifest, where a registry gave it one.
    pub digest: Option<String>,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// The user that it runs as, where one is named.
    pub user: String,
    /// The program that it begins with.
    pub entrypoint: Vec<OsString>,
    /// The image that it was built from, where its labels say so.
    pub base: Option<String>,
    /// Names of the variables that it sets.
    pub variables: Vec<String>,
}
