//! What a connector is made of: config, spec, manifest. Read from files, with nothing run and nothing failed: what
//! cannot be had is a fact too.

mod clients;
mod command;
mod config;
mod edit;
mod gap;
mod glob;
mod golang;
mod lakeflow;
mod manifest;
mod package;
mod packaging;
mod project;
mod python;
mod requirements;
mod spec;
mod tree;
mod version;
mod versions;
mod yaml;

use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

pub use clients::{Client, Honours, client, client_of_program};
pub use command::{BuiltIn, Candidates, Inside, Mount, built_in, split_line};
pub use config::{ConfigFile, Leaf};
pub use edit::{Patch, mark_secret, require_key};
pub use gap::{TRANSPARENT, gap_in_words, gap_remedy};
pub use golang::go_version;
pub use lakeflow::{Lakeflow, LakeflowSpec, OptionRead, OptionsOf, Parameter};
pub use manifest::{
    Checked, Conflict, CustomClass, Dangling, Fault, FaultKind, Flaw, FlawKind, Literal, Manifest, Place,
    Reference, Selection, Setter,
};
pub use package::{Files, Form, ImageFacts, PackageError, open, read_image};
pub use packaging::Packaged;
pub use project::{Named, Project, Selected, SpecFile, read_project};
pub use spec::{Property, Spec};
pub use version::{Framework, Version};
pub use versions::python_clients;

use zeroize::Zeroizing;

pub use yaml::yaml_to_json;

pub use crate::model::ClientVersion;

use command::Words;

/// What a manifest is called in a package.
const MANIFEST: &str = "manifest.yaml";
/// What a spec of its own file is called there. JSON is YAML.
const SPEC: &str = "spec.yaml";

/// The member of a config in which the Builder hands over a manifest.
const INJECTED: &str = "__injected_declarative_manifest";

/// What is known of a connector before it runs, raw: it holds the config's secrets until it is dropped.
#[derive(Debug, Default)]
pub struct Package {
    /// Its config.
    pub config: Option<ConfigFile>,
    /// Its spec, from the manifest or a file of its own.
    pub spec: Option<Spec>,
    /// Its manifest.
    pub manifest: Option<Manifest>,
    /// Versions of its clients and framework.
    pub clients: Vec<ClientVersion>,
    /// The text of its manifest and of its spec.
    pub texts: Option<Texts>,
}

/// The text of a manifest and of its spec, as a package of their own.
pub struct Texts {
    /// `manifest.yaml` and, where the spec has a file of its own, `spec.yaml`.
    pub files: Files,
    /// The paths that the user knows these two by.
    pub paths: Vec<(&'static str, String)>,
}

/// Shows the paths only.
impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Texts({:?})", self.paths)
    }
}

/// Paths that the user names, which go before those that the command names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// The config.
    pub config: Option<PathBuf>,
    /// The manifest.
    pub manifest: Option<PathBuf>,
}

/// Gathers what the command `argv`, run in `folder`, says of its connector.
pub fn find(argv: &[OsString], folder: &Path, overrides: &Overrides) -> Package {
    gather(&Words::new(argv, folder), folder, overrides)
}

/// The same of a command that runs in a container, started in `folder` of this machine.
pub fn find_inside(inside: &Inside, folder: &Path, overrides: &Overrides) -> Package {
    gather(&Words::inside(inside), folder, overrides)
}

