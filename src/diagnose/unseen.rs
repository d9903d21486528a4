//! What a capture does not show, as far as that is known: in words, with the remedy for that client.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::connector::{client, gap_in_words, gap_remedy};
use crate::model::{Capture, ClueKind, ConnectionKind, Direct, Handshake, Reached, Transport};

use super::host_of;

/// Something that a capture does not show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// What it is.
    pub kind: UnseenKind,
    /// One sentence without a full stop.
    pub text: String,
    /// What to do about it, where something can be done.
    pub remedy: Option<String>,
}

/// What it is that a capture does not show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnseenKind {
    /// Foreseen before the run.
    Foreseen,
    /// A connection past the proxy was sampled.
    Direct,
    /// The command tells of a call to a host that nothing came of.
    Called,
    /// A tunnel was opened, and no request was sent in it.
    Tunnel,
    /// Datagrams were refused.
    Refused,
    /// Nothing came, and connections stayed on the loopback address of a container's own.
    Loopback,
    /// Nothing came, and whether the proxy answers where the command runs was not seen.
    NotChecked,
}

/// What is known not to be in a capture.
pub fn unseen(capture: &Capture) -> Vec<Unseen> {
    let mut all = Vec::new();
    foreseen(capture, &mut all);
    for direct in &capture.completeness.coverage.direct {
        let remedy = direct.client.as_deref().and_then(client).map(|client| client.proxy_remedy.to_owned());
        all.push(Unseen { kind: UnseenKind::Direct, text: direct_in_words(direct), remedy });
    }
    called(capture, &mut all);
    tunnels(capture, &mut all);
    for (port, packets) in &capture.completeness.coverage.refused {
        let text = refused_in_words(*port, *packets);
        all.push(Unseen { kind: UnseenKind::Refused, text, remedy: None });
    }
    loopback(capture, &mut all);
    not_checked(capture, &mut all);
    all
}

/// `2 connections of node to 203.0.113.7:443 did not come through (sampled)`.
pub fn direct_in_words(direct: &Direct) -> String {
    let what = match (direct.transport, direct.opened) {
        (Transport::Tcp, true) => "connection",
        (Transport::Tcp, false) => "attempted connection",
        (Transport::Quic, _) => "QUIC connection",
    };
    let plural = if direct.connections == 1 { "" } else { "s" };
    let of = direct.program.as_deref().map(|program| format!(" of {program}")).unwrap_or_default();
    format!("{} {what}{plural}{of} to {} did not come through (sampled)", direct.connections, direct.remote)
}

/// What became of datagrams to a port, in a transparent run.
pub fn refused_in_words(port: u16, packets: u32) -> String {
    let packets = format!("{packets} UDP packet{}", if packets == 1 { "" } else { "s" });
    match port {
        443 => format!(
            "{packets} to port 443 (QUIC, HTTP/3) refused: the client falls back to TCP, which is recorded"
        ),
        53 => format!(
            "{packets} to a name server of the command's own choice refused: names are answered by the one of /etc/resolv.conf"
        ),
        _ => format!("{packets} to port {port} refused: only TCP is let through"),
    }
}

/// A container's own loopback address is not recorded; where nothing else came, the API may be there.
fn loopback(capture: &Capture, all: &mut Vec<Unseen>) {
    let number = capture.completeness.coverage.loopback;
    if number == 0 || !capture.exchanges.is_empty() {
        return;
    }
    let (plural, verb) = if number == 1 { ("", "was") } else { ("s", "were") };
    all.push(Unseen {
        kind: UnseenKind::Loopback,
        text: format!(
            "{number} connection{plural} to the container's own loopback address {verb} left there (sampled)"
        ),
        remedy: Some(
            "where the API is there, call it by the container's host name in place of localhost".to_owned(),
        ),
    });
}

/// A firewall between a container and this machine leaves nothing else behind.
fn not_checked(capture: &Capture, all: &mut Vec<Unseen>) {
    let nothing = capture.exchanges.is_empty() && capture.connections.is_empty();
    if nothing && capture.completeness.coverage.reached == Some(Reached::Outside) {
        let text = "nothing came, and it was not checked from inside the container's network whether the proxy answers there";
        let remedy = "look for a firewall of this machine between the container and the proxy";
        all.push(Unseen {
            kind: UnseenKind::NotChecked,
            text: text.to_owned(),
            remedy: Some(remedy.to_owned()),
        });
    }
}

/// What was foreseen is worth a word where nothing came.
fn foreseen(capture: &Capture, all: &mut Vec<Unseen>) {
    if !capture.exchanges.is_empty() {
        return;
    }
    for gap in capture.completeness.coverage.foreseen.iter().filter(|gap| gap.certain) {
        let text = gap_in_words(gap);
        all.push(Unseen { kind: UnseenKind::Foreseen, text, remedy: Some(gap_remedy(gap)) });
    }
}

fn called(capture: &Capture, all: &mut Vec<Unseen>) {
    let mut hosts: BTreeMap<&str, u16> = BTreeMap::new();
    for clue in &capture.clues {
        if let ClueKind::Called { host: Some(host), status: Some(status), .. } = &clue.kind
            && !came_through(capture, host)
        {
            hosts.entry(host).or_insert(*status);
        }
    }
    for (host, status) in hosts {
        let text = format!(
            "the output tells of a call to {host} (status {status}), and nothing to there came through"
        );
        all.push(Unseen { kind: UnseenKind::Called, text, remedy: None });
    }
}

/// True where a request or at least a connection to this host came, or was passed through as asked.
pub(super) fn came_through(capture: &Capture, host: &str) -> bool {
    capture.exchanges.iter().any(|exchange| exchange.request.target.host == host)
        || capture.connections.iter().any(|known| known.authority.as_deref().map(host_of) == Some(host))
        || capture.completeness.ignored.contains_key(host)
}

fn tunnels(capture: &Capture, all: &mut Vec<Unseen>) {
    let mut idle: BTreeMap<&str, u32> = BTreeMap::new();
    for connection in &capture.connections {
        let silent = match &connection.kind {
            ConnectionKind::Unused => connection.failure.is_none(),
            ConnectionKind::Tls { handshake, .. } => *handshake == Handshake::Completed,
            ConnectionKind::Plain | ConnectionKind::Tunnel { .. } => false,
        };
        // A connection more than a client needs is nothing to tell.
        let used = |authority: &str| {
            capture.exchanges.iter().any(|exchange| exchange.request.target.host == host_of(authority))
        };
        if let Some(authority) = connection.authority.as_deref().filter(|_| silent)
            && !used(authority)
        {
            *idle.entry(authority).or_default() += 1;
        }
    }
    for (authority, number) in idle {
        let plural = if number == 1 { "" } else { "s" };
        let text = format!("{number} connection{plural} to {authority} came through and carried no request");
        all.push(Unseen { kind: UnseenKind::Tunnel, text, remedy: None });
    }
}
