//! Before a container starts: does the proxy answer from inside its network, and can its user read the certificates?
//!
//! A container of the same image, network and user tells, in which nothing of the image runs: samewire itself is mounted into it, with
//! the libraries of this machine that it needs. It lasts as long as one connection takes, and the engine removes it at its end.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use tokio::time::timeout;

use super::program::Program;
use super::said::Line;
use super::{Container, ContainerError, FOLDER};
use crate::launch::preflight::{Contact, Seen};
use crate::launch::trust::Files;
use crate::launch::{PROBE, Trust};

/// Longest time for the whole of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// What of the line decides how a container reaches the proxy, as whom, and whether it starts at all on this engine.
const KEPT: &[&str] = &[
    "cgroup-conf",
    "cgroup-parent",
    "cgroupns",
    "cgroups",
    "gidmap",
    "group-add",
    "isolation",
    "net",
    "network",
    "platform",
    "runtime",
    "security-opt",
    "subgidname",
    "subuidname",
    "uidmap",
    "ulimit",
    "user",
    "userns",
];
/// A port for advice, where the user has chosen none.
const PORT: u16 = 8877;

/// What was tried from inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tried {
    /// The proxy answers there.
    Answered {
        /// The container's user can read the certificates.
        reads_certificates: bool,
    },
    /// It could not be tried; why.
    Not(String),
}

impl Container {
    /// Tries from inside the container's network whether `proxy` (`HOST:PORT`), which greets with `greeting`, answers. An error where it
    /// does not: the container would capture nothing.
    pub async fn try_inside(
        &self,
        proxy: &str,
        greeting: &str,
        trust: &Trust,
    ) -> Result<Tried, ContainerError> {
        let Line::Run(run) = &self.said.line else {
            return Ok(Tried::Not("Compose makes the network when it starts".to_owned()));
        };
        let Some(own) = Program::own() else {
            return Ok(Tried::Not("samewire's own program cannot be run in a container".to_owned()));
        };
        if self.said.image.is_none() {
            return Ok(Tried::Not("the image is not here".to_owned()));
        }
        let label = if self.engine.selinux { ",z" } else { "" };
        let mut words: Vec<OsString> = ["run", "--rm", "--pull", "never", "--read-only", "--no-healthcheck"]
            .map(OsString::from)
            .to_vec();
        // What the image sets for its own programs is not for samewire.
        words.extend(["--env=LD_PRELOAD=", "--env=LD_LIBRARY_PATH=", "--workdir=/"].map(OsString::from));
        if self.engine.selinux {
            // The libraries of this machine must not get another label.
            words.push("--security-opt=label=disable".into());
        }
        for given in run.flags.given.iter().filter(|given| KEPT.contains(&given.name)) {
            let mut word = OsString::from(format!("--{}=", given.name));
            word.push(&given.value);
            words.push(word);
        }
        words.push(format!("--volume={}:{FOLDER}:ro{label}", trust.files().folder().display()).into());
        let arguments = own.arguments(&mut words, run.image());
        words.extend(arguments);
        let bundle = Files::in_folder(Path::new(FOLDER)).bundle();
        words.extend([PROBE.into(), proxy.into(), bundle.into()]);

        let seen = match timeout(PATIENCE, self.engine.ask(&words)).await {
            Ok(Ok(told)) => Seen::parse(&String::from_utf8_lossy(&told)),
            Ok(Err(ContainerError::Engine { words })) => return Ok(Tried::Not(words)),
            Ok(Err(error)) => return Err(error),
            Err(_) => return Ok(Tried::Not("it took too long".to_owned())),
        };
        match seen {
            Some(Seen { contact: Contact::Greeted(heard), readable }) if heard == greeting => {
                Ok(Tried::Answered { reads_certificates: readable })
            }
            Some(seen) => Err(self.not_reached(proxy, &seen.contact)),
            None => Ok(Tried::Not("samewire's own program did not run there".to_owned())),
        }
    }

    fn not_reached(&self, proxy: &str, contact: &Contact) -> ContainerError {
        let (host, port) = proxy.rsplit_once(':').unwrap_or((proxy, ""));
        let fixed = format!("{host}:{PORT}");
        let way = match &self.said.network.interface {
            Some(interface) => format!("in on {interface}"),
            None => "from the container's network".to_owned(),
        };
        let rule = match &self.said.network.interface {
            Some(interface) => format!("`iptables -I INPUT -i {interface} -p tcp --dport {PORT} -j ACCEPT`"),
            None => format!("`iptables -I INPUT -p tcp --dport {PORT} -j ACCEPT`"),
        };
        let firewall = format!(
            "let it {way} ({rule}; with ufw `ufw allow {PORT}/tcp`) and record with `--listen {fixed}`"
        );
        let (how, remedy) = match contact {
            Contact::Refused => (
                "the connection is refused",
                format!(
                    "a firewall of this machine may refuse it: {firewall}; or say with --listen an address of this machine that the container reaches"
                ),
            ),
            Contact::TimedOut => {
                ("nothing answers", format!("mostly a firewall of this machine drops it: {firewall}"))
            }
            Contact::NoWay => (
                "there is no way there",
                format!(
                    "the network is cut off from this machine, or its firewall says so: {firewall}; or use another network"
                ),
            ),
            Contact::NoName => (
                "the name is not known there",
                format!(
                    "add `--add-host {host}:host-gateway` to the line, or say with --listen an address of this machine"
                ),
            ),
            Contact::Greeted(_) => (
                "something else answers there",
                format!(
                    "port {port} leads elsewhere as the container sees it; say another address with --listen"
                ),
            ),
            Contact::Failed => ("the connection fails", format!("look for what stands between: {firewall}")),
        };
        ContainerError::NotReached {
            network: self.said.network.name.clone(),
            proxy: proxy.to_owned(),
            how,
            remedy,
        }
    }
}
