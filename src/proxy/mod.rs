//! The data path: accept, sniff, open TLS, tap, forward.

mod alarm;
mod answer;
mod base_url;
mod body;
mod client_stream;
mod connect;
mod connection;
mod exchange;
mod failure;
mod forward;
mod guard;
mod head;
mod http;
mod http2;
mod journal;
mod lane;
mod link;
mod origin_stream;
mod prefixed;
mod rest;
mod scanner;
mod settings;
mod stage;
mod surroundings;
mod switch;
mod tap;
mod tls;
mod tls_tunnel;
mod tunnel;
mod turns;
mod upstream;
mod upstream_proxy;
mod websocket;
mod writer;

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::model::Side;
use crate::record::{ConnectionId, ExchangeId};

use stage::{Awaited, Stage};

pub use base_url::BaseUrl;
pub use head::{Ambiguous, FieldLine, Framing, Head, Kind};
pub use lane::{Admission, Credential, Lane, Lanes, Listener};
pub use scanner::{Found, HeadScanner};
pub use settings::{ConnectTo, HostPattern, Limits, SettingError, Settings, Timeouts, UpstreamIdentity};
pub use surroundings::{Answer, SharedSurroundings, Surroundings};
pub use tls::{Authority, AuthorityError, TrustError, client_hello};
pub use upstream_proxy::UpstreamProxy;

/// An intercepting proxy whose ports are open.
pub struct Proxy {
    listeners: Vec<(TcpListener, Arc<Listener>)>,
    shared: Arc<Shared>,
}

/// What all connections of a proxy share.
struct Shared {
    settings: Settings,
    authority: Arc<Authority>,
    tls: tls::Client,
    agreed: tls::Agreed,
    /// Where this proxy listens: never a target.
    own: Vec<SocketAddr>,
    connections: AtomicU64,
    exchanges: Started,
}

/// How many exchanges have started on each side.
#[derive(Default)]
struct Started {
    sandbox: AtomicU64,
    runtime: AtomicU64,
}

/// What becomes of a connection once it is known what it carries. It stands apart from how that was found out, which
/// takes several times as much memory and would be kept as long as the connection.
type Following = Pin<Box<dyn Future<Output = ()> + Send>>;

/// The proxy cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The port cannot be had.
    #[error("cannot listen on {addr}: choose another with --listen")]
    Listen {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// Others could use the proxy.
    #[error("cannot listen on {0} without a credential: others could use the proxy")]
    CredentialMissing(SocketAddr),
    /// A file with certificates or keys cannot be used.
    #[error("cannot set up TLS towards upstream servers")]
    Trust(#[from] TrustError),
}

impl Proxy {
    /// Opens the ports, within a runtime. Beyond loopback a listener must have a credential.
    pub fn bind(
        listeners: Vec<Listener>,
        settings: Settings,
        authority: Arc<Authority>,
    ) -> Result<Self, BindError> {
        let tls = tls::Client::new(&settings)?;
        let mut bound = Vec::with_capacity(listeners.len());
        let mut own = Vec::with_capacity(listeners.len());
        for listener in listeners {
            let addr = listener.addr;
            if !addr.ip().to_canonical().is_loopback() && listener.admission.credential().is_none() {
                return Err(BindError::CredentialMissing(addr));
            }
            let error = |source| BindError::Listen { addr, source };
            let socket = listen(addr).map_err(error)?;
            own.push(socket.local_addr().map_err(error)?);
            bound.push((socket, Arc::new(listener)));
        }
        let (connections, exchanges) = (AtomicU64::new(1), Started::default());
        let agreed = tls::Agreed::default();
        let shared = Shared { settings, authority, tls, agreed, own, connections, exchanges };
        Ok(Self { listeners: bound, shared: Arc::new(shared) })
    }

    /// The addresses that it listens on, in the order of the listeners.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.shared.own.clone()
    }

    /// Greets whoever connects to its first port with a word, and serves nobody: who hears the word has reached this proxy. Never ready.
    pub async fn greet(&self, word: &str) -> Infallible {
        let Some((socket, _)) = self.listeners.first() else { return std::future::pending().await };
        loop {
            match socket.accept().await {
                // Who has gone again needs no word.
                Ok((mut stream, _)) => drop(stream.write_all(word.as_bytes()).await),
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
    }

    /// Serves until `stop` is ready and the exchanges under way have ended or had their grace. Every
    /// sender of `lanes` is dropped by then.
    pub async fn serve(self, lanes: Lanes, stop: impl Future<Output = ()>) {
        let Self { listeners, shared } = self;
        let (stage, stages) = watch::channel(Stage::Serving);
        let warm = Arc::clone(&shared);
        tokio::task::spawn_blocking(move || warm.tls.warm());
        let mut accepting = JoinSet::new();
        for (socket, listener) in listeners {
            let (shared, lanes, stages) = (Arc::clone(&shared), lanes.clone(), stages.clone());
            accepting.spawn(accept(socket, listener, shared, lanes, stages));
        }
        drop((lanes, stages));
        stop.await;
        stage.send_replace(Stage::Finishing);
        if timeout(shared.settings.timeouts.grace, drain(&mut accepting)).await.is_err() {
            stage.send_replace(Stage::Ended);
            // Only a recorder that takes no more events can hold a connection now.
            let _ = timeout(Duration::from_secs(1), drain(&mut accepting)).await;
        }
        accepting.shutdown().await;
    }
}

impl Shared {
    /// True for a host that passes through unopened.
    fn ignores(&self, host: &str) -> bool {
        let any = |patterns: &[HostPattern]| patterns.iter().any(|pattern| pattern.matches(host));
        let Settings { hosts, ignored_hosts, .. } = &self.settings;
        any(ignored_hosts) || (!hosts.is_empty() && !any(hosts))
    }

    fn connection_id(&self) -> ConnectionId {
        ConnectionId(self.connections.fetch_add(1, Ordering::Relaxed))
    }

    fn exchange_id(&self, side: Side) -> ExchangeId {
        let started = match side {
            Side::Sandbox => &self.exchanges.sandbox,
            Side::Runtime => &self.exchanges.runtime,
        };
        ExchangeId(started.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Opens a port. Many clients may begin at once: those for whom there is no room until they are taken would be reset a second later,
/// and the usual room is for 128.
fn listen(addr: SocketAddr) -> io::Result<TcpListener> {
    const WAITING: u32 = 4096;
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(WAITING)
}

/// Takes connections until the proxy stops, then waits for them to end.
async fn accept(
    socket: TcpListener,
    listener: Arc<Listener>,
    shared: Arc<Shared>,
    lanes: Lanes,
    mut stages: watch::Receiver<Stage>,
) {
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stages.wait_for(|stage| *stage != Stage::Serving) => break,
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                connections.spawn(connection::serve(
                    stream,
                    Arc::clone(&listener),
                    Arc::clone(&shared),
                    lanes.clone(),
                    stages.clone(),
                ));
            }
            // Out of descriptors, mostly: connections that end give some back.
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    drop((socket, lanes));
    drain(&mut connections).await;
}

async fn drain(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}
