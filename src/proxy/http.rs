//! HTTP/1 on one client connection: hyper above the tap, and one exchange after the other.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1::Builder;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::model::{FailureKind, Fidelity, Phase};
use crate::record::Event;

use super::alarm::Alarm;
use super::body::Outgoing;
use super::client_stream::ResetFlag;
use super::exchange::{self, Aborted};
use super::failure::{self, Cause};
use super::forward::{Authority, Reverse};
use super::head::Kind;
use super::journal::Journal;
use super::link::Links;
use super::rest::{Idleness, Lender};
use super::switch::{self, Switched};
use super::tap::{Tap, TapHandle};
use super::turns::{Part, Turns};
use super::{Awaited, Shared, Stage};

/// One client connection that speaks HTTP/1.
pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<Journal>,
    pub(super) links: Links,
    /// The tunnel that it is in.
    pub(super) tunnel: Option<Tunnel>,
    /// In reverse mode, what samewire stands in the place of.
    pub(super) reverse: Option<Reverse>,
    pub(super) reset: ResetFlag,
    pub(super) tap: TapHandle,
    /// For the answers' heads.
    pub(super) alarm: Alarm,
    pub(super) silence: Silence,
    /// Held by every exchange that hyper has something of.
    pub(super) underway: Arc<()>,
    /// Both ends of a protocol that took HTTP's place.
    pub(super) upgrade: Mutex<Option<Switched>>,
}

/// For the next pieces of bodies, from either side: both may be awaited at a time.
#[derive(Default)]
pub(super) struct Silence {
    pub(super) client: Arc<Alarm>,
    pub(super) origin: Arc<Alarm>,
}

/// The CONNECT around a session.
pub(super) struct Tunnel {
    pub(super) to: Authority,
    /// The server name of the client's TLS hello.
    pub(super) tls_name: Option<String>,
}

/// What a session is made of.
pub(super) struct Parts {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<Journal>,
    pub(super) links: Links,
    pub(super) tunnel: Option<Tunnel>,
    /// In reverse mode, what samewire stands in the place of.
    pub(super) reverse: Option<Reverse>,
    pub(super) reset: ResetFlag,
    /// The first head has had its time already.
    pub(super) is_late: bool,
}

/// The time for a head: it runs while one has begun that hyper waits for.
struct HeadDeadline {
    limit: Duration,
    timer: Option<Pin<Box<Sleep>>>,
}

impl HeadDeadline {
    fn new(limit: Duration) -> Self {
        Self { limit, timer: None }
    }

    /// True when the head under way, if one is, has had its time.
    fn is_past(&mut self, session: &Session, cx: &mut Context<'_>) -> bool {
        if !session.journal.is_idle() || !session.tap.is_in_head() {
            self.timer = None;
            return false;
        }
        let limit = self.limit;
        self.timer.get_or_insert_with(|| Box::pin(sleep(limit))).as_mut().poll(cx).is_ready()
    }
}

/// Serves the connection until it ends, and ends every exchange that it began.
pub(super) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
    parts: Parts,
    stages: watch::Receiver<Stage>,
) {
    let limit = parts.shared.settings.limits.head.max(8192);
    let (tap, handle) = Tap::new(stream, Kind::Request, 2 * limit);
    let Parts { shared, journal, links, tunnel, reverse, reset, is_late } = parts;
    let (alarm, silence, upgrade) = (Alarm::default(), Silence::default(), Mutex::default());
    let session = Arc::new(Session {
        shared,
        journal,
        links,
        tunnel,
        reverse,
        reset,
        tap: handle,
        alarm,
        silence,
        underway: Arc::default(),
        upgrade,
    });
    let mut deadline =
        HeadDeadline::new(if is_late { Duration::ZERO } else { session.shared.settings.timeouts.head });
    let service = {
        let session = Arc::clone(&session);
        service_fn(move |request: Request<Incoming>| serve_one(Arc::clone(&session), request))
    };
    let tap = Lender::new(tap);
    let builder = {
        let mut builder = Builder::new();
        builder.auto_date_header(false).max_buf_size(limit);
        builder
    };
    let connect =
        || Box::pin(builder.serve_connection(TokioIo::new(tap.lend()), service.clone()).with_upgrades());
    // None: it rests.
    let mut connection = Some(connect());
    let mut idleness = Idleness::new(session.shared.settings.timeouts.rest);
    let mut finishing = Awaited::new(&stages, |stage| stage != Stage::Serving);
    drop(stages);
    let turns = Turns::new();
    let (mut served, mut stopping) = (None, false);
    // The origin of all exchanges here has closed its connection.
    let mut has_left = false;
    let mut is_overdue = false;
    let mut switched: Option<Pin<Box<dyn Future<Output = ()> + Send>>> = None;
    poll_fn(|cx| {
        if !stopping && finishing.poll(cx) {
            stopping = true;
            if let Some(connection) = &mut connection {
                connection.as_mut().graceful_shutdown();
            }
            turns.call(Part::Client);
        }
        if connection.is_some()
            && served.is_none()
            && switched.is_none()
            && idleness.poll(session.tap.heads(), || session.is_quiet(), cx)
        {
            connection = None;
            session.tap.rest();
            session.journal.rest();
            session.links.rest();
            turns.call(Part::Client);
            turns.call(Part::Links);
        }
        turns.take(cx, |part, cx| match part {
            Part::Client if served.is_some() => {}
            Part::Client => {
                if connection.is_none() && tap.poll_woken(cx).is_pending() && !stopping && !has_left {
                    return;
                }
                let connection = connection.get_or_insert_with(connect);
                if stopping {
                    connection.as_mut().graceful_shutdown();
                }
                if let Poll::Ready(result) = connection.as_mut().poll(cx) {
                    served = Some(result);
                }
                if session.links.has_new() {
                    has_left = false;
                    turns.call(Part::Links);
                }
                if has_left && served.is_none() && session.journal.is_idle() {
                    // The origin has closed an idle connection: so does samewire, as without it.
                    has_left = false;
                    connection.as_mut().graceful_shutdown();
                    turns.call(Part::Client);
                }
            }
            Part::Links => {
                if session.links.poll(cx) && session.to().is_some() {
                    // Perhaps in the middle of an exchange, which comes first.
                    has_left = true;
                    turns.call(Part::Client);
                }
            }
        });
        let both = session.upgrade.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(both) = both {
            switched = Some(Box::pin(switch::pass(both)));
        }
        match &mut switched {
            Some(copy) => copy.as_mut().poll(cx),
            None if served.is_some() => Poll::Ready(()),
            None if deadline.is_past(&session, cx) => {
                is_overdue = true;
                Poll::Ready(())
            }
            None => Poll::Pending,
        }
    })
    .await;
    let error = served.and_then(Result::err);
    if let Some(error) = &error {
        tracing::debug!(connection = session.journal.connection.0, %error, "a client connection ended");
    }
    settle(&session, error.as_ref(), is_overdue).await;
}

