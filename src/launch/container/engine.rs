//! The engine behind a command line: which one, where it runs, and questions to it through its own client, which honours contexts.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command as Process;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::ContainerError;
use super::dialect::Dialect;
use super::line::Call;

/// Longest time that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// An engine that can be asked.
#[derive(Clone, Debug)]
pub(super) struct Engine {
    /// The words that a question begins with.
    front: Vec<OsString>,
    pub(super) dialect: Dialect,
    /// It runs without root: its networks are in a namespace of their own.
    pub(super) rootless: bool,
    /// It runs in a virtual machine that looks like this one (Docker Desktop).
    pub(super) desktop: bool,
    /// Mounted files need a label.
    pub(super) selinux: bool,
}

impl Engine {
    /// Asks the engine of a call about itself. Refuses one that runs on another machine.
    pub(super) async fn of(call: &Call) -> Result<Self, ContainerError> {
        let front = call.before.iter().chain([&call.program]).chain(&call.globals).cloned().collect();
        let mut engine =
            Self { front, dialect: call.dialect, rootless: false, desktop: false, selinux: false };
        if call.program_is_compose() {
            engine.front = call.before.iter().cloned().chain(["docker".into()]).collect();
        }
        if engine.dialect == Dialect::Docker {
            // podman answers under docker's name where the package podman-docker is installed.
            let version = engine.ask(&["--version"]).await?;
            if version.starts_with(b"podman") {
                engine.dialect = Dialect::Podman;
            } else {
                engine.refuse_remote_endpoint().await?;
            }
        }
        let info = engine.ask(engine.dialect.info()).await?;
        let info: Value = serde_json::from_slice(&info).map_err(|_| answer("info"))?;
        engine.read(&info)?;
        Ok(engine)
    }

    /// A Docker endpoint on another machine is refused before anything is sent there.
    async fn refuse_remote_endpoint(&self) -> Result<(), ContainerError> {
        let format = "{{.Endpoints.docker.Host}}";
        // Clients before 19.03 know no contexts.
        let Ok(told) = self.ask(&["context", "inspect", "--format", format]).await else { return Ok(()) };
        let endpoint = String::from_utf8_lossy(&told).trim().to_owned();
        if is_elsewhere(&endpoint) { Err(ContainerError::Remote { endpoint }) } else { Ok(()) }
    }

    fn read(&mut self, info: &Value) -> Result<(), ContainerError> {
        if self.dialect == Dialect::Podman {
            let host = &info["host"];
            if host["serviceIsRemote"] == true {
                return Err(ContainerError::Remote { endpoint: "podman's remote service".to_owned() });
            }
            self.rootless = host["security"]["rootless"] == true;
            self.selinux = host["security"]["selinuxEnabled"] == true;
            return Ok(());
        }
        let errors = info["ServerErrors"].as_array().map(Vec::as_slice).unwrap_or_default();
        if let Some(error) = errors.first() {
            return Err(ContainerError::Engine { words: error.as_str().unwrap_or_default().to_owned() });
        }
        let options = info["SecurityOptions"].as_array().map(Vec::as_slice).unwrap_or_default();
        let has = |name: &str| options.iter().filter_map(Value::as_str).any(|option| option.contains(name));
        self.rootless = has("name=rootless");
        self.selinux = has("name=selinux");
        self.desktop =
            info["OperatingSystem"].as_str().is_some_and(|system| system.contains("Docker Desktop"));
        Ok(())
    }

    /// The answer to a question, from the client's standard output.
    pub(super) async fn ask<S: AsRef<OsStr>>(&self, question: &[S]) -> Result<Vec<u8>, ContainerError> {
        let Some((program, front)) = self.front.split_first() else { return Err(answer("nothing")) };
        let mut process = Process::new(program);
        process.args(front).args(question);
        Self::answered(process, question).await
    }

    /// The same for what the terminal's Ctrl-C must not end half-way.
    #[cfg(target_os = "linux")]
    pub(super) async fn start<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<Vec<u8>, ContainerError> {
        let Some((program, front)) = self.front.split_first() else { return Err(answer("nothing")) };
        let mut process = Process::new(program);
        process.args(front).args(words);
        // What stands before the program may ask for a password, at the terminal.
        if Dialect::of(program).is_some() {
            process.process_group(0);
        }
        Self::answered(process, words).await
    }

    /// Gives an order and waits until it is done; for where nobody can do anything if it is not.
    #[cfg(target_os = "linux")]
    pub(super) fn order<S: AsRef<OsStr>>(&self, words: &[S]) {
        let Some((program, front)) = self.front.split_first() else { return };
        let mut process = std::process::Command::new(program);
        process.args(front).args(words).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        if let Err(error) = process.status() {
            tracing::debug!(%error, "the engine's client cannot be run");
        }
    }

