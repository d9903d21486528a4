//! What the two sides of the start say to each other over a socket: samewire, and the process that becomes the command.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::net::{TcpListener, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};

/// The name of the socket in the folder of a run.
pub(super) const SOCKET: &str = "socket";
/// In the same folder: what is to stand in `/etc/resolv.conf`.
pub(super) const RESOLVER: &str = "resolv.conf";
/// What is to stand in `/etc/nsswitch.conf`.
pub(super) const SWITCH: &str = "nsswitch.conf";
/// An empty folder.
pub(super) const EMPTY: &str = "empty";
/// samewire's word that the command may start.
pub(super) const GO: u8 = b'!';

const DESCRIPTORS: usize = 5;

/// A step of the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Own namespaces for user, network and mounts.
    Namespaces,
    /// The caller's user and group in them.
    Identity,
    /// A device for the network's packets.
    Device,
    /// Addresses and routes.
    Network,
    /// Files that tell where names are answered.
    Names,
    /// Sockets in the network.
    Sockets,
    /// The command itself.
    Command,
}

const STEPS: [Step; 7] = [
    Step::Namespaces,
    Step::Identity,
    Step::Device,
    Step::Network,
    Step::Names,
    Step::Sockets,
    Step::Command,
];

/// A step that failed, and the system's error number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Failed {
    pub(super) step: Step,
    pub(super) errno: i32,
}

impl Failed {
    pub(super) fn at(step: Step) -> impl Fn(io::Error) -> Self {
        move |error| Self { step, errno: error.raw_os_error().unwrap_or_default() }
    }
}

/// The network is made; these lead into it.
#[derive(Debug)]
pub(super) struct Ready {
    /// Its packets.
    pub(super) device: OwnedFd,
    /// Where connections of the command arrive.
    pub(super) listener: TcpListener,
    /// The same for IPv6, where there is IPv6.
    pub(super) listener_v6: Option<TcpListener>,
    /// Where names are asked for.
    pub(super) names: UdpSocket,
    /// The same over TCP.
    pub(super) names_tcp: TcpListener,
    /// Loopback addresses of the machine are reached as such.
    pub(super) loopback: bool,
}

impl Ready {
    pub(super) fn send(&self, socket: impl AsFd) -> io::Result<()> {
        let mut descriptors =
            vec![self.device.as_fd(), self.listener.as_fd(), self.names.as_fd(), self.names_tcp.as_fd()];
        descriptors.extend(self.listener_v6.as_ref().map(AsFd::as_fd));
        send(socket, [0, u8::from(self.loopback), 0, 0, 0], &descriptors)
    }
}

/// Tells the other side that a step failed.
pub(super) fn tell(socket: impl AsFd, failed: Failed) -> io::Result<()> {
    let at = STEPS.iter().position(|step| *step == failed.step).unwrap_or_default();
    let step = u8::try_from(at + 1).unwrap_or(u8::MAX);
    let [a, b, c, d] = failed.errno.to_le_bytes();
    send(socket, [step, a, b, c, d], &[])
}

/// What was said.
#[derive(Debug)]
pub(super) enum Said {
    Ready(Box<Ready>),
    Failed(Failed),
    /// The other side is gone, or has become the command.
    Nothing,
}

/// Takes what the other side says; `WouldBlock` where it has said nothing yet.
pub(super) fn receive(socket: impl AsFd) -> io::Result<Said> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = RecvAncillaryBuffer::new(&mut space);
    let mut message = [0; 5];
    let received =
        recvmsg(socket, &mut [IoSliceMut::new(&mut message)], &mut ancillary, RecvFlags::CMSG_CLOEXEC)?;
    if received.bytes == 0 {
        return Ok(Said::Nothing);
    }
    let mut descriptors = ancillary.drain().filter_map(|part| match part {
        RecvAncillaryMessage::ScmRights(rights) => Some(rights),
        _ => None,
    });
    let mut descriptors = descriptors.next().into_iter().flatten();
    let [step, rest @ ..] = message;
    if let Some(at) = usize::from(step).checked_sub(1) {
        let step = STEPS.get(at).copied().unwrap_or(Step::Command);
        return Ok(Said::Failed(Failed { step, errno: i32::from_le_bytes(rest) }));
    }
    let mut next = || match descriptors.next() {
        Some(descriptor) if !received.flags.contains(ReturnFlags::CTRUNC) => Ok(descriptor),
        _ => Err(io::Error::other("a descriptor is missing")),
    };
    let (device, listener, names, names_tcp) = (next()?, next()?.into(), next()?.into(), next()?.into());
    let listener_v6 = next().ok().map(Into::into);
    Ok(Said::Ready(Box::new(Ready {
        device,
        listener,
        listener_v6,
        names,
        names_tcp,
        loopback: rest[0] != 0,
    })))
}

fn send(socket: impl AsFd, message: [u8; 5], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(io::Error::other("too many descriptors"));
    }
    sendmsg(socket, &[IoSlice::new(&message)], &mut ancillary, SendFlags::NOSIGNAL)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_is_said_arrives() {
        let (here, there) = UnixStream::pair().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap();
        let ready = Ready {
            device: std::fs::File::open("/dev/null").unwrap().into(),
            listener,
            listener_v6: None,
            names: UdpSocket::bind("127.0.0.1:0").unwrap(),
            names_tcp: TcpListener::bind("127.0.0.1:0").unwrap(),
            loopback: true,
        };
        ready.send(&here).unwrap();
        let Said::Ready(arrived) = receive(&there).unwrap() else { panic!("ready") };
        assert_eq!(arrived.listener.local_addr().unwrap(), port);
        assert!(arrived.listener_v6.is_none() && arrived.loopback);
        for step in STEPS {
            tell(&here, Failed { step, errno: 13 }).unwrap();
            let Said::Failed(failed) = receive(&there).unwrap() else { panic!("failed") };
            assert_eq!(failed, Failed { step, errno: 13 });
        }
        drop(here);
        assert!(matches!(receive(&there).unwrap(), Said::Nothing));
    }
}
