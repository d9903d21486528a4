//! The server: few connections, one request each, none of them for ever but those that hear of changes.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::proxy::Credential;

use super::answer;
use super::board::{Board, Shown};
use super::gate::{self, Wanted};

/// Connections at a time; one more is closed at once. A page that is looked at holds one.
const CONNECTIONS: usize = 32;
/// How long a request's head may take.
const HEAD: Duration = Duration::from_secs(10);
/// How long an answer may take that is not a stream.
const ANSWER: Duration = Duration::from_secs(60);
/// How long streams have to say that it is over.
const GRACE: Duration = Duration::from_secs(1);

/// Why the page cannot be served.
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
    /// Others could reach it.
    #[error(
        "the page is served on loopback only, not on {0}: for a browser elsewhere, forward the port (ssh -L)"
    )]
    NotLoopback(SocketAddr),
}

/// The page's server, its port open.
pub struct Server {
    socket: TcpListener,
    addr: SocketAddr,
    token: Credential,
    /// Leads to the page once.
    opening: Option<Credential>,
}

/// What all connections share.
struct Shared {
    token: Credential,
    opening: Mutex<Option<Credential>>,
    shown: watch::Receiver<Arc<Shown>>,
    closing: watch::Receiver<()>,
}

impl Server {
    /// Opens the port; port 0 takes a free one.
    pub async fn bind(addr: SocketAddr, token: Credential) -> Result<Self, BindError> {
        if !addr.ip().to_canonical().is_loopback() {
            return Err(BindError::NotLoopback(addr));
        }
        let error = |source| BindError::Listen { addr, source };
        let socket = TcpListener::bind(addr).await.map_err(error)?;
        let addr = socket.local_addr().map_err(error)?;
        Ok(Self { socket, addr, token, opening: None })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.addr
    }

    /// The page's address, which is all that a reader needs, and which others must not learn.
    pub fn url(&self) -> String {
        format!("http://{}/{}/", self.addr, self.token.expose())
    }

    /// An address that leads to the page once, with this code: for the command line of a browser, which others on this machine can read.
    pub fn url_for_once(&mut self, code: Credential) -> String {
        let url = format!("http://{}/{}", self.addr, code.expose());
        self.opening = Some(code);
        url
    }

    /// Serves what is on the board until `stop` is ready; tells the pages that it is over.
    pub async fn serve(self, board: &Board, stop: impl Future<Output = ()>) {
        let (close, closing) = watch::channel(());
        let shared = Arc::new(Shared {
            token: self.token,
            opening: Mutex::new(self.opening),
            shown: board.watch(),
            closing,
        });
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = std::pin::pin!(stop);
        loop {
            let accepted = tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => continue,
                accepted = self.socket.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
                    let shared = Arc::clone(&shared);
                    connections.spawn(async move {
                        connection(stream, shared).await;
                        drop(place);
                    });
                }
                // Out of descriptors, mostly: connections that end give some back.
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(Duration::from_millis(50)).await;
                }
            }
        }
        drop((self.socket, close));
        let drained = async { while connections.join_next().await.is_some() {} };
        let _ = timeout(GRACE, drained).await;
    }
}

/// Answers one request.
async fn connection(stream: TcpStream, shared: Arc<Shared>) {
    let streams = Arc::new(AtomicBool::new(false));
    let is_stream = Arc::clone(&streams);
    let answering = service_fn(move |request: Request<Incoming>| {
        let answer = respond(&request, &shared, &is_stream);
        async move { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .keep_alive(false)
        .serve_connection(TokioIo::new(stream), answering);
    tokio::select! {
        ended = connection => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection of the page ended early");
            }
        }
        () = too_slow(&streams) => tracing::debug!("a connection of the page was too slow"),
    }
}

fn respond(
    request: &Request<Incoming>,
    shared: &Shared,
    is_stream: &AtomicBool,
) -> http::Response<answer::Body> {
    match gate::admit(request, &shared.token) {
        Ok(Wanted::Page) => answer::page(&shared.shown.borrow()),
        Ok(Wanted::Changes { since }) => answer::changes(&shared.shown.borrow(), since),
        Ok(Wanted::Events) => {
            is_stream.store(true, Ordering::Relaxed);
            answer::events(shared.shown.clone(), shared.closing.clone())
        }
        Ok(Wanted::Opening) => {
            let code = request.uri().path().trim_start_matches('/');
            let mut opening = shared.opening.lock().unwrap_or_else(PoisonError::into_inner);
            match opening.take_if(|known| known.is(code)) {
                Some(_) => answer::led_to(&format!("/{}/", shared.token.expose())),
                None => answer::refusal(StatusCode::NOT_FOUND),
            }
        }
        Err(status) => answer::refusal(status),
    }
}

/// Ready when a connection that is no stream has had its time.
async fn too_slow(streams: &AtomicBool) {
    loop {
        sleep(ANSWER).await;
        if !streams.load(Ordering::Relaxed) {
            return;
        }
    }
}
