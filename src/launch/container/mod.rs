//! Commands that run in a container: what is added to the engine's command line so that they come to the proxy.
//!
//! Nothing runs unproxied: a line that is not understood to the last flag is refused before anything is started.

mod apart;
mod built_in;
mod compose;
mod compose_flags;
mod dialect;
mod ended;
mod engine;
mod error;
mod flags;
#[cfg(target_os = "linux")]
mod holder;
mod image;
mod line;
mod network;
mod probe;
mod program;
mod residents;
mod run;
mod said;
mod staged;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::connector::Inside;
use crate::redact::RawImage;

pub use dialect::Dialect;
pub use error::ContainerError;
#[cfg(target_os = "linux")]
pub(super) use holder::Holder;
pub use probe::Tried;
pub use residents::Residents;

use apart::Apart;
use compose::Compose;
use engine::Engine;
use line::{Call, What};
use residents::Which;
use run::RunLine;
use said::Said;

use super::Command;

/// Where a container finds the certificates, unless something else is there.
pub const FOLDER: &str = "/samewire";

/// How soon it is looked again whether a container runs: an engine tells nobody by itself.
const LOOK_AGAIN: Duration = Duration::from_millis(30);

/// This machine's name in a container that somebody else starts.
pub const HOST_ALIAS: &str = "host.docker.internal";

/// A command that an engine's `run`, or Compose, runs in containers.
#[derive(Debug)]
pub struct Container {
    call: Call,
    engine: Engine,
    said: Said,
    /// A network of its own, whose only way out is samewire.
    apart: Option<Apart>,
    /// Holds the file with the container's id, or the file for Compose, until the run is over.
    private: TempDir,
}

impl Container {
    /// Reads a command line that is run in `folder`, and asks the engine about what it names. `None`: it runs no container.
    pub async fn of(
        command: &Command,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, ContainerError> {
        let Some(call) = Call::read(&command.words())? else { return Ok(None) };
        let private = tempfile::Builder::new().prefix("samewire-container-").tempdir();
        let private = private.map_err(|source| ContainerError::Prepare { what: "a folder", source })?;
        let engine;
        let said = match call.what {
            What::Run => {
                let Some(run) = RunLine::read(call.rest.clone(), call.dialect)? else { return Ok(None) };
                let variables = run.environment(folder, inherited)?;
                engine = Engine::of(&call).await?;
                Said::by_run(run, variables, &engine, folder, private.path()).await?
            }
            What::Compose => {
                engine = Engine::of(&call).await?;
                let compose = Compose::read(&call, &engine, folder, inherited).await?;
                let Some(compose) = compose else { return Ok(None) };
                Said::by_compose(compose, &engine, folder, private.path()).await?
            }
        };
        Ok(Some(Self { call, engine, said, apart: None, private }))
    }

    /// The engine's command line language.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect
    }

    /// The image, where the engine knows it. Of Compose, that of the service that the line is about.
    pub fn image(&self) -> Option<&RawImage> {
        self.said.image.as_ref().map(|image| &image.raw)
    }

    /// The network, as it is named.
    pub fn network(&self) -> &str {
        &self.said.network.name
    }

    /// The command inside, and where it finds files of this machine.
    pub fn inside(&self) -> &Inside {
        &self.said.inside
    }

    /// The variables that the container has by its image and its line, the later winning.
    pub fn variables(&self) -> Vec<(String, String)> {
        let image = self.said.image.iter().flat_map(|image| image.environment.clone());
        let line = self
            .said
            .variables
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.to_str()?.to_owned())));
        let all: BTreeMap<_, _> = image.chain(line).collect();
        all.into_iter().collect()
    }

    /// Who lives on the container's network.
    pub fn residents(&self) -> Residents {
        let network = self.said.network.has_names.then(|| self.said.network.name.clone());
        let hosts = self.apart.as_ref().map_or(&self.said.hosts, |apart| &apart.known);
        Residents::new(
            self.engine.clone(),
            self.said.which.clone(),
            network,
            hosts.clone(),
            self.apart.is_some(),
        )
    }

    /// What the container starts: the words of its entry point and its command.
    pub fn started(&self) -> Vec<OsString> {
        let entrypoint = self.image().map(|image| image.entrypoint.as_slice()).unwrap_or_default();
        entrypoint.iter().chain(&self.said.inside.words).cloned().collect()
    }

    /// The number that the container's first process has on this machine, once it runs. `None` where the engine runs it on another
    /// machine, where it is over, and where the line does not lead to one container of its own (Compose, another container's network).
    pub async fn process(&self) -> Option<u32> {
        let Which::Cidfile(cidfile) = &self.said.which else { return None };
        if self.engine.desktop {
            return None;
        }
        loop {
            let id = tokio::fs::read_to_string(cidfile).await.unwrap_or_default();
            if !id.trim().is_empty() {
                let found = self.engine.ask_json(&["container", "inspect", id.trim()]).await.ok()?;
                let state = &found[0]["State"];
                match state["Pid"].as_u64().and_then(|process| u32::try_from(process).ok()) {
                    Some(process) if process > 0 => return Some(process),
                    _ if state["Status"] == "exited" || state["Status"] == "dead" => return None,
                    _ => {}
                }
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Clients may be told by the address that they come from.
    pub fn is_known_by_address(&self) -> bool {
        self.said.network.reach.by_own_address
    }

    /// Where the proxy must listen.
    pub fn listen(&self, asked: Option<SocketAddr>) -> Result<SocketAddr, ContainerError> {
        let reach = &self.said.network.reach;
        match asked {
            // Only samewire itself comes to it.
            _ if self.is_apart() => Ok(asked.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into())),
            None => Ok((reach.address, 0).into()),
            Some(asked) if asked.ip().is_loopback() && !reach.address.is_loopback() => {
                Err(ContainerError::Listen(asked))
            }
            Some(asked) => Ok(asked),
        }
    }

    /// The proxy's host and port as the container reaches it, where it listens on `bound`.
    pub fn reached_at(&self, bound: SocketAddr) -> String {
        let reach = &self.said.network.reach;
        match reach.alias {
            Some(alias) => format!("{alias}:{}", bound.port()),
            None if bound.ip().is_unspecified() => SocketAddr::new(reach.address, bound.port()).to_string(),
            None => bound.to_string(),
        }
    }
}
