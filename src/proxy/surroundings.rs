//! What only the place where the clients run can tell: who lives there, and which names are known there.

use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// An answer that may take a moment.
pub type Answer<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The place where the clients run, when it is not this machine itself: a container's network.
///
/// It is asked when somebody knocks or a name is wanted, never in between: nothing is polled.
pub trait Surroundings: Send + Sync {
    /// Whether the address belongs to a client of this run, which may come without a credential.
    fn admits(&self, peer: IpAddr) -> Answer<'_, bool>;

    /// The addresses that a name has for those clients; empty where this machine's own resolver decides.
    fn addresses<'a>(&'a self, name: &'a str) -> Answer<'a, Vec<IpAddr>>;

    /// Whether an address is those clients' own, and nobody answers there: connections to it were tried where they are, before the
    /// proxy was asked. This machine's own address of that kind is another one.
    fn is_deserted(&self, _address: IpAddr) -> bool {
        false
    }
}

/// Surroundings that connections share.
#[derive(Clone)]
pub struct SharedSurroundings(pub Arc<dyn Surroundings>);

impl fmt::Debug for SharedSurroundings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Surroundings")
    }
}
