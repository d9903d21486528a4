//! The upstream connections of one client connection: one for each authority, as long as the client's. They
//! are driven by the client connection's own task, so that an exchange needs no other one.

use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::model::{FailureKind, Phase};
use crate::redact::RawFailure;

use super::body::Outgoing;
use super::forward::Authority;
use super::head::Kind;
use super::journal::Journal;
use super::origin_stream::OriginStream;
use super::rest::Lender;
use super::tap::{Tap, TapHandle};
use super::tls::Protocol;
use super::upstream::{Dialled, Way};
use super::{Shared, failure, upstream};

/// How many authorities one client connection may have connections to at a time.
const KEPT: usize = 8;

/// One connection to an origin.
pub(super) struct Link {
    to: Authority,
    pub(super) sender: SendRequest<Outgoing>,
    pub(super) tap: TapHandle,
    pub(super) way: Way,
    /// It has carried an exchange before.
    pub(super) reused: bool,
    /// Which of the running ones it is.
    number: u32,
}

/// A connection that is kept for the client's next request.
struct Kept {
    to: Authority,
    /// None: it rests. A sender holds room for many requests, more than all else of a connection.
    sender: Option<SendRequest<Outgoing>>,
    tap: TapHandle,
    way: Way,
    number: u32,
}

/// A TLS handshake with an origin, under way.
pub(super) type Handshake = Pin<Box<dyn Future<Output = Result<TlsStream<TcpStream>, RawFailure>> + Send>>;

/// What was connected for a CONNECT, before the first request in it.
pub(super) enum Prepared {
    /// The tunnel carries plain HTTP.
    Plain(TcpStream),
    /// The tunnel carries TLS.
    Secure(Handshake),
}

/// What makes a link move.
struct Running {
    number: u32,
    lender: Lender<OriginStream>,
    /// None: it rests.
    driver: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Running {
    /// Ready when it has ended: an origin has nothing to say to a client that asks nothing.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match &mut self.driver {
            Some(driver) => driver.as_mut().poll(cx),
            None => self.lender.poll_woken(cx),
        }
    }

    /// Lets hyper have the connection.
    async fn drive(&mut self, limit: usize) -> Result<SendRequest<Outgoing>, RawFailure> {
        let (sender, connection) = Builder::new()
            .max_buf_size(limit)
            .allow_obsolete_multiline_headers_in_responses(true)
            .handshake(TokioIo::new(self.lender.lend()))
            .await
            .map_err(|error| failure::upstream(Phase::Send, FailureKind::Internal, error.to_string()))?;
        let connection = connection.with_upgrades();
        self.driver = Some(Box::pin(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an upstream connection ended");
            }
        }));
        Ok(sender)
    }
}

/// The upstream connections of one client connection.
#[derive(Default)]
pub(super) struct Links(Mutex<State>);

#[derive(Default)]
struct State {
    idle: Vec<Kept>,
    prepared: Option<Prepared>,
    /// What makes the links move; polled by the client connection's task.
    running: Vec<Running>,
    /// Links that were opened.
    opened: u32,
    /// One of them has not been polled yet.
    has_new: bool,
}

impl Links {
    pub(super) fn prepared(prepared: Prepared) -> Self {
        Self(Mutex::new(State { prepared: Some(prepared), ..State::default() }))
    }

    /// A connection to this authority: the kept one, the one prepared by CONNECT, or a new one.
    /// `tls_name`: the name that the client asked for in its own TLS handshake.
    pub(super) async fn take(
        &self,
        shared: &Arc<Shared>,
        journal: &Journal,
        to: &Authority,
        tls_name: Option<&str>,
    ) -> Result<Link, RawFailure> {
        while let Some(Kept { to, sender, tap, way, number }) = self.take_idle(to) {
            let sender = match sender {
                Some(sender) => Some(sender),
                None => self.rouse(shared, number).await?,
            };
            if let Some(mut sender) = sender
                && sender.ready().await.is_ok()
            {
                return Ok(Link { to, sender, tap, way, reused: true, number });
            }
        }
        self.open(shared, journal, to, tls_name).await
    }

