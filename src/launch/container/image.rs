//! What an image says of itself.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::redact::RawImage;

use super::ContainerError;
use super::engine::{Engine, answer};

/// Says where an image was built from.
const BASE: &str = "org.opencontainers.image.base.name";

/// An image as the engine describes it.
#[derive(Clone, Debug, Default)]
pub(super) struct Image {
    /// What goes into the capture.
    pub(super) raw: RawImage,
    /// Its variables.
    pub(super) environment: Vec<(String, String)>,
    /// Its own command, after its entrypoint.
    pub(super) command: Vec<OsString>,
    /// The folder in which it runs.
    pub(super) workdir: PathBuf,
    /// Paths that it keeps for volumes.
    pub(super) volumes: Vec<PathBuf>,
}

impl Image {
    /// Asks the engine for an image. One that is not there is pulled first, as the engine's `run` would, unless it may not.
    /// `None`: it is not there and may not be pulled, or cannot be; `run` itself will say so.
    pub(super) async fn find(
        engine: &Engine,
        reference: &OsStr,
        platform: Option<&OsString>,
        may_pull: bool,
    ) -> Result<Option<Self>, ContainerError> {
        let question = [OsStr::new("image"), OsStr::new("inspect"), reference];
        let mut told = engine.ask_json(&question).await;
        if told.is_err() && may_pull {
            let mut pull: Vec<&OsStr> = vec![OsStr::new("pull"), OsStr::new("--quiet")];
            if let Some(platform) = platform {
                pull.extend([OsStr::new("--platform"), platform]);
            }
            pull.push(reference);
            tracing::info!("the image is not here yet; pulling it");
            if engine.ask(&pull).await.is_ok() {
                told = engine.ask_json(&question).await;
            }
        }
        let Ok(told) = told else { return Ok(None) };
        let image = told.get(0).ok_or_else(|| answer("image inspect"))?;
        Ok(Some(Self::read(reference, image)))
    }

    fn read(reference: &OsStr, image: &Value) -> Self {
        let config = &image["Config"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let texts = |value: &Value| -> Vec<String> {
            value.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let environment: Vec<(String, String)> = texts(&config["Env"])
            .iter()
            .filter_map(|pair| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
            .collect();
        let command = texts(&config["Cmd"]);
        let workdir = text(&config["WorkingDir"]);
        let names: BTreeSet<_> = environment.iter().map(|(name, _)| name.clone()).collect();
        let raw = RawImage {
            reference: reference.to_string_lossy().into_owned(),
            id: text(&image["Id"]),
            digest: texts(&image["RepoDigests"])
                .first()
                .and_then(|digest| digest.split_once('@'))
                .map(|(_, digest)| digest.to_owned()),
            architecture: text(&image["Architecture"]),
            user: text(&config["User"]),
            entrypoint: texts(&config["Entrypoint"]).into_iter().map(OsString::from).collect(),
            base: config["Labels"][BASE].as_str().map(str::to_owned),
            variables: names.into_iter().collect(),
        };
        Self {
            raw,
            environment,
            command: command.into_iter().map(OsString::from).collect(),
            workdir: if workdir.is_empty() { Path::new("/").to_owned() } else { workdir.into() },
            volumes: config["Volumes"]
                .as_object()
                .into_iter()
                .flat_map(|volumes| volumes.keys())
                .map(PathBuf::from)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_image_is_read_with_and_without_a_config() {
        let image = Image::read(
            OsStr::new("acme/source:1"),
            &json!({
                "Id": "sha256:abc", "Architecture": "amd64", "RepoDigests": ["acme/source@sha256:def"],
                "Config": {
                    "User": "airbyte", "Env": ["PATH=/bin", "HTTP_PROXY=http://old:1", "PATH=/x"],
                    "Entrypoint": ["python", "main.py"], "Cmd": ["spec"], "WorkingDir": "/airbyte",
                    "Labels": {BASE: "python:3.13"}, "Volumes": {"/data": {}}
                }
            }),
        );
        assert_eq!(image.raw.digest.as_deref(), Some("sha256:def"));
        assert_eq!((image.raw.user.as_str(), image.raw.base.as_deref()), ("airbyte", Some("python:3.13")));
        assert_eq!(image.raw.variables, ["HTTP_PROXY", "PATH"]);
        assert_eq!(image.volumes, [Path::new("/data")]);
        let bare = Image::read(OsStr::new("x"), &json!({"Id": "sha256:abc", "Config": null}));
        assert_eq!((bare.workdir.as_path(), bare.raw.digest), (Path::new("/"), None));
    }
}