fn gather(words: &Words<'_>, folder: &Path, overrides: &Overrides) -> Package {
    let given = |path: &PathBuf| (path.clone(), folder.join(path));
    let named = |named: command::Named| (named.path, named.file);

    let config = overrides.config.as_ref().map(given).or_else(|| words.config().map(named));
    let (config, injected) = match config {
        Some((path, file)) => {
            let (config, injected) = config::read(path, &file);
            (Some(config), injected)
        }
        None => (None, None),
    };

    let packages = words.packages();
    let explicit = overrides.manifest.as_ref().map(given).or_else(|| words.manifest().map(named));
    let mut texts = Vec::new();
    let (manifest, spec) = if let Some((path, file)) = explicit {
        texts.extend(text(MANIFEST, &path, &file));
        read_manifest(path, &file)
    } else if let Some(tree) = injected {
        read_injected(&tree, &mut texts)
    } else if let Some(file) = words
        .mounted_manifest()
        .or_else(|| packages.iter().find_map(|package| within(package, &["manifest.yaml"])))
    {
        let path = shown(&file, folder);
        texts.extend(text(MANIFEST, &path, &file));
        read_manifest(path, &file)
    } else if let Some(file) = words.built_in_manifest() {
        let known = built_in_text(MANIFEST, file);
        let (manifest, spec) = manifest::of(file.0.clone(), &known.content);
        texts.push(known);
        (Some(manifest), spec)
    } else {
        (None, None)
    };
    let spec = spec.or_else(|| {
        let file = packages.iter().find_map(|package| within(package, &["spec.yaml", "spec.json"]));
        let known = match file {
            Some(file) => text(SPEC, &shown(&file, folder), &file)?,
            None => built_in_text(SPEC, words.built_in_spec()?),
        };
        let tree = tree::yaml(&known.content).ok()?;
        let spec = spec::read(&tree, &tree, known.path.clone());
        texts.push(known);
        spec
    });
    let clients = words.python().map(|python| python_clients(&python)).unwrap_or_default();
    let texts = texts.iter().any(|text| text.name == MANIFEST).then(|| {
        let content = |text: &'_ Text| (text.name, text.content.as_bytes().to_vec());
        let contents: Vec<_> = texts.iter().map(content).collect();
        let files = Files::of(Form::Directory, contents.iter().map(|(name, text)| (*name, text.as_slice())));
        Texts { files, paths: texts.into_iter().map(|text| (text.name, text.path)).collect() }
    });
    Package { config, spec, manifest, clients, texts }
}

/// A file's text, and the path that the user knows it by.
struct Text {
    name: &'static str,
    path: String,
    content: Zeroizing<String>,
}

fn text(name: &'static str, path: &Path, file: &Path) -> Option<Text> {
    let content = manifest::text(file).ok()?;
    Some(Text { name, path: path.to_string_lossy().into_owned(), content })
}

fn built_in_text(name: &'static str, (path, content): &(PathBuf, Zeroizing<String>)) -> Text {
    Text { name, path: path.to_string_lossy().into_owned(), content: content.clone() }
}

/// The manifest that the Builder puts into a config, as a text of its own: in the config it is mostly one long line.
fn read_injected(tree: &tree::Node, texts: &mut Vec<Text>) -> (Option<Manifest>, Option<Spec>) {
    let content = Zeroizing::new(yaml::indented(tree));
    let own = tree::yaml(&content);
    let (manifest, spec) = manifest::understand(INJECTED.into(), own.as_ref().unwrap_or(tree));
    if own.is_ok() {
        texts.push(Text { name: MANIFEST, path: INJECTED.to_owned(), content });
    }
    (Some(manifest), spec)
}

fn read_manifest(path: PathBuf, file: &Path) -> (Option<Manifest>, Option<Spec>) {
    let (manifest, spec) = manifest::read(path, file);
    (Some(manifest), spec)
}

/// A file of one of these names in a package: in the folder of that name, else in those that look like one.
fn within((folder, package): &(PathBuf, Option<String>), names: &[&str]) -> Option<PathBuf> {
    let folders = package.as_ref().map_or_else(|| beside(folder), |package| vec![folder.join(package)]);
    folders.iter().flat_map(|folder| names.iter().map(|name| folder.join(name))).find(|file| file.is_file())
}

/// The folders of packages in the folder of a script, then that folder itself.
fn beside(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let package = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.starts_with("source_") && path.is_dir()
    };
    let mut found: Vec<_> = entries.filter(package).collect();
    found.sort();
    found.push(folder.to_owned());
    found
}

/// A found path as the user would write it.
fn shown(file: &Path, folder: &Path) -> PathBuf {
    file.strip_prefix(folder).unwrap_or(file).to_owned()
}
