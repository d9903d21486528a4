//! Where the proxy listens, as clients are told.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::model::Side;
use crate::proxy::{Admission, Credential};

/// Who may use a listener: a random password for an address that others can reach, none for loopback.
pub(super) fn admission(addr: SocketAddr) -> anyhow::Result<Admission> {
    if addr.ip().to_canonical().is_loopback() {
        return Ok(Admission::Anyone);
    }
    Ok(Admission::Credential(password()?))
}

/// A random password.
pub(super) fn password() -> anyhow::Result<Credential> {
    Credential::random().context("cannot draw a random password")
}

/// The proxy URL for a side's clients, who reach it at `host_and_port`.
pub(super) fn url(side: Side, host_and_port: &str, credential: Option<&Credential>) -> String {
    match credential {
        Some(credential) => format!("http://{side}:{}@{host_and_port}", credential.expose()),
        None => format!("http://{host_and_port}"),
    }
}

/// The base URL for clients that reach it at `host_and_port`, in reverse mode.
pub(super) fn base_url(host_and_port: &str, credential: Option<&Credential>) -> String {
    match credential {
        Some(credential) => format!("http://{host_and_port}/{}", credential.expose()),
        None => format!("http://{host_and_port}"),
    }
}
