//! Before a container starts: does the proxy answer from inside its network, and can its user read the certificates?
//!
//! A container of the same image, network and user tells, in which nothing of the image runs: samewire itself is mounted into it, with
//! the libraries of this machine that it needs. It lasts as long as one connection takes, and the engine removes it at its end.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::timeout;

use super::{Container, ContainerError, FOLDER, Line};
use crate::launch::preflight::{Contact, Seen};
use crate::launch::{PROBE, Trust};

/// Longest time for the whole of it.
const PATIENCE: Duration = Duration::from_secs(20);
/// Where samewire and its libraries stand inside.
const INSIDE: &str = "/samewire-probe";
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
        let Line::Run(run) = &self.line else {
            return Ok(Tried::Not("Compose makes the network when it starts".to_owned()));
        };
        let Some(own) = Program::own() else {
            return Ok(Tried::Not("samewire's own program cannot be run in a container".to_owned()));
        };
        if self.image.is_none() {
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
        let bundle = super::Files::in_folder(Path::new(FOLDER)).bundle();
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
        let way = match &self.network.interface {
            Some(interface) => format!("in on {interface}"),
            None => "from the container's network".to_owned(),
        };
        let rule = match &self.network.interface {
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
            network: self.network.name.clone(),
            proxy: proxy.to_owned(),
            how,
            remedy,
        }
    }
}

/// samewire's own program, and what it needs to run where nothing else is.
struct Program {
    file: PathBuf,
    /// Reads a program and its libraries; absent for a program that needs none.
    loader: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Program {
    /// This process's. `None` where its files are no longer what runs, or are not for the engine's machine.
    fn own() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let file = std::env::current_exe().ok().filter(|file| file.exists())?;
        let maps = fs::read_to_string("/proc/self/maps").ok()?;
        Self::of(file, &maps)
    }

    /// `maps` is the text of `/proc/PID/maps`: files that are mapped to be run are the program, its loader, its libraries.
    fn of(file: PathBuf, maps: &str) -> Option<Self> {
        let mut program = Self { file, loader: None, folders: Vec::new() };
        for line in maps.lines() {
            // address perms offset dev inode path
            let mut columns = line.splitn(6, ' ');
            let runs = columns.nth(1).is_some_and(|rights| rights.contains('x'));
            let path = columns.nth(3).map(str::trim_start).filter(|path| runs && path.starts_with('/'));
            let Some(path) = path.map(Path::new).filter(|path| *path != program.file) else { continue };
            let name = path.file_name()?.to_str()?;
            if ["ld-", "ld.", "ld64."].iter().any(|start| name.starts_with(start)) {
                program.loader = Some(path.to_owned());
            }
            let folder = path.parent()?.to_owned();
            // Either would be read as something else in what follows.
            if folder.to_str()?.contains([':', ',']) || name.ends_with(" (deleted)") {
                return None;
            }
            if !program.folders.contains(&folder) {
                program.folders.push(folder);
            }
        }
        (program.loader.is_some() || program.folders.is_empty()).then_some(program)
    }

    /// Adds the flags to `words` that bring it into the container, and the image; returns the words that run it there, after these.
    fn arguments(&self, words: &mut Vec<OsString>, image: &std::ffi::OsStr) -> Vec<OsString> {
        let program = format!("{INSIDE}/samewire");
        words.push(volume(&self.file, &program));
        let at = |number: usize| format!("{INSIDE}/lib{number}");
        for (number, folder) in self.folders.iter().enumerate() {
            words.push(volume(folder, &at(number)));
        }
        let found = self.loader.as_ref().and_then(|loader| {
            let number = self.folders.iter().position(|folder| Some(folder.as_path()) == loader.parent())?;
            Some(Path::new(&at(number)).join(loader.file_name()?))
        });
        let Some(loader) = found else {
            words.extend([format!("--entrypoint={program}").into(), image.to_owned()]);
            return Vec::new();
        };
        let mut entrypoint = OsString::from("--entrypoint=");
        entrypoint.push(loader);
        words.extend([entrypoint, image.to_owned()]);
        let folders: Vec<String> = (0..self.folders.len()).map(at).collect();
        vec!["--library-path".into(), folders.join(":").into(), program.into()]
    }
}

fn volume(outside: &Path, inside: &str) -> OsString {
    let mut word = OsString::from("--volume=");
    word.push(outside);
    word.push(format!(":{inside}:ro"));
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0-55d1 r--p 00000000 fe:00 11 /opt/samewire
55d1-55d2 r-xp 00001000 fe:00 11                     /opt/samewire
7f00-7f01 r-xp 00026000 fe:00 12                     /usr/lib/x86_64-linux-gnu/libc-2.31.so
7f02-7f03 r-xp 00001000 fe:00 13                     /usr/lib/x86_64-linux-gnu/ld-2.31.so
7f04-7f05 rw-p 00000000 00:00 0 
7f06-7f07 r--s 00000000 fe:00 14                     /usr/share/locale/x
7ffe-7fff r-xp 00000000 00:00 0                      [vdso]
";

    fn line(maps: &str) -> Option<String> {
        let own = Program::of("/opt/samewire".into(), maps)?;
        let mut words = Vec::new();
        let arguments = own.arguments(&mut words, "IMAGE".as_ref());
        words.extend(arguments);
        Some(words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_program_is_run_by_its_own_loader_among_its_own_libraries() {
        assert_eq!(
            line(MAPS).unwrap(),
            "--volume=/opt/samewire:/samewire-probe/samewire:ro --volume=/usr/lib/x86_64-linux-gnu:/samewire-probe/lib0:ro \
             --entrypoint=/samewire-probe/lib0/ld-2.31.so IMAGE --library-path /samewire-probe/lib0 /samewire-probe/samewire"
        );
        let without_libraries: Vec<&str> = MAPS.lines().filter(|line| !line.contains("/usr/lib")).collect();
        assert_eq!(
            line(&without_libraries.join("\n")).unwrap(),
            "--volume=/opt/samewire:/samewire-probe/samewire:ro --entrypoint=/samewire-probe/samewire IMAGE"
        );
        assert_eq!(
            line(&MAPS.replace("libc-2.31.so", "libc-2.31.so (deleted)")),
            None,
            "replaced while it runs"
        );
        assert_eq!(line(&MAPS.replace("/ld-2.31.so", "/other.so")), None, "no loader");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_one() {
        assert!(Program::own().is_some());
    }
}
