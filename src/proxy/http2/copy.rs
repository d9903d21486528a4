//! The content of a message on its way from one leg to the other: every piece is told to the recorder before it goes
//! on; the peer's window and a full channel hold it back.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use tokio::time::{Instant, timeout_at};

use super::fault::Fault;
use super::head;

/// Which leg broke off.
#[derive(Debug)]
pub(super) enum Side {
    From(Fault),
    To(Fault),
}

/// Hears what passes.
pub(super) trait Listener {
    /// The next piece of content.
    async fn data(&self, data: Bytes);
    /// The end, with trailer lines.
    async fn end(&self, trailers: Bytes);
}

/// How long nothing may come of an exchange's content. One direction may be quiet as long as the other one is not:
/// streams that are open both ways often are.
pub(super) struct Silence {
    /// None: for ever.
    limit: Option<Duration>,
    since: Mutex<Instant>,
}

impl Silence {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        Self { limit, since: Mutex::new(Instant::now()) }
    }

    /// Waits for what comes next.
    async fn broken_by<T>(&self, coming: impl Future<Output = Result<T, Side>>) -> Result<T, Side> {
        let Some(limit) = self.limit else { return coming.await };
        let mut coming = pin!(coming);
        // It begins anew when what came before has been passed on.
        self.end();
        loop {
            let deadline = self.since() + limit;
            if let Ok(come) = timeout_at(deadline, coming.as_mut()).await {
                self.end();
                return come;
            }
            if self.since() + limit <= deadline {
                return Err(Side::From(Fault::silence()));
            }
        }
    }

    fn end(&self) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn since(&self) -> Instant {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Copies content and trailers to their end.
pub(super) async fn copy(
    mut from: RecvStream,
    to: &mut SendStream<Bytes>,
    listener: &impl Listener,
    silence: &Silence,
) -> Result<(), Side> {
    loop {
        let next = poll_fn(|cx| {
            if let Poll::Ready(reset) = to.poll_reset(cx) {
                return Poll::Ready(Err(Side::To(match reset {
                    Ok(reason) => Fault::reset(reason),
                    Err(error) => Fault::of(&error),
                })));
            }
            from.poll_data(cx).map(|data| data.transpose().map_err(|error| Side::From(Fault::of(&error))))
        });
        let Some(data) = silence.broken_by(next).await? else { break };
        let length = data.len();
        let last = from.is_end_stream();
        if !data.is_empty() {
            listener.data(data.clone()).await;
        }
        if last {
            listener.end(Bytes::new()).await;
        }
        pass(data, last, to).await.map_err(Side::To)?;
        // The sender may send as much again.
        from.flow_control().release_capacity(length).map_err(|error| Side::From(Fault::of(&error)))?;
        if last {
            return Ok(());
        }
    }
    let trailers = async { from.trailers().await.map_err(|error| Side::From(Fault::of(&error))) };
    let trailers = silence.broken_by(trailers).await?;
    listener.end(trailers.as_ref().map(head::lines).unwrap_or_default()).await;
    let sent = match trailers {
        Some(trailers) => to.send_trailers(trailers),
        None => to.send_data(Bytes::new(), true),
    };
    sent.map_err(|error| Side::To(Fault::of(&error)))
}

/// Sends one piece as the window allows.
async fn pass(mut data: Bytes, last: bool, to: &mut SendStream<Bytes>) -> Result<(), Fault> {
    if data.is_empty() {
        return if last { send(data, true, to) } else { Ok(()) };
    }
    while !data.is_empty() {
        to.reserve_capacity(data.len());
        while to.capacity() == 0 {
            match poll_fn(|cx| to.poll_capacity(cx)).await {
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(Fault::of(&error)),
                None => {
                    // Closed, and the reason is known by now.
                    return Err(poll_fn(|cx| match to.poll_reset(cx) {
                        Poll::Ready(Ok(reason)) => Poll::Ready(Fault::reset(reason)),
                        Poll::Ready(Err(error)) => Poll::Ready(Fault::of(&error)),
                        Poll::Pending => Poll::Ready(Fault::closed()),
                    })
                    .await);
                }
            }
        }
        let part = data.split_to(data.len().min(to.capacity()));
        let is_last = last && data.is_empty();
        send(part, is_last, to)?;
    }
    Ok(())
}

fn send(data: Bytes, last: bool, to: &mut SendStream<Bytes>) -> Result<(), Fault> {
    to.send_data(data, last).map_err(|error| Fault::of(&error))
}
