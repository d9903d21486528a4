//! Puts heads on the wire as they were recorded. hyper writes a head of its own, lower case, regrouped and
//! trimmed; below it this writer takes that head out of the stream and puts the recorded one in its place.
//! The body passes as hyper frames it, so the two framings must agree: where they do not, nothing is sent.

use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::AsyncWrite;

use super::head::{Framing, Kind, decimal};

/// What hyper writes before a body that the client waits to be asked for.
const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// A head that goes out in place of hyper's.
pub(super) struct Replacement {
    /// Start line and field lines, each with its line end; without the blank line. Whole interim answers
    /// may stand before them.
    pub(super) lines: BytesMut,
    /// The framing that these lines tell; `None` where no body can follow whatever they say.
    pub(super) framing: Option<Framing>,
    /// Whose head it is.
    pub(super) kind: Kind,
}

/// The chunk that ends a body (RFC 9112, section 7.1), as hyper writes it: without trailers.
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

/// Slices that go out in one write; more of them follow in the next one.
const SLICES: usize = 16;

/// What is to be replaced.
enum Armed {
    Head(Replacement),
    /// By this last chunk and its trailers. hyper would let pass those that `Trailer` names, in lower case.
    LastChunk(BytesMut),
}

/// Replaces heads, and the last chunks of bodies with trailers, in a stream that is written.
#[derive(Default)]
pub(super) struct HeadWriter {
    armed: Option<Armed>,
    /// Goes out before anything else.
    out: VecDeque<BytesMut>,
}

impl HeadWriter {
    /// True when nothing is to go out and nothing to be replaced.
    pub(super) fn is_empty(&self) -> bool {
        self.armed.is_none() && self.out.is_empty()
    }

    /// Gives back the memory that is held for the next heads.
    pub(super) fn rest(&mut self) {
        self.out.shrink_to_fit();
    }

    /// The next head that is written is replaced by this one.
    pub(super) fn replace(&mut self, head: Replacement) {
        self.armed = Some(Armed::Head(head));
    }

    /// What is written next is the last chunk of a body; it gets these trailer lines.
    pub(super) fn replace_last_chunk(&mut self, trailers: &[u8]) {
        self.armed = Some(Armed::LastChunk(BytesMut::from(&[b"0\r\n", trailers, b"\r\n"].concat()[..])));
    }

    /// Writes; says how much of `bufs` was taken.
    pub(super) fn poll_write<W: AsyncWrite>(
        &mut self,
        mut inner: Pin<&mut W>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.armed.is_none() && self.out.is_empty() {
            return match bufs {
                [one] => inner.poll_write(cx, one),
                bufs => inner.poll_write_vectored(cx, bufs),
            };
        }
        let mut taken = 0;
        if let Some(first) = bufs.first().filter(|first| !first.is_empty())
            && let Some(armed) = self.armed.take()
        {
            taken = match armed {
                Armed::Head(replacement) => self.swap(replacement, first)?,
                Armed::LastChunk(chunk) if first.starts_with(LAST_CHUNK) => {
                    self.out.push_back(chunk);
                    LAST_CHUNK.len()
                }
                Armed::LastChunk(_) => {
                    return Poll::Ready(Err(io::Error::other(
                        "trailers were to be written, and something else was",
                    )));
                }
            };
        }
        // The head and what follows it in one system call, so that they share a segment.
        let written = {
            let mut all = [IoSlice::new(&[]); SLICES];
            let own = self.out.iter().map(|bytes| IoSlice::new(bytes));
            let mut count = 0;
            for (place, slice) in all.iter_mut().zip(own.chain(rest_of(bufs, taken))) {
                *place = slice;
                count += 1;
            }
            match &all[..count] {
                [one] => inner.as_mut().poll_write(cx, one),
                several => inner.as_mut().poll_write_vectored(cx, several),
            }
        };
        match written {
            Poll::Ready(Ok(written)) => Poll::Ready(Ok(taken + self.advance(written))),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
            // Taken is taken: hyper must not offer its head again.
            Poll::Pending if taken > 0 => Poll::Ready(Ok(taken)),
            Poll::Pending => Poll::Pending,
        }
    }

