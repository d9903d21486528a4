//! Connections past the proxy to the model: addresses stay, names of programs only where they look like names.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use jiff::Timestamp;

use super::Redactor;
use crate::model::{Coverage, Direct, Sampling, Transport};

/// What is known of traffic that did not come through, before redaction.
#[derive(Clone, Debug, Default)]
pub struct RawCoverage {
    /// How it was looked for.
    pub sampling: Option<Sampling>,
    /// What was seen.
    pub direct: Vec<RawDirect>,
    /// Connections on a container's own loopback address.
    pub loopback: u32,
    /// Datagrams that were refused, by the port they were for.
    pub refused: BTreeMap<u16, u32>,
}

/// Connections of one program to one address that did not lead to the proxy.
#[derive(Clone, Debug)]
pub struct RawDirect {
    /// Where they lead to.
    pub remote: SocketAddr,
    /// What they are made of.
    pub transport: Transport,
    /// The file name of the program.
    pub program: Option<String>,
    /// The client that the program is known to be.
    pub client: Option<&'static str>,
    /// How many different ones.
    pub connections: u32,
    /// One of them was seen open.
    pub opened: bool,
    /// When the first was seen.
    pub first_seen: Timestamp,
    /// When one was seen last.
    pub last_seen: Timestamp,
}

impl Redactor {
    /// Redacts what was seen, beside what was known before the run.
    pub fn coverage(&self, raw: &RawCoverage, before: &Coverage) -> Coverage {
        let direct = raw.direct.iter().map(|seen| Direct {
            remote: seen.remote.to_string(),
            transport: seen.transport,
            program: seen.program.as_deref().map(|program| self.program(program, seen.client)),
            client: seen.client.map(str::to_owned),
            connections: seen.connections,
            opened: seen.opened,
            first_seen: seen.first_seen,
            last_seen: seen.last_seen,
        });
        Coverage {
            reached: before.reached,
            foreseen: before.foreseen.clone(),
            sampling: raw.sampling,
            direct: direct.collect(),
            loopback: raw.loopback,
            refused: raw.refused.clone(),
        }
    }

    /// `python3.11` is what the client's own name begins, and a version.
    fn program(&self, program: &str, client: Option<&str>) -> String {
        let version = |rest: &str| {
            rest.len() <= 8 && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.' || byte == b'-')
        };
        match client.and_then(|client| program.strip_prefix(client)) {
            Some(rest) if version(rest) => program.to_owned(),
            _ => self.name(program),
        }
    }
}
