//! Rest for connections that nobody uses just now. hyper keeps its buffers as long as it serves a connection, several
//! times what a connection amounts to besides. So a connection without anything under way is taken back from it after a
//! while, and given to it again when something comes.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep};

use super::tap::Tap;

/// Tells when a connection may rest, by a timer that is set anew only when it goes off.
pub(super) struct Idleness {
    after: Duration,
    timer: Pin<Box<Sleep>>,
    is_set: bool,
    /// What had happened when the timer was set.
    seen: u64,
}

impl Idleness {
    /// A connection may rest after this long, or up to twice as long.
    pub(super) fn new(after: Duration) -> Self {
        Self { after, timer: Box::pin(sleep(after)), is_set: false, seen: 0 }
    }

    /// True when it is quiet and nothing has happened since the timer was set; `happened` counts what does. Always to be
    /// polled by the same task; a connection that rests needs no timer, so none is set then.
    pub(super) fn poll(
        &mut self,
        happened: u64,
        is_quiet: impl FnOnce() -> bool,
        cx: &mut Context<'_>,
    ) -> bool {
        if self.is_set && !self.timer.is_elapsed() {
            return false;
        }
        self.is_set = true;
        if self.timer.as_mut().poll(cx).is_pending() {
            return false;
        }
        if self.seen == happened && is_quiet() {
            return true;
        }
        self.seen = happened;
        self.timer.as_mut().reset(Instant::now() + self.after);
        // It is not over yet; polled for the wake-up.
        let _ = self.timer.as_mut().poll(cx);
        false
    }
}

/// A tapped connection that is lent to hyper and comes back when hyper drops it.
pub(super) struct Lender<S>(Arc<Mutex<Option<Tap<S>>>>);

/// What hyper gets.
pub(super) struct Lent<S> {
    tap: Option<Tap<S>>,
    back: Weak<Mutex<Option<Tap<S>>>>,
}

impl<S> Lender<S> {
    pub(super) fn new(tap: Tap<S>) -> Self {
        Self(Arc::new(Mutex::new(Some(tap))))
    }

    /// Gives the connection away; what is lent already reads as an end.
    pub(super) fn lend(&self) -> Lent<S> {
        Lent { tap: lock(&self.0).take(), back: Arc::downgrade(&self.0) }
    }
}

impl<S: AsyncRead + Unpin> Lender<S> {
    /// Ready when the other end has sent something or has gone, while the connection is not lent.
    pub(super) fn poll_woken(&self, cx: &mut Context<'_>) -> Poll<()> {
        lock(&self.0).as_mut().map_or(Poll::Ready(()), |tap| tap.poll_woken(cx))
    }
}

fn lock<S>(place: &Mutex<Option<Tap<S>>>) -> MutexGuard<'_, Option<Tap<S>>> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<S> Drop for Lent<S> {
    fn drop(&mut self) {
        // Where the lender is gone the connection ends here.
        if let (Some(tap), Some(place)) = (self.tap.take(), self.back.upgrade()) {
            *lock(&place) = Some(tap);
        }
    }
}

impl<S> Lent<S> {
    fn tap(self: Pin<&mut Self>) -> io::Result<Pin<&mut Tap<S>>>
    where
        S: Unpin,
    {
        self.get_mut().tap.as_mut().map(Pin::new).ok_or_else(|| io::ErrorKind::NotConnected.into())
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lent<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.tap()?.poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Lent<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.tap()?.poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.tap()?.poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.tap.as_ref().is_some_and(AsyncWrite::is_write_vectored)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tap()?.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.tap()?.poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::*;
    use crate::proxy::head::Kind;

    #[tokio::test]
    async fn what_is_lent_comes_back_and_what_woke_it_is_read_first() {
        let (mut peer, stream) = duplex(1024);
        let (tap, handle) = Tap::new(stream, Kind::Request, 8192);
        let lender = Lender::new(tap);
        let mut lent = lender.lend();
        peer.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut read = [0; 18];
        lent.read_exact(&mut read).await.unwrap();
        assert!(!handle.is_quiet(), "a head waits to be taken");
        assert!(handle.next_head().is_some() && handle.is_quiet());
        assert_eq!(lender.lend().read(&mut read).await.unwrap_err().kind(), io::ErrorKind::NotConnected);
        drop(lent);
        peer.write_all(b"POST").await.unwrap();
        poll_fn(|cx| lender.poll_woken(cx)).await;
        assert!(handle.is_in_head() && !handle.is_quiet());
        peer.write_all(b" /").await.unwrap();
        let mut lent = lender.lend();
        lent.read_exact(&mut read[..6]).await.unwrap();
        assert_eq!(&read[..6], b"POST /");
        drop(lender);
        drop(lent);
        assert_eq!(peer.read(&mut read).await.unwrap(), 0, "nobody is left to give it back to");
    }

    #[tokio::test]
    async fn what_happens_puts_the_rest_off() {
        let after = Duration::from_millis(20);
        let mut idleness = Idleness::new(after);
        let begun = Instant::now();
        poll_fn(|cx| if idleness.poll(1, || true, cx) { Poll::Ready(()) } else { Poll::Pending }).await;
        assert!(begun.elapsed() >= 2 * after, "something had happened when the timer went off first");
        let begun = Instant::now();
        poll_fn(|cx| {
            // Busy until the timer has gone off once more.
            let is_quiet = begun.elapsed() >= after;
            if idleness.poll(1, || is_quiet, cx) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        assert!(begun.elapsed() >= after);
    }
}
