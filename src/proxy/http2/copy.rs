//! The content of a message on its way from one leg to the other: every piece is told to the recorder before it goes
//! on; the peer's window and a full channel hold it back.

use std::future::poll_fn;
use std::task::Poll;

use bytes::Bytes;
use h2::{RecvStream, SendStream};

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

/// Copies content and trailers to their end.
pub(super) async fn copy(
    mut from: RecvStream,
    to: &mut SendStream<Bytes>,
    listener: &impl Listener,
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
        let Some(data) = next.await? else { break };
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
    let trailers = from.trailers().await.map_err(|error| Side::From(Fault::of(&error)))?;
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
