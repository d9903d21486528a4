//! The command's first steps: `samewire __enter FOLDER -- COMMAND` runs in the process that then becomes the command, so that its
//! process id, signals, terminal and exit status are its own. It has one thread: namespaces are entered before any other begins.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{MountPropagationFlags, mount_bind, mount_change};
use rustix::process::{getegid, geteuid};

use super::addresses::{CLIENT, CLIENT_V6, NAMES};
use super::device;
use super::handover::{EMPTY, Failed, GO, RESOLVER, Ready, SOCKET, SWITCH, Step, tell};

/// Connections that may wait to be accepted: more than any client opens at once.
const BACKLOG: i32 = 4096;

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
    let with_v6 = has_v6();
    separate()?;
    let (device, name) = device::open().map_err(Failed::at(Step::Device))?;
    let loopback = device::set_up(&name, with_v6).map_err(Failed::at(Step::Network))?;
    cover(folder).map_err(Failed::at(Step::Names))?;
    let at = Failed::at(Step::Sockets);
    let listen = |address: SocketAddr| {
        let listener = TcpListener::bind(address)?;
        rustix::net::listen(&listener, BACKLOG)?;
        Ok::<_, io::Error>(listener)
    };
    // Where no file says where names are answered, clients ask here (resolv.conf(5)).
    let names = if resolver_is_named() { NAMES } else { std::net::Ipv4Addr::LOCALHOST };
    Ok(Ready {
        listener: listen((CLIENT, 0).into()).map_err(&at)?,
        listener_v6: if with_v6 { Some(listen((CLIENT_V6, 0).into()).map_err(&at)?) } else { None },
        names: UdpSocket::bind((names, 53)).map_err(&at)?,
        names_tcp: listen((names, 53).into()).map_err(&at)?,
        device: device.as_fd().try_clone_to_owned().map_err(Failed::at(Step::Device))?,
        loopback,
    })
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
    for (own, place) in [(RESOLVER, "/etc/resolv.conf"), (SWITCH, "/etc/nsswitch.conf")] {
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

fn resolver_is_named() -> bool {
    Path::new("/etc/resolv.conf").exists()
}

/// The machine has a way to IPv6 addresses. Connecting a datagram socket sends nothing; the address is one of documentation.
fn has_v6() -> bool {
    let probe = UdpSocket::bind("[::]:0").and_then(|socket| socket.connect("[2001:db8::1]:53"));
    probe.is_ok()
}
