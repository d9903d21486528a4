//! Container engines' command lines, and where they differ.

use std::ffi::OsStr;
use std::path::Path;

/// Whose command line it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Docker's.
    Docker,
    /// podman's.
    Podman,
    /// nerdctl's (containerd).
    Nerdctl,
}

impl Dialect {
    /// The dialect of a program, by the name of its file.
    pub(super) fn of(program: &OsStr) -> Option<Self> {
        match Path::new(program).file_name()?.to_str()? {
            "docker" => Some(Self::Docker),
            "podman" => Some(Self::Podman),
            "nerdctl" => Some(Self::Nerdctl),
            _ => None,
        }
    }

    /// The program, as advice names it.
    pub(super) fn program(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
            Self::Nerdctl => "nerdctl",
        }
    }

    /// The network of a container that names none. podman-network(1); nerdctl's command reference.
    pub(super) fn default_network(self) -> &'static str {
        match self {
            Self::Docker | Self::Nerdctl => "bridge",
            Self::Podman => "podman",
        }
    }

    /// The arguments that make the engine tell about itself in JSON.
    pub(super) fn info(self) -> &'static [&'static str] {
        match self {
            Self::Docker | Self::Nerdctl => &["info", "--format", "{{json .}}"],
            Self::Podman => &["info", "--format", "json"],
        }
    }
}
