//! A network of the command's own whose only way out is samewire: clients are captured that know of no proxy.
//!
//! The process that becomes the command makes the network ([`enter`]), or one beside it in a container ([`hold`]), and hands samewire what
//! leads into it. From then on samewire takes every packet that leaves it: names are answered by the machine's resolver, each connection is led to the proxy as a tunnel, the rest is refused.

mod addresses;
mod device;
mod enter;
mod first_bytes;
mod flows;
mod forbidden;
mod handover;
mod hold;
mod inlet;
mod inside;
mod names;
mod network;
mod packet;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::Interest;
use tokio::net::{UnixListener, UnixStream};
use tokio::process::Child;
use tokio::time::timeout;

pub use enter::enter;
pub use forbidden::Forbidden;
pub use handover::Step;
pub use hold::hold;
pub use inlet::Proxy;
pub use names::IsLedElsewhere;

pub(super) use addresses::{CLIENT, HOST, NAMES};
use handover::{Failed, GO, Ready, Said};
pub(super) use inside::has_v6;
use names::Names;
pub(super) use names::{Near, resolver_file};
use network::{Network, Running};

use super::{Command, LaunchError};

/// The hidden command whose process becomes the command: `samewire __enter FOLDER -- COMMAND`.
pub const ENTER: &str = "__enter";

/// The hidden command whose process holds a container's network: `samewire __hold FOLDER`.
pub const HOLD: &str = "__hold";

/// The last bytes of a command that has ended are this long on their way, at most.
const LAST_BYTES: Duration = Duration::from_millis(250);

/// What a process said before it ended arrives within this time.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How a command is captured without any variable.
pub struct Transparent {
    /// Where its connections are led.
    pub proxy: Proxy,
    /// Names that samewire reaches although the machine's resolver does not know them: they get an address.
    pub is_led_elsewhere: IsLedElsewhere,
}

/// Where the process that makes the network meets samewire.
pub(super) struct Gate {
    folder: TempDir,
    listener: UnixListener,
    transparent: Transparent,
    near: Option<Near>,
}

impl Gate {
    /// For a command on this machine; for a container with what that knows by itself.
    pub(super) fn open(transparent: Transparent, near: Option<Near>) -> io::Result<Self> {
        // It is made for its owner only.
        let folder = tempfile::Builder::new().prefix("samewire-").tempdir()?;
        let own = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let resolver = names::resolver_file(&own("/etc/resolv.conf"), addresses::NAMES);
        fs::write(folder.path().join(handover::RESOLVER), resolver)?;
        let switch = names::switch_file(&own("/etc/nsswitch.conf"));
        fs::write(folder.path().join(handover::SWITCH), switch)?;
        fs::create_dir(folder.path().join(handover::EMPTY))?;
        let listener = UnixListener::bind(folder.path().join(handover::SOCKET))?;
        Ok(Self { folder, listener, transparent, near })
    }

    /// The folder, for the process that holds a network.
    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The process to start in the command's place.
    pub(super) fn process(&self, command: &Command) -> tokio::process::Command {
        let mut process = tokio::process::Command::new("/proc/self/exe");
        process.arg(ENTER).arg(self.folder.path()).arg("--").args(command.words());
        process
    }

    /// Lets the started process become the command, in its network.
    pub(super) async fn join(self, child: &mut Child, command: &Command) -> Result<Joined, LaunchError> {
        let (stream, ready) = self.taken_from(child).await?;
        if !ready.loopback {
            tracing::warn!(
                "127.0.0.1 is the command's own; it reaches what listens on this machine's by {}",
                addresses::HOST
            );
        }
        let joined = self.serve(*ready, None)?;
        let go = stream.async_io(Interest::WRITABLE, || Ok(rustix::io::write(&stream, &[GO])?)).await;
        go.map_err(broken)?;
        match said(&stream).await.map_err(broken)? {
            Said::Failed(Failed { errno, .. }) => {
                Err(super::child::start_error(command, io::Error::from_raw_os_error(errno)))
            }
            Said::Ready(_) | Said::Nothing => Ok(joined),
        }
    }

    /// Takes a network from the process that holds it, which stays as long as what is returned.
    pub(super) async fn take_held(self) -> Result<Joined, LaunchError> {
        let (stream, ready) = self.take().await?;
        self.serve(*ready, Some(stream))
    }

    /// What the process says before it becomes the command, also where it ends right after that.
    async fn taken_from(&self, child: &mut Child) -> Result<(UnixStream, Box<Ready>), LaunchError> {
        let mut taking = std::pin::pin!(self.take());
        tokio::select! {
            biased;
            taken = &mut taking => taken,
            _ = child.wait() => {
                let silent = |_| Err(broken(io::ErrorKind::UnexpectedEof.into()));
                timeout(LAST_WORDS, taking).await.unwrap_or_else(silent)
            }
        }
    }

    async fn take(&self) -> Result<(UnixStream, Box<Ready>), LaunchError> {
        let (stream, _) = self.listener.accept().await.map_err(broken)?;
        match said(&stream).await.map_err(broken)? {
            Said::Ready(ready) => Ok((stream, ready)),
            Said::Failed(failed) => Err(LaunchError::Forbidden(Forbidden::new(failed))),
            Said::Nothing => Err(broken(io::ErrorKind::UnexpectedEof.into())),
        }
    }

    fn serve(self, ready: Ready, holder: Option<UnixStream>) -> Result<Joined, LaunchError> {
        let names = Names::new(self.transparent.is_led_elsewhere, self.near);
        let (network, sockets) = Network::new(ready, names, self.transparent.proxy).map_err(broken)?;
        let running = network.run(sockets).map_err(broken)?;
        Ok(Joined { network, running, _holder: holder })
    }
}

fn broken(source: io::Error) -> LaunchError {
    LaunchError::Prepare { what: "the command's own network", source }
}

async fn said(stream: &UnixStream) -> io::Result<Said> {
    stream.async_io(Interest::READABLE, || handover::receive(stream.as_fd())).await
}

/// The network of a running command.
pub(super) struct Joined {
    network: Arc<Network>,
    running: Running,
    /// Who holds the network stays until this is closed.
    _holder: Option<UnixStream>,
}

impl Joined {
    /// After the command's end: lets its last bytes arrive, ends the network and tells which datagrams were refused, by port.
    ///
    /// Connections that children of the command have left open are cut.
    pub(super) async fn finish(self) -> BTreeMap<u16, u32> {
        self.running.settle(LAST_BYTES).await;
        self.network.refused()
    }
}