    async fn answered<S: AsRef<OsStr>>(
        mut process: Process,
        question: &[S],
    ) -> Result<Vec<u8>, ContainerError> {
        process.kill_on_drop(true).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let words =
            || question.first().map(|word| word.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        let program = process.as_std().get_program().to_string_lossy().into_owned();
        let output = match timeout(PATIENCE, process.output()).await {
            Ok(output) => output.map_err(|source| ContainerError::Client { program, source })?,
            Err(_) => return Err(ContainerError::Engine { words: format!("no answer to `{}`", words()) }),
        };
        if output.status.success() {
            return Ok(output.stdout);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        // Docker's last words are where to read on.
        let is_news =
            |line: &&str| !(line.trim().is_empty() || line.starts_with("Run '") || line.starts_with("See '"));
        let last = said.lines().rfind(is_news).unwrap_or("it said nothing");
        Err(ContainerError::Engine { words: last.trim().to_owned() })
    }

    /// The first bytes of what the client answers, at most this many, and for at most this long. Nothing where it fails at once.
    pub(super) async fn stream<S: AsRef<OsStr>>(
        &self,
        question: &[S],
        most: u64,
        patience: Duration,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let (program, front) = self.front.split_first()?;
        let mut process = Process::new(program);
        process.args(front).args(question).kill_on_drop(true);
        process.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = process.spawn().ok()?;
        let mut said = Zeroizing::new(Vec::new());
        let mut output = child.stdout.take()?.take(most);
        let read = timeout(patience, output.read_to_end(&mut said)).await;
        // What it still has to say is not wanted.
        let _ = child.start_kill();
        read.ok()?.ok()?;
        (!said.is_empty()).then_some(said)
    }

    /// The answer of Compose to a question, by the words of a call of it.
    pub(super) async fn ask_compose(
        &self,
        call: &Call,
        question: &[OsString],
    ) -> Result<Vec<u8>, ContainerError> {
        let front = call.before.iter().chain([&call.program]).chain(&call.globals).chain(&call.subcommand);
        Self { front: front.cloned().collect(), ..self.clone() }.ask(question).await
    }

    /// The answer to a question, as JSON.
    pub(super) async fn ask_json<S: AsRef<OsStr>>(&self, question: &[S]) -> Result<Value, ContainerError> {
        let told = self.ask(question).await?;
        let words =
            || question.first().map(|word| word.as_ref().to_string_lossy().into_owned()).unwrap_or_default();
        serde_json::from_slice(&told).map_err(|_| answer(&words()))
    }
}

impl Call {
    fn program_is_compose(&self) -> bool {
        self.program.to_string_lossy().ends_with("docker-compose")
    }
}

/// Whether an endpoint is on another machine; unix sockets, pipes and this machine's own addresses are not.
fn is_elsewhere(endpoint: &str) -> bool {
    let Some((scheme, rest)) = endpoint.split_once("://") else { return false };
    if matches!(scheme, "unix" | "npipe" | "fd") {
        return false;
    }
    let authority = rest.split('/').next().unwrap_or_default();
    let host = authority.rsplit('@').next().unwrap_or_default();
    let host = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    // An empty host is the client's default: this machine.
    let local =
        host.is_empty() || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    scheme == "ssh" || !local
}

/// The address under which this machine reaches others, and they it. Nothing is sent.
pub(super) fn own_address() -> Option<IpAddr> {
    // Addresses that nobody has: only the way to them is asked for (RFC 5737, RFC 3849).
    let somewhere: [(IpAddr, IpAddr); 2] = [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(203, 0, 113, 1).into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into()),
    ];
    somewhere.into_iter().find_map(|(any, there)| {
        let socket = std::net::UdpSocket::bind((any, 0)).ok()?;
        socket.connect((there, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip())
    })
}

/// Whether an address is this machine's.
pub(super) fn is_own(address: IpAddr) -> bool {
    std::net::TcpListener::bind((address, 0)).is_ok()
}

pub(super) fn answer(question: &str) -> ContainerError {
    ContainerError::Answer { question: question.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_on_other_machines_are_told() {
        for endpoint in [
            "unix:///var/run/docker.sock",
            "npipe:////./pipe/docker",
            "",
            "tcp://127.0.0.1:2375",
            "tcp://[::1]:2375",
            "tcp://localhost:2375",
        ] {
            assert!(!is_elsewhere(endpoint), "{endpoint}");
        }
        for endpoint in [
            "tcp://10.0.0.1:2375",
            "ssh://me@host",
            "ssh://localhost",
            "tcp://build.example.com",
            "https://[2001:db8::1]:2376",
        ] {
            assert!(is_elsewhere(endpoint), "{endpoint}");
        }
    }

    #[test]
    fn the_loopback_address_is_this_machines_and_a_documentation_address_is_not() {
        assert!(is_own(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_own(Ipv4Addr::new(203, 0, 113, 7).into()));
    }
}
