//! The life of one connection from a client: its first head decides what becomes of it.

use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use jiff::Timestamp;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::model::{Handshake, Side};
use crate::record::Event;

use super::client_stream::ClientStream;
use super::forward::{Authority, Refusal, Reverse};
use super::head::{Head, Kind};
use super::http::{self, Parts};
use super::journal::Journal;
use super::link::Links;
use super::prefixed::Prefixed;
use super::scanner::HeadScanner;
use super::tunnel::{self, Connect};
use super::{Awaited, Following, Lanes, Listener, Shared, Stage, answer, lane};

/// The type of a TLS record that holds a hello (RFC 8446, section 5.1).
const TLS_HANDSHAKE: u8 = 0x16;

/// Serves a connection until it ends or the proxy does.
pub(super) async fn serve(
    stream: TcpStream,
    listener: Arc<Listener>,
    shared: Arc<Shared>,
    lanes: Lanes,
    mut stages: watch::Receiver<Stage>,
) {
    let opened = Timestamp::now();
    if let Err(error) = stream.set_nodelay(true).and_then(|()| hold_little(&stream)) {
        tracing::debug!(%error, "cannot set options of a client's socket");
    }
    let mut client = ClientStream::new(stream);
    let mut buffer = BytesMut::new();
    let first = tokio::select! {
        first = timeout(shared.settings.timeouts.head, first_head(&mut client, &mut buffer, &shared)) => first,
        _ = stages.wait_for(|stage| *stage != Stage::Serving) => return,
    };
    // A connection without a byte is a port that was tried.
    let is_late = first.is_err();
    let Ok(first) = first.unwrap_or(Ok(None)) else { return };
    if buffer.is_empty() {
        return;
    }
    let credential = listener.admission.credential();
    let reverse = shared.settings.reverse.clone().map(|base| Reverse::new(base, credential.cloned()));
    let head = first.as_ref().map(|(head, _)| head);
    let side = match admit(&listener, reverse.as_ref(), head, client.peer()).await {
        Ok(side) => side,
        Err(page) => {
            if let Some(sender) = lanes.of(listener.lane.side) {
                let _ = sender.send(Event::Rejected).await;
            }
            return tunnel::reply(&mut client, &page).await;
        }
    };
    let sender = lanes.of(side).cloned();
    drop(lanes);
    let journal = Arc::new(Journal::new(shared.connection_id(), side, sender));
    let mut ended = Awaited::new(&stages, |stage| stage == Stage::Ended);
    {
        let accepted = Accepted { client, buffer, first, is_late, at: opened, reverse };
        let mut serving = pin!(pass(accepted, &shared, &journal, stages));
        // What is under way when the proxy ends stays without an end in the capture.
        poll_fn(|cx| match serving.as_mut().poll(cx) {
            Poll::Pending if !ended.poll(cx) => Poll::Pending,
            _ => Poll::Ready(()),
        })
        .await;
    }
    journal.finish().await;
}

/// Keeps the system from taking in megabytes for a client that does not read: what it has taken in has passed, and is
/// recorded. What is on its way to a client that reads is not limited by this.
#[cfg(target_os = "linux")]
fn hold_little(stream: &TcpStream) -> io::Result<()> {
    const UNSENT: u32 = 64 * 1024;
    socket2::SockRef::from(stream).set_tcp_notsent_lowat(UNSENT)
}

/// Other systems have no such option, or hold little anyway.
#[cfg(not(target_os = "linux"))]
fn hold_little(_: &TcpStream) -> io::Result<()> {
    Ok(())
}

/// The side that a connection belongs to, or the answer to a client that may not use the listener.
async fn admit(
    listener: &Listener,
    reverse: Option<&Reverse>,
    first: Option<&Head>,
    peer: Option<IpAddr>,
) -> Result<Side, Bytes> {
    if let Some(reverse) = reverse {
        let refusal = Refusal::SecretPath;
        let page = || answer::bytes(refusal.status(), "", &refusal.to_string());
        return if reverse.admits(first) { Ok(listener.lane.side) } else { Err(page()) };
    }
    let authorization = first.and_then(|head| head.field("proxy-authorization"));
    lane::side(listener, authorization, peer).await.map_err(|why| {
        let head = "Proxy-Authenticate: Basic realm=\"samewire\"\r\n";
        answer::bytes(StatusCode::PROXY_AUTHENTICATION_REQUIRED, head, &why.to_string())
    })
}

