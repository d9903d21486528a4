//! What the files of a package say of the connector in it: where its manifest and spec are, what it is built with, which framework it
//! runs on.

use super::config::{self, ConfigFile};
use super::lakeflow::{self, Lakeflow};
use super::manifest::{self, Checked};
use super::package::{Files, Form};
use super::packaging::{self, Packaged};
use super::python::{self, Token};
use super::spec::{self, Spec};
use super::tree;
use super::version::Framework;

/// Where the image of a low-code connector has its manifest and components.
const IN_IMAGE: &str = "airbyte/integration_code/source_declarative_manifest";

/// A connector, from its files.
pub struct Project {
    /// What it was read from.
    pub form: Form,
    /// The folder of its Python package, where it has one: `source_acme`.
    pub package: Option<String>,
    /// Its manifest.
    pub manifest: Option<Checked>,
    /// A manifest that its code reads, and that is not there.
    pub missing_manifest: Option<Named>,
    /// Whether the manifest reaches the package that is built from it.
    pub manifest_packaged: Packaged,
    /// Its spec.
    pub spec: Option<SpecFile>,
    /// Whether the spec's own file reaches the package that is built from it.
    pub spec_packaged: Packaged,
    /// Specs that lie where the framework does not look.
    pub stray_specs: Vec<String>,
    /// Its code makes the spec itself.
    pub spec_in_code: bool,
    /// Its code handles the config before the manifest sees it.
    pub config_in_code: bool,
    /// Custom classes whose file is not there.
    pub missing_classes: Vec<(manifest::CustomClass, String)>,
    /// The version of airbyte-cdk.
    pub framework: Option<Framework>,
    /// Of each of the manifest's selective authenticators: what the config selects.
    pub selected: Vec<Selected>,
    /// A config that lies beside it, with its secrets in plain text.
    pub config: Option<ConfigFile>,
    /// It is a Lakeflow community connector.
    pub lakeflow: Option<Lakeflow>,
}

/// What a config selects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Selected {
    /// There is no config that can be read.
    Unknown,
    /// The config has no such key.
    Missing,
    /// The choice of this number.
    Choice(usize),
    /// None of the choices.
    Other,
}

/// A file that code names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Where it should be.
    pub path: String,
    /// The file that names it.
    pub by: String,
    /// The line, from 1.
    pub line: Option<u32>,
}

/// A spec and the file it is in.
#[derive(Clone, Debug)]
pub struct SpecFile {
    /// The file.
    pub path: String,
    /// The manifest has it.
    pub in_manifest: bool,
    /// What it says; `None` where it cannot be read.
    pub spec: Option<Spec>,
}

/// Reads a project. `config`: the config that the user named, and its content.
pub fn read_project(files: &Files, config: Option<(&str, &[u8])>) -> Project {
    let package = package(files);
    let code = Code::of(files, package.as_deref());
    let framework = super::requirements::framework(files);
    let below = |name: &str| match &package {
        Some(package) => format!("{package}/{name}"),
        None => name.to_owned(),
    };

    let named = code.names_manifest(&below);
    let candidates = named.iter().map(|named| named.path.clone()).chain([
        below("manifest.yaml"),
        "manifest.yaml".to_owned(),
        format!("{IN_IMAGE}/manifest.yaml"),
    ]);
    let path = candidates.into_iter().find(|path| files.has(path)).or_else(|| only_file(files));
    let manifest = path.as_deref().map(|path| match files.text(path) {
        Some(text) => manifest::check(path, text, framework.as_ref()),
        None => manifest::check(path, "", framework.as_ref()),
    });
    // A manifest beside the package is not where the code looks for it.
    let missing_manifest = named.filter(|named| !files.has(&named.path));

    let own: Vec<String> = ["spec.yaml", "spec.json"].iter().map(|name| below(name)).collect();
    let own: Vec<String> = own.into_iter().filter(|path| files.has(path)).collect();
    let from_manifest = manifest.as_ref().and_then(|manifest| {
        Some(SpecFile { path: manifest.path.clone(), in_manifest: true, spec: Some(manifest.spec.clone()?) })
    });
    let spec = from_manifest.or_else(|| own.first().map(|path| spec_file(files, path)));
    let stray_specs = files
        .paths()
        .filter(|path| ["spec.yaml", "spec.json"].contains(&path.rsplit('/').next().unwrap_or_default()))
        .filter(|path| !own.iter().any(|known| known == path) && !path.contains("test"))
        .map(str::to_owned)
        .collect();

    let source = matches!(files.form, Form::Directory | Form::Sdist);
    let judged = |path: Option<&str>| match (&package, path) {
        (Some(package), Some(path)) if source && path.starts_with(&format!("{package}/")) => {
            packaging::packaged(files, package, path)
        }
        _ => Packaged::Unknown,
    };
    let own_spec = spec.as_ref().filter(|spec| !spec.in_manifest).map(|spec| spec.path.clone());
    let missing_classes = manifest.iter().flat_map(|checked| &checked.classes).filter_map(|class| {
        let file = class_file(files, &class.name)?;
        Some((class.clone(), file))
    });
    let config = config.or_else(|| beside(files)).map(|(path, content)| config::of(path, content));
    let selected = manifest.iter().flat_map(|checked| &checked.selections);
    let selected = selected.map(|selection| selects(config.as_ref(), selection)).collect();
    Project {
        form: files.form,
        selected,
        manifest_packaged: judged(manifest.as_ref().map(|checked| checked.path.as_str())),
        missing_manifest,
        spec_packaged: judged(own_spec.as_deref()),
        stray_specs,
        spec_in_code: code.defines(&["spec"]),
        config_in_code: code.defines(&[
            "configure",
            "migrate",
            "transform",
            "transform_config",
            "modify_and_save",
        ]),
        missing_classes: missing_classes.collect(),
        config,
        lakeflow: lakeflow::read(files),
        framework,
        spec,
        manifest,
        package,
    }
}