    /// A new connection to this authority. Its future is large and stands apart: every exchange would carry it otherwise, and
    /// nearly all find a connection that is kept.
    pub(super) fn open<'a>(
        &'a self,
        shared: &'a Arc<Shared>,
        journal: &'a Journal,
        to: &'a Authority,
        tls_name: Option<&'a str>,
    ) -> Pin<Box<dyn Future<Output = Result<Link, RawFailure>> + Send + 'a>> {
        Box::pin(self.connect(shared, journal, to, tls_name))
    }

    async fn connect(
        &self,
        shared: &Arc<Shared>,
        journal: &Journal,
        to: &Authority,
        tls_name: Option<&str>,
    ) -> Result<Link, RawFailure> {
        let prepared = self.lock().prepared.take();
        let (stream, way) = match prepared {
            Some(Prepared::Plain(stream)) => (stream, Way::Origin),
            Some(Prepared::Secure(handshake)) => {
                return self.speak(shared, to, handshake.await?.into(), Way::Origin).await;
            }
            None => {
                let Dialled { stream, way, .. } = upstream::dial(shared, journal, to).await?;
                (stream, way)
            }
        };
        if !to.https {
            return self.speak(shared, to, stream.into(), way).await;
        }
        let name = tls_name.unwrap_or(&to.host).to_owned();
        let stream = upstream::secure(Arc::clone(shared), name, stream, vec![Protocol::Http11]).await?;
        self.speak(shared, to, stream.into(), Way::Origin).await
    }

    /// Keeps a connection for the client's next request.
    pub(super) fn keep(&self, link: Link) {
        let Link { to, sender, tap, way, number, .. } = link;
        let mut state = self.lock();
        if state.idle.len() >= KEPT {
            state.idle.remove(0);
        }
        state.idle.push(Kept { to, sender: Some(sender), tap, way, number });
    }

    /// True where a link is to be polled for the first time.
    pub(super) fn has_new(&self) -> bool {
        self.lock().has_new
    }

    /// Moves all links on; true when one of them has ended.
    pub(super) fn poll(&self, cx: &mut Context<'_>) -> bool {
        // Taken out while they are polled: what they wake may ask for the lock.
        let mut state = self.lock();
        let mut running = std::mem::take(&mut state.running);
        state.has_new = false;
        drop(state);
        let before = running.len();
        running.retain_mut(|link| link.poll(cx).is_pending());
        let ended = running.len() < before;
        let mut state = self.lock();
        running.append(&mut state.running);
        state.running = running;
        ended
    }

    /// Takes links that are kept for a next request from hyper. They are to be polled then.
    pub(super) fn rest(&self) {
        let mut state = self.lock();
        let State { idle, running, .. } = &mut *state;
        for link in running.iter_mut() {
            let kept = idle.iter_mut().find(|kept| kept.number == link.number);
            if let Some(kept) = kept.filter(|kept| kept.tap.is_quiet()) {
                (link.driver, kept.sender) = (None, None);
                kept.tap.rest();
            }
        }
    }

    /// Gives a link that rests to hyper again. None: it has ended meanwhile.
    async fn rouse(&self, shared: &Shared, number: u32) -> Result<Option<SendRequest<Outgoing>>, RawFailure> {
        let resting = {
            let running = &mut self.lock().running;
            running.iter().position(|running| running.number == number).map(|at| running.swap_remove(at))
        };
        match resting {
            Some(resting) => Box::pin(self.run(shared, resting)).await.map(Some),
            None => Ok(None),
        }
    }

    async fn speak(
        &self,
        shared: &Shared,
        to: &Authority,
        stream: OriginStream,
        way: Way,
    ) -> Result<Link, RawFailure> {
        let limit = 2 * read_limit(shared);
        let (tap, handle) = Tap::new(stream, Kind::Response { to_head: false }, limit);
        let number = {
            let mut state = self.lock();
            state.opened += 1;
            state.opened
        };
        let running = Running { number, lender: Lender::new(tap), driver: None };
        let sender = self.run(shared, running).await?;
        Ok(Link { to: to.clone(), sender, tap: handle, way, reused: false, number })
    }

    async fn run(&self, shared: &Shared, mut running: Running) -> Result<SendRequest<Outgoing>, RawFailure> {
        let sender = running.drive(read_limit(shared)).await?;
        let mut state = self.lock();
        state.running.push(running);
        state.has_new = true;
        Ok(sender)
    }

    fn take_idle(&self, to: &Authority) -> Option<Kept> {
        let mut state = self.lock();
        let at = state.idle.iter().position(|link| link.to == *to)?;
        Some(state.idle.remove(at))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Bytes that hyper reads of an answer before it has to make something of them. Each piece of a long body wakes both ends, so they are
/// large; a head has a limit of its own.
fn read_limit(shared: &Shared) -> usize {
    const LONG_PIECE: usize = 400 * 1024;
    shared.settings.limits.head.max(LONG_PIECE)
}
