//! What a command line, a script or a file does to the variables that samewire sets.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::model::{FoundAt, GapKind, Setting};

/// Longest script or file of variables that is read, in bytes.
const LONGEST: u64 = 256 * 1024;

/// The variables that name the proxy, in the pairs of which clients read one or the other.
const PROXIES: [[&str; 2]; 2] = [["HTTP_PROXY", "http_proxy"], ["HTTPS_PROXY", "https_proxy"]];
/// Variables that except hosts.
const EXCEPTIONS: [&str; 2] = ["NO_PROXY", "no_proxy"];
/// Variables that name a trust store.
const TRUST: [&str; 5] =
    ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "DENO_CERT"];
/// The JVM's variable: proxy and trust store in one.
const JVM: &str = "JAVA_TOOL_OPTIONS";

/// Follows the variables through a command line.
pub(super) struct Variables {
    folder: PathBuf,
    at: FoundAt,
    gone: BTreeSet<&'static str>,
    kinds: Vec<GapKind>,
    other_user: bool,
}

impl Variables {
    /// For a command that runs in this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            at: FoundAt::CommandLine,
            gone: BTreeSet::new(),
            kinds: Vec::new(),
            other_user: false,
        }
    }

    /// `NAME=VALUE`. What only a shell can tell is not guessed.
    pub(super) fn assign(&mut self, assignment: Option<(&str, &str)>) {
        let Some((name, value)) = assignment else { return };
        let value = value.trim_matches(['"', '\'']);
        if value.is_empty() {
            return self.unset(name);
        }
        if value.contains(['$', '`']) {
            return;
        }
        let setting = |name: &&str| Setting { name: (*name).to_owned(), at: self.at };
        let kind = if let Some(name) = EXCEPTIONS.iter().find(|known| **known == name) {
            GapKind::Excepted(setting(name))
        } else if let Some(name) = PROXIES.iter().flatten().chain([&JVM]).find(|known| **known == name) {
            GapKind::ProxyReplaced(setting(name))
        } else if let Some(name) = TRUST.iter().find(|known| **known == name) {
            GapKind::TrustReplaced(setting(name))
        } else {
            return;
        };
        self.tell(kind);
    }

    /// A variable is taken away. Of the proxy's, clients read either spelling: only both are missed.
    pub(super) fn unset(&mut self, name: &str) {
        for pair in PROXIES {
            if let Some(known) = pair.iter().find(|known| **known == name) {
                self.gone.insert(known);
                if pair.iter().all(|known| self.gone.contains(known)) {
                    self.tell(GapKind::ProxyReplaced(Setting { name: name.to_owned(), at: self.at }));
                }
            }
        }
    }

    /// All variables are taken away.
    pub(super) fn drop_all(&mut self, by: &str) {
        self.tell(GapKind::EnvironmentDropped(Setting { name: by.to_owned(), at: self.at }));
    }

    /// The command runs as this user. The administrator may read everything.
    pub(super) fn change_user(&mut self, user: &str) {
        self.other_user |= !matches!(user, "root" | "0" | "");
    }

    /// True where the command runs as another user and has the variables: without them it does not look for the files.
    pub(super) fn other_user(&self) -> bool {
        self.other_user && !self.kinds.iter().any(|kind| matches!(kind, GapKind::EnvironmentDropped(_)))
    }

    /// A file of variables that the shell reads.
    pub(super) fn read(&mut self, file: &Path) {
        self.each_line(&self.folder.join(file), FoundAt::EnvFile);
    }

    /// A script: only lines that stand for themselves are understood.
    pub(super) fn script(&mut self, file: &Path) {
        self.each_line(&self.folder.join(file), FoundAt::Script);
    }

    fn each_line(&mut self, file: &Path, place: fn(u32) -> FoundAt) {
        let Some(text) = small_text(file) else { return };
        let before = self.at;
        for (number, line) in (1..).zip(text.lines()) {
            self.at = place(number);
            let line = line.trim();
            if let Some(names) = line.strip_prefix("unset ") {
                names.split_ascii_whitespace().for_each(|name| self.unset(name.trim_end_matches(';')));
                continue;
            }
            let line = line.strip_prefix("export ").unwrap_or(line);
            self.assign(line.split_once('=').map(|(name, value)| (name.trim(), value.trim())));
        }
        self.at = before;
    }

    fn tell(&mut self, kind: GapKind) {
        if !self.kinds.contains(&kind) {
            self.kinds.push(kind);
        }
    }

    /// What was found, in order.
    pub(super) fn kinds(self) -> Vec<GapKind> {
        self.kinds
    }
}

/// A file's text, where it is a small one.
pub(super) fn small_text(file: &Path) -> Option<String> {
    let found = fs::metadata(file).ok()?;
    (found.is_file() && found.len() <= LONGEST).then(|| fs::read_to_string(file).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(kinds: &[GapKind]) -> Vec<String> {
        let name = |kind: &GapKind| match kind {
            GapKind::Excepted(one) => format!("excepted {} {}", one.name, one.at),
            GapKind::ProxyReplaced(one) => format!("replaced {} {}", one.name, one.at),
            GapKind::TrustReplaced(one) => format!("trust {} {}", one.name, one.at),
            other => format!("{other:?}"),
        };
        kinds.iter().map(name).collect()
    }

    #[test]
    fn only_what_takes_requests_away_is_told() {
        let mut variables = Variables::new(Path::new("/"));
        variables.assign(Some(("NO_PROXY", "")));
        variables.assign(Some(("NO_PROXY", "$NO_PROXY,x")));
        variables.assign(Some(("API_KEY", "secret")));
        variables.unset("HTTP_PROXY");
        assert!(variables.kinds().is_empty());
    }

    #[test]
    fn scripts_are_read_line_by_line() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(
            folder.path().join("run.sh"),
            "#!/bin/sh\nexport NO_PROXY=\"api.example.com\"\nunset http_proxy HTTP_PROXY\npython x.py\n",
        )
        .unwrap();
        fs::write(folder.path().join(".env"), "API_KEY=x\nREQUESTS_CA_BUNDLE=/etc/ours.pem\n").unwrap();
        let mut variables = Variables::new(folder.path());
        variables.script(Path::new("run.sh"));
        variables.read(Path::new(".env"));
        assert_eq!(
            names(&variables.kinds()),
            [
                "excepted NO_PROXY in line 2 of the script",
                "replaced HTTP_PROXY in line 3 of the script",
                "trust REQUESTS_CA_BUNDLE in line 2 of the file of variables"
            ]
        );
    }
}
