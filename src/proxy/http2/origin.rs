//! The one connection to the origin that the streams of a client connection share.

use std::sync::Arc;

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Mutex, mpsc};

use crate::model::{FailureKind, Phase};
use crate::redact::RawFailure;

use super::fault::Fault;
use super::{CONNECTION_WINDOW, Ended, Running, SEND_BUFFER, STREAM_WINDOW, Session, head_limit};
use crate::proxy::forward::Authority;
use crate::proxy::link::Prepared;
use crate::proxy::tls::Protocol;
use crate::proxy::{failure, upstream};

/// The connection to the origin: prepared, open, or to be opened anew.
pub(super) struct Origin {
    state: Mutex<State>,
    /// Takes what makes a connection move.
    running: mpsc::UnboundedSender<Running>,
}

struct State {
    prepared: Option<Prepared>,
    /// The last attempt to connect, and its number.
    last: Option<Result<SendRequest<Bytes>, Unavailable>>,
    attempts: u64,
}

/// The origin cannot be had by HTTP/2.
#[derive(Clone)]
pub(super) struct Unavailable {
    pub(super) failure: RawFailure,
    /// It is there, and speaks HTTP/1.1 now.
    pub(super) speaks_http1: bool,
}

impl From<RawFailure> for Unavailable {
    fn from(failure: RawFailure) -> Self {
        Self { failure, speaks_http1: false }
    }
}

impl Origin {
    pub(super) fn new(prepared: Prepared, running: mpsc::UnboundedSender<Running>) -> Self {
        Self { state: Mutex::new(State { prepared: Some(prepared), last: None, attempts: 0 }), running }
    }

    /// A way to send one request, once the origin takes one more stream.
    pub(super) async fn sender(&self, session: &Session) -> Result<SendRequest<Bytes>, Unavailable> {
        let (attempt, sender) = self.connected(session, 0).await?;
        if let Ok(sender) = sender.ready().await {
            return Ok(sender);
        }
        // The origin has closed the kept connection, and nothing of this request had been sent.
        let (_, sender) = self.connected(session, attempt).await?;
        sender.ready().await.map_err(|error| {
            let message = format!("{} {}", session.tunnel.to.to_text(), Fault::of(&error).words);
            failure::upstream(Phase::Send, FailureKind::Closed, message).into()
        })
    }

    /// The connection, if it is a later one than that of the attempt `failed`; else a new one. Streams that wait
    /// for one attempt share what comes of it.
    async fn connected(
        &self,
        session: &Session,
        failed: u64,
    ) -> Result<(u64, SendRequest<Bytes>), Unavailable> {
        let mut state = self.state.lock().await;
        if state.attempts == failed || state.last.is_none() {
            state.attempts += 1;
            let prepared = state.prepared.take();
            state.last = Some(self.open(session, prepared).await);
        }
        let attempt = state.attempts;
        match &state.last {
            Some(Ok(sender)) => Ok((attempt, sender.clone())),
            Some(Err(unavailable)) => {
                let unavailable = unavailable.clone();
                // A later request tries again.
                state.last = None;
                Err(unavailable)
            }
            None => {
                Err(failure::upstream(Phase::Connect, FailureKind::Internal, "no attempt was made").into())
            }
        }
    }

    async fn open(
        &self,
        session: &Session,
        prepared: Option<Prepared>,
    ) -> Result<SendRequest<Bytes>, Unavailable> {
        let Session { shared, journal, tunnel, .. } = session;
        let name = tunnel.tls_name.as_ref().unwrap_or(&tunnel.to.host).clone();
        let stream = match prepared {
            Some(Prepared::Plain(stream)) => return Ok(self.speak(session, stream).await?),
            Some(Prepared::Secure(handshake)) => handshake.await?,
            None => {
                // As a tunnel, where an upstream proxy is on the way.
                let to = Authority { https: true, ..tunnel.to.clone() };
                let stream = upstream::dial(shared, journal, &to).await?.stream;
                if !tunnel.to.https {
                    return Ok(self.speak(session, stream).await?);
                }
                upstream::secure(Arc::clone(shared), name.clone(), stream, vec![Protocol::Http2]).await?
            }
        };
        let chosen = stream.get_ref().1.alpn_protocol().and_then(Protocol::of);
        if chosen != Some(Protocol::Http2) {
            let authority = tunnel.to.to_text();
            shared.agreed.note(&authority, &name, Protocol::Http11);
            let message = format!("{authority} speaks HTTP/1.1 now; the client is asked to do the same");
            let failure = failure::upstream(Phase::Tls, FailureKind::Tls, message);
            return Err(Unavailable { failure, speaks_http1: true });
        }
        Ok(self.speak(session, stream).await?)
    }

    async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
        &self,
        session: &Session,
        stream: S,
    ) -> Result<SendRequest<Bytes>, RawFailure> {
        let shaken = Builder::new()
            .enable_push(false)
            .initial_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buffer_size(SEND_BUFFER)
            .max_header_list_size(head_limit(&session.shared))
            .handshake(stream)
            .await;
        let (sender, connection) = shaken.map_err(|error| {
            let fault = Fault::of(&error);
            let message = format!("{} {}", session.tunnel.to.to_text(), fault.words);
            failure::upstream(Phase::Send, fault.kind, message)
        })?;
        let running = Box::pin(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "an upstream connection ended");
            }
            Ended::Origin
        });
        // Nobody takes it any more where the client has gone; then the request ends, too.
        let _ = self.running.send(running);
        Ok(sender)
    }
}
