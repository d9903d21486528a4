//! A connection from a client.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Failure, FailureKind, Text};

/// A connection that a client opened to samewire, with or without requests on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    /// From 1, in the order in which they were accepted.
    pub number: u32,
    /// When it was accepted.
    pub opened_at: Timestamp,
    /// `host:port` that the client asked for with CONNECT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authority: Option<String>,
    /// What it turned out to be.
    pub kind: ConnectionKind,
    /// The address that was connected to for it, `address:port`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<String>,
    /// What became of each address, for those upstream connections that more than one was tried for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dials: Vec<Dial>,
    /// Requests of HTTP/2 on it that were not taken.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<Refused>,
    /// Why the upstream could not be had for the CONNECT.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// The addresses that were tried for one upstream connection (RFC 8305).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dial {
    /// `host:port` whose addresses they are.
    pub to: String,
    /// In the order in which they were tried.
    pub tried: Vec<Tried>,
}

/// An address that was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tried {
    /// `address:port`.
    pub address: String,
    /// What became of it.
    pub outcome: DialOutcome,
}

/// What became of an address that was tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DialOutcome {
    /// It took the connection.
    Connected,
    /// It had not answered when another took the connection.
    Overtaken,
    /// It did not take the connection.
    Failed(FailureKind),
}

/// Requests of HTTP/2 that were refused before their heads could be read: all that is known of them is that they were made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The stream of the first (RFC 9113, section 5.1.1).
    pub stream: u32,
    /// How many they are.
    pub times: u32,
    /// Why.
    pub failure: Failure,
}

/// What a connection turned out to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConnectionKind {
    /// HTTP, no TLS.
    Plain,
    /// CONNECT, then TLS.
    Tls {
        /// What the client offered.
        hello: Option<ClientHello>,
        /// How the handshake with the client went.
        handshake: Handshake,
    },
    /// CONNECT, then something that is passed through unread.
    Tunnel {
        /// Why it was not opened: `not TLS`, `ignored host`.
        reason: String,
        /// Bytes from the client.
        sent: u64,
        /// Bytes to the client.
        received: u64,
    },
    /// CONNECT, then nothing.
    Unused,
}

/// How the TLS handshake with the client went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Handshake {
    /// It completed.
    Completed,
    /// The client sent an alert (RFC 8446, section 6.2): `unknown_ca`, `bad_certificate` and so on.
    Alert(String),
    /// The client went away without a word.
    Closed,
    /// It failed otherwise.
    Failed(String),
}

/// What the client's first TLS message says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientHello {
    /// Server name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name: Option<Text>,
    /// Protocols offered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alpn: Vec<String>,
    /// The version agreed, such as `TLSv1.3`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The protocol agreed: `h2`, `http/1.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// Versions offered, best first; `0x` and four digits where a number has no name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub versions: Vec<String>,
    /// How many cipher suites are offered, GREASE (RFC 8701) left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cipher_suites: u32,
    /// How many extensions there are, GREASE left out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub extensions: u32,
    /// The JA3 fingerprint: `md5:` and 32 hexadecimal digits (<https://github.com/salesforce/ja3>). The mark in front
    /// keeps secret scanners from taking it for a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ja3: Option<String>,
    /// The JA4 fingerprint (<https://github.com/FoxIO-LLC/ja4>).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ja4: Option<String>,
}

impl fmt::Display for DialOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Overtaken => f.write_str("overtaken"),
            Self::Failed(kind) => kind.fmt(f),
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { stream, times, failure } = self;
        write!(
            f,
            "the HTTP/2 request on stream {stream} was not taken and did not reach the API: {}",
            failure.message
        )?;
        if *times > 1 { write!(f, "; and {} more", times - 1) } else { Ok(()) }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
