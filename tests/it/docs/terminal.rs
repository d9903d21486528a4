//! The terminal of somebody who works through a page: a folder of its own, the clients, and an API in the place of the page's hosts.
//!
//! The page's commands are run as they stand. What differs from a reader's machine is on `PATH`: `samewire` is told to look for the API
//! on this machine (`--connect-to`, `--upstream-ca`), and `docker` takes an image of this machine for those that a registry has.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use crate::clients::api::Api;
use crate::clients::bench::program;
use crate::clients::engine::{Image, bridge};

use super::page::{Numbered, Step};
use super::printed::missing;

/// The token that the pages use, and the API in their place takes.
const TOKEN: &str = "acme_live_4Jq8ZtXw2Rk9Vb6Nm3Hs7Yd1PcLf5";

pub(super) struct Terminal {
    folder: TempDir,
    path: String,
    python_path: PathBuf,
    first: Option<(Child, Receiver<String>)>,
    /// Where the proxy in the first terminal listens, in place of the address that pages name.
    listening: Option<String>,
    _api: Api,
}

impl Terminal {
    /// With the clients of `python`, and this image in the place of those that pages name.
    pub(super) fn open(python: &Path, image: Option<&Image>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("api-ca.pem");
        let api = Api::start(Ipv4Addr::LOCALHOST, &format!("Bearer {TOKEN}"), &ca);
        let programs = folder.path().join("programs");
        for name in ["programs", "work"] {
            fs::create_dir(folder.path().join(name)).unwrap();
        }
        put(&programs.join("samewire"), &samewire(&api, &ca));
        if let Some(Image(image)) = image {
            put(&programs.join("docker"), &docker(image));
        }
        let bin = python.parent().unwrap();
        let path = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{path}", programs.display(), bin.display());
        let lib = fs::read_dir(bin.with_file_name("lib")).unwrap().next().unwrap().unwrap().path();
        Self { folder, path, python_path: lib.join("site-packages"), first: None, listening: None, _api: api }
    }

    /// Works through the steps; fails where a command or what it prints is not as the page says.
    pub(super) fn work_through(&mut self, page: &str, steps: &[Numbered]) {
        let mut printed = String::new();
        for Numbered { line, step } in steps {
            match step {
                Step::File { name, content } => self.write(name, content),
                Step::Run { script, exit, then_ctrl_c } => {
                    let status;
                    (status, printed) = self.run(script);
                    assert_eq!(status, Some(*exit), "{page}:{line}: exit status\n{script}\n{printed}");
                    if *then_ctrl_c {
                        printed.push_str(&self.ctrl_c(page));
                    }
                }
                Step::FirstTerminal(script) => {
                    self.first = Some(self.start(script.trim_end()));
                    printed.clear();
                }
                Step::Elsewhere(_) => printed.clear(),
                Step::Printed(said) => {
                    self.wait_for(said, &mut printed);
                    if let Some(missing) = missing(said, &printed) {
                        panic!(
                            "{page}:{line}: not printed, or not in this place:\n{missing}\nThis is printed:\n{printed}"
                        );
                    }
                }
            }
        }
        assert!(self.first.is_none(), "{page}: nothing ends what runs in the first terminal (then=ctrl-c)");
    }

    pub(super) fn write(&self, name: &str, content: &str) {
        let path = self.folder.path().join("work").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    /// Variables and the folder last from block to block, as in a terminal; the first command that fails ends a block.
    fn run(&self, script: &str) -> (Option<i32>, String) {
        let mut lines = String::from("exec 2>&1\n");
        let file = |name: &str| self.folder.path().join(name);
        let (variables, folder) = (file("variables"), file("folder"));
        if variables.exists() {
            writeln!(lines, ". {}; cd \"$(cat {})\"", variables.display(), folder.display()).unwrap();
        }
        // While something runs in the first terminal, each block is a terminal that is closed after it.
        let keep = match self.first {
            None => format!("export -p >{}; pwd >{}", variables.display(), folder.display()),
            Some(_) => ":".to_owned(),
        };
        // The proxy took a free port in place of the one that pages name.
        let script = match &self.listening {
            Some(address) => script.replace("127.0.0.1:8877", address),
            None => script.to_owned(),
        };
        write!(lines, "trap 's=$?; {keep}; exit $s' EXIT\nset -e\n{script}").unwrap();
        let output = self.shell(&lines).output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn shell(&self, script: &str) -> Command {
        let mut shell = Command::new("sh");
        shell
            .args(["-c", script])
            .current_dir(self.folder.path().join("work"))
            .env_clear()
            .env("PATH", &self.path)
            .env("PYTHONPATH", &self.python_path)
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("PIP_NO_INDEX", "1")
            .env("PIP_DISABLE_PIP_VERSION_CHECK", "1")
            .env("HOME", self.folder.path())
            .env("XDG_STATE_HOME", self.folder.path().join("state"))
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null());
        shell
    }

    fn start(&self, script: &str) -> (Child, Receiver<String>) {
        let mut child =
            self.shell(&format!("exec 2>&1; exec {script}")).stdout(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = mpsc::channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        (child, lines)
    }

    /// Waits until the first terminal has printed what the page says, where something runs there.
    fn wait_for(&mut self, said: &[String], printed: &mut String) {
        let Some((_, lines)) = &self.first else { return };
        while missing(said, printed).is_some() {
            let Ok(line) = lines.recv_timeout(Duration::from_secs(60)) else { return };
            let address = line
                .split_once("http://")
                .map(|(_, rest)| rest.split([' ', ',', '/']).next().unwrap_or(rest));
            self.listening = self.listening.take().or_else(|| address.map(str::to_owned));
            writeln!(printed, "{line}").unwrap();
        }
    }

    /// Ctrl-C in the first terminal; what was printed there since.
    fn ctrl_c(&mut self, page: &str) -> String {
        self.listening = None;
        let (mut child, lines) =
            self.first.take().unwrap_or_else(|| panic!("{page}: nothing runs in the first terminal"));
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        assert!(child.wait().unwrap().success(), "{page}: the first terminal's command fails");
        lines.iter().fold(String::new(), |all, line| all + &line + "\n")
    }
}

fn put(path: &Path, script: &str) {
    fs::write(path, script).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// samewire, which finds every host of a page on this machine, and whose proxy takes any port that is free.
fn samewire(api: &Api, ca: &Path) -> String {
    let real = env!("CARGO_BIN_EXE_samewire");
    let (http, https, ca) = (api.http, api.https, ca.display());
    let gateway = bridge().unwrap_or_default();
    format!(
        r#"#!/bin/sh
verb=$1
case $verb in record|compare|proxy) shift ;; *) exec {real} "$@" ;; esac
case "$verb $*" in
*"--listen 172.17.0.1:"*)
    for word; do
        shift
        case $word in 172.17.0.1:*) word={gateway}:0 ;; esac
        set -- "$@" "$word"
    done ;;
proxy*) set -- --listen 127.0.0.1:0 "$@" ;;
esac
exec {real} "$verb" --connect-to :80:{http} --connect-to :443:{https} --upstream-ca {ca} "$@"
"#
    )
}

/// docker, which takes an image of this machine for those that a registry has.
fn docker(image: &str) -> String {
    let real = program("docker").unwrap();
    format!(
        r#"#!/bin/sh
for word; do
    shift
    case $word in airbyte/source-declarative-manifest:*|acme/source-acme:*) word={image} ;; esac
    set -- "$@" "$word"
done
exec {} "$@"
"#,
        real.display()
    )
}
