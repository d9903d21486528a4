//! A folder of its own for each test, and samewire run in it as a user would.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

use super::api::Api;
use crate::scratch::{Scratch, said};

pub(crate) const TOKEN: &str = "live_7Qm2vXz9LtRk4WbN8sYc3HdJ6pFgA1eUoZi5Tx0K";

pub(crate) struct Bench {
    folder: Scratch,
    pub(crate) api: Api,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_api_on(Ipv4Addr::LOCALHOST)
    }

    /// The API on another address of this machine, for containers that are to reach it without samewire.
    pub(crate) fn with_api_on(address: Ipv4Addr) -> Self {
        let folder = Scratch::new();
        let api = Api::start(address, &format!("Bearer {TOKEN}"), &folder.path().join("api-ca.pem"));
        Self { folder, api }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// samewire with an environment that names no proxy and a state folder of its own.
    pub(crate) fn samewire(&self, args: &[&str]) -> Output {
        let output = self.command(args).output().unwrap();
        said(args, &output);
        output
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        // Another build of the same program, for figures that an optimised one gives.
        let given = std::env::var_os("SAMEWIRE_BINARY");
        let mut command = Command::new(given.unwrap_or_else(|| env!("CARGO_BIN_EXE_samewire").into()));
        command
            .args(args)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.path("state"))
            .env("LANG", "C.UTF-8")
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(std::process::Stdio::null());
        command
    }

    /// The options that lead a recording's requests to the API, and let it trust what it finds there.
    pub(crate) fn way_to_the_api(&self) -> Vec<String> {
        let mut options = vec!["--upstream-ca".to_owned(), self.path("api-ca.pem").display().to_string()];
        for to in self.api.connect_to() {
            options.extend(["--connect-to".to_owned(), to]);
        }
        options
    }

    /// `record` of a command, not yet started, with more options than the usual ones.
    pub(crate) fn recording(&self, side: &str, file: &str, options: &[&str], words: &[&str]) -> Command {
        let mut command = self.command(&["record", side, "--force", "-o", file]);
        command.args(self.way_to_the_api()).args(options).arg("--").args(words);
        command
    }

    /// Records a command; fails the test when samewire itself failed.
    pub(crate) fn record(&self, side: &str, file: &str, command: &[&str]) -> Output {
        let output = self.recording(side, file, &[], command).output().unwrap();
        assert_ne!(output.status.code(), Some(125), "{}", text(&output));
        output
    }

    /// Compares two captures: exit status and report.
    pub(crate) fn diff(&self, sandbox: &str, runtime: &str) -> (i32, Value) {
        let output = self.samewire(&["diff", sandbox, runtime, "--format", "json"]);
        let report = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", text(&output)));
        (output.status.code().unwrap(), report)
    }

    /// No file that samewire wrote holds the token.
    pub(crate) fn assert_no_leak(&self) {
        for name in ["s.har", "r.har"] {
            let content = std::fs::read_to_string(self.path(name)).unwrap();
            assert!(!content.contains(TOKEN), "{name} holds the token");
            assert!(!content.contains(&TOKEN[..16]), "{name} holds the token's beginning");
        }
    }
}

pub(crate) fn text(output: &Output) -> String {
    format!(
        "{}\nstdout: {}\nstderr: {}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

pub(crate) fn first_rule(report: &Value) -> &str {
    report["findings"][0]["rule"].as_str().unwrap_or("none")
}

/// The Python with the pinned clients; without it the test is skipped, unless the test script promised it.
pub(crate) fn python() -> Option<PathBuf> {
    python_in("SAMEWIRE_TEST_VENV", "clients")
}

/// The Python with the independent tools that read what samewire writes; skipped or required as the clients' is.
pub(crate) fn tools() -> Option<PathBuf> {
    python_in("SAMEWIRE_TEST_TOOLS", "tools")
}

fn python_in(variable: &str, what: &str) -> Option<PathBuf> {
    let venv = std::env::var_os(variable).map(PathBuf::from);
    let python = venv.map(|venv| venv.join("bin/python")).filter(|python| python.exists());
    if python.is_none() {
        assert!(std::env::var_os("SAMEWIRE_TEST_CLIENTS").is_none(), "the Python {what} are not installed");
        eprintln!("skipped: no Python {what}; tests/run installs them");
    }
    python
}

/// A program of the system.
pub(crate) fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| Path::is_file(file));
    if found.is_none() {
        eprintln!("skipped: no {name} on this machine");
    }
    found
}
