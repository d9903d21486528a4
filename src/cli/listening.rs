//! Where the proxy listens, as clients are told.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::Context as _;

use crate::model::Side;
use crate::proxy::Credential;

/// A random password for an address that others can reach, none for loopback.
pub(super) fn credential(addr: SocketAddr) -> anyhow::Result<Option<Credential>> {
    if addr.ip().to_canonical().is_loopback() {
        return Ok(None);
    }
    Credential::random().map(Some).context("cannot draw a random password")
}

/// The proxy URL for a side's clients on this machine.
pub(super) fn url(side: Side, address: SocketAddr, credential: Option<&Credential>) -> String {
    let address = reached(address);
    match credential {
        Some(credential) => format!("http://{side}:{}@{address}", credential.expose()),
        None => format!("http://{address}"),
    }
}

/// The base URL for clients on this machine, in reverse mode.
pub(super) fn base_url(address: SocketAddr, credential: Option<&Credential>) -> String {
    let address = reached(address);
    match credential {
        Some(credential) => format!("http://{address}/{}", credential.expose()),
        None => format!("http://{address}"),
    }
}

/// Who listens everywhere is reached on the loopback address.
fn reached(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
        address.set_ip(loopback);
    }
    address
}
