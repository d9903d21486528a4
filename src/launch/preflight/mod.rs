//! Before a command starts: which clients are there, and will their requests come to the proxy?
//!
//! The command's words and files tell; nothing of the user's runs for it. What only the code knows (`verify=`, `trust_env=`) is not
//! guessed.

mod curl;
mod find;
mod inside;
mod java;
mod line;
mod node;
mod reach;
mod variables;

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::connector::{Client, Honours, client, client_of_program, go_version, python_clients};
use crate::model::{ClientVersion, FoundAt, Gap, GapKind, Setting};

use line::Program;
use variables::Variables;

pub use inside::{Contact, Seen};
pub use reach::{answers, readable_by_others};

/// What is known before the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preflight {
    /// Clients and their versions.
    pub clients: Vec<ClientVersion>,
    /// What will, or may, be missed.
    pub gaps: Vec<Gap>,
}

/// Programs that run another one elsewhere.
const ELSEWHERE: [&str; 5] = ["ssh", "kubectl", "oc", "databricks", "gcloud"];
/// Programs that Node runs, whatever their first line says.
const OF_NODE: [&str; 6] = ["npm", "npx", "yarn", "pnpm", "tsx", "ts-node"];
/// Container engines: what they run is told by the image.
const ENGINES: [&str; 4] = ["docker", "podman", "nerdctl", "docker-compose"];

/// Looks at the command `words`, which is to run in `folder` with the variables that `inherited` gives.
pub fn preflight(
    words: &[OsString],
    folder: &Path,
    inherited: impl Fn(&str) -> Option<OsString>,
) -> Preflight {
    let mut variables = Variables::new(folder);
    let programs = line::programs(words, &mut variables);
    let mut look = Look { folder, inherited: &inherited, found: Preflight::default() };
    for program in &programs {
        look.program(program, &mut variables);
    }
    let other_user = variables.other_user();
    let mut found = look.found;
    let first = found.gaps.len();
    found.gaps.extend(variables.kinds().into_iter().map(|kind| gap("command", None, kind)));
    // What the command does to the variables goes before what its clients make of them.
    found.gaps.rotate_left(first);
    if other_user {
        found.gaps.push(gap("command", None, GapKind::TrustUnreadable));
    }
    found
}

/// The same for what an image starts: the words of its entry point and command, and its variables.
pub fn preflight_image<'a>(words: &[OsString], variables: impl Fn(&str) -> Option<&'a str>) -> Preflight {
    let mut passing = Variables::new(Path::new("/"));
    let mut found = Preflight::default();
    for program in line::programs(words, &mut passing) {
        let name = program.file_name();
        let known = client_of_program(name).or_else(|| client("node").filter(|_| OF_NODE.contains(&name)));
        let Some(known) = known else { continue };
        // As the official images of Docker Hub set them.
        let variable = match known.name {
            "node" => "NODE_VERSION",
            "python" => "PYTHON_VERSION",
            "java" => "JAVA_VERSION",
            "go" => "GOLANG_VERSION",
            _ => "",
        };
        let plain = |version: &&str| {
            version.len() <= 24
                && version.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte))
        };
        let version = variables(variable).filter(plain).map(str::to_owned);
        found.know(known, version.as_deref());
        let kinds = match known.name {
            "java" => java::gaps(program.words()),
            "curl" => curl::gaps(program.words(), None),
            _ => Vec::new(),
        };
        found.gaps.extend(kinds.into_iter().map(|kind| gap(known.name, version.clone(), kind)));
    }
    found.gaps.extend(passing.kinds().into_iter().map(|kind| gap("command", None, kind)));
    found
}

fn gap(client: &str, version: Option<String>, kind: GapKind) -> Gap {
    Gap { client: client.to_owned(), version, kind, certain: true }
}

impl Preflight {
    /// Notes a client, and what follows from what the table says of it.
    fn know(&mut self, client: &Client, version: Option<&str>) {
        if let Some(version) = version.filter(|version| !version.is_empty()) {
            let known = ClientVersion { name: client.name.to_owned(), version: version.to_owned() };
            if !self.clients.contains(&known) {
                self.clients.push(known);
            }
        }
        let kind = match client.proxy {
            Honours::Yes => return,
            Honours::Newer if version.is_some_and(node::reads_variables) => return,
            Honours::Newer => GapKind::ProxyIgnored,
            Honours::NotLoopback => GapKind::LoopbackDirect,
            Honours::Optional => GapKind::ProxyOptional,
        };
        // An old Node is certain; one whose version is not known is not.
        let certain = kind == GapKind::ProxyIgnored && version.is_some();
        let version = version.map(str::to_owned);
        let gap = Gap { client: client.name.to_owned(), version, kind, certain };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }
}

