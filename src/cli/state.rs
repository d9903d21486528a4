//! What a running `samewire proxy` leaves for `samewire env`: addresses and certificate files.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use serde::{Deserialize, Serialize};

use crate::model::Side;

/// What clients need to know of a running proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Running {
    /// Its process id.
    pub pid: i32,
    /// The folder with the certificate files that the variables name.
    pub folder: PathBuf,
    /// Its listeners, one a side.
    pub listeners: Vec<Listening>,
}

/// One listener.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Listening {
    /// The side it records.
    pub side: Side,
    /// Where it listens.
    pub address: SocketAddr,
    /// In reverse mode, the base URL to give to a client on this machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The variables that a client on this machine needs, and their values.
    pub variables: Vec<(String, String)>,
}

/// `$XDG_STATE_HOME/samewire/proxy`.
pub(super) fn folder() -> anyhow::Result<PathBuf> {
    Ok(base()?.join("proxy"))
}

/// `$XDG_STATE_HOME/samewire`.
pub(super) fn base() -> anyhow::Result<PathBuf> {
    let base = std::env::var_os("XDG_STATE_HOME")
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".local/state")))
        .context("no home folder to keep state in; set XDG_STATE_HOME or HOME")?;
    Ok(base.join("samewire"))
}

/// Makes the folder, for nobody else to write to. Others may read the certificates: containers must.
pub(super) fn prepare(folder: &Path) -> anyhow::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o755).create(folder);
    made.and_then(|()| fs::set_permissions(folder, fs::Permissions::from_mode(0o755)))
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

impl Running {
    /// Writes it for `samewire env`.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let path = folder.join("info.json");
        let text = serde_json::to_vec_pretty(self)?;
        let write = || -> io::Result<()> {
            let _ = fs::remove_file(&path);
            let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
            io::Write::write_all(&mut file, &text)
        };
        write().with_context(|| format!("cannot write {}", path.display()))
    }

    /// Reads what the running proxy wrote.
    pub(super) fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join("info.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                bail!("no proxy is running; start one in another terminal: samewire proxy")
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
        };
        let running: Self = serde_json::from_slice(&text).with_context(|| {
            format!("{} is damaged; start the proxy again: samewire proxy", path.display())
        })?;
        if !running.alive() {
            bail!("the proxy that wrote {} has ended; start one: samewire proxy", path.display());
        }
        Ok(running)
    }

    /// Removes what was written, unless another proxy has written its own since.
    pub(super) fn remove(&self, folder: &Path) {
        if fs::read(folder.join("info.json"))
            .is_ok_and(|text| serde_json::from_slice::<Self>(&text).is_ok_and(|other| other == *self))
        {
            let _ = fs::remove_file(folder.join("info.json"));
        }
    }

    fn alive(&self) -> bool {
        rustix::process::Pid::from_raw(self.pid)
            .is_some_and(|pid| rustix::process::test_kill_process(pid) != Err(rustix::io::Errno::SRCH))
    }

    /// A side's listener.
    pub(super) fn listening(&self, side: Side) -> Option<&Listening> {
        self.listeners.iter().find(|listener| listener.side == side)
    }
}
