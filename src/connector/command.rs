//! What a command line says of its connector: config, manifest, package, and where container paths lie on this machine.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

/// Flags that name a config, as Airbyte's entry points and common scripts have them.
const CONFIG: [&str; 3] = ["--config", "--config-file", "--config-path"];

/// Flags that name a manifest.
const MANIFEST: [&str; 1] = ["--manifest-path"];

/// Where images of manifest-only connectors have their manifest, and read it when no flag names one (airbyte-cdk's own
/// `source_declarative_manifest`).
const BUILT_IN: &str = "/airbyte/integration_code/source_declarative_manifest/manifest.yaml";

/// A file that a command line names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// As it is named there.
    pub(super) path: PathBuf,
    /// Where it lies on this machine.
    pub(super) file: PathBuf,
}

/// A folder or file of this machine that a container sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Its path on this machine.
    pub outside: PathBuf,
    /// Its path in the container.
    pub inside: PathBuf,
}

/// A command that runs in a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its words there.
    pub words: Vec<OsString>,
    /// The folder in which it runs there.
    pub workdir: PathBuf,
    /// What it sees of this machine.
    pub mounts: Vec<Mount>,
    /// What its image has of the connector, and nothing is mounted over.
    pub built_in: BuiltIn,
}

/// Texts of files that an image has. A careless author may have put a secret there, so they are in memory alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct BuiltIn {
    /// The manifest: its path there, and its text.
    pub manifest: Option<(PathBuf, Zeroizing<String>)>,
    /// The spec's own file.
    pub spec: Option<(PathBuf, Zeroizing<String>)>,
}

/// Shows the paths only.
impl fmt::Debug for BuiltIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = |file: &Option<(PathBuf, _)>| file.as_ref().map(|(path, _)| path.clone());
        write!(f, "BuiltIn({:?}, {:?})", path(&self.manifest), path(&self.spec))
    }
}

/// Where an image may have a manifest or a spec, the likeliest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Manifests.
    pub manifests: Vec<PathBuf>,
    /// Folders of a package without a manifest, that may have a spec.
    pub packages: Vec<PathBuf>,
    /// A folder in which a package of unknown name may lie.
    pub around: Option<PathBuf>,
}

/// Where the image of a command that is started with `words` in `workdir` may have its connector; `python` is the image's version of
/// Python, as far as it tells. Nothing for what does not look like a connector.
pub fn built_in(words: &[OsString], workdir: &Path, python: Option<&str>) -> Candidates {
    let inside = Words::new(words, workdir);
    if let Some(named) = inside.manifest() {
        return Candidates { manifests: vec![named.file], ..Candidates::default() };
    }
    let packages = inside.packages();
    let is_verb = |word: &OsString| {
        VERBS.iter().any(|verb| word == verb)
            || Path::new(word).file_name().is_some_and(|name| name == "source-declarative-manifest")
    };
    if packages.is_empty() && !inside.all.iter().any(is_verb) {
        return Candidates::default();
    }
    let libraries = python.map(|version| {
        let minor: Vec<&str> = version.split('.').take(2).collect();
        PathBuf::from(format!("/usr/local/lib/python{}/site-packages", minor.join(".")))
    });
    let mut folders = Vec::new();
    for (folder, package) in &packages {
        if let Some(package) = package {
            folders.push(folder.join(package));
            folders.extend(libraries.iter().map(|libraries| libraries.join(package)));
        }
    }
    let own = |folder: &PathBuf| folder.join(super::MANIFEST);
    let mut manifests = vec![PathBuf::from(BUILT_IN)];
    manifests.extend(folders.iter().map(own));
    manifests.push(own(&workdir.to_owned()));
    let unknown = packages.iter().find(|(folder, package)| package.is_none() && *folder != Path::new("/"));
    Candidates { manifests, packages: folders, around: unknown.map(|(folder, _)| folder.clone()) }
}

/// Commands of Airbyte's protocol.
const VERBS: [&str; 4] = ["check", "discover", "read", "spec"];

/// The words of a command, those of shell command lines in it included.
pub(super) struct Words<'a> {
    all: Vec<OsString>,
    /// Where it runs: on this machine, or in the container.
    folder: &'a Path,
    /// What it sees of this machine, where it runs in a container.
    mounts: Option<&'a [Mount]>,
    /// What its image has, where it runs in a container.
    built_in: Option<&'a BuiltIn>,
}

impl<'a> Words<'a> {
    /// Of a command that runs in a container.
    pub(super) fn inside(inside: &'a Inside) -> Self {
        Self {
            mounts: Some(&inside.mounts),
            built_in: Some(&inside.built_in),
            ..Self::new(&inside.words, &inside.workdir)
        }
    }

    pub(super) fn new(argv: &[OsString], folder: &'a Path) -> Self {
        let mut words = Vec::new();
        for (at, word) in argv.iter().enumerate() {
            // `sh -c LINE`, `bash -lc LINE`.
            let line = at > 0 && is_shell_flag(&argv[at - 1]);
            match word.to_str().filter(|_| line) {
                Some(line) => words.extend(split_line(line).into_iter().map(OsString::from)),
                None => words.push(word.clone()),
            }
        }
        Self { all: words, folder, mounts: None, built_in: None }
    }