async fn serve_one(session: Arc<Session>, request: Request<Incoming>) -> Result<Response<Outgoing>, Aborted> {
    let _underway = Arc::clone(&session.underway);
    exchange::serve(&session, request).await
}

/// Tells what is left when a connection has ended: an exchange without an end, and heads that hyper refused.
async fn settle(session: &Session, error: Option<&hyper::Error>, is_overdue: bool) {
    let journal = &session.journal;
    for (exchange, phase) in journal.open() {
        let cause = session.tap.cause().unwrap_or(Cause::Closed);
        let message = format!("the client's connection {}", cause.words());
        journal.fail(exchange, failure::client(phase, cause.kind(), message));
    }
    let overdue = || {
        is_overdue.then(|| {
            (FailureKind::TimedOut, "the head did not come in time; --head-timeout allows more".to_owned())
        })
    };
    let mut refused = error.map_or_else(overdue, |error| {
        if error.is_parse_too_large() {
            Some((FailureKind::TooLarge, "the head is too large".to_owned()))
        } else if error.is_parse() {
            Some((FailureKind::Malformed, format!("the head is not HTTP: {error}")))
        } else {
            None
        }
    });
    let heads = std::iter::from_fn(|| session.tap.next_head().map(|(head, at)| (head.raw, at)));
    let heads: Vec<_> = heads.chain(session.tap.unfinished()).collect();
    for (head, at) in heads {
        let (kind, message) = refused.take().unwrap_or_else(|| {
            (FailureKind::Closed, "the connection ended before this request was taken".to_owned())
        });
        let (scheme, authority) = (session.scheme(), session.authority());
        let (connection, exchange) = (journal.connection, session.shared.exchange_id(journal.side));
        let fidelity = Fidelity::Wire;
        let event = Event::Request { exchange, connection, at, head, scheme, authority, fidelity };
        journal.begin(exchange, event);
        journal.fail(exchange, failure::client(Phase::Head, kind, message));
    }
    journal.flush().await;
}

impl Session {
    /// Where all requests of this connection go, as far as the connection tells: where its tunnel leads, or the base URL of reverse mode.
    pub(super) fn to(&self) -> Option<&Authority> {
        let tunnel = self.tunnel.as_ref().map(|tunnel| &tunnel.to);
        tunnel.or_else(|| self.reverse.as_ref().map(Reverse::to))
    }

    /// Nothing is under way. Not the same as that no exchange is open: one that has ended for the recorder may wait for
    /// room there with the last of its content.
    fn is_quiet(&self) -> bool {
        Arc::strong_count(&self.underway) == 1 && self.journal.is_idle() && self.tap.is_quiet()
    }

    /// What the requests that come here are for, as far as the connection tells.
    pub(super) fn scheme(&self) -> &'static str {
        if self.to().is_some_and(|to| to.https) { "https" } else { "http" }
    }

    /// `host:port`, as far as the connection tells.
    pub(super) fn authority(&self) -> Option<String> {
        self.to().map(Authority::to_text)
    }
}
