//! Compose: the project as Compose itself resolves it, and a generated file that is put after the user's own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::connector::{BuiltIn, Inside, Mount, yaml_to_json};

use super::ContainerError;
use super::compose_flags::{
    COMPOSE_GLOBAL, COMPOSE_GLOBAL_SHORTS, COMPOSE_RUN, COMPOSE_RUN_SHORTS, COMPOSE_UP, COMPOSE_UP_SHORTS,
};
use super::engine::Engine;
use super::flags::Flags;
use super::line::Call;

/// The label by which the run's containers are found.
pub(super) const LABEL: &str = "samewire.run";

/// Names of Compose files where none is given. Compose specification, "Compose file"; 1.29 knows the same.
const DEFAULTS: [&str; 4] = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
const OVERRIDES: [&str; 4] = [
    "compose.override.yaml",
    "compose.override.yml",
    "docker-compose.override.yml",
    "docker-compose.override.yaml",
];

/// Flags that lead where samewire cannot follow, and what to do.
const REFUSED: &[(&str, &str)] = &[
    ("detach", "samewire records until the containers end; take the flag out"),
    ("wait", "it leaves the containers running behind samewire's back; take the flag out"),
    ("no-start", "it starts nothing; take the flag out"),
    ("no-recreate", "containers that run already would stay outside of the recording; take the flag out"),
];

/// A call of Compose's `run` or `up`.
#[derive(Clone, Debug)]
pub(super) struct Compose {
    /// Compose's own flags, its files named one by one.
    globals: Vec<OsString>,
    /// The subcommand and what follows it.
    rest: Vec<OsString>,
    /// Flags of the subcommand.
    flags: Flags,
    /// `run`, which starts one service and what that needs.
    is_run: bool,
    /// The services of the resolved project.
    services: Map<String, Value>,
}