/// The folder of the connector's Python package.
fn package(files: &Files) -> Option<String> {
    let mut found: Vec<&str> = Vec::new();
    for path in files.paths() {
        let mut end = 0;
        for name in path.split('/').rev().skip(1).collect::<Vec<_>>().into_iter().rev() {
            end += name.len() + usize::from(end > 0);
            let folder = &path[..end];
            let is_package = name.starts_with("source_") || name.starts_with("destination_");
            if is_package && name != "source_declarative_manifest" && !found.contains(&folder) {
                found.push(folder);
            }
        }
    }
    let has_code = |folder: &&&str| {
        // Python takes a folder without `__init__.py` for a package, too (PEP 420).
        ["__init__.py", "source.py", "run.py", "manifest.yaml"]
            .iter()
            .any(|file| files.has(&format!("{folder}/{file}")))
    };
    let best = found.iter().filter(has_code).min_by_key(|folder| folder.matches('/').count());
    best.map(|folder| (*folder).to_owned())
}

/// A manifest that was named by itself, whatever it is called.
fn only_file(files: &Files) -> Option<String> {
    let mut paths = files.paths();
    let only = paths.next()?;
    let yaml = [".yaml", ".yml", ".json"].iter().any(|end| only.ends_with(end));
    (paths.next().is_none() && yaml && !only.contains("spec")).then(|| only.to_owned())
}

fn spec_file(files: &Files, path: &str) -> SpecFile {
    let tree = files.text(path).and_then(|text| tree::yaml(text).ok());
    let spec = tree.and_then(|tree| spec::read(&tree, &tree, path.to_owned()));
    SpecFile { path: path.to_owned(), in_manifest: false, spec }
}

/// The config that Airbyte's tools look for.
fn beside(files: &Files) -> Option<(&str, &[u8])> {
    let path = files.paths().find(|path| *path == "secrets/config.json")?;
    Some((path, files.bytes(path)?))
}

fn selects(config: Option<&ConfigFile>, selection: &manifest::Selection) -> Selected {
    let Some(config) = config.filter(|config| config.unreadable.is_none()) else { return Selected::Unknown };
    let Some(leaf) = config.leaves.iter().find(|leaf| leaf.pointer == selection.config) else {
        return Selected::Missing;
    };
    let value = leaf.value.as_ref().map(|value| value.as_str()).unwrap_or_default();
    let choice = selection.choices.iter().position(|choice| choice == value);
    choice.map_or(Selected::Other, Selected::Choice)
}

