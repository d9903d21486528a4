//! The container that holds a network for the user's: started, met, and removed on every way out.
//!
//! samewire's own program makes the network inside, with no more rights than a container can have, and ends when samewire does.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process;
use std::time::Duration;

use tokio::time::{sleep, timeout};

use super::apart::Apart;
use super::dialect::Dialect;
use super::engine::Engine;
use super::program::{INSIDE, Program};
use super::{Container, ContainerError, LOOK_AGAIN};
use crate::launch::LaunchError;
use crate::launch::signals::Signals;
use crate::launch::transparent::{Gate, HOLD, Joined, Near, Transparent};

/// On each such container: whose it is.
const LABEL: &str = "samewire.network";
/// Starts it with no network but its own, and with no more rights than it takes to make that: the device, a port below 1024, and to come to
/// a folder of samewire's. Loopback addresses lead where other routes say. What the image sets for its own programs is not for samewire.
const START: &str = "run --detach --rm --pull never --network none --user 0:0 --workdir / --read-only \
     --cap-drop ALL --cap-add NET_ADMIN --cap-add NET_BIND_SERVICE --cap-add DAC_OVERRIDE --device /dev/net/tun \
     --sysctl net.ipv4.conf.all.route_localnet=1 --security-opt label=disable --no-healthcheck --stop-signal KILL \
     --log-driver none --env LD_PRELOAD= --env LD_LIBRARY_PATH=";
/// Longest time until it has made the network.
const PATIENCE: Duration = Duration::from_secs(30);
/// Longest time until the engine has removed it.
const REMOVAL: Duration = Duration::from_secs(10);

impl Container {
    /// Starts what holds the network of a container that has one of its own; `None` where it has not.
    pub(in crate::launch) async fn hold(
        &self,
        transparent: Transparent,
    ) -> Result<Option<Holder>, LaunchError> {
        let Some(apart) = &self.apart else { return Ok(None) };
        let near = Near { hosts: apart.hosts.clone(), residents: self.residents() };
        let gate = Gate::open(transparent, Some(near))
            .map_err(|source| LaunchError::Prepare { what: "the container's own network", source })?;
        Holder::start(&self.engine, apart, gate).await.map(Some)
    }
}

/// A network that a container holds, and that samewire serves.
pub(in crate::launch) struct Holder {
    container: Held,
    joined: Joined,
    signals: Signals,
}

impl Holder {
    /// Starts it, in the network that it makes.
    pub(super) async fn start(engine: &Engine, apart: &Apart, gate: Gate) -> Result<Self, LaunchError> {
        let signals = Signals::watch().map_err(|source| LaunchError::Prepare { what: "signals", source })?;
        remove_left(engine).await;
        let words = words(engine, apart, gate.folder())?;
        let container = Held { engine: engine.clone(), name: apart.holder.clone() };
        engine.start(&words).await.map_err(not_held)?;
        let over = engine.clone();
        let joined = tokio::select! {
            joined = gate.take_held() => joined?,
            _ = async move { over.ask(&["wait", &apart.holder]).await } => {
                return Err(ContainerError::OwnNetwork("what holds its network has ended at once").into());
            }
            () = sleep(PATIENCE) => {
                return Err(ContainerError::OwnNetwork("what holds its network does not answer").into());
            }
        };
        Ok(Self { container, joined, signals })
    }

    /// The signal to end that has come since the start, if one has.
    pub(in crate::launch) fn interrupted(&mut self) -> Option<i32> {
        self.signals.ending()
    }

    /// After the command's end: ends the network, removes the container and tells which datagrams were refused, by port.
    pub(in crate::launch) async fn finish(self) -> BTreeMap<u16, u32> {
        let refused = self.joined.finish().await;
        self.container.remove().await;
        refused
    }
}

/// The container, as long as it is there.
struct Held {
    engine: Engine,
    name: String,
}

impl Held {
    /// Returns when the engine knows it no more.
    async fn remove(&self) {
        let _ = self.engine.ask(&["rm", "--force", "--volumes", &self.name]).await;
        // The engine may be at it already, because the container has ended: then it says so and returns at once.
        let gone = async {
            while self.engine.ask(&["container", "inspect", &self.name]).await.is_ok() {
                sleep(LOOK_AGAIN).await;
            }
        };
        if timeout(REMOVAL, gone).await.is_err() {
            tracing::warn!("the container {} is still there; remove it (rm --force)", self.name);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.engine.order(&["rm", "--force", "--volumes", &self.name]);
    }
}

fn not_held(error: ContainerError) -> ContainerError {
    match error {
        ContainerError::Engine { words } => ContainerError::NotHeld { words },
        error => error,
    }
}

/// Removes what a samewire has left that was killed before the engine had started it.
async fn remove_left(engine: &Engine) {
    let filter = format!("label={LABEL}");
    let Ok(told) = engine.ask(&["ps", "--all", "--quiet", "--no-trunc", "--filter", &filter]).await else {
        return;
    };
    for id in String::from_utf8_lossy(&told).split_whitespace() {
        let Ok(found) = engine.ask_json(&["container", "inspect", id]).await else { continue };
        let owner = found[0]["Config"]["Labels"][LABEL].as_str().unwrap_or_default();
        if !is_running(owner) {
            let _ = engine.ask(&["rm", "--force", "--volumes", id]).await;
        }
    }
}

/// This process, so that no later one of the same number is taken for it.
fn owner() -> String {
    let own = process::id();
    format!("{own}:{}", started(&own.to_string()).unwrap_or_default())
}

fn is_running(owner: &str) -> bool {
    owner.split_once(':').is_some_and(|(process, since)| started(process).is_some_and(|known| known == since))
}

/// When a process was started: the 22nd field of `proc_pid_stat(5)`, of which the second may hold blanks.
fn started(process: &str) -> Option<String> {
    let stat = fs::read_to_string(Path::new("/proc").join(process).join("stat")).ok()?;
    Some(stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.to_owned())
}

/// The engine's words to start it.
fn words(engine: &Engine, apart: &Apart, gate: &Path) -> Result<Vec<OsString>, ContainerError> {
    let program = Program::own().ok_or(ContainerError::OwnNetwork(
        "samewire's own program cannot be run in a container; where it was replaced just now, start it again",
    ))?;
    let mut words: Vec<OsString> = START.split_ascii_whitespace().map(OsString::from).collect();
    words.extend([
        "--name".into(),
        apart.holder.clone().into(),
        "--label".into(),
        format!("{LABEL}={}", owner()).into(),
    ]);
    words.extend(apart.host());
    if apart.has_v6 {
        for place in ["all", "default"] {
            words.extend(["--sysctl".into(), format!("net.ipv6.conf.{place}.disable_ipv6=0").into()]);
        }
    }
    if engine.dialect == Dialect::Docker {
        // The engine's root has to be the one that the folder lets in.
        words.extend(["--userns".into(), "host".into()]);
    }
    words.extend(apart.shared.iter().cloned());
    let inside = format!("{INSIDE}/gate");
    let mut mount = OsString::from("type=bind,source=");
    mount.push(gate);
    mount.push(format!(",target={inside},readonly"));
    words.extend(["--mount".into(), mount]);
    let arguments = program.arguments(&mut words, &apart.image);
    words.extend(arguments);
    words.extend([HOLD.into(), inside.into()]);
    if apart.has_v6 {
        words.push("--v6".into());
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_told_from_a_later_process_of_the_same_number() {
        assert!(is_running(&owner()));
        assert!(!is_running(&format!("{}:1", process::id())));
        assert!(!is_running("rubbish") && !is_running("4194999:7"));
    }
}