/// A connection, and what was read of it to find out what it is.
struct Accepted {
    client: ClientStream,
    buffer: BytesMut,
    first: Option<(Head, Timestamp)>,
    /// The first head has had its time.
    is_late: bool,
    at: Timestamp,
    reverse: Option<Reverse>,
}

/// Serves what was accepted until it ends.
async fn pass(
    accepted: Accepted,
    shared: &Arc<Shared>,
    journal: &Arc<Journal>,
    stages: watch::Receiver<Stage>,
) {
    let Some(following) = Box::pin(dispatch(accepted, shared, journal, stages)).await else { return };
    following.await;
    journal.tell(Event::Closed { connection: journal.connection }).await;
}

/// Takes the way that the first head tells. `None`: all is told.
async fn dispatch(
    accepted: Accepted,
    shared: &Arc<Shared>,
    journal: &Arc<Journal>,
    stages: watch::Receiver<Stage>,
) -> Option<Following> {
    let Accepted { mut client, mut buffer, first, is_late, at, reverse } = accepted;
    let connection = journal.connection;
    if reverse.is_some() && buffer.first() == Some(&TLS_HANDSHAKE) {
        journal.add(Event::Opened { connection, at });
        refuse_tls(&mut client, journal).await;
        return None;
    }
    let connect = first.filter(|(head, _)| head.request_line().0 == b"CONNECT" && reverse.is_none());
    if let Some((head, begun)) = connect {
        let _ = buffer.split_to(head_end(&buffer, &head));
        let to = Authority::parse(head.request_line().1, None);
        if let Some(to) = to.filter(|to| shared.ignores(&to.host)) {
            tunnel::ignore(shared, journal, client, &buffer, &to).await;
            return None;
        }
        journal.tell(Event::Opened { connection, at }).await;
        let (shared, journal) = (Arc::clone(shared), Arc::clone(journal));
        let connect = Connect { shared, journal, stages, head, at: begun };
        Some(tunnel::serve(connect, client, buffer).await)
    } else {
        journal.tell(Event::Opened { connection, at }).await;
        let reset = client.reset_flag();
        let (shared, journal) = (Arc::clone(shared), Arc::clone(journal));
        let parts = Parts { shared, journal, links: Links::default(), tunnel: None, reverse, reset, is_late };
        Some(Box::pin(http::serve(Prefixed::new(buffer.freeze(), client), parts, stages)))
    }
}

/// The base URL of reverse mode is plain HTTP. An answer in that makes TLS clients say so: they know it for a server without TLS.
async fn refuse_tls(client: &mut ClientStream, journal: &Journal) {
    let connection = journal.connection;
    let why = "the base URL is plain HTTP: give it to the client with http://, not https://";
    tracing::warn!(side = %journal.side, "a client speaks TLS, and {why}");
    let result = Handshake::Failed(why.to_owned());
    let (hello, version, protocol) = (Box::default(), None, None);
    journal.add(Event::Handshake { connection, hello, version, protocol, result });
    journal.tell(Event::Closed { connection }).await;
    tunnel::reply(client, &answer::bytes(StatusCode::BAD_REQUEST, "", why)).await;
}

/// Reads until the first head is whole. `None`: it is none, or it is too long, or it broke off.
async fn first_head(
    client: &mut ClientStream,
    buffer: &mut BytesMut,
    shared: &Shared,
) -> io::Result<Option<(Head, Timestamp)>> {
    let mut scanner = HeadScanner::new(Kind::Request, shared.settings.limits.head);
    loop {
        buffer.reserve(1024);
        let seen = buffer.len();
        if client.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
        scanner.feed(&buffer[seen..], Timestamp::now());
        if let Some(first) = scanner.next_head() {
            return Ok(Some(first));
        }
        if !could_be_http(buffer) || buffer.len() >= shared.settings.limits.head {
            return Ok(None);
        }
    }
}

/// False as soon as hyper, too, sees that this is no request.
fn could_be_http(bytes: &[u8]) -> bool {
    let start = bytes.iter().find(|byte| !matches!(byte, b'\r' | b'\n'));
    start.is_none_or(u8::is_ascii_alphabetic)
}

/// Where the first head ends: blank lines may stand before it.
fn head_end(buffer: &[u8], head: &Head) -> usize {
    let before = buffer.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
    before + head.raw.len()
}
