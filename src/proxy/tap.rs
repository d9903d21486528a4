//! The seam below hyper, on both legs: what is read is copied to the [`HeadScanner`], and where hyper writes
//! a head, the [`HeadWriter`] puts the recorded one in its place.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use bytes::Bytes;
use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::failure::Cause;
use super::head::{Head, Kind};
use super::scanner::HeadScanner;
use super::writer::{HeadWriter, Replacement};

/// Bytes that are read of what wakes a connection that rests.
const WOKEN_BY: usize = 1024;

/// Bytes of one read while less than `LONG` have come in pieces as large as that. hyper takes ever larger buffers as long as they
/// are filled, and some of them wait in every connection whose other end does not take them. So the one of 16 KiB is not.
const PIECE: usize = 16 * 1024 - 1;
/// From here on it is a transfer that goes faster in large pieces.
const LONG: usize = 1 << 20;

/// A connection as hyper sees it, with the tap in it.
pub(super) struct Tap<S> {
    inner: S,
    /// What was read while nobody was there to take it.
    before: Bytes,
    /// Bytes that have come since hyper has wanted more than a `PIECE` at a time.
    run: usize,
    shared: Arc<Mutex<Shared>>,
}

/// The other end of a [`Tap`].
#[derive(Clone)]
pub(super) struct TapHandle(Arc<Mutex<Shared>>);

struct Shared {
    scanner: HeadScanner,
    writer: HeadWriter,
    /// How the read side ended.
    ended: Option<Cause>,
    /// How the write side ended.
    broken: Option<Cause>,
    /// How often everything that hyper had to write was written.
    flushes: u64,
    /// Waits for the next time.
    flush_waiter: Option<Waker>,
    /// Something was to be written since.
    unflushed: bool,
    /// Heads that were read.
    heads: u64,
    /// The two views of what was read may differ.
    doubtful: bool,
}

