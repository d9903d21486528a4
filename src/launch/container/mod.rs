//! Commands that run in a container: what is added to the engine's command line so that they come to the proxy.
//!
//! Nothing runs unproxied: a line that is not understood to the last flag is refused before anything is started.

mod apart;
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

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
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
use image::Image;
use line::{Call, What};
use network::Network;
use residents::Which;
use run::RunLine;

use super::environment::{self, Environment, Way};
use super::trust::Files;
use super::{Command, Trust};

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
    line: Line,
    network: Network,
    image: Option<Image>,
    /// What the line sets, in order, names and values.
    variables: Vec<(String, OsString)>,
    inside: Inside,
    which: Which,
    /// Where the engine's client writes the container's id; absent for Compose.
    cidfile: Option<PathBuf>,
    /// Names of the container's own hosts file.
    hosts: Vec<(String, IpAddr)>,
    /// A network of its own, whose only way out is samewire.
    apart: Option<Apart>,
    /// Holds the file with the container's id, or the file for Compose, until the run is over.
    private: TempDir,
}

/// What the engine is told.
#[derive(Debug)]
enum Line {
    Run(RunLine),
    Compose(Compose),
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
        match call.what {
            What::Run => Self::of_run(call, folder, inherited, private).await,
            What::Compose => Self::of_compose(call, folder, inherited, private).await,
        }
    }

    async fn of_run(
        call: Call,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
        private: TempDir,
    ) -> Result<Option<Self>, ContainerError> {
        let Some(run) = RunLine::read(call.rest.clone(), call.dialect)? else { return Ok(None) };
        let variables = run.environment(folder, inherited)?;
        let engine = Engine::of(&call).await?;
        let networks = run.networks();
        let network = Network::find(&engine, &networks).await?;
        let may_pull = run.flags.value("pull").is_none_or(|when| when != "never");
        let mut image = Image::find(&engine, run.image(), run.flags.value("platform"), may_pull).await?;
        if let Some(image) = &mut image {
            if let Some(user) = run.flags.value("user") {
                image.raw.user = user.to_string_lossy().into_owned();
            }
            if let Some(entrypoint) = run.flags.value("entrypoint") {
                image.raw.entrypoint = vec![entrypoint.clone()];
            }
        }
        let own = || private.path().join("id");
        let cidfile = run.flags.value("cidfile").map_or_else(own, |path| folder.join(path));
        let which = match networks.first().and_then(|network| network.strip_prefix("container:")) {
            Some(other) => Which::Named(other.to_owned()),
            None => Which::Cidfile(cidfile.clone()),
        };
        let words = run.arguments();
        let of_image = || image.as_ref().map(|image| image.command.clone()).unwrap_or_default();
        let workdir = run.flags.value("workdir").map(PathBuf::from);
        let inside = Inside {
            words: if words.is_empty() { of_image() } else { words.to_vec() },
            workdir: workdir.unwrap_or_else(|| workdir_of(image.as_ref())),
            mounts: run.mounts(folder),
        };
        let hosts = run.hosts(Some(network.reach.address));
        let (line, cidfile) = (Line::Run(run), Some(cidfile));
        Ok(Some(Self {
            call,
            engine,
            line,
            network,
            image,
            variables,
            inside,
            which,
            cidfile,
            hosts,
            apart: None,
            private,
        }))
    }

    async fn of_compose(
        call: Call,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
        private: TempDir,
    ) -> Result<Option<Self>, ContainerError> {
        let engine = Engine::of(&call).await?;
        let Some(compose) = Compose::read(&call, &engine, folder, inherited).await? else { return Ok(None) };
        // The project's own networks are made by Compose; the default bridge's gateway is reached from them, too.
        let network = Network::find(&engine, &[]).await?;
        let image = match compose.image() {
            Some(image) => Image::find(&engine, &image, None, true).await?,
            None => None,
        };
        let run = private.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let inside = compose.inside(folder, &workdir_of(image.as_ref()));
        let (variables, which) = (compose.variables(), Which::Label(format!("{}={run}", compose::LABEL)));
        let line = Line::Compose(compose);
        let (hosts, cidfile) = (Vec::new(), None);
        Ok(Some(Self {
            call,
            engine,
            line,
            network,
            image,
            variables,
            inside,
            which,
            cidfile,
            hosts,
            apart: None,
            private,
        }))
    }

    /// The engine's command line language.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect
    }

    /// The image, where the engine knows it. Of Compose, that of the service that the line is about.
    pub fn image(&self) -> Option<&RawImage> {
        self.image.as_ref().map(|image| &image.raw)
    }

    /// The network, as it is named.
    pub fn network(&self) -> &str {
        &self.network.name
    }

    /// The command inside, and where it finds files of this machine.
    pub fn inside(&self) -> &Inside {
        &self.inside
    }

    /// The variables that the container has by its image and its line, the later winning.
    pub fn variables(&self) -> Vec<(String, String)> {
        let image = self.image.iter().flat_map(|image| image.environment.clone());
        let line = self
            .variables
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.to_str()?.to_owned())));
        let all: BTreeMap<_, _> = image.chain(line).collect();
        all.into_iter().collect()
    }

    /// Who lives on the container's network.
    pub fn residents(&self) -> Residents {
        let network = self.network.has_names.then(|| self.network.name.clone());
        let hosts = self.apart.as_ref().map_or(&self.hosts, |apart| &apart.known);
        Residents::new(self.engine.clone(), self.which.clone(), network, hosts.clone(), self.apart.is_some())
    }

    /// What the container starts: the words of its entry point and its command.
    pub fn started(&self) -> Vec<OsString> {
        let entrypoint = self.image().map(|image| image.entrypoint.as_slice()).unwrap_or_default();
        entrypoint.iter().chain(&self.inside.words).cloned().collect()
    }

    /// The number that the container's first process has on this machine, once it runs. `None` where the engine runs it on another
    /// machine, where it is over, and where the line does not lead to one container of its own (Compose, another container's network).
    pub async fn process(&self) -> Option<u32> {
        let Which::Cidfile(cidfile) = &self.which else { return None };
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
        self.network.reach.by_own_address
    }

    /// Where the proxy must listen.
    pub fn listen(&self, asked: Option<SocketAddr>) -> Result<SocketAddr, ContainerError> {
        let reach = &self.network.reach;
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
        let reach = &self.network.reach;
        match reach.alias {
            Some(alias) => format!("{alias}:{}", bound.port()),
            None if bound.ip().is_unspecified() => SocketAddr::new(reach.address, bound.port()).to_string(),
            None => bound.to_string(),
        }
    }

    /// The engine's command line with what leads the container to the proxy, and what the user should know.
    pub fn staged(&self, proxy: &str, trust: &Trust) -> Result<(Command, Vec<String>), ContainerError> {
        let folder = self.free_folder();
        let files = Files::in_folder(&folder);
        let way = Way { proxy, loopback: self.network.loopback() };
        let had = |name: &str| self.variable(name);
        let environment = match self.apart {
            Some(_) => environment::environment_without_proxy(&files, had),
            None => environment::environment(&way, &files, had),
        };
        trust.share().map_err(|source| ContainerError::Prepare { what: "the certificates", source })?;
        let label = if self.engine.selinux { ",z" } else { "" };
        let mount = format!("{}:{}:ro{label}", trust.files().folder().display(), folder.display());
        let words = match &self.line {
            Line::Run(run) => {
                let own = self.private.path();
                let (run, mut flags) = match &self.apart {
                    Some(apart) => apart.line(run, &self.engine, own)?,
                    None => (run.clone(), Vec::new()),
                };
                if let (Some(path), None) = (&self.cidfile, run.flags.value("cidfile")) {
                    flags.extend(["--cidfile".into(), path.into()]);
                }
                flags.extend(["--volume".into(), mount.into()]);
                flags.extend(as_flags(&environment));
                run.with(flags)
            }
            Line::Compose(compose) => {
                let run = self.private.path().file_name().unwrap_or_default().to_string_lossy();
                compose.staged(&self.private.path().join("samewire.yml"), &mount, &run, |has| {
                    let had =
                        |name: &str| has.get(name).map(OsString::from).or_else(|| self.image_variable(name));
                    environment::environment(&way, &files, had).pairs()
                })?
            }
        };
        let command = Command::new(self.call.with(words)).ok_or(ContainerError::NoImage)?;
        Ok((command, self.notes(&environment)))
    }

    /// A variable that the container would have: of the line, else of the image.
    fn variable(&self, name: &str) -> Option<OsString> {
        let line =
            self.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        line.or_else(|| self.image_variable(name))
    }

    fn image_variable(&self, name: &str) -> Option<OsString> {
        let of_image = self.image.iter().flat_map(|image| image.environment.iter().rev());
        let mut of_image = of_image.filter(|(known, _)| known == name);
        of_image.next().map(|(_, value)| value.into())
    }

    fn notes(&self, environment: &Environment) -> Vec<String> {
        let was_set = |name: &str| self.variable(name).is_some_and(|value| !value.is_empty());
        let replaced = environment.set.iter().map(|(name, _)| name.as_str());
        let replaced: Vec<_> = replaced
            .chain(environment.cleared.iter().map(String::as_str))
            .filter(|name| *name != environment::JVM && was_set(name))
            .collect();
        let mut notes = Vec::new();
        if self.is_apart() && environment.cleared.iter().any(|name| was_set(name)) {
            notes.push(
                "the proxy that the command line, its env file or the image names is not used: where the API is reached by it alone, give it to \
                 samewire with --upstream-proxy"
                    .to_owned(),
            );
        }
        if !replaced.is_empty() {
            notes.push(format!(
                "{} of the command line, its env file or the image do not hold for this run: samewire's own stand in their place",
                replaced.join(", ")
            ));
        }
        if environment::certificate_files().any(was_set) {
            notes.push(
                "certificates that only a file in the image has are not trusted in this run: where the API's own certificate needs \
                 one of them, give it to samewire with --upstream-ca"
                    .to_owned(),
            );
        }
        if let Line::Compose(compose) = &self.line
            && !compose.cut_off().is_empty()
        {
            notes.push(format!("nothing is captured of {}: it has no network", compose.cut_off().join(", ")));
        }
        if self.image.is_none() && matches!(self.line, Line::Run(_)) {
            notes.push("the engine does not know the image: what it sets by itself is not seen".to_owned());
        }
        if !self.is_apart() && !self.is_known_by_address() && !self.network.reach.address.is_loopback() {
            notes.push(
                "this engine runs without root and hides the container's address: clients that send no password to a proxy, as a JVM, \
                 are turned away"
                    .to_owned(),
            );
        }
        notes
    }

    /// A folder inside on which nothing is mounted and to which the image does not point.
    fn free_folder(&self) -> PathBuf {
        let mut taken = match &self.line {
            Line::Run(run) => run.mounted_on(),
            Line::Compose(compose) => compose.mounted_on(),
        };
        if let Some(image) = &self.image {
            taken.extend(image.volumes.iter().cloned());
            taken.push(image.workdir.clone());
            taken.extend(image.raw.entrypoint.iter().map(PathBuf::from));
        }
        let free = |folder: &PathBuf| {
            !taken
                .iter()
                .any(|path| path.starts_with(folder) || (path != Path::new("/") && folder.starts_with(path)))
        };
        let numbered = (1..).map(|number| PathBuf::from(format!("{FOLDER}-{number}")));
        std::iter::once(PathBuf::from(FOLDER)).chain(numbered).find(free).unwrap_or_else(|| FOLDER.into())
    }
}

fn workdir_of(image: Option<&Image>) -> PathBuf {
    image.map_or_else(|| PathBuf::from("/"), |image| image.workdir.clone())
}

/// `--env NAME=VALUE` for each variable.
fn as_flags(environment: &Environment) -> impl Iterator<Item = OsString> {
    environment.pairs().into_iter().flat_map(|(name, value)| {
        let mut pair = OsString::from(format!("{name}="));
        pair.push(value);
        ["--env".into(), pair]
    })
}
