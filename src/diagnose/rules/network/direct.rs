//! Connections past the proxy that may be the calls that are missing from a capture.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::diagnose::Case;
use crate::model::{Capture, Direct, Side};

use super::super::setup::names_a_cause;

/// Ports that are registered for other protocols than HTTP (IANA's registry): mail, directories, databases, queues, time.
const OTHER_PROTOCOLS: [u16; 24] = [
    21, 22, 25, 53, 88, 123, 389, 465, 587, 636, 853, 993, 995, 1433, 1521, 2049, 3306, 5432, 5671, 5672,
    6379, 9092, 11211, 27017,
];

/// Connections past the proxy that a side made in place of calls that are missing.
pub(super) struct Bypass<'a> {
    /// The connections.
    pub(super) connections: Vec<&'a Direct>,
    /// They lead to the address that the other side called.
    pub(super) same_address: bool,
}

/// The connections of a side that lead where the other side's requests went, or, where nothing else is known of the side, anywhere that an API
/// may be. `None` where there are none.
pub(super) fn bypass<'a>(case: &Case<'a>, side: Side) -> Option<Bypass<'a>> {
    let capture = case.capture(side);
    if capture.completeness.coverage.direct.is_empty() {
        return None;
    }
    let (own, others) = (addresses(capture), addresses(case.capture(side.other())));
    let missed = |direct: &&Direct| {
        direct.remote.parse().is_ok_and(|remote| others.contains(&remote) && !own.contains(&remote))
    };
    let connections: Vec<&Direct> = capture.completeness.coverage.direct.iter().filter(missed).collect();
    if !connections.is_empty() {
        return Some(Bypass { connections, same_address: true });
    }
    let silent = capture.exchanges.is_empty()
        && capture.connections.is_empty()
        && capture.completeness.ignored.is_empty()
        && !case.clues(side).any(|clue| names_a_cause(&clue.kind));
    let likely = |direct: &&Direct| {
        direct.opened && direct.port().is_some_and(|port| !OTHER_PROTOCOLS.contains(&port))
    };
    let connections: Vec<&Direct> =
        capture.completeness.coverage.direct.iter().filter(|direct| silent && likely(direct)).collect();
    (!connections.is_empty()).then_some(Bypass { connections, same_address: false })
}

/// True for a side that called the API past the proxy: whatever it lacks in its capture, it did start.
pub(in crate::diagnose::rules) fn went_past(case: &Case<'_>, side: Side) -> bool {
    bypass(case, side).is_some()
}

/// The addresses that a side's requests went to, as far as they are known.
fn addresses(capture: &Capture) -> BTreeSet<SocketAddr> {
    let dialled =
        capture.connections.iter().filter_map(|connection| connection.upstream.as_deref()?.parse().ok());
    let named = capture.exchanges.iter().flat_map(|exchange| {
        let target = &exchange.request.target;
        let hosts = match target.host.trim_matches(['[', ']']) {
            "localhost" => vec![IpAddr::from(Ipv4Addr::LOCALHOST), Ipv6Addr::LOCALHOST.into()],
            host => host.parse().into_iter().collect(),
        };
        hosts.into_iter().map(|host| SocketAddr::new(host, target.port))
    });
    dialled.chain(named).collect()
}
