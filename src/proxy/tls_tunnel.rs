//! A tunnel whose client begins with TLS: its hello, both handshakes, and the version of HTTP that client and
//! origin agree on.

use std::io;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::model::Handshake;
use crate::record::Event;
use crate::redact::RawHello;

use super::client_stream::ClientStream;
use super::failure::Cause;
use super::forward::Authority;
use super::http::{self, Parts, Tunnel};
use super::http2;
use super::journal::Journal;
use super::link::{self, Links, Prepared};
use super::prefixed::Prefixed;
use super::tls::{self, HelloReader, Progress, Protocol};
use super::tunnel::nothing;
use super::{Following, Shared, Stage, upstream};

/// A tunnel whose client begins with TLS, and the connection to its origin.
pub(super) struct Opening {
    pub(super) shared: Arc<Shared>,
    pub(super) journal: Arc<Journal>,
    pub(super) stages: watch::Receiver<Stage>,
    pub(super) origin: TcpStream,
    pub(super) to: Authority,
}

/// Opens the client's TLS; `read` was read from the client already.
pub(super) async fn serve(opening: Opening, mut client: ClientStream, read: Bytes) -> Following {
    let Opening { shared, journal, stages, origin, to } = opening;
    let reset = client.reset_flag();
    let patience = shared.settings.timeouts.head;
    let connection = journal.connection;
    let mut hello: Box<RawHello> = Box::default();
    let mut version = None;
    let mut prepared = None;
    let shaking = async {
        let (facts, read) = read_hello(&mut client, read).await?;
        let (said, start) = tls::read_hello(Prefixed::new(read, client)).await?;
        let tls::Hello { server_name, alpn } = said;
        let offers = Protocol::offered(&alpn, shared.settings.http1);
        *hello = facts.unwrap_or_default().raw(server_name.clone(), alpn);
        let name = server_name.unwrap_or_else(|| to.host.clone());
        let (protocol, mut secured) = agree(&shared, &to, &name, offers, origin).await;
        let mut accepting = Box::pin(tls::accept(&shared.authority, &name, protocol, start));
        // Both handshakes at once; the client's is not held back by the origin's.
        let stream = tokio::select! {
            accepted = &mut accepting => accepted?,
            done = &mut secured => {
                secured = Box::pin(std::future::ready(done));
                accepting.await?
            }
        };
        version = stream.get_ref().1.protocol_version().and_then(|version| version.as_str());
        prepared = Some(Prepared::Secure(secured));
        Ok::<_, io::Error>(stream)
    };
    let shaken = timeout(patience, shaking).await;
    // A client may refuse the certificate after the handshake: in TLS 1.3 its alert can come in place of
    // the first request. So how the handshake went is told when that request has come.
    let mut before = BytesMut::new();
    let (result, stream) = match shaken {
        Err(_) => (Handshake::Failed("the client did not go on in time".to_owned()), None),
        Ok(Err(error)) => (broken(&error), None),
        Ok(Ok(mut stream)) => {
            before.reserve(1024);
            let mut stages = stages.clone();
            let read = tokio::select! {
                read = stream.read_buf(&mut before) => read,
                _ = stages.wait_for(|stage| *stage != Stage::Serving) => Ok(0),
            };
            match read {
                Ok(0) => (Handshake::Closed, None),
                Ok(_) => (Handshake::Completed, Some(stream)),
                Err(error) => (broken(&error), None),
            }
        }
    };
    // As the RFC writes it: `TLSv1.3`.
    let version = version.map(|version: &str| version.replace('_', "."));
    let tls_name = hello.server_name.clone();
    let protocol = stream.as_ref().and_then(|stream| stream.get_ref().1.alpn_protocol()).map(<[u8]>::to_vec);
    let speaks_http2 = protocol.as_deref() == Some(Protocol::Http2.id());
    journal.add(Event::Handshake { connection, hello, version, protocol, result });
    let (Some(stream), Some(prepared)) = (stream, prepared) else { return nothing() };
    let tunnel = Tunnel { to, tls_name };
    let stream = Prefixed::new(before.freeze(), Box::new(stream));
    if speaks_http2 {
        Box::pin(http2::serve(stream, http2::Parts { shared, journal, prepared, tunnel }, stages))
    } else {
        let links = Links::prepared(prepared);
        let parts =
            Parts { shared, journal, links, tunnel: Some(tunnel), reverse: None, reset, is_late: false };
        Box::pin(http::serve(stream, parts, stages))
    }
}

/// Reads the hello for its facts, and gives back all that was read. What is wrong with it is for the TLS
/// library to say.
async fn read_hello<S: AsyncRead + Unpin>(
    client: &mut S,
    read: Bytes,
) -> io::Result<(Option<tls::Facts>, Bytes)> {
    let mut reader = HelloReader::default();
    let mut progress = reader.feed(&read);
    if progress == Progress::Done {
        return Ok((reader.facts(), read));
    }
    let mut read = BytesMut::from(read);
    while progress == Progress::More {
        read.reserve(1024);
        let seen = read.len();
        if client.read_buf(&mut read).await? == 0 {
            break;
        }
        progress = reader.feed(&read[seen..]);
    }
    Ok((reader.facts(), read.freeze()))
}

/// Decides what to agree on with the client, and begins the origin's handshake. A client that offers HTTP/2 gets
/// what the origin chooses: as remembered, or else the origin is asked first.
async fn agree(
    shared: &Arc<Shared>,
    to: &Authority,
    name: &str,
    offers: Vec<Protocol>,
    origin: TcpStream,
) -> (Option<Protocol>, link::Handshake) {
    let secure = |offers: Vec<Protocol>, origin| -> link::Handshake {
        Box::pin(upstream::secure(Arc::clone(shared), name.to_owned(), origin, offers))
    };
    if !offers.contains(&Protocol::Http2) {
        return (Some(Protocol::Http11), secure(vec![Protocol::Http11], origin));
    }
    let authority = to.to_text();
    match shared.agreed.of(&authority, name).filter(|known| offers.contains(known)) {
        Some(Protocol::Http11) => return (Some(Protocol::Http11), secure(vec![Protocol::Http11], origin)),
        Some(Protocol::Http2) => return (Some(Protocol::Http2), secure(offers, origin)),
        None => {}
    }
    let or_none = |protocol| offers.contains(&protocol).then_some(protocol);
    let secured = secure(offers.clone(), origin).await;
    let protocol = match &secured {
        Ok(stream) => match stream.get_ref().1.alpn_protocol().and_then(Protocol::of) {
            Some(chosen) => {
                shared.agreed.note(&authority, name, chosen);
                Some(chosen)
            }
            None => or_none(Protocol::Http11),
        },
        // The request is to be recorded, and answered in the origin's place.
        Err(_) => or_none(Protocol::Http11).or(Some(Protocol::Http2)),
    };
    (protocol, Box::pin(std::future::ready(secured)))
}

/// How a handshake with the client broke off.
fn broken(error: &io::Error) -> Handshake {
    match Cause::of(error) {
        Cause::Alert(name) => Handshake::Alert(name),
        Cause::Closed | Cause::Reset => Handshake::Closed,
        other => Handshake::Failed(other.words()),
    }
}
