//! Where the proxy listens, as clients are told.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use anyhow::Context as _;

use crate::launch::Environment;
use crate::launch::container::{Container, Residents};
use crate::model::Side;
use crate::proxy::{Admission, Answer, Credential, SharedSurroundings, Surroundings};

/// Who may use a listener: whoever reaches it on loopback; else who has a random password, or lives in the surroundings.
pub(super) fn admission(
    addr: SocketAddr,
    surroundings: Option<SharedSurroundings>,
) -> anyhow::Result<Admission> {
    if addr.ip().to_canonical().is_loopback() {
        return Ok(Admission::Anyone);
    }
    let credential = password()?;
    Ok(match surroundings {
        Some(surroundings) => Admission::CredentialOrAddress(credential, surroundings),
        None => Admission::Credential(credential),
    })
}

/// Variables and their values, for a file or a page.
pub(super) fn as_text(environment: &Environment) -> Vec<(String, String)> {
    let pairs = environment.pairs().into_iter();
    pairs.map(|(name, value)| (name, value.to_string_lossy().into_owned())).collect()
}

/// A container's network, as the proxy may ask for it.
pub(super) fn surroundings(container: &Container) -> SharedSurroundings {
    SharedSurroundings(Arc::new(Network(container.residents())))
}

struct Network(Residents);

impl Surroundings for Network {
    fn admits(&self, peer: IpAddr) -> Answer<'_, bool> {
        Box::pin(self.0.admits(peer))
    }

    fn addresses<'a>(&'a self, name: &'a str) -> Answer<'a, Vec<IpAddr>> {
        Box::pin(self.0.addresses(name))
    }

    fn is_deserted(&self, address: IpAddr) -> bool {
        self.0.is_deserted(address)
    }
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

/// A random password of this run.
pub(super) fn password() -> anyhow::Result<Credential> {
    Credential::random().context("cannot draw a random password")
}
