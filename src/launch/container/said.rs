//! What a command line says of the container that it starts, and what the engine knows of that.

use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use crate::connector::{BuiltIn, Inside};

use super::ContainerError;
use super::built_in;
use super::compose::{self, Compose};
use super::engine::Engine;
use super::image::Image;
use super::network::Network;
use super::residents::Which;
use super::run::RunLine;

#[derive(Debug)]
pub(super) struct Said {
    pub(super) line: Line,
    pub(super) network: Network,
    pub(super) image: Option<Image>,
    /// What the line sets, in order, names and values.
    pub(super) variables: Vec<(String, OsString)>,
    pub(super) inside: Inside,
    pub(super) which: Which,
    /// Where the engine's client writes the container's id; absent for Compose.
    pub(super) cidfile: Option<PathBuf>,
    /// Names of the container's own hosts file.
    pub(super) hosts: Vec<(String, IpAddr)>,
}

/// What the engine is told.
#[derive(Debug)]
pub(super) enum Line {
    Run(RunLine),
    Compose(Compose),
}

impl Said {
    /// By an engine's `run`, in `folder`; `private` is for a file with the container's id.
    pub(super) async fn by_run(
        run: RunLine,
        variables: Vec<(String, OsString)>,
        engine: &Engine,
        folder: &Path,
        private: &Path,
    ) -> Result<Self, ContainerError> {
        let networks = run.networks();
        let network = Network::find(engine, &networks).await?;
        let may_pull = run.flags.value("pull").is_none_or(|when| when != "never");
        let mut image = Image::find(engine, run.image(), run.flags.value("platform"), may_pull).await?;
        if let Some(image) = &mut image {
            if let Some(user) = run.flags.value("user") {
                image.raw.user = user.to_string_lossy().into_owned();
            }
            if let Some(entrypoint) = run.flags.value("entrypoint") {
                image.raw.entrypoint = vec![entrypoint.clone()];
            }
        }
        let own = || private.join("id");
        let cidfile = run.flags.value("cidfile").map_or_else(own, |path| folder.join(path));
        let which = match networks.first().and_then(|network| network.strip_prefix("container:")) {
            Some(other) => Which::Named(other.to_owned()),
            None => Which::Cidfile(cidfile.clone()),
        };
        let words = run.arguments();
        let of_image = || image.as_ref().map(|image| image.command.clone()).unwrap_or_default();
        let workdir = run.flags.value("workdir").map(PathBuf::from);
        let mut inside = Inside {
            words: if words.is_empty() { of_image() } else { words.to_vec() },
            workdir: workdir.unwrap_or_else(|| workdir_of(image.as_ref())),
            mounts: run.mounts(folder),
            built_in: BuiltIn::default(),
        };
        if let Some(image) = &image {
            inside.built_in = built_in::read(engine, &run, image, &inside, private).await;
        }
        let hosts = run.hosts(Some(network.reach.address));
        let (line, cidfile) = (Line::Run(run), Some(cidfile));
        Ok(Self { line, network, image, variables, inside, which, cidfile, hosts })
    }

    /// By Compose, in `folder`; the name of `private` marks the containers of this run.
    pub(super) async fn by_compose(
        compose: Compose,
        engine: &Engine,
        folder: &Path,
        private: &Path,
    ) -> Result<Self, ContainerError> {
        // The project's own networks are made by Compose; the default bridge's gateway is reached from them, too.
        let network = Network::find(engine, &[]).await?;
        let image = match compose.image() {
            Some(image) => Image::find(engine, &image, None, true).await?,
            None => None,
        };
        let run = private.file_name().unwrap_or_default().to_string_lossy();
        Ok(Self {
            network,
            variables: compose.variables(),
            inside: compose.inside(folder, &workdir_of(image.as_ref())),
            which: Which::Label(format!("{}={run}", compose::LABEL)),
            cidfile: None,
            hosts: Vec::new(),
            line: Line::Compose(compose),
            image,
        })
    }
}

fn workdir_of(image: Option<&Image>) -> PathBuf {
    image.map_or_else(|| PathBuf::from("/"), |image| image.workdir.clone())
}
