//! A container in a network of its own, whose only way out is samewire.
//!
//! Another container holds that network, so that it is there before the first process of the user's: one of the same image, with
//! samewire's own program in the place of the image's. Nothing has to be made for it, and nothing stays.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::dialect::Dialect;
use super::engine::Engine;
use super::network::Network;
use super::run::RunLine;
use super::said::Line;
use super::{Container, ContainerError, HOST_ALIAS};

/// Flags that ask for what such a network does not have, and what to do.
const REFUSED: &[(&str, &str)] = &[
    ("--publish", INBOUND),
    ("--publish-all", INBOUND),
    ("--expose", INBOUND),
    ("--network-alias", INBOUND),
    ("--net-alias", INBOUND),
    ("--dns", NAMES),
    ("--dns-opt", NAMES),
    ("--dns-option", NAMES),
    ("--dns-search", NAMES),
    ("--ip", ADDRESS),
    ("--ip6", ADDRESS),
    ("--link-local-ip", ADDRESS),
    ("--mac-address", ADDRESS),
    ("--userns", USERS),
    ("--uidmap", USERS),
    ("--gidmap", USERS),
    ("--subuidname", USERS),
    ("--subgidname", USERS),
    ("--link", "use a network of your own, on which containers are known by name"),
    ("--hosts-file", "samewire writes the container's hosts file; give its lines by --add-host"),
    ("--no-hosts", "samewire writes the container's hosts file; take the flag out"),
];

const INBOUND: &str = "nobody outside reaches what listens in the container; take the flag out";
const NAMES: &str = "samewire answers names, with this machine's resolver; take the flag out";
const USERS: &str = "the network belongs to the users of the container that holds it; take the flag out";
const ADDRESS: &str = "the addresses of such a network are samewire's; take the flag out";

/// Flags whose place the holder takes, or samewire's own files.
const MOVED: &[&str] = &["network", "net", "hostname", "domainname", "add-host"];

/// Flags that also decide whether the engine can start the holder.
const SHARED: &[&str] = &["platform", "runtime", "ulimit"];

/// Files of samewire's own in the container.
const FILES: [&str; 2] = ["/etc/hosts", "/etc/resolv.conf"];

impl Container {
    /// The same container in a network of its own.
    pub(in crate::launch) fn in_own_network(mut self) -> Result<Self, ContainerError> {
        self.apart = Some(self.own_network()?);
        Ok(self)
    }

    /// It could have a network of its own.
    pub fn may_be_apart(&self) -> bool {
        self.own_network().is_ok()
    }

    fn own_network(&self) -> Result<Apart, ContainerError> {
        if !cfg!(target_os = "linux") {
            return Err(ContainerError::OwnNetwork("Linux alone has networks of that kind"));
        }
        match &self.said.line {
            Line::Run(run) => Apart::of(run, &self.engine, &self.said.network, &Addresses::here()),
            Line::Compose(_) => Err(ContainerError::OwnNetwork(
                "a service of Compose keeps its own network; record it by `run` of its image",
            )),
        }
    }

    /// It has a network of its own, whose only way out is samewire.
    pub fn is_apart(&self) -> bool {
        self.apart.is_some()
    }
}

/// A network of the container's own.
#[derive(Debug)]
pub(super) struct Apart {
    /// The name of the container that holds it.
    pub(super) holder: String,
    /// The host's name inside.
    hostname: OsString,
    domain: Option<OsString>,
    /// Its hosts file.
    pub(super) hosts: String,
    /// The same as samewire reaches them.
    pub(super) known: Vec<(String, IpAddr)>,
    /// What says where names are answered.
    resolver: String,
    /// There is IPv6 inside.
    pub(super) has_v6: bool,
    /// Flags of the line that the holder needs as well, and the image.
    pub(super) shared: Vec<OsString>,
    pub(super) image: OsString,
}

