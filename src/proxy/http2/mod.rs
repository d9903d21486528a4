//! HTTP/2 (RFC 9113) on one client connection: concurrent streams, each with a stream of its own on the one
//! connection to the origin. Directly on hyper's own protocol library, `h2`: it gives the codes of resets, interim
//! answers and flow control, which must pass as they come.

mod copy;
mod exchange;
mod fault;
mod frames;
mod head;
mod origin;
mod watched;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use h2::server::{Builder, Connection, SendResponse};
use h2::{Reason, RecvStream};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::model::Phase;
use crate::record::Event;

use super::http::Tunnel;
use super::journal::Journal;
use super::link::Prepared;
use super::{Shared, Stage, failure};
use fault::Fault;
use origin::Origin;
use watched::{Begun, Watch, watched};

/// What a client that speaks HTTP/2 sends first (RFC 9113, section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// True for the header of what a server that speaks HTTP/2 may send before anything has come: a SETTINGS frame
/// (RFC 9113, sections 4.1 and 6.5).
pub(super) fn is_settings(header: [u8; 9]) -> bool {
    matches!(header, [0, 0, length, 4, 0, 0, 0, 0, 0] if length % 6 == 0)
}

/// Streams that a client may have at a time.
const STREAMS: u32 = 256;

/// Bytes of a stream that may be on their way unread, and of all streams of a connection. What is held back for the
/// recorder or for a slow peer is bounded by them.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// Bytes of a stream that may wait to be written.
const SEND_BUFFER: usize = 256 * 1024;

/// One client connection that speaks HTTP/2.
struct Session {
    shared: Arc<Shared>,
    journal: Arc<Journal>,
    tunnel: Tunnel,
    origin: Origin,
}

/// What a session is made of.
pub(super) struct Parts {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<Journal>,
    /// The connection to the origin.
    pub(super) prepared: Prepared,
    pub(super) tunnel: Tunnel,
}

/// Something that the client connection's own task moves on.
type Running = Pin<Box<dyn Future<Output = Ended> + Send>>;

/// What has come to its end.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Exchange,
    /// The connection to the origin.
    Origin,
}

/// Serves the connection until it ends, and ends every exchange that it began.
pub(super) async fn serve<S>(stream: S, parts: Parts, mut stages: watch::Receiver<Stage>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Parts { shared, journal, prepared, tunnel } = parts;
    let (stream, watch) = watched(stream);
    let shaking = Builder::new()
        .max_concurrent_streams(STREAMS)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_header_list_size(head_limit(&shared))
        .handshake(stream);
    let shaken = timeout(shared.settings.timeouts.head, shaking).await;
    let mut connection = match shaken {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return tracing::debug!(%error, "a client does not begin with HTTP/2"),
        Err(_) => return tracing::debug!("a client does not go on with HTTP/2"),
    };
    let (spawner, mut new) = mpsc::unbounded_channel();
    let origin = Origin::new(prepared, spawner);
    let session = Arc::new(Session { shared, journal, tunnel, origin });
    let mut running: FuturesUnordered<Running> = FuturesUnordered::new();
    let mut stopping = false;
    let error = loop {
        tokio::select! {
            accepted = poll_fn(|cx| poll_accept(cx, &mut connection, &watch)) => match accepted {
                Ok(Some(Ok((request, respond)))) => {
                    watch.take(respond.stream_id().as_u32());
                    running.push(Box::pin(exchange::serve(Arc::clone(&session), request, respond)));
                }
                Ok(Some(Err(error))) => break Some(error),
                Ok(None) => break None,
                Err(HasRefused) => {
                    session.refuse(&watch.refused(), None);
                    running.push(Box::pin(flush(Arc::clone(&session))));
                }
            },
            Some(connected) = new.recv() => running.push(connected),
            Some(ended) = running.next() => if ended == Ended::Origin {
                // What the origin does, samewire does: no new requests here.
                connection.graceful_shutdown();
            },
            _ = stages.wait_for(|stage| *stage != Stage::Serving), if !stopping => {
                stopping = true;
                connection.graceful_shutdown();
            }
        }
    };
    let reason = error.as_ref().filter(|error| error.is_library()).and_then(h2::Error::reason);
    session.refuse(&watch.rest(), reason);
    settle(&session, error.as_ref()).await;
}

/// A request as the library hands it over. `None`: the connection has ended.
type Accepted = Option<Result<(Request<RecvStream>, SendResponse<Bytes>), h2::Error>>;

/// The library has refused requests by itself.
struct HasRefused;

fn poll_accept<S: AsyncRead + AsyncWrite + Unpin>(
    cx: &mut Context<'_>,
    connection: &mut Connection<S, Bytes>,
    watch: &Watch,
) -> Poll<Result<Accepted, HasRefused>> {
    match connection.poll_accept(cx) {
        Poll::Ready(accepted) => Poll::Ready(Ok(accepted)),
        // All that it would hand over it has: what was ended besides is refused.
        Poll::Pending if watch.has_refused() => Poll::Ready(Err(HasRefused)),
        Poll::Pending => Poll::Pending,
    }
}

/// Tells what is known so far.
async fn flush(session: Arc<Session>) -> Ended {
    session.journal.flush().await;
    Ended::Exchange
}

/// Ends the exchanges that the client has left.
async fn settle(session: &Session, error: Option<&h2::Error>) {
    let journal = &session.journal;
    if let Some(error) = error {
        tracing::debug!(connection = journal.connection.0, %error, "a client connection ended");
    }
    let fault = error.map_or_else(Fault::closed, Fault::of);
    for (exchange, phase) in journal.open() {
        journal.fail(exchange, failure::client(phase, fault.kind, format!("the client {}", fault.words)));
    }
    journal.flush().await;
}

/// Longest list of fields that the library takes. Those between samewire's own limit and this one are recorded
/// before they are refused.
fn head_limit(shared: &Shared) -> u32 {
    u32::try_from(2 * shared.settings.limits.head.max(8192)).unwrap_or(u32::MAX)
}

impl Session {
    /// Tells requests that the library did not hand over; `reason` is its code for the whole connection.
    fn refuse(&self, begun: &[Begun], reason: Option<Reason>) {
        let connection = self.journal.connection;
        for begun in begun {
            let (kind, message) = begun.why(reason);
            let failure = failure::client(Phase::Head, kind, message);
            self.journal.add(Event::Refused { connection, stream: begun.stream, failure });
        }
    }

    fn scheme(&self) -> &'static str {
        if self.tunnel.to.https { "https" } else { "http" }
    }
}
