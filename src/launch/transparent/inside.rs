//! What samewire needs in a network of its own: a device that gets the packets, and sockets. Made by a process that is inside.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::AsFd as _;

use super::addresses::{CLIENT, CLIENT_V6};
use super::device;
use super::handover::{Failed, Ready, Step};

/// Connections that may wait to be accepted: more than any client opens at once.
const BACKLOG: i32 = 4096;

/// Makes it in the network of this process. Names are answered at `names`.
pub(super) fn open(names: Ipv4Addr, with_v6: bool) -> Result<Ready, Failed> {
    let (device, name) = device::open().map_err(Failed::at(Step::Device))?;
    let loopback = device::set_up(&name, with_v6).map_err(Failed::at(Step::Network))?;
    let at = Failed::at(Step::Sockets);
    let listen = |address: SocketAddr| {
        let listener = TcpListener::bind(address)?;
        rustix::net::listen(&listener, BACKLOG)?;
        Ok::<_, io::Error>(listener)
    };
    Ok(Ready {
        listener: listen((CLIENT, 0).into()).map_err(&at)?,
        listener_v6: if with_v6 { Some(listen((CLIENT_V6, 0).into()).map_err(&at)?) } else { None },
        names: UdpSocket::bind((names, 53)).map_err(&at)?,
        names_tcp: listen((names, 53).into()).map_err(&at)?,
        device: device.as_fd().try_clone_to_owned().map_err(Failed::at(Step::Device))?,
        loopback,
    })
}

/// The machine has a way to IPv6 addresses. Connecting a datagram socket sends nothing; the address is one of documentation.
pub(in crate::launch) fn has_v6() -> bool {
    let probe = UdpSocket::bind("[::]:0").and_then(|socket| socket.connect("[2001:db8::1]:53"));
    probe.is_ok()
}