impl Apart {
    /// Reads what a line of `run` asks of its network. Refuses what a network of its own does not have.
    fn of(
        run: &RunLine,
        engine: &Engine,
        network: &Network,
        addresses: &Addresses,
    ) -> Result<Self, ContainerError> {
        if engine.desktop {
            return Err(ContainerError::OwnNetwork("Docker Desktop runs containers in another machine"));
        }
        if engine.dialect == Dialect::Nerdctl {
            return Err(ContainerError::OwnNetwork("nerdctl is not supported for that"));
        }
        if network.name == "host" {
            let why = "--network host gives the container this machine's own network; take it out";
            return Err(ContainerError::OwnNetwork(why));
        }
        if run.networks().iter().any(|network| network.starts_with("container:")) {
            let why = "--network container:NAME gives the container the network of one that runs already; take it out";
            return Err(ContainerError::OwnNetwork(why));
        }
        let is_on = |(flag, _): &&(&'static str, &str)| {
            let value = run.flags.value(flag.trim_start_matches('-'));
            // The users of this machine are those of the holder.
            value.is_some_and(|value| !["false", "0", "host"].iter().any(|off| value == off))
        };
        if let Some(&(flag, why)) = REFUSED.iter().find(is_on) {
            return Err(ContainerError::FlagApart { flag, why });
        }
        if run.mounted_on().iter().any(|path| FILES.iter().any(|file| path == Path::new(file))) {
            let why = "samewire has to write that file; take the mount out";
            return Err(ContainerError::FlagApart { flag: "a mount on /etc/hosts or /etc/resolv.conf", why });
        }
        let given = |name: &str| run.flags.value(name).filter(|value| !value.is_empty()).cloned();
        let unique = random()?;
        let hostname = given("hostname").unwrap_or_else(|| unique.clone().into());
        // A bridge's address is this machine's from outside as well; without one there is only the loopback address.
        let gateway = network.reach.by_own_address.then_some(network.reach.address);
        let (mut hosts, mut known) = (first_hosts(&hostname, addresses), Vec::new());
        let aliases = match engine.dialect {
            Dialect::Podman => &["host.containers.internal", HOST_ALIAS][..],
            Dialect::Docker | Dialect::Nerdctl => &[HOST_ALIAS],
        };
        let of_line = run.hosts(Some(gateway.unwrap_or(addresses.host.into())));
        let aliases = aliases
            .iter()
            .filter(|alias| of_line.iter().all(|(name, _)| name != *alias))
            .map(|alias| ((*alias).to_owned(), addresses.host.into()));
        for (name, address) in aliases.chain(of_line.clone()) {
            let _ = writeln!(hosts, "{address}\t{name}");
            let reached = if address == addresses.host { Ipv4Addr::LOCALHOST.into() } else { address };
            known.push((name, reached));
        }
        Ok(Self {
            holder: format!("samewire-network-{unique}"),
            hostname,
            domain: given("domainname"),
            hosts,
            known,
            resolver: addresses.resolver.clone(),
            has_v6: network.has_v6 && addresses.has_v6,
            shared: run.flags_of(SHARED),
            image: run.image().to_owned(),
        })
    }

    /// The line without what the holder decides, in the holder's network. Its files lie in `folder`.
    pub(super) fn line(
        &self,
        run: &RunLine,
        engine: &Engine,
        folder: &Path,
    ) -> Result<(RunLine, Vec<OsString>), ContainerError> {
        let mut flags = vec!["--network".into(), format!("container:{}", self.holder).into()];
        // docker has the container share its host's name with the holder, podman has it choose another.
        if engine.dialect == Dialect::Podman {
            flags.extend(["--hostname".into(), self.hostname.clone()]);
        }
        let label = if engine.selinux { ",z" } else { "" };
        for (place, text) in FILES.into_iter().zip([&self.hosts, &self.resolver]) {
            let own = write(folder, place, text)
                .map_err(|source| ContainerError::Prepare { what: "the files about names", source })?;
            flags.extend(["--volume".into(), format!("{}:{place}:ro{label}", own.display()).into()]);
        }
        Ok((run.without(MOVED), flags))
    }

    /// Flags that make the host's name the one that was asked for.
    pub(super) fn host(&self) -> Vec<OsString> {
        let mut flags = vec!["--hostname".into(), self.hostname.clone()];
        if let Some(domain) = &self.domain {
            flags.extend(["--domainname".into(), domain.clone()]);
        }
        flags
    }
}

/// What such a network has.
struct Addresses {
    /// This machine's loopback address.
    host: Ipv4Addr,
    /// The container's own.
    client: Ipv4Addr,
    /// Its `resolv.conf`.
    resolver: String,
    /// This machine has a way to IPv6 addresses.
    has_v6: bool,
}

impl Addresses {
    #[cfg(target_os = "linux")]
    fn here() -> Self {
        use crate::launch::transparent::{CLIENT, HOST, NAMES, has_v6, resolver_file};
        let own = fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
        Self { host: HOST, client: CLIENT, resolver: resolver_file(&own, NAMES), has_v6: has_v6() }
    }

    #[cfg(not(target_os = "linux"))]
    fn here() -> Self {
        let nowhere = Ipv4Addr::UNSPECIFIED;
        Self { host: nowhere, client: nowhere, resolver: String::new(), has_v6: false }
    }
}

/// What an engine writes there.
fn first_hosts(hostname: &OsString, addresses: &Addresses) -> String {
    format!(
        "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{}\t{}\n",
        addresses.client,
        hostname.to_string_lossy()
    )
}

/// A file that every user in the container can read.
fn write(folder: &Path, place: &str, text: &str) -> io::Result<PathBuf> {
    let path = folder.join(Path::new(place).file_name().unwrap_or_default());
    fs::write(&path, text)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644))?;
    Ok(path)
}

/// As engines name hosts: twelve digits.
fn random() -> Result<String, ContainerError> {
    let mut bytes = [0; 6];
    getrandom::fill(&mut bytes).map_err(|error| ContainerError::Prepare {
        what: "a random name",
        source: io::Error::other(error),
    })?;
    Ok(bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}