    /// The config that the command reads. curl has a flag of that name for something else.
    pub(super) fn config(&self) -> Option<Named> {
        if self.all.iter().any(|word| Path::new(word).file_name() == Some(OsStr::new("curl"))) {
            return None;
        }
        self.flag(&CONFIG)
    }

    /// The manifest that the command reads.
    pub(super) fn manifest(&self) -> Option<Named> {
        self.flag(&MANIFEST)
    }

    /// The manifest that is mounted where the container's image has one.
    pub(super) fn mounted_manifest(&self) -> Option<PathBuf> {
        self.mounts?;
        self.on_this_machine(Path::new(BUILT_IN)).filter(|file| file.is_file())
    }

    /// The manifest that the container's image has.
    pub(super) fn built_in_manifest(&self) -> Option<&(PathBuf, Zeroizing<String>)> {
        self.built_in?.manifest.as_ref()
    }

    /// The spec's own file that the container's image has.
    pub(super) fn built_in_spec(&self) -> Option<&(PathBuf, Zeroizing<String>)> {
        self.built_in?.spec.as_ref()
    }

    /// Folders in which the connector's package may lie, and, where it can be told, the package's name.
    pub(super) fn packages(&self) -> Vec<(PathBuf, Option<String>)> {
        let mut packages = Vec::new();
        for (at, word) in self.all.iter().enumerate() {
            let Some(text) = word.to_str() else { continue };
            let after_module = at > 0 && self.all[at - 1] == "-m";
            let name = Path::new(text).file_name().and_then(OsStr::to_str).unwrap_or_default();
            let Some(here) = self.on_this_machine(Path::new("")) else { continue };
            if after_module {
                let package = text.split('.').next().unwrap_or_default();
                packages.push((here, Some(package.to_owned())));
            } else if Path::new(text).extension().is_some_and(|extension| extension == "py") {
                let Some(file) = self.on_this_machine(Path::new(text)) else { continue };
                packages.push((file.parent().unwrap_or(&here).to_owned(), None));
            } else if name.starts_with("source-") && name != "source-declarative-manifest" {
                packages.push((here, Some(name.replace('-', "_"))));
            }
        }
        packages
    }

    /// The Python that runs the command: named itself, or beside a console script.
    pub(super) fn python(&self) -> Option<PathBuf> {
        if self.mounts.is_some() {
            return None;
        }
        self.all.iter().map(Path::new).find_map(|word| {
            let folder = word.parent().filter(|folder| folder.ends_with("bin"))?;
            ["python", "python3"]
                .map(|name| self.folder.join(folder).join(name))
                .into_iter()
                .find(|file| file.exists())
        })
    }

    /// The value of the last of these flags, `--flag VALUE` or `--flag=VALUE`.
    fn flag(&self, flags: &[&str]) -> Option<Named> {
        let value = |at: usize, word: &OsString| {
            let text = word.to_str()?;
            if flags.contains(&text) {
                return self.all.get(at + 1).map(PathBuf::from);
            }
            let (flag, value) = text.split_once('=')?;
            flags.contains(&flag).then(|| PathBuf::from(value))
        };
        let path = self.all.iter().enumerate().filter_map(|(at, word)| value(at, word)).next_back()?;
        // What only a shell could tell is not guessed.
        if path.to_str().is_some_and(|path| path.is_empty() || path.contains(['$', '`', '*'])) {
            return None;
        }
        let file = self.on_this_machine(&path)?;
        Some(Named { path, file })
    }

    /// Where a file lies for us; `None` where it lies in a container that does not have it from here.
    fn on_this_machine(&self, path: &Path) -> Option<PathBuf> {
        let path = self.folder.join(path);
        let Some(mounts) = self.mounts else {
            let elsewhere = self.all.iter().any(|word| {
                let name = Path::new(word).file_name().and_then(OsStr::to_str).unwrap_or_default();
                ["kubectl", "ssh"].contains(&name)
            });
            return (!elsewhere).then_some(path);
        };
        let mounted = mounts.iter().filter(|mount| path.starts_with(&mount.inside));
        let mount = mounted.max_by_key(|mount| mount.inside.as_os_str().len())?;
        let rest = path.strip_prefix(&mount.inside).ok()?;
        Some(if rest.as_os_str().is_empty() { mount.outside.clone() } else { mount.outside.join(rest) })
    }
}

fn is_shell_flag(word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| {
        word.strip_prefix('-').is_some_and(|letters| {
            letters.ends_with('c')
                && letters.len() <= 4
                && letters.bytes().all(|letter| letter.is_ascii_lowercase())
        })
    })
}