impl Compose {
    /// Reads a call. `None`: it starts nothing.
    pub(super) async fn read(
        call: &Call,
        engine: &Engine,
        folder: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, ContainerError> {
        let words = &call.rest;
        let globals = Flags::read(words, COMPOSE_GLOBAL, COMPOSE_GLOBAL_SHORTS, call.dialect)?;
        let (own, rest) = words.split_at(globals.positional.min(words.len()));
        let (table, shorts, is_run) = match rest.first().and_then(|word| word.to_str()).unwrap_or_default() {
            "run" => (COMPOSE_RUN, COMPOSE_RUN_SHORTS, true),
            "up" => (COMPOSE_UP, COMPOSE_UP_SHORTS, false),
            _ => return Ok(None),
        };
        let flags = Flags::read(&rest[1..], table, shorts, call.dialect)?;
        if flags.is_on("help") {
            return Ok(None);
        }
        if let Some((name, why)) = REFUSED.iter().find(|(name, _)| flags.is_on(name)) {
            return Err(ContainerError::Flag { flag: format!("--{name}"), why });
        }
        let mut own: Vec<_> = own.iter().filter(|word| *word != "--").cloned().collect();
        if globals.value("file").is_none() {
            for file in default_files(folder, globals.value("project-directory").map(Path::new), inherited)? {
                own.extend(["--file".into(), file.into()]);
            }
        }
        let mut question = own.clone();
        question.push("config".into());
        let text = engine.ask_compose(call, &question).await?;
        let project = yaml_to_json(&String::from_utf8_lossy(&text)).map_err(ContainerError::Compose)?;
        let Some(Value::Object(services)) = project.get("services").cloned() else {
            return Err(ContainerError::Compose("it has no services".to_owned()));
        };
        let compose = Self { globals: own, rest: rest.to_vec(), flags, is_run, services };
        match compose.main() {
            Some(main) if !compose.services.contains_key(&main) => {
                Err(ContainerError::Compose(format!("it has no service {main}; check the name")))
            }
            None if is_run => Err(ContainerError::Compose("the line names no service; add it".to_owned())),
            _ => Ok(Some(compose)),
        }
    }

    /// The service that the line is about: the one that `run` names, or the first of `up`.
    fn main(&self) -> Option<String> {
        let named = self.rest.get(1 + self.flags.positional).map(|word| word.to_string_lossy().into_owned());
        let only = || (self.services.len() == 1).then(|| self.services.keys().next().cloned()).flatten();
        if self.is_run { named } else { named.or_else(only) }
    }

    fn main_service(&self) -> Option<&Value> {
        self.services.get(&self.main()?)
    }

    /// The image of that service, where it names one.
    pub(super) fn image(&self) -> Option<OsString> {
        Some(self.main_service()?["image"].as_str()?.into())
    }

    /// The variables of that service, by its files and then by the line.
    pub(super) fn variables(&self) -> Vec<(String, OsString)> {
        let mut variables: Vec<_> = self.main_service().map(environment_of).unwrap_or_default();
        let given = self.flags.values(&["env"]).filter_map(|word| word.to_str()?.split_once('='));
        variables.extend(given.map(|(name, value)| (name.to_owned(), value.to_owned())));
        variables.into_iter().map(|(name, value)| (name, value.into())).collect()
    }

    /// The command in that service, and where it finds files of this machine.
    pub(super) fn inside(&self, folder: &Path, of_image: &Path) -> Inside {
        let service = self.main_service().unwrap_or(&Value::Null);
        let own = self.rest.get(2 + self.flags.positional..).unwrap_or_default();
        let words = if self.is_run && !own.is_empty() {
            own.to_vec()
        } else {
            match &service["command"] {
                Value::String(line) => line.split_whitespace().map(OsString::from).collect(),
                words => words
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(OsString::from)
                    .collect(),
            }
        };
        let mut mounts: Vec<_> =
            service["volumes"].as_array().into_iter().flatten().filter_map(mount).collect();
        let given = self.flags.values(&["volume"]).filter_map(|word| mount(&Value::from(word.to_str()?)));
        mounts.extend(given);
        for mount in &mut mounts {
            mount.outside = folder.join(&mount.outside);
        }
        let workdir = self.flags.value("workdir").map(PathBuf::from);
        let workdir = workdir.or_else(|| service["working_dir"].as_str().map(PathBuf::from));
        let workdir = workdir.unwrap_or_else(|| of_image.to_owned());
        Inside { words, workdir, mounts, built_in: BuiltIn::default() }
    }

    /// Paths inside any service on which something is mounted.
    pub(super) fn mounted_on(&self) -> Vec<PathBuf> {
        let of = |service: &Value| -> Vec<PathBuf> {
            service["volumes"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(mount)
                .map(|mount| mount.inside)
                .collect()
        };
        self.services.values().flat_map(of).collect()
    }

    /// Services without any network, of which nothing can be captured.
    pub(super) fn cut_off(&self) -> Vec<&str> {
        let none = |service: &Value| service["network_mode"] == "none";
        self.services.iter().filter(|(_, service)| none(service)).map(|(name, _)| name.as_str()).collect()
    }

    /// Writes the file that is put after the user's own: for each service the variables that `variables` gives it over what it has,
    /// the certificates, and the label. Returns the words after the engine's command.
    pub(super) fn staged(
        &self,
        file: &Path,
        certificates: &str,
        run: &str,
        variables: impl Fn(&BTreeMap<String, String>) -> Vec<(String, OsString)>,
    ) -> Result<Vec<OsString>, ContainerError> {
        let mut services = Map::new();
        for (name, service) in &self.services {
            let has = environment_of(service).into_iter().collect();
            let environment: Map<String, Value> = variables(&has)
                .into_iter()
                // Compose reads a `$` of its own in every value.
                .map(|(name, value)| (name, value.to_string_lossy().replace('$', "$$").into()))
                .collect();
            let added = json!({
                "environment": environment,
                "volumes": [certificates.replace('$', "$$")],
                "labels": {LABEL: run},
            });
            services.insert(name.clone(), added);
        }
        // JSON is YAML.
        let text = json!({"services": services}).to_string();
        fs::write(file, text)
            .map_err(|source| ContainerError::Prepare { what: "the Compose file", source })?;
        let mut words = self.globals.clone();
        words.extend(["--file".into(), file.into()]);
        let (front, back) = self.rest.split_at(1 + self.flags.end.min(self.rest.len() - 1));
        words.extend(front.iter().cloned());
        if self.is_run {
            // A variable of the line wins over every file: samewire's own must stand after it.
            let has: BTreeMap<_, _> = self
                .variables()
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.into_string().ok()?)))
                .collect();
            let given: Vec<_> =
                self.flags.values(&["env"]).filter_map(|word| word.to_str()?.split('=').next()).collect();
            for (name, value) in
                variables(&has).into_iter().filter(|(name, _)| given.contains(&name.as_str()))
            {
                let mut pair = OsString::from(format!("{name}="));
                pair.push(value);
                words.extend(["-e".into(), pair]);
            }
        }
        words.extend(back.iter().cloned());
        Ok(words)
    }
}