struct Look<'a> {
    folder: &'a Path,
    inherited: &'a dyn Fn(&str) -> Option<OsString>,
    found: Preflight,
}

impl Look<'_> {
    fn program(&mut self, program: &Program, variables: &mut Variables) {
        let name = program.file_name();
        if ENGINES.contains(&name) {
            return;
        }
        if let Some(by) = ELSEWHERE.iter().find(|known| **known == name) {
            let setting = Setting { name: (*by).to_owned(), at: FoundAt::CommandLine };
            self.found.gaps.push(gap("command", None, GapKind::Elsewhere(setting)));
        } else if let Some(known) = client_of_program(name) {
            let file = self.file(&program.name);
            self.client(known, file.as_deref(), program);
        } else if OF_NODE.contains(&name) {
            self.interpreted(OsStr::new("node"), program);
        } else if is_shell(name) {
            if let Some(script) = program.words().find(|word| !word.starts_with('-')) {
                variables.script(Path::new(script));
            }
        } else if let Some(file) = self.file(&program.name) {
            self.by_file(&file, program, variables);
        }
    }

    /// A program of no known name: its first line, or what its linker wrote, tells what it is.
    fn by_file(&mut self, file: &Path, program: &Program, variables: &mut Variables) {
        if let Some(interpreter) = find::interpreter(file) {
            if is_shell(Path::new(&interpreter).file_name().and_then(OsStr::to_str).unwrap_or_default()) {
                variables.script(file);
            } else {
                self.interpreted(&interpreter, program);
            }
        } else if let (Some(version), Some(known)) = (go_version(file), client("go")) {
            self.go(known, &version, program);
        }
    }

    fn interpreted(&mut self, interpreter: &OsStr, program: &Program) {
        let name = Path::new(interpreter).file_name().and_then(OsStr::to_str).unwrap_or_default();
        if let Some(known) = client_of_program(name) {
            let file = self.file(interpreter);
            self.client(known, file.as_deref(), program);
        }
    }

    fn file(&self, name: &OsStr) -> Option<PathBuf> {
        find::file(name, self.folder, (self.inherited)("PATH"))
    }

    fn client(&mut self, known: &'static Client, file: Option<&Path>, program: &Program) {
        let kinds = match known.name {
            "python" => return self.python(file),
            "curl" => {
                let home = ["CURL_HOME", "HOME"].into_iter().find_map(|name| (self.inherited)(name));
                curl::gaps(program.words(), home.map(PathBuf::from))
            }
            "java" => java::gaps(program.words()),
            _ => Vec::new(),
        };
        let version = match known.name {
            "node" => file.and_then(node::version),
            "java" => file.and_then(java::version),
            "go" => file.and_then(go_version),
            _ => None,
        };
        self.found.know(known, version.as_deref());
        self.found.gaps.extend(kinds.into_iter().map(|kind| gap(known.name, version.clone(), kind)));
        if known.name == "node" {
            self.own_agents();
        }
    }

    /// What is loaded before Node's program may bring a proxy agent of its own.
    fn own_agents(&mut self) {
        let options = (self.inherited)("NODE_OPTIONS").unwrap_or_default();
        let options = options.to_string_lossy().into_owned();
        if ["--require", "-r", "--import", "--use-env-proxy"].iter().any(|one| options.contains(one)) {
            let ignored = |gap: &&mut Gap| gap.kind == GapKind::ProxyIgnored;
            self.found.gaps.iter_mut().filter(ignored).for_each(|gap| gap.certain = false);
        }
    }

    fn python(&mut self, file: Option<&Path>) {
        let Some(file) = file else { return };
        for known in python_clients(file) {
            let version = known.version.clone();
            match client(&known.name) {
                Some(row) => self.found.know(row, Some(&version)),
                None if !self.found.clients.contains(&known) => self.found.clients.push(known),
                None => {}
            }
        }
    }

    fn go(&mut self, known: &'static Client, version: &str, program: &Program) {
        self.found.know(known, Some(version));
        let loopback = ["://localhost", "://127.", "://[::1]"];
        if program.words().any(|word| loopback.iter().any(|host| word.contains(host))) {
            let ours = |gap: &&mut Gap| gap.kind == GapKind::LoopbackDirect;
            self.found.gaps.iter_mut().filter(ours).for_each(|gap| gap.certain = true);
        }
    }
}

fn is_shell(name: &str) -> bool {
    line::SHELLS.contains(&name)
}

#[cfg(test)]
mod tests;
