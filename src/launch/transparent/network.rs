//! The command's own network, seen from samewire: packets in and out, connections accepted, names answered.

use std::collections::{BTreeMap, HashMap};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::addresses::{self, MTU};
use super::flows::{Flows, Next, Port};
use super::handover::Ready;
use super::inlet::{self, Proxy};
use super::names::Names;

/// Packets that are taken before it is looked whether to stop.
const TURN: u32 = 64;

/// A client that asked for a connection has it after a moment, or has gone.
const ARRIVAL: Duration = Duration::from_secs(10);

/// The command's own network.
pub(super) struct Network {
    device: OwnedFd,
    state: Mutex<State>,
    pub(super) names: Arc<Names>,
    pub(super) proxy: Proxy,
}

struct State {
    flows: Flows,
    /// Who waits for a connection to arrive at the listener.
    arrivals: HashMap<Port, oneshot::Sender<TcpStream>>,
}

impl Network {
    /// Takes what leads into the network. Nothing moves before [`Network::run`].
    pub(super) fn new(ready: Ready, names: Names, proxy: Proxy) -> io::Result<(Arc<Self>, Sockets)> {
        rustix::io::ioctl_fionbio(&ready.device, true)?;
        let listen = |listener: std::net::TcpListener| {
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener)
        };
        ready.names.set_nonblocking(true)?;
        let listener = listen(ready.listener)?;
        let port = listener.local_addr()?.port();
        let mut listeners = vec![listener];
        let mut port_v6 = 0;
        if let Some(listener) = ready.listener_v6 {
            port_v6 = listener.local_addr()?.port();
            listeners.push(listen(listener)?);
        }
        let sockets = Sockets {
            listeners,
            names: UdpSocket::from_std(ready.names)?,
            names_tcp: listen(ready.names_tcp)?,
        };
        let state = State { flows: Flows::new(port, port_v6), arrivals: HashMap::new() };
        let network = Self { device: ready.device, state: Mutex::new(state), names: Arc::new(names), proxy };
        Ok((Arc::new(network), sockets))
    }

    /// Serves the network until what is returned is dropped.
    pub(super) fn run(self: &Arc<Self>, sockets: Sockets) -> io::Result<Running> {
        let mut services = JoinSet::new();
        for listener in sockets.listeners {
            services.spawn(Arc::clone(self).accept(listener));
        }
        services.spawn(Arc::clone(&self.names).answer_datagrams(sockets.names));
        services.spawn(Arc::clone(&self.names).answer_streams(sockets.names_tcp));
        let connections = Arc::new(Mutex::new(JoinSet::new()));
        let (stopped, stop) = pipe_with(PipeFlags::CLOEXEC)?;
        let pump = Pump { network: Arc::clone(self), connections: Arc::clone(&connections), stopped };
        let tasks = Handle::current();
        thread::Builder::new().name("network".to_owned()).spawn(move || {
            if let Err(error) = pump.run(&tasks) {
                tracing::debug!(%error, "the command's network has ended");
            }
        })?;
        Ok(Running { connections, _services: services, _stop: stop })
    }

    /// Lets a connection begin, and takes it from the listener.
    pub(super) async fn open(&self, port: Port) -> io::Result<TcpStream> {
        let (arrived, arrival) = oneshot::channel();
        let first = {
            let mut state = self.state();
            state.arrivals.insert(port, arrived);
            state.flows.open(port)
        };
        self.write(&first.ok_or(io::ErrorKind::NotConnected)?);
        let arrival = timeout(ARRIVAL, arrival).await;
        self.state().arrivals.remove(&port);
        match arrival {
            Ok(Ok(stream)) => Ok(stream),
            _ => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    /// Refuses a connection that has not begun.
    pub(super) fn refuse(&self, port: Port) {
        let refusal = self.state().flows.refuse(port);
        if let Some(refusal) = refusal {
            self.write(&refusal);
        }
    }

    pub(super) fn end(&self, port: Port) {
        self.state().flows.end(port);
    }

    /// Datagrams that were refused, by the port they were for.
    pub(super) fn refused(&self) -> BTreeMap<u16, u32> {
        self.state().flows.refused().clone()
    }

    /// A packet that the network does not take is lost, as in any network: TCP sends it again.
    fn write(&self, packet: &[u8]) {
        if let Err(error) = rustix::io::write(&self.device, packet) {
            tracing::trace!(%error, "a packet is lost");
        }
    }

    async fn accept(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, from)) = listener.accept().await else { continue };
            if let Some(waiting) = self.arrival(from) {
                let _ = waiting.send(stream);
            }
        }
    }

    /// Who waits for a connection that comes from this address. A connection that the command makes to the listener itself comes from another.
    fn arrival(&self, from: SocketAddr) -> Option<oneshot::Sender<TcpStream>> {
        let ip: IpAddr = from.ip();
        if ip != addresses::PEER && ip != addresses::PEER_V6 {
            return None;
        }
        self.state().arrivals.remove(&from.port())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Moves the packets, on a thread of its own.
struct Pump {
    network: Arc<Network>,
    connections: Connections,
    /// Hung up when it is time to stop.
    stopped: OwnedFd,
}

impl Pump {
    fn run(&self, tasks: &Handle) -> io::Result<()> {
        let mut buffer = vec![0; MTU as usize + 64];
        loop {
            let mut waiting =
                [PollFd::new(&self.network.device, PollFlags::IN), PollFd::new(&self.stopped, PollFlags::IN)];
            retry_on_intr(|| poll(&mut waiting, None))?;
            if !waiting[1].revents().is_empty() {
                return Ok(());
            }
            for _ in 0..TURN {
                match rustix::io::read(&self.network.device, &mut buffer) {
                    Ok(length) => self.take(buffer.get_mut(..length).unwrap_or_default(), tasks),
                    Err(Errno::AGAIN | Errno::INTR) => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    fn take(&self, packet: &mut [u8], tasks: &Handle) {
        let next = self.network.state().flows.take(packet);
        match next {
            Next::Return => self.network.write(packet),
            Next::Answer(answer) => self.network.write(&answer),
            Next::Begin(port, to) => {
                let mut connections = self.connections.lock().unwrap_or_else(PoisonError::into_inner);
                while connections.try_join_next().is_some() {}
                connections.spawn_on(inlet::serve(Arc::clone(&self.network), port, to), tasks);
            }
            Next::Drop => {}
        }
    }
}

type Connections = Arc<Mutex<JoinSet<()>>>;

/// A network that is served.
pub(super) struct Running {
    connections: Connections,
    _services: JoinSet<()>,
    /// Its other end is the pump's.
    _stop: OwnedFd,
}

impl Running {
    /// Waits until all connections have ended, but no longer than this.
    pub(super) async fn settle(&self, patience: Duration) {
        let mut connections =
            std::mem::take(&mut *self.connections.lock().unwrap_or_else(PoisonError::into_inner));
        let _ = timeout(patience, async { while connections.join_next().await.is_some() {} }).await;
    }
}

/// The sockets in the network that samewire serves.
pub(super) struct Sockets {
    listeners: Vec<TcpListener>,
    names: UdpSocket,
    names_tcp: TcpListener,
}