/// Where a class's file should be, where it is neither there nor anything that an environment may bring.
fn class_file(files: &Files, class: &str) -> Option<String> {
    let mut parts: Vec<&str> = class.split('.').collect();
    parts.pop()?;
    let top = *parts.first()?;
    if top == "source_declarative_manifest" || top == "components" {
        let places = ["components.py".to_owned(), format!("{IN_IMAGE}/components.py")];
        return (!places.iter().any(|path| files.has(path))).then(|| "components.py".to_owned());
    }
    let folder = files.paths().find_map(|path| {
        let at = path.find(&format!("{top}/")).filter(|at| *at == 0 || path[..*at].ends_with('/'))?;
        Some(path[..at].to_owned())
    })?;
    let file = format!("{folder}{}", parts.join("/"));
    let there = files.has(&format!("{file}.py")) || files.has_folder(&file);
    (!there).then(|| format!("{file}.py"))
}

/// The words of the package's own modules.
struct Code<'a> {
    modules: Vec<(&'a str, Vec<Token<'a>>)>,
}

impl<'a> Code<'a> {
    fn of(files: &'a Files, package: Option<&str>) -> Self {
        let below = package.map(|package| format!("{package}/"));
        let own = |path: &&str| {
            below.as_ref().is_some_and(|below| path.starts_with(below.as_str()))
                && path.rsplit_once('.').is_some_and(|(_, end)| end == "py")
                && !path.contains("test")
        };
        let modules =
            files.paths().filter(own).filter_map(|path| Some((path, python::tokens(files.text(path)?))));
        Self { modules: modules.collect() }
    }

    /// The manifest that the source is made from.
    fn names_manifest(&self, below: &dyn Fn(&str) -> String) -> Option<Named> {
        self.modules.iter().find_map(|(path, tokens)| {
            let at = tokens.windows(3).find(|words| {
                let key = words[0].text().or(words[0].name()) == Some("path_to_yaml");
                key && (words[1].is(':') || words[1].is('=')) && words[2].text().is_some()
            })?;
            let file = at[2].text().unwrap_or_default().trim_start_matches("./");
            Some(Named { path: below(file), by: (*path).to_owned(), line: Some(at[2].line) })
        })
    }

    /// True where a function of one of these names is defined.
    fn defines(&self, names: &[&str]) -> bool {
        self.modules.iter().any(|(_, tokens)| {
            tokens.windows(2).any(|words| {
                words[0].name() == Some("def") && words[1].name().is_some_and(|name| names.contains(&name))
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(content: &[(&str, &str)]) -> Project {
        let files = Files::of(Form::Directory, content.iter().map(|(path, text)| (*path, text.as_bytes())));
        read_project(&files, None)
    }

    const SOURCE: &str = "class S(YamlDeclarativeSource):\n  def __init__(self):\n    super().__init__(**{\"path_to_yaml\": \"manifest.yaml\"})\n";
    const MANIFEST: &str = "version: 6.0.0\ntype: DeclarativeSource\nstreams: []\n";

    #[test]
    fn manifest_and_spec_are_found_where_the_framework_looks() {
        let found = project(&[
            ("source_a/__init__.py", ""),
            ("source_a/source.py", SOURCE),
            ("source_a/manifest.yaml", MANIFEST),
            ("spec.yaml", "connectionSpecification: {properties: {}}"),
        ]);
        assert_eq!(found.package.as_deref(), Some("source_a"));
        assert_eq!(found.manifest.unwrap().path, "source_a/manifest.yaml");
        assert!(found.spec.is_none() && found.missing_manifest.is_none());
        assert_eq!(found.stray_specs, ["spec.yaml"]);
    }

    #[test]
    fn a_manifest_that_the_code_names_and_that_is_not_there_is_told() {
        let found = project(&[("source_a/source.py", SOURCE), ("source_a/spec.json", "{}")]);
        let missing = found.missing_manifest.unwrap();
        assert_eq!((missing.path.as_str(), missing.line), ("source_a/manifest.yaml", Some(3)));
        assert!(found.spec.is_some_and(|spec| spec.spec.is_none()));
    }

    #[test]
    fn classes_need_their_module() {
        let manifest = format!("{MANIFEST}x: {{class_name: source_declarative_manifest.components.A}}\n");
        assert_eq!(project(&[("manifest.yaml", &manifest)]).missing_classes.len(), 1);
        assert_eq!(project(&[("manifest.yaml", &manifest), ("components.py", "")]).missing_classes.len(), 0);
    }
}