/// Splits a shell command line into words, quotes taken off. Operators become words of their own.
pub fn split_line(line: &str) -> Vec<String> {
    let (mut words, mut word, mut started) = (Vec::new(), String::new(), false);
    let mut quote = None;
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (Some(open), _) if letter == open => quote = None,
            (Some('\''), _) => word.push(letter),
            (_, '\\') => word.extend(letters.next()),
            (None, '\'' | '"') => (quote, started) = (Some(letter), true),
            (None, ' ' | '\t' | '\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>') => {
                if started || !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                    started = false;
                }
                if !letter.is_whitespace() {
                    words.push(letter.to_string());
                }
            }
            _ => word.push(letter),
        }
    }
    if started || !word.is_empty() {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argv(words: &[&str]) -> Vec<OsString> {
        words.iter().map(OsString::from).collect()
    }

    fn config(words: &[&str]) -> Option<(String, String)> {
        let argv = argv(words);
        let named = Words::new(&argv, Path::new("/home/me")).config()?;
        Some((named.path.display().to_string(), named.file.display().to_string()))
    }

    #[test]
    fn a_config_is_found_wherever_a_command_names_it() {
        for (words, path, file) in [
            (&["sdm", "check", "--config", "c.json"][..], "c.json", "/home/me/c.json"),
            (&["sdm", "check", "--config=/etc/c.json"], "/etc/c.json", "/etc/c.json"),
            (
                &["timeout", "8", "env", "A=b", "sdm", "--config", "c.json", "check"],
                "c.json",
                "/home/me/c.json",
            ),
            (
                &["sh", "-c", "cd x; sdm check --config 'my c.json' && true"],
                "my c.json",
                "/home/me/my c.json",
            ),
        ] {
            assert_eq!(config(words), Some((path.into(), file.into())), "{words:?}");
        }
    }

    #[test]
    fn a_file_in_a_container_is_found_where_it_is_mounted_from() {
        let mount = |outside: &str, inside: &str| Mount { outside: outside.into(), inside: inside.into() };
        let mounts = vec![
            mount("/srv/s", "/secrets"),
            mount("/srv/inner", "/secrets/inner"),
            mount("/srv/one.json", "/one.json"),
            mount("/home/me/code", "/app"),
        ];
        let file = |workdir: &str, path: &str| {
            let (workdir, mounts) = (workdir.into(), mounts.clone());
            let words = argv(&["check", "--config", path]);
            let inside = Inside { words, workdir, mounts, built_in: BuiltIn::default() };
            Words::inside(&inside).config().map(|named| named.file.display().to_string())
        };
        assert_eq!(file("/", "/secrets/c.json").as_deref(), Some("/srv/s/c.json"));
        assert_eq!(file("/", "/secrets/inner/c.json").as_deref(), Some("/srv/inner/c.json"));
        assert_eq!(file("/", "/one.json").as_deref(), Some("/srv/one.json"));
        assert_eq!(file("/secrets", "c.json").as_deref(), Some("/srv/s/c.json"));
        assert_eq!(file("/app/a", "../c.json").as_deref(), Some("/home/me/code/a/../c.json"));
        assert_eq!(file("/", "/etc/c.json"), None, "it is the image's own");
    }

    #[test]
    fn a_manifest_is_found_that_is_mounted_where_images_have_one() {
        let folder = tempfile::tempdir().unwrap();
        let outside = folder.path().join("manifest.yaml");
        let found = |inside: &str| {
            let mounts = vec![Mount { outside: outside.clone(), inside: inside.into() }];
            let workdir = "/airbyte".into();
            let inside = Inside { words: argv(&["check"]), workdir, mounts, built_in: BuiltIn::default() };
            Words::inside(&inside).mounted_manifest()
        };
        assert_eq!(found(BUILT_IN), None, "it is not there");
        std::fs::write(&outside, "type: DeclarativeSource").unwrap();
        assert_eq!(found(BUILT_IN), Some(outside.clone()));
        assert_eq!(found("/elsewhere/manifest.yaml"), None);
        assert_eq!(Words::new(&argv(&["check"]), Path::new("/")).mounted_manifest(), None);
    }

    #[test]
    fn what_is_no_config_is_not_taken_for_one() {
        assert_eq!(config(&["curl", "--config", "curlrc"]), None);
        assert_eq!(config(&["sh", "-c", "sdm check --config \"$CONFIG\""]), None);
        assert_eq!(config(&["sdm", "check", "--config"]), None);
    }

    #[test]
    fn packages_are_looked_for_beside_scripts_and_by_name() {
        let argv = argv(&["python", "pkg/main.py", "check"]);
        assert_eq!(Words::new(&argv, Path::new("/w")).packages(), [("/w/pkg".into(), None)]);
        let argv = self::argv(&["python", "-m", "source_acme.run", "check"]);
        assert_eq!(
            Words::new(&argv, Path::new("/w")).packages(),
            [("/w".into(), Some("source_acme".into()))]
        );
        let argv = self::argv(&["source-acme", "check"]);
        assert_eq!(
            Words::new(&argv, Path::new("/w")).packages(),
            [("/w".into(), Some("source_acme".into()))]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_line_is_split(line in ".{0,80}") {
            split_line(&line);
        }
    }
}
