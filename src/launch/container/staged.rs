//! The command line that is run in the place of the user's.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::said::Line;
use super::{Container, ContainerError, FOLDER};
use crate::launch::environment::{self, Environment, Way};
use crate::launch::trust::Files;
use crate::launch::{Command, Trust};

impl Container {
    /// The engine's command line with what leads the container to the proxy, and what the user should know.
    pub fn staged(&self, proxy: &str, trust: &Trust) -> Result<(Command, Vec<String>), ContainerError> {
        let folder = self.free_folder();
        let files = Files::in_folder(&folder);
        let way = Way { proxy, loopback: self.said.network.loopback() };
        let had = |name: &str| self.variable(name);
        let environment = match self.apart {
            Some(_) => environment::environment_without_proxy(&files, had),
            None => environment::environment(&way, &files, had),
        };
        trust.share().map_err(|source| ContainerError::Prepare { what: "the certificates", source })?;
        let label = if self.engine.selinux { ",z" } else { "" };
        let mount = format!("{}:{}:ro{label}", trust.files().folder().display(), folder.display());
        let words = match &self.said.line {
            Line::Run(run) => {
                let own = self.private.path();
                let (run, mut flags) = match &self.apart {
                    Some(apart) => apart.line(run, &self.engine, own)?,
                    None => (run.clone(), Vec::new()),
                };
                if let (Some(path), None) = (&self.said.cidfile, run.flags.value("cidfile")) {
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
            self.said.variables.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        line.or_else(|| self.image_variable(name))
    }

    fn image_variable(&self, name: &str) -> Option<OsString> {
        let of_image = self.said.image.iter().flat_map(|image| image.environment.iter().rev());
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
        if let Line::Compose(compose) = &self.said.line
            && !compose.cut_off().is_empty()
        {
            notes.push(format!("nothing is captured of {}: it has no network", compose.cut_off().join(", ")));
        }
        if self.said.image.is_none() && matches!(self.said.line, Line::Run(_)) {
            notes.push("the engine does not know the image: what it sets by itself is not seen".to_owned());
        }
        if !self.is_apart() && !self.is_known_by_address() && !self.said.network.reach.address.is_loopback() {
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
        let mut taken = match &self.said.line {
            Line::Run(run) => run.mounted_on(),
            Line::Compose(compose) => compose.mounted_on(),
        };
        if let Some(image) = &self.said.image {
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

/// `--env NAME=VALUE` for each variable.
fn as_flags(environment: &Environment) -> impl Iterator<Item = OsString> {
    environment.pairs().into_iter().flat_map(|(name, value)| {
        let mut pair = OsString::from(format!("{name}="));
        pair.push(value);
        ["--env".into(), pair]
    })
}