impl<S> Tap<S> {
    pub(super) fn new(inner: S, kind: Kind, head_limit: usize) -> (Self, TapHandle) {
        let shared = Arc::new(Mutex::new(Shared {
            scanner: HeadScanner::new(kind, head_limit),
            writer: HeadWriter::default(),
            ended: None,
            broken: None,
            flushes: 0,
            flush_waiter: None,
            unflushed: false,
            heads: 0,
            doubtful: false,
        }));
        (Self { inner, before: Bytes::new(), run: 0, shared: Arc::clone(&shared) }, TapHandle(shared))
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: AsyncRead + Unpin> Tap<S> {
    /// Ready when the other end has sent something, which is kept for whoever reads next, or has gone.
    pub(super) fn poll_woken(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.before.is_empty() {
            return Poll::Ready(());
        }
        let mut room = [0; WOKEN_BY];
        let mut first = ReadBuf::new(&mut room);
        // How it went wrong is noted; whoever reads next sees it as well.
        let _ = ready!(Pin::new(&mut *self).poll_read(cx, &mut first));
        self.before = Bytes::copy_from_slice(first.filled());
        Poll::Ready(())
    }
}

impl<S: AsyncRead + Unpin> Tap<S> {
    /// Reads a piece that is as large as is good.
    fn poll_piece(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buf.filled().len();
        if buf.remaining() <= PIECE {
            self.run = 0;
            return Pin::new(&mut self.inner).poll_read(cx, buf);
        }
        if self.run < LONG {
            let mut piece = ReadBuf::new(buf.initialize_unfilled_to(PIECE));
            ready!(Pin::new(&mut self.inner).poll_read(cx, &mut piece))?;
            let length = piece.filled().len();
            buf.advance(length);
        } else {
            ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        }
        // hyper asks for less where little comes; that begins anew.
        self.run = self.run.saturating_add(buf.filled().len() - filled);
        Poll::Ready(Ok(()))
    }
}

impl TapHandle {
    /// The next head and when its first byte was read.
    pub(super) fn next_head(&self) -> Option<(Head, Timestamp)> {
        let mut shared = self.lock();
        let head = shared.scanner.next_head();
        shared.heads += u64::from(head.is_some());
        head
    }

    /// How many heads were taken.
    pub(super) fn heads(&self) -> u64 {
        self.lock().heads
    }

    /// The scanner cannot be relied on to know when nothing is under way.
    pub(super) fn doubt(&self) {
        self.lock().doubtful = true;
    }

    /// Nobody uses the connection for a while: gives memory back.
    pub(super) fn rest(&self) {
        let mut shared = self.lock();
        shared.scanner.rest();
        shared.writer.rest();
    }

    /// True when nothing is under way: all that was read belongs to messages that have ended, and all that was to be
    /// written is.
    pub(super) fn is_quiet(&self) -> bool {
        let shared = self.lock();
        let is_whole = shared.ended.is_none() && shared.broken.is_none() && !shared.doubtful;
        is_whole && !shared.unflushed && shared.writer.is_empty() && shared.scanner.is_between()
    }

    /// The trailers, when they are what was found next.
    pub(super) fn next_trailers(&self) -> Bytes {
        self.lock().scanner.next_trailers().unwrap_or_default()
    }

    /// The beginning of a head that never ended, and when it began.
    pub(super) fn unfinished(&self) -> Option<(Bytes, Timestamp)> {
        let shared = self.lock();
        shared.scanner.unfinished().map(|(bytes, begun)| (Bytes::copy_from_slice(bytes), begun))
    }

    /// The next head that hyper writes is replaced by this one.
    pub(super) fn replace(&self, head: Replacement) {
        self.lock().writer.replace(head);
    }

    /// Says what the next answer answers.
    pub(super) fn expect(&self, to_head: bool) {
        self.lock().scanner.expect(to_head);
    }

    /// What follows is not HTTP any more.
    pub(super) fn stop(&self) {
        self.lock().scanner.stop();
    }

    /// How the connection came to be unusable, as far as its reads and writes tell.
    pub(super) fn cause(&self) -> Option<Cause> {
        let shared = self.lock();
        shared.broken.clone().or_else(|| shared.ended.clone())
    }

    /// How often everything that hyper had to write was written.
    pub(super) fn flushes(&self) -> u64 {
        self.lock().flushes
    }

    /// Ready when everything has been written once more than it had been when `flushes` gave `since`.
    pub(super) fn poll_flushed(&self, cx: &mut Context<'_>, since: u64) -> Poll<()> {
        let mut shared = self.lock();
        if shared.flushes > since {
            return Poll::Ready(());
        }
        shared.flush_waiter = Some(cx.waker().clone());
        Poll::Pending
    }

    /// The last chunk, which must be what hyper writes next, gets these trailer lines.
    pub(super) fn replace_last_chunk(&self, trailers: &[u8]) {
        self.lock().writer.replace_last_chunk(trailers);
    }

    /// A head has begun whose end has not come.
    pub(super) fn is_in_head(&self) -> bool {
        self.lock().scanner.unfinished().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Shared> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shared {
    fn note_read(&mut self, new: &[u8]) {
        if new.is_empty() {
            self.ended.get_or_insert(Cause::Closed);
        } else {
            self.scanner.feed(new, Timestamp::now());
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buf.filled().len();
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        if !self.before.is_empty() {
            let taken = self.before.len().min(buf.remaining());
            buf.put_slice(&self.before.split_to(taken));
            return Poll::Ready(Ok(()));
        }
        if let Err(error) = ready!(self.as_mut().poll_piece(cx, buf)) {
            self.lock().ended.get_or_insert(Cause::of(&error));
            return Poll::Ready(Err(error));
        }
        self.lock().note_read(&buf.filled()[filled..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let Self { inner, shared, .. } = self.get_mut();
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.unflushed = true;
        let written = shared.writer.poll_write(Pin::new(inner), cx, bufs);
        if let Poll::Ready(Err(error)) = &written {
            shared.broken.get_or_insert(Cause::of(error));
        }
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { inner, shared, .. } = self.get_mut();
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let mut inner = Pin::new(inner);
        let flushed = match ready!(shared.writer.poll_drain(inner.as_mut(), cx)) {
            Ok(()) => ready!(inner.poll_flush(cx)),
            Err(error) => Err(error),
        };
        match &flushed {
            Ok(()) => {
                shared.flushes += 1;
                shared.unflushed = false;
                if let Some(waiter) = shared.flush_waiter.take() {
                    waiter.wake();
                }
            }
            Err(error) => {
                shared.broken.get_or_insert(Cause::of(error));
            }
        }
        Poll::Ready(flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
