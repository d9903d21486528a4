//! The command's first steps: `samewire __enter FOLDER -- COMMAND` runs in the process that then becomes the command, so that its
//! process id, signals, terminal and exit status are its own. It has one thread: namespaces are entered before any other begins.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::net::Ipv4Addr;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{getegid, geteuid};

use super::addresses::NAMES;
use super::handover::{EMPTY, Failed, GO, RESOLVER, Ready, SOCKET, SWITCH, Step, tell};
use super::inside;

/// Says where names are answered.
const RESOLVER_FILE: &str = "/etc/resolv.conf";

/// Makes the network, hands samewire what leads into it, waits for its word and becomes the command. Returns only where that fails; samewire
/// has been told why.
pub fn enter(folder: &Path, command: &[OsString]) {
    let Ok(mut samewire) = UnixStream::connect(folder.join(SOCKET)) else { return };
    let failed = match prepare(folder) {
        Ok(ready) => {
            let mut word = [0];
            let sent = ready.send(&samewire).and_then(|()| samewire.read_exact(&mut word));
            drop(ready);
            if sent.is_err() || word != [GO] {
                return;
            }
            become_command(command)
        }
        Err(failed) => failed,
    };
    // Where samewire is gone, nobody wants to know.
    let _ = tell(&samewire, failed);
}

/// All of it closes on exec, so nothing but the command's own streams stays open.
fn become_command(command: &[OsString]) -> Failed {
    let Some((program, arguments)) = command.split_first() else {
        return Failed { step: Step::Command, errno: rustix::io::Errno::NOENT.raw_os_error() };
    };
    Failed::at(Step::Command)(Command::new(program).args(arguments).exec())
}

fn prepare(folder: &Path) -> Result<Ready, Failed> {
    let with_v6 = inside::has_v6();
    separate()?;
    // Where no file says where names are answered, clients ask here (resolv.conf(5)).
    let names = if Path::new(RESOLVER_FILE).exists() { NAMES } else { Ipv4Addr::LOCALHOST };
    let ready = inside::open(names, with_v6)?;
    cover(folder).map_err(Failed::at(Step::Names))?;
    Ok(ready)
}

/// New namespaces for network and mounts, and one for the user where the caller's rights do not allow these otherwise. Inside, user and
/// group are the caller's own, so files keep their owner.
fn separate() -> Result<(), Failed> {
    let spaces = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS;
    if unshare(spaces).is_err() {
        let (user, group) = (geteuid().as_raw(), getegid().as_raw());
        let refused = |errno: nix::errno::Errno| Failed { step: Step::Namespaces, errno: errno as i32 };
        unshare(CloneFlags::CLONE_NEWUSER | spaces).map_err(refused)?;
        let at = Failed::at(Step::Identity);
        fs::write("/proc/self/setgroups", "deny").map_err(&at)?;
        fs::write("/proc/self/uid_map", format!("{user} {user} 1")).map_err(&at)?;
        fs::write("/proc/self/gid_map", format!("{group} {group} 1")).map_err(&at)?;
    }
    let propagation = MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC;
    mount_change("/", propagation).map_err(|error| Failed::at(Step::Namespaces)(error.into()))
}

/// Covers the files that tell where names are answered, in this mount namespace only.
fn cover(folder: &Path) -> io::Result<()> {
    for (own, place) in [(RESOLVER, RESOLVER_FILE), (SWITCH, "/etc/nsswitch.conf")] {
        if Path::new(place).exists() {
            mount_bind(folder.join(own), place)?;
        }
    }
    // glibc asks this daemon first, and it answers from outside.
    if Path::new("/run/nscd").exists() {
        mount_bind(folder.join(EMPTY), "/run/nscd")?;
    }
    Ok(())
}
