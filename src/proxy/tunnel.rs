//! CONNECT: the upstream is dialled first, then the tunnel is given and its first bytes tell what it carries.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::StatusCode;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::model::{FailureKind, Fidelity, Phase};
use crate::record::Event;
use crate::redact::RawFailure;

use super::client_stream::ClientStream;
use super::failure;
use super::forward::{Authority, Refusal};
use super::head::Head;
use super::http::{self, Parts, Tunnel};
use super::http2;
use super::journal::Journal;
use super::link::{Links, Prepared};
use super::prefixed::Prefixed;
use super::tls_tunnel::{self, Opening};
use super::upstream::{self, Dialled};
use super::{Following, Shared, Stage, answer};

/// A connection whose first request is CONNECT.
pub(super) struct Connect {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<Journal>,
    pub(super) stages: watch::Receiver<Stage>,
    pub(super) head: Head,
    pub(super) at: jiff::Timestamp,
}

/// What the first bytes in a tunnel are.
enum First {
    Tls,
    Http,
    /// Without TLS (RFC 9113, section 3.3).
    Http2,
    /// Something else, and why it is thought so.
    Other(&'static str),
    /// The client left without any.
    Nothing,
}

/// Answers a CONNECT and finds out what is in the tunnel; `rest` is what came after its head.
pub(super) async fn serve(connect: Connect, mut client: ClientStream, rest: BytesMut) -> Following {
    let Connect { shared, journal, head, at, .. } = &connect;
    let connection = journal.connection;
    let (_, target) = head.request_line();
    let Some(to) = Authority::parse(target, None) else {
        let message = Refusal::Target.to_string();
        refuse(&connect, *at, &message).await;
        reply(&mut client, &answer::bytes(StatusCode::BAD_REQUEST, "", &message)).await;
        return nothing();
    };
    let authority = to.to_text();
    journal.add(Event::Asked { connection, authority });
    let Dialled { stream: origin, address, .. } = match upstream::dial(shared, journal, &to).await {
        Ok(dialled) => dialled,
        Err(failure) => {
            let page = answer::bytes(answer::status_of(&failure), "", &failure.message);
            journal.tell(Event::ConnectFailed { connection, failure }).await;
            reply(&mut client, &page).await;
            return nothing();
        }
    };
    journal.add(Event::Dialled { connection, address: address.to_string() });
    if client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.is_err() {
        return nothing();
    }
    intercept(connect, client, rest, origin, to).await
}

/// What follows where the connection is over.
pub(super) fn nothing() -> Following {
    Box::pin(std::future::ready(()))
}

/// Passes a CONNECT to an ignored host through; only its host is told.
pub(super) async fn ignore(
    shared: &Shared,
    journal: &Journal,
    mut client: ClientStream,
    rest: &[u8],
    to: &Authority,
) {
    let silent = Journal::silent(journal.connection, journal.side);
    let mut origin = match upstream::dial(shared, &silent, to).await {
        Ok(dialled) => dialled.stream,
        Err(failure) => {
            reply(&mut client, &answer::bytes(answer::status_of(&failure), "", &failure.message)).await;
            return;
        }
    };
    journal.tell(Event::Ignored { host: to.host.clone() }).await;
    let opened = client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await;
    if opened.is_ok() && origin.write_all(rest).await.is_ok() {
        let _ = copy_bidirectional(&mut client, &mut origin).await;
    }
}

async fn intercept(
    connect: Connect,
    mut client: ClientStream,
    mut read: BytesMut,
    origin: TcpStream,
    to: Authority,
) -> Following {
    let Connect { shared, journal, mut stages, .. } = connect;
    let seen = tokio::select! {
        seen = sniff(&mut client, &mut read, &origin) => seen,
        _ = stages.wait_for(|stage| *stage != Stage::Serving) => return nothing(),
    };
    let before = read.freeze();
    match seen {
        Ok(First::Tls) => {
            tls_tunnel::serve(Opening { shared, journal, stages, origin, to }, client, before).await
        }
        Ok(First::Http2) => {
            let tunnel = Tunnel { to: Authority { https: false, ..to }, tls_name: None };
            let parts = http2::Parts { shared, journal, prepared: Prepared::Plain(origin), tunnel };
            Box::pin(http2::serve(Prefixed::new(before, client), parts, stages))
        }
        Ok(First::Http) => {
            let reset = client.reset_flag();
            let tunnel = Some(Tunnel { to: Authority { https: false, ..to }, tls_name: None });
            let links = Links::prepared(Prepared::Plain(origin));
            let parts = Parts { shared, journal, links, tunnel, reverse: None, reset, is_late: false };
            Box::pin(http::serve(Prefixed::new(before, client), parts, stages))
        }
        Ok(First::Other(reason)) => Box::pin(pass(journal, client, before, origin, reason, stages)),
        Ok(First::Nothing) | Err(_) => nothing(),
    }
}

/// Reads as many bytes as it takes to tell what the tunnel carries.
async fn sniff(client: &mut ClientStream, rest: &mut BytesMut, origin: &TcpStream) -> io::Result<First> {
    let mut origin_waits = true;
    loop {
        if let Some(first) = recognise(rest) {
            return Ok(first);
        }
        rest.reserve(1024);
        tokio::select! {
            biased;
            read = client.read_buf(rest) => if read? == 0 {
                return Ok(if rest.is_empty() { First::Nothing } else { First::Other("not TLS") });
            },
            // A server that speaks first: neither TLS nor HTTP/1 does that.
            ready = origin.readable(), if origin_waits => {
                ready?;
                let mut start = [0; 9];
                match origin.peek(&mut start).await? {
                    0 => return Ok(First::Other("the server closed first")),
                    9 if http2::is_settings(start) => origin_waits = false,
                    _ => return Ok(First::Other("the server speaks first")),
                }
            },
        }
    }
}

/// TLS: a handshake record (RFC 8446, section 5.1). HTTP/1: a method, a space, and something of a target. HTTP/2
/// without TLS: its preface.
fn recognise(bytes: &[u8]) -> Option<First> {
    const LONGEST_METHOD: usize = 24;
    match bytes {
        [] | [0x16] => None,
        [0x16, 3, ..] => Some(First::Tls),
        bytes => {
            let method = bytes.iter().take_while(|byte| byte.is_ascii_uppercase() || **byte == b'-').count();
            match bytes.get(method) {
                Some(b' ') if http2::PREFACE.starts_with(bytes) => None,
                Some(b' ') if bytes.starts_with(http2::PREFACE) => Some(First::Http2),
                Some(b' ') if method > 0 => Some(First::Http),
                None if method <= LONGEST_METHOD => None,
                _ => Some(First::Other("not TLS")),
            }
        }
    }
}

/// Copies both ways, unread, and tells how much.
async fn pass(
    journal: Arc<Journal>,
    mut client: ClientStream,
    before: Bytes,
    mut origin: TcpStream,
    reason: &'static str,
    mut stages: watch::Receiver<Stage>,
) {
    let connection = journal.connection;
    let already = before.len() as u64;
    client.take_passed();
    if origin.write_all(&before).await.is_ok() {
        tokio::select! {
            copied = copy_bidirectional(&mut client, &mut origin) => if copied.is_err() {
                // What broke on one side breaks on the other.
                client.reset_flag().set();
                let _ = origin.set_zero_linger();
            },
            _ = stages.wait_for(|stage| *stage != Stage::Serving) => {}
        }
    }
    let (sent, received) = client.take_passed();
    journal.tell(Event::Tunnelled { connection, reason, sent: already + sent, received }).await;
}

/// Tells a CONNECT that is none as a request that failed.
async fn refuse(connect: &Connect, at: jiff::Timestamp, message: &str) {
    let Connect { shared, journal, head, .. } = connect;
    let (connection, exchange) = (journal.connection, shared.exchange_id(journal.side));
    let (head, fidelity) = (head.raw.clone(), Fidelity::Wire);
    let event = Event::Request { exchange, connection, at, head, scheme: "http", authority: None, fidelity };
    journal.begin(exchange, event);
    let failure: RawFailure = failure::client(Phase::Head, FailureKind::Malformed, message);
    journal.fail(exchange, failure);
    journal.flush().await;
}

/// Answers in hyper's place and ends the connection.
pub(super) async fn reply(client: &mut ClientStream, page: &[u8]) {
    if client.write_all(page).await.is_ok() {
        let _ = client.shutdown().await;
    }
}
