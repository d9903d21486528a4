//! A request and what became of it.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Body, Field, FieldValue, Imported, Lack, Target, Text, known_json};

/// A request and its outcome.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exchange {
    /// From 1, in the order in which the exchanges of a capture started.
    pub number: u32,
    /// The number of its connection; 0 where an import does not tell it.
    pub connection: u32,
    /// From 1, its place on that connection.
    pub index: u32,
    /// When the first byte of the request was read.
    pub started_at: Timestamp,
    /// How long its parts took.
    pub timings: Timings,
    /// What was sent.
    pub request: Request,
    /// Interim answers (1xx) before the final one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interim: Vec<u16>,
    /// What came of it.
    pub outcome: Outcome,
}

impl Exchange {
    /// The answer, also one that broke off.
    pub fn response(&self) -> Option<&Response> {
        match &self.outcome {
            Outcome::Answered(response) => Some(response),
            Outcome::Failed { response, .. } => response.as_deref(),
            Outcome::Unfinished => None,
        }
    }

    /// The status of the answer.
    pub fn status(&self) -> Option<u16> {
        self.response().map(|response| response.status)
    }

    /// True for an answer below 400 that arrived whole. Of gRPC the status after the answer decides.
    ///
    /// Where an import does not tell the answer, what is presumed of it counts.
    pub fn succeeded(&self) -> bool {
        match &self.outcome {
            Outcome::Answered(response) => {
                response.status < 400 && response.grpc_status().is_none_or(|status| status == "0")
            }
            Outcome::Failed { .. } => false,
            Outcome::Unfinished => self.presumed() == Some(true),
        }
    }

    /// Whether a request of an import, whose answer is not told, is presumed to have succeeded.
    pub fn presumed(&self) -> Option<bool> {
        self.imported().and_then(|imported| imported.presumed)
    }

    /// What is known of it as an import; `None` where samewire saw it itself.
    pub fn imported(&self) -> Option<&Imported> {
        match &self.request.fidelity {
            Fidelity::Imported(imported) => Some(imported),
            Fidelity::Wire | Fidelity::Decoded | Fidelity::Desync(_) => None,
        }
    }

    /// True for an import that does not tell this.
    pub fn lacks(&self, lack: Lack) -> bool {
        self.imported().is_some_and(|imported| imported.lacks.contains(&lack))
    }
}

/// Milliseconds since the exchange started; absent where it did not get that far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// The request's last byte was read from the client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent: Option<f64>,
    /// The answer's head was read from the origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered: Option<f64>,
    /// The exchange ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<f64>,
}

/// A request as it was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Its method.
    pub method: String,
    /// Where it goes.
    pub target: Target,
    /// `HTTP/1.1`, `HTTP/1.0`, `HTTP/2`; empty where an import does not tell it.
    pub version: String,
    /// Its field lines, in order.
    #[serde(deserialize_with = "known_json::exact")]
    pub fields: Vec<Field>,
    /// Its content.
    pub body: Body,
    /// Where the head comes from.
    pub fidelity: Fidelity,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// Its version.
    pub version: String,
    /// Its status code.
    pub status: u16,
    /// Its reason phrase, redacted where it is not made of words.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub reason: Text,
    /// Its field lines, in order.
    #[serde(deserialize_with = "known_json::exact")]
    pub fields: Vec<Field>,
    /// Its content.
    pub body: Body,
    /// What followed an answer 101 that changed to WebSocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<Box<WebSocket>>,
}

/// Messages of a WebSocket connection (RFC 6455); their content is not kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebSocket {
    /// From the client.
    pub sent: Messages,
    /// To the client.
    pub received: Messages,
}

/// How much went in one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// Text and binary messages whose last fragment passed.
    pub messages: u64,
    /// Their payload on the wire: compressed, where the two ends compress.
    pub bytes: u64,
    /// Control frames: close, ping, pong.
    pub control: u64,
}

impl Response {
    /// The status of a gRPC call: a trailer, or a field where there is no content (gRPC over HTTP/2, "Responses").
    pub fn grpc_status(&self) -> Option<&str> {
        let mut fields = self.body.trailers.iter().chain(&self.fields);
        let status = fields.find(|field| field.name.key == "grpc-status")?;
        match &status.value {
            FieldValue::Text(text) => text.as_shown(),
            FieldValue::Credentials(_) | FieldValue::Cookies(_) => None,
        }
    }
}

/// Where the recorded head comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fidelity {
    /// The bytes on the wire.
    Wire,
    /// A protocol without such bytes: case, spacing and order are unknown.
    Decoded,
    /// The bytes on the wire, and the HTTP library read them otherwise; says how.
    Desync(String),
    /// Another program told of it.
    Imported(Imported),
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// A whole answer.
    Answered(Response),
    /// No answer, or not a whole one.
    Failed {
        /// Why.
        failure: Failure,
        /// What had arrived of the answer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        response: Option<Box<Response>>,
    },
    /// The recording ended first.
    Unfinished,
}

/// Why an exchange has no whole answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Between client and samewire, or between samewire and the origin.
    pub leg: Leg,
    /// How far it had got.
    pub phase: Phase,
    /// What happened.
    pub kind: FailureKind,
    /// In words, redacted.
    pub message: Text,
}

/// A leg of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Leg {
    /// Client to samewire.
    Client,
    /// samewire to the origin, an upstream proxy included.
    Upstream,
}

/// How far an exchange had got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Reading or checking a head.
    Head,
    /// Asking for the addresses of a name.
    Resolve,
    /// Opening the connection.
    Connect,
    /// Asking an upstream proxy for a tunnel.
    Proxy,
    /// The TLS handshake.
    Tls,
    /// Sending the request.
    Send,
    /// Waiting for the answer's head.
    Wait,
    /// Receiving the answer's content.
    Receive,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The name has no address.
    NameNotResolved,
    /// The connection was refused.
    Refused,
    /// No route.
    Unreachable,
    /// It took too long.
    TimedOut,
    /// The connection was reset.
    Reset,
    /// The connection was closed too early.
    Closed,
    /// The certificate did not verify.
    Certificate,
    /// The TLS handshake failed otherwise.
    Tls,
    /// What came is not HTTP.
    Malformed,
    /// A limit was exceeded.
    TooLarge,
    /// samewire does not go there: its own listener or a link-local metadata address.
    Forbidden,
    /// The upstream proxy said no.
    ProxyRefused,
    /// An error of samewire itself.
    Internal,
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Upstream => "upstream",
        })
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Head => "reading the head",
            Self::Resolve => "resolving the name",
            Self::Connect => "connecting",
            Self::Proxy => "asking the upstream proxy",
            Self::Tls => "TLS handshake",
            Self::Send => "sending the request",
            Self::Wait => "waiting for the answer",
            Self::Receive => "receiving the answer",
        })
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NameNotResolved => "name not resolved",
            Self::Refused => "connection refused",
            Self::Unreachable => "no route",
            Self::TimedOut => "timed out",
            Self::Reset => "connection reset",
            Self::Closed => "closed too early",
            Self::Certificate => "certificate not verified",
            Self::Tls => "TLS failed",
            Self::Malformed => "not HTTP",
            Self::TooLarge => "too large",
            Self::Forbidden => "target not allowed",
            Self::ProxyRefused => "refused by the upstream proxy",
            Self::Internal => "internal error",
        })
    }
}
