//! What an image has of its connector: manifest and spec, copied out of a container that is made of it and never started.

use std::ffi::{OsStr, OsString};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::connector::{self, BuiltIn, Candidates, Inside};

use super::engine::Engine;
use super::image::Image;
use super::run::RunLine;

/// Longest time that all of it may take: without a manifest the report has fewer diffs, and that is all.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of one file.
const LONGEST: u64 = 4 << 20;
/// Most bytes of a folder that is searched.
const SEARCHED: u64 = 32 << 20;

/// Reads manifest and spec of the image behind `run`, where its command looks like a connector's. What cannot be had is left out.
pub(super) async fn read(
    engine: &Engine,
    run: &RunLine,
    image: &Image,
    inside: &Inside,
    private: &Path,
) -> BuiltIn {
    let started: Vec<OsString> = image.raw.entrypoint.iter().chain(&inside.words).cloned().collect();
    let version = image.environment.iter().find(|(name, _)| name == "PYTHON_VERSION");
    let mut candidates =
        connector::built_in(&started, &inside.workdir, version.map(|(_, value)| value.as_str()));
    // What is mounted is read where it lies.
    let mounted = run.mounted_on();
    let hidden = |path: &PathBuf| mounted.iter().any(|over| path.starts_with(over));
    if candidates.manifests.first().is_some_and(&hidden) {
        return BuiltIn::default();
    }
    candidates.manifests.retain(|path| !hidden(path));
    candidates.packages.retain(|path| !hidden(path));
    candidates.around = candidates.around.filter(|path| !hidden(path));
    if candidates == Candidates::default() {
        return BuiltIn::default();
    }
    let mut name = private.file_name().unwrap_or_default().to_owned();
    name.push("-copied");
    let name = name.as_os_str();
    let container = Unstarted { engine, name, until: Instant::now() + PATIENCE };
    // Its arguments do not matter: it never runs. Some images have no command of their own.
    let create = ["create", "--network", "none", "--name"].map(OsStr::new);
    let create = create.into_iter().chain([name]).chain(
        run.flags.value("platform").into_iter().flat_map(|of| [OsStr::new("--platform"), of.as_os_str()]),
    );
    let words: Vec<&OsStr> = create.chain([run.image(), OsStr::new("samewire")]).collect();
    let made = tokio::time::timeout(PATIENCE, engine.ask(&words)).await;
    let found = match made {
        Ok(Ok(_)) => container.first(&candidates).await,
        _ => BuiltIn::default(),
    };
    // One that was not made in time may have been made all the same.
    if !matches!(made, Ok(Err(_))) {
        let remove = ["rm", "--force"].map(OsStr::new).into_iter().chain([name]);
        if let Err(error) = engine.ask(&remove.collect::<Vec<_>>()).await {
            tracing::warn!(%error, container = %name.to_string_lossy(), "a container that never ran is left; remove it");
        }
    }
    found
}

/// A container to copy from, for a time.
struct Unstarted<'a> {
    engine: &'a Engine,
    name: &'a OsStr,
    until: Instant,
}

