//! Which version of HTTP a TLS connection carries: what a client offers, and what origins chose before.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Origins that are remembered. A run that meets more asks some of them again.
const KEPT: usize = 4096;

/// A protocol that ALPN can agree on (RFC 7301).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proxy) enum Protocol {
    Http11,
    Http2,
}

impl Protocol {
    /// Its name in the registry.
    pub(in crate::proxy) fn id(self) -> &'static [u8] {
        match self {
            Self::Http11 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }

    pub(in crate::proxy) fn of(id: &[u8]) -> Option<Self> {
        [Self::Http11, Self::Http2].into_iter().find(|protocol| protocol.id() == id)
    }

    /// What of a client's offer samewire speaks, in the client's order.
    pub(in crate::proxy) fn offered(alpn: &[Vec<u8>], http1_only: bool) -> Vec<Self> {
        let known = alpn.iter().filter_map(|id| Self::of(id));
        known.filter(|protocol| !http1_only || *protocol == Self::Http11).collect()
    }
}

/// What origins have chosen, by `host:port` and server name.
#[derive(Default)]
pub(in crate::proxy) struct Agreed(Mutex<HashMap<(String, String), Protocol>>);

impl Agreed {
    /// What this origin chose last.
    pub(in crate::proxy) fn of(&self, authority: &str, name: &str) -> Option<Protocol> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(authority.to_owned(), name.to_owned())).copied()
    }

    /// Remembers a choice.
    pub(in crate::proxy) fn note(&self, authority: &str, name: &str, protocol: Protocol) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= KEPT {
            all.clear();
        }
        all.insert((authority.to_owned(), name.to_owned()), protocol);
    }
}
