//! Where a command runs, and what that asks of the proxy and of the command: the one seam for all places.
//!
//! A recording asks the place for an address to listen on, binds it, and has the place set the stage: what is really
//! started, with which variables. Checks before the start and after the end ask the place too.

use std::ffi::OsString;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::Path;

use super::container::{Container, ContainerError};
use super::{Command, Environment, Loopback, Trust, Way, environment, environment_without_proxy};

/// Where a command runs.
#[derive(Debug)]
pub enum Place {
    /// On this machine, as a child of samewire.
    Host,
    /// In a container that an engine's client starts.
    Container(Box<Container>),
    /// On this machine, in a network of its own whose only way out is samewire: no variable leads there.
    OwnNetwork,
}

/// What is started to run a command under the proxy.
#[derive(Debug)]
pub struct Staged {
    /// The command as it is started.
    pub command: Command,
    /// Variables of the process that is started.
    pub environment: Environment,
    /// What the user should know before it runs, a line each.
    pub notes: Vec<String>,
}

impl Place {
    /// Finds out where a command runs that is started in `folder`. Asks the container engine where there is one.
    pub async fn of(
        command: &Command,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, ContainerError> {
        let container = Container::of(command, folder, inherited).await?;
        Ok(container.map_or(Self::Host, |container| Self::Container(Box::new(container))))
    }

    /// The same command in a network of its own, on this machine or in a container.
    pub fn in_own_network(self) -> Result<Self, ContainerError> {
        match self {
            Self::Host | Self::OwnNetwork => Ok(Self::OwnNetwork),
            Self::Container(container) => Ok(Self::Container(Box::new(container.in_own_network()?))),
        }
    }

    /// The container, where it is one.
    pub fn container(&self) -> Option<&Container> {
        match self {
            Self::Host | Self::OwnNetwork => None,
            Self::Container(container) => Some(container),
        }
    }

    /// The address for the proxy to listen on: the one that the user asked for, or one that clients at this place reach.
    pub fn listen(&self, asked: Option<SocketAddr>) -> Result<SocketAddr, ContainerError> {
        match self {
            Self::Host | Self::OwnNetwork => Ok(asked.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())),
            Self::Container(container) => container.listen(asked),
        }
    }

    /// The proxy's host and port as clients at this place reach it, where it listens on `bound`.
    pub fn reached_at(&self, bound: SocketAddr) -> String {
        if let Self::Container(container) = self {
            return container.reached_at(bound);
        }
        let mut address = bound;
        // Who listens everywhere is reached on the loopback address.
        if address.ip().is_unspecified() {
            let loopback =
                if address.is_ipv4() { Ipv4Addr::LOCALHOST.into() } else { Ipv6Addr::LOCALHOST.into() };
            address.set_ip(loopback);
        }
        address.to_string()
    }

    /// Sets the stage: the command as it is started, for a proxy at `proxy` (its URL as seen from this place).
    pub fn stage(
        &self,
        command: &Command,
        proxy: &str,
        trust: &Trust,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Staged, ContainerError> {
        match self {
            Self::Host => Ok(Staged {
                command: command.clone(),
                environment: environment(
                    &Way { proxy, loopback: Loopback::Shared },
                    trust.files(),
                    inherited,
                ),
                notes: Vec::new(),
            }),
            Self::OwnNetwork => Ok(Staged {
                command: command.clone(),
                environment: environment_without_proxy(trust.files(), inherited),
                notes: Vec::new(),
            }),
            // The variables are the container's: the engine's client must not go through the proxy.
            Self::Container(container) => {
                let (command, notes) = container.staged(proxy, trust)?;
                Ok(Staged { command, environment: Environment::default(), notes })
            }
        }
    }
}