    /// Writes what is still to go out before anything else.
    pub(super) fn poll_drain<W: AsyncWrite>(
        &mut self,
        mut inner: Pin<&mut W>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(first) = self.out.front() {
            let written = ready!(inner.as_mut().poll_write(cx, first))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.advance(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Drops what was written of `out`; says how much was written beyond it.
    fn advance(&mut self, mut written: usize) -> usize {
        while let Some(first) = self.out.front_mut() {
            if written < first.len() {
                first.advance(written);
                return 0;
            }
            written -= first.len();
            self.out.pop_front();
        }
        written
    }

    /// Queues the replacement for the head at the beginning of `bytes`; says how long hyper's head is.
    fn swap(&mut self, replacement: Replacement, bytes: &[u8]) -> io::Result<usize> {
        let before = if bytes.starts_with(CONTINUE) { CONTINUE.len() } else { 0 };
        let own = &bytes[before..];
        let end = memchr::memmem::find(own, b"\r\n\r\n").map(|at| at + 4);
        let Some(own) = end.map(|end| &own[..end]) else {
            return Err(io::Error::other("a head was to be written, and something else was"));
        };
        if before > 0 {
            self.out.push_back(BytesMut::from(CONTINUE));
        }
        let taken = before + own.len();
        let own = Own::read(own, replacement.kind);
        if replacement.framing.is_some_and(|framing| !own.agrees(framing)) {
            return Err(io::Error::other("the framing of the recorded head is not that of its body"));
        }
        let mut lines = replacement.lines;
        if let (Kind::Response { .. }, Some(connection)) = (replacement.kind, own.connection) {
            lines.extend_from_slice(b"Connection: ");
            lines.extend_from_slice(connection);
            lines.extend_from_slice(b"\r\n");
        }
        lines.extend_from_slice(b"\r\n");
        self.out.push_back(lines);
        Ok(taken)
    }
}

/// What matters of the head that hyper writes. Its names are in lower case and none of its fields is folded, so that it
/// can be read where it stands.
struct Own<'a> {
    /// `None` where it cannot be told.
    framing: Option<Framing>,
    connection: Option<&'a [u8]>,
}

impl<'a> Own<'a> {
    fn read(head: &'a [u8], kind: Kind) -> Self {
        let without = if kind == Kind::Request { Framing::Empty } else { Framing::UntilClose };
        let mut own = Self { framing: Some(without), connection: None };
        for line in head.split(|byte| *byte == b'\n').skip(1) {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let told = if let Some(length) = line.strip_prefix(b"content-length: ") {
                decimal(length).map(Framing::Length)
            } else if let Some(coding) = line.strip_prefix(b"transfer-encoding: ") {
                (coding == b"chunked").then_some(Framing::Chunked)
            } else {
                if let Some(connection) = line.strip_prefix(b"connection: ") {
                    own.connection.get_or_insert(connection);
                }
                continue;
            };
            // Told once, or it cannot be told.
            own.framing = told.filter(|_| own.framing == Some(without));
        }
        own
    }

    /// True when hyper frames the body as the recorded head says. No body and one of length 0 are the same.
    fn agrees(&self, framing: Framing) -> bool {
        let normal = |framing| if framing == Framing::Length(0) { Framing::Empty } else { framing };
        self.framing.is_some_and(|own| normal(own) == normal(framing))
    }
}

/// The slices without the first `taken` bytes, which lie in the first one.
fn rest_of<'a>(bufs: &'a [IoSlice<'a>], taken: usize) -> impl Iterator<Item = IoSlice<'a>> {
    let (first, others) = bufs.split_at(bufs.len().min(1));
    let first = first.iter().filter_map(move |first| first.get(taken..));
    first.chain(others.iter().map(|other| &**other)).filter(|rest| !rest.is_empty()).map(IoSlice::new)
}