/// The files that Compose takes where none is named, as it looks for them.
fn default_files(
    folder: &Path,
    project: Option<&Path>,
    inherited: impl Fn(&str) -> Option<OsString>,
) -> Result<Vec<PathBuf>, ContainerError> {
    let start = folder.join(project.unwrap_or(Path::new("")));
    if let Some(files) = inherited("COMPOSE_FILE").filter(|files| !files.is_empty()) {
        let separator = inherited("COMPOSE_PATH_SEPARATOR").and_then(|word| word.into_string().ok());
        let files = files.to_string_lossy().into_owned();
        return Ok(files.split(separator.as_deref().unwrap_or(":")).map(PathBuf::from).collect());
    }
    let dotenv = fs::read_to_string(start.join(".env")).unwrap_or_default();
    if dotenv.lines().any(|line| line.trim_start().starts_with("COMPOSE_FILE")) {
        return Err(ContainerError::Compose("its files are named in .env; name them with -f".to_owned()));
    }
    for folder in start.ancestors() {
        let there = |names: &[&str]| -> Vec<PathBuf> {
            names.iter().map(|name| folder.join(name)).filter(|file| file.is_file()).collect()
        };
        let (files, overrides) = (there(&DEFAULTS), there(&OVERRIDES));
        if files.len() > 1 || overrides.len() > 1 {
            let problem = format!("{} has more than one; name the right ones with -f", folder.display());
            return Err(ContainerError::Compose(problem));
        }
        if !files.is_empty() {
            return Ok(files.into_iter().chain(overrides).collect());
        }
    }
    Err(ContainerError::Compose("there is no Compose file here; name one with -f".to_owned()))
}

/// `environment` as a mapping or a list, a `$` in it undone.
fn environment_of(service: &Value) -> Vec<(String, String)> {
    let plain = |text: &str| text.replace("$$", "$");
    match &service["environment"] {
        Value::Object(members) => members
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Null => None,
                Value::String(text) => Some((name.clone(), plain(text))),
                other => Some((name.clone(), other.to_string())),
            })
            .collect(),
        list => {
            let pairs =
                list.as_array().into_iter().flatten().filter_map(|pair| pair.as_str()?.split_once('='));
            pairs.map(|(name, value)| (name.to_owned(), plain(value))).collect()
        }
    }
}

/// A bind mount of a service, in its short or its long form.
fn mount(volume: &Value) -> Option<Mount> {
    if let Some(text) = volume.as_str() {
        let mut parts = text.split(':');
        let outside = parts.next().filter(|here| here.starts_with(['/', '.']))?;
        return Some(Mount { outside: outside.into(), inside: parts.next()?.into() });
    }
    let is_bind = volume["type"] == "bind";
    is_bind.then_some(Mount {
        outside: volume["source"].as_str()?.into(),
        inside: volume["target"].as_str()?.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_files_are_those_that_compose_would_take() {
        let folder = tempfile::tempdir().unwrap();
        let within = folder.path().join("a/b");
        fs::create_dir_all(&within).unwrap();
        let none = |_: &str| None;
        for name in ["docker-compose.yml", "docker-compose.override.yml"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let found = default_files(&within, None, none).unwrap();
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with("docker-compose.yml"));
        fs::write(folder.path().join("compose.yaml"), "").unwrap();
        assert!(
            default_files(&within, None, none).is_err(),
            "which of the two it takes depends on its version"
        );
        let given = |name: &str| (name == "COMPOSE_FILE").then(|| "x.yml:y.yml".into());
        assert_eq!(default_files(&within, None, given).unwrap(), [Path::new("x.yml"), Path::new("y.yml")]);
    }

    #[test]
    fn services_are_read_in_short_and_long_form() {
        let service = json!({"environment": ["A=b$$c", "B"], "volumes": ["/s:/secrets:ro", "data:/d"]});
        assert_eq!(environment_of(&service), [("A".to_owned(), "b$c".to_owned())]);
        let service_map = json!({"environment": {"A": 1, "B": null, "C": "d"}});
        assert_eq!(environment_of(&service_map).len(), 2);
        let mounts: Vec<_> = service["volumes"].as_array().unwrap().iter().filter_map(mount).collect();
        assert_eq!(mounts, [Mount { outside: "/s".into(), inside: "/secrets".into() }]);
        let long = json!({"type": "bind", "source": "/s", "target": "/t", "read_only": true});
        assert_eq!(mount(&long).unwrap().inside, Path::new("/t"));
    }
}