impl Unstarted<'_> {
    /// The first manifest, with the spec beside it; else a spec alone.
    async fn first(&self, candidates: &Candidates) -> BuiltIn {
        for path in &candidates.manifests {
            if let Some(text) = self.file(path).await {
                // Each question to an engine takes its time.
                let has_spec = text.lines().any(|line| line.starts_with("spec:"));
                let spec = match path.parent() {
                    Some(folder) if !has_spec => self.spec(folder).await,
                    _ => None,
                };
                return BuiltIn { manifest: Some((path.clone(), text)), spec };
            }
        }
        for folder in &candidates.packages {
            if let Some(spec) = self.spec(folder).await {
                return BuiltIn { manifest: None, spec: Some(spec) };
            }
        }
        match &candidates.around {
            Some(folder) => self.search(folder).await,
            None => BuiltIn::default(),
        }
    }

    async fn spec(&self, folder: &Path) -> Option<(PathBuf, Zeroizing<String>)> {
        for name in SPECS {
            let path = folder.join(name);
            if let Some(text) = self.file(&path).await {
                return Some((path, text));
            }
        }
        None
    }

    async fn file(&self, path: &Path) -> Option<Zeroizing<String>> {
        let archive = self.archive(path, LONGEST).await?;
        let mut found = None;
        each(&archive, |_, text| found = found.take().or_else(text));
        found
    }

    /// Manifest and spec of a package in this folder.
    async fn search(&self, folder: &Path) -> BuiltIn {
        let Some(archive) = self.archive(folder, SEARCHED).await else { return BuiltIn::default() };
        let mut found = BuiltIn::default();
        each(&archive, |path, text| {
            // The archive's first name is that of the folder itself.
            let within: PathBuf = path.components().skip(1).collect();
            let Some((package, name)) = of_package(&within) else { return };
            let known = found.manifest.iter().chain(&found.spec).next();
            if known.is_some_and(|(known, _)| known.parent() != Some(&folder.join(package))) {
                return;
            }
            let place = if name == "manifest.yaml" { &mut found.manifest } else { &mut found.spec };
            *place = text().map(|text| (folder.join(&within), text));
        });
        found
    }

    async fn archive(&self, path: &Path, most: u64) -> Option<Zeroizing<Vec<u8>>> {
        let mut from = self.name.to_owned();
        from.push(":");
        from.push(path);
        let left = self.until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return None;
        }
        self.engine.stream(&[OsStr::new("cp"), &from, OsStr::new("-")], most, left).await
    }
}

const SPECS: [&str; 2] = ["spec.yaml", "spec.json"];

/// Folder and name of a manifest or a spec that lies in a package.
fn of_package(within: &Path) -> Option<(&Path, &str)> {
    let (folder, name) = (within.parent()?, within.file_name()?.to_str()?);
    let package = folder.file_name()?.to_str()?;
    let fits = package.starts_with("source_") && folder.components().count() <= 2;
    (fits && (name == "manifest.yaml" || SPECS.contains(&name))).then_some((folder, name))
}

/// The regular files of a tar archive, that may break off.
fn each(archive: &[u8], mut found: impl FnMut(&Path, &mut dyn FnMut() -> Option<Zeroizing<String>>)) {
    let mut archive = tar::Archive::new(archive);
    let Ok(entries) = archive.entries() else { return };
    for entry in entries {
        let Ok(mut entry) = entry else { return };
        let Ok(path) = entry.path().map(std::borrow::Cow::into_owned) else { continue };
        if !entry.header().entry_type().is_file() || entry.size() > LONGEST {
            continue;
        }
        found(&path, &mut || {
            let mut text = Zeroizing::new(String::new());
            let read = entry.read_to_string(&mut text).ok()?;
            (read as u64 == entry.size()).then_some(text)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn archive(files: &[(&str, &str)]) -> Vec<u8> {
        let mut archive = tar::Builder::new(Vec::new());
        for (path, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            header.set_mode(0o644);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
        archive.into_inner().unwrap()
    }

    #[test]
    fn files_are_read_up_to_where_an_archive_breaks_off() {
        let whole = archive(&[("app/source_acme/manifest.yaml", "version: 1"), ("app/x", &"x".repeat(4000))]);
        let mut read = Vec::new();
        each(&whole[..2000], |path, text| read.push((path.to_owned(), text().map(|text| text.to_string()))));
        assert_eq!(
            read,
            [
                (PathBuf::from("app/source_acme/manifest.yaml"), Some("version: 1".to_owned())),
                (PathBuf::from("app/x"), None)
            ]
        );
    }

    #[test]
    fn only_a_packages_own_files_count() {
        for (path, is_one) in [
            ("source_acme/manifest.yaml", true),
            ("src/source_acme/spec.json", true),
            ("manifest.yaml", false),
            ("a/b/source_acme/manifest.yaml", false),
            ("node_modules/x/manifest.yaml", false),
        ] {
            assert_eq!(of_package(Path::new(path)).is_some(), is_one, "{path}");
        }
    }
}
