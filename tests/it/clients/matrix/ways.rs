//! The ways by which a client's requests come to samewire, and what can become of a call.

use super::super::api::HOST;
use super::super::bench::Bench;
use super::super::engine::bridge;
use super::super::transparent;
use super::clients::{Client, Target};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// `record SIDE -- CLIENT`.
    Variables,
    /// `record SIDE -- docker run ... CLIENT`.
    Container,
    /// `record --transparent SIDE -- CLIENT`.
    Transparent,
    /// `record --transparent SIDE -- docker run ... CLIENT`.
    TransparentContainer,
}

pub(super) const WAYS: [Way; 4] =
    [Way::Variables, Way::Container, Way::Transparent, Way::TransparentContainer];

/// What is to become of a call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Expected {
    /// Recorded, with the facts of the reference.
    Captured,
    /// The client goes around samewire, and samewire says so; its remedy holds these words.
    Missed(&'static str),
    /// There is no such call, for this reason.
    NotApplicable(&'static str),
}

/// What became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Outcome {
    Captured,
    /// Not captured, and samewire says why: the rule.
    Reported(String),
    NotApplicable(&'static str),
    /// Not tried on this machine, for this reason.
    Skipped(String),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Scheme {
    Http,
    Https,
}

impl Way {
    /// The column's head.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Variables => "by variables",
            Self::Container => "in a container",
            Self::Transparent => "transparently",
            Self::TransparentContainer => "in a container, transparently",
        }
    }

    /// A bench whose API a client of this way could reach without samewire.
    pub(super) fn bench(self) -> Result<Bench, String> {
        match self {
            Self::Variables => Ok(Bench::new()),
            Self::Container => {
                let bridge = bridge().ok_or("no container engine")?;
                Ok(Bench::with_api_on(bridge.parse().unwrap()))
            }
            Self::Transparent => {
                let bench = Bench::new();
                if transparent::is_allowed(&bench) {
                    Ok(bench)
                } else {
                    Err("no network namespaces".to_owned())
                }
            }
            Self::TransparentContainer => {
                bridge().map(|_| Bench::new()).ok_or("no container engine".to_owned())
            }
        }
    }

    pub(super) fn is_transparent(self) -> bool {
        matches!(self, Self::Transparent | Self::TransparentContainer)
    }

    /// Its place among the columns.
    pub(super) fn column(self) -> usize {
        WAYS.iter().position(|&way| way == self).unwrap()
    }
}

/// What the client asks for. A client that is to be missed must succeed without samewire: it gets the API's own address.
pub(super) fn url(bench: &Bench, client: &Client, way: Way, scheme: Scheme) -> String {
    let missed = matches!(client.expected[way.column()], Expected::Missed(_));
    match (scheme, missed || client.target == Target::Loopback) {
        (Scheme::Http, true) => format!("http://{}/v1/lots", bench.api.http),
        (Scheme::Https, true) => format!("https://{}/v1/lots", bench.api.https),
        (Scheme::Http, false) => format!("http://{HOST}/v1/lots"),
        (Scheme::Https, false) => format!("https://{HOST}/v1/lots"),
    }
}
