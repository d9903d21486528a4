//! Another protocol in HTTP's place (RFC 9110, section 7.8): both ways as it comes. Of WebSocket the messages are
//! counted. The exchange ends when the protocol does.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf, copy_bidirectional};

use crate::model::WebSocket;
use crate::record::{Event, ExchangeId};

use super::journal::Journal;
use super::websocket::FrameCounter;

/// An exchange whose answer was 101, and both ends of what follows.
pub(super) struct Switched {
    pub(super) client: OnUpgrade,
    pub(super) origin: OnUpgrade,
    pub(super) ending: Ending,
}

/// Ends the exchange when it is dropped: also where the proxy ends first.
pub(super) struct Ending {
    journal: Arc<Journal>,
    exchange: ExchangeId,
    /// From the client and to it.
    counters: Option<[FrameCounter; 2]>,
}

impl Ending {
    pub(super) fn new(journal: &Arc<Journal>, exchange: ExchangeId, is_websocket: bool) -> Self {
        Self { journal: Arc::clone(journal), exchange, counters: is_websocket.then(Default::default) }
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        let exchange = self.exchange;
        if let Some([sent, received]) = &self.counters {
            let messages = WebSocket { sent: sent.counted(), received: received.counted() };
            self.journal.note(exchange, Event::Messages { exchange, messages });
        }
        self.journal.end(exchange, Bytes::new());
    }
}

/// Passes it through until either end closes.
pub(super) async fn pass(switched: Switched) {
    let Switched { client, origin, mut ending } = switched;
    let (Ok(client), Ok(origin)) = (client.await, origin.await) else { return };
    let mut origin = TokioIo::new(origin);
    let mut client = Counted { inner: TokioIo::new(client), counters: ending.counters.as_mut() };
    if let Err(error) = copy_bidirectional(&mut client, &mut origin).await {
        tracing::debug!(%error, "an upgraded connection ended");
    }
}

/// The client's end, whose bytes are counted.
struct Counted<'a> {
    inner: TokioIo<Upgraded>,
    counters: Option<&'a mut [FrameCounter; 2]>,
}

impl AsyncRead for Counted<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buf.filled().len();
        let read = Pin::new(&mut self.inner).poll_read(cx, buf);
        if let Some([sent, _]) = self.counters.as_deref_mut() {
            sent.feed(&buf.filled()[filled..]);
        }
        read
    }
}

impl AsyncWrite for Counted<'_> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, buf);
        if let (Poll::Ready(Ok(written)), Some([_, received])) = (&written, self.counters.as_deref_mut()) {
            received.feed(&buf[..*written]);
        }
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
