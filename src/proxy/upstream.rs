//! The leg to the origin: where it is, how to get there, and the connections that are kept for the next
//! request of the same client.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::model::{FailureKind, Phase};
use crate::redact::RawFailure;

use super::connect::{connect, forbidden};
use super::failure::{Cause, upstream as failure};
use super::forward::Authority;
use super::head::Kind;
use super::journal::Journal;
use super::scanner::HeadScanner;
use super::tls::Protocol;
use super::upstream_proxy::Endpoint;
use super::{Shared, guard};

/// A connection to an origin, or to an upstream proxy on the way to it.
pub(super) struct Dialled {
    pub(super) stream: TcpStream,
    /// The address connected to.
    pub(super) address: SocketAddr,
    pub(super) way: Way,
}

/// What is at the other end of a connection.
#[derive(Clone)]
pub(super) enum Way {
    /// The origin, possibly through a tunnel.
    Origin,
    /// An upstream proxy that wants absolute-form targets, and perhaps a value of `Proxy-Authorization`.
    Proxy(Option<String>),
}

/// Connects to an authority: by its own address, the one of `--connect-to`, or through the upstream proxy.
/// The name is asked for once, and the addresses that come back are the ones that are judged and connected to.
/// Where more than one was tried, the journal is told of all.
pub(super) async fn dial(shared: &Shared, journal: &Journal, to: &Authority) -> Result<Dialled, RawFailure> {
    let settings = &shared.settings;
    let mapped = settings.connect_to.iter().find_map(|rule| rule.apply(&to.host, to.port));
    let (host, port) = mapped.unwrap_or((&to.host, to.port));
    if let (None, Some(surroundings), Ok(address)) = (mapped, &settings.surroundings, host.parse())
        && surroundings.0.is_deserted(address)
    {
        let message = format!(
            "the connection to {host}:{port} is refused: in a container that is the container's own address, and nobody listens there"
        );
        return Err(failure(Phase::Connect, FailureKind::Refused, message));
    }
    // A name of the client's own network means nothing to an upstream proxy.
    let near = match &settings.surroundings {
        Some(surroundings) if host.parse::<IpAddr>().is_err() => surroundings.0.addresses(host).await,
        _ => Vec::new(),
    };
    let proxy = settings.upstream_proxy.as_ref().filter(|_| near.is_empty());
    let Some(proxy) = proxy.and_then(|proxy| proxy.endpoint(to.https, host, port)) else {
        let (stream, address) = connect(shared, journal, host, port, near).await?;
        return Ok(Dialled { stream, address, way: Way::Origin });
    };
    if let Some(why) = host.parse::<IpAddr>().ok().and_then(guard::metadata) {
        return Err(forbidden(host, port, why));
    }
    let (mut stream, address) = connect(shared, journal, &proxy.host, proxy.port, Vec::new()).await?;
    if !to.https {
        return Ok(Dialled { stream, address, way: Way::Proxy(proxy.authorization.clone()) });
    }
    let target = Authority { https: true, host: host.to_owned(), port }.to_text();
    let asked = timeout(settings.timeouts.connect, ask_for_tunnel(&mut stream, proxy, &target)).await;
    asked.unwrap_or_else(|_| {
        let message = format!("the upstream proxy {}:{} does not answer to CONNECT", proxy.host, proxy.port);
        Err(failure(Phase::Proxy, FailureKind::TimedOut, message))
    })?;
    Ok(Dialled { stream, address, way: Way::Origin })
}

/// Asks the upstream proxy for a tunnel (RFC 9110, section 9.3.6).
async fn ask_for_tunnel(stream: &mut TcpStream, proxy: &Endpoint, target: &str) -> Result<(), RawFailure> {
    let name = || format!("{}:{}", proxy.host, proxy.port);
    let broken = |error: &io::Error| {
        let cause = Cause::of(error);
        let message = format!("the connection to the upstream proxy {} {}", name(), cause.words());
        failure(Phase::Proxy, cause.kind(), message)
    };
    let authorization = proxy.authorization.as_ref();
    let authorization = authorization.map(|value| format!("Proxy-Authorization: {value}\r\n"));
    let request = format!(
        "CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{}\r\n",
        authorization.as_deref().unwrap_or_default()
    );
    stream.write_all(request.as_bytes()).await.map_err(|error| broken(&error))?;
    let mut scanner = HeadScanner::new(Kind::Response { to_head: true }, 64 * 1024);
    loop {
        // Byte by byte: what follows the head belongs to the tunnel.
        let mut byte = [0];
        if stream.read(&mut byte).await.map_err(|error| broken(&error))? == 0 {
            return Err(broken(&io::ErrorKind::UnexpectedEof.into()));
        }
        scanner.feed(&byte, jiff::Timestamp::UNIX_EPOCH);
        match scanner.next_head().map(|(head, _)| head.status()) {
            None | Some(100..=199) => {}
            Some(200..=299) => return Ok(()),
            Some(status) => return Err(proxy_refused(&name(), status)),
        }
    }
}

/// The upstream proxy says no.
pub(super) fn proxy_refused(name: &str, status: u16) -> RawFailure {
    let hint = if status == 407 { "; give its user and password in --upstream-proxy" } else { "" };
    let message = format!("the upstream proxy {name} answers {status}{hint}");
    failure(Phase::Proxy, FailureKind::ProxyRefused, message)
}

/// Speaks TLS to the origin, under the name that the client asked for, and offers these protocols.
pub(super) async fn secure(
    shared: Arc<Shared>,
    name: String,
    stream: TcpStream,
    offers: Vec<Protocol>,
) -> Result<TlsStream<TcpStream>, RawFailure> {
    let tls = |how: String| failure(Phase::Tls, FailureKind::Tls, how);
    let config = shared.tls.config(&offers).map_err(|error| tls(error.to_string()))?;
    let server_name =
        ServerName::try_from(name.clone()).map_err(|_| tls(format!("{name} is no host name")))?;
    let handshake = TlsConnector::from(config).connect(server_name, stream);
    let cause = match timeout(shared.settings.timeouts.connect, handshake).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => Cause::of(&error),
        Err(_) => Cause::TimedOut,
    };
    let hint = match &cause {
        Cause::Certificate(_) => "; --upstream-ca FILE trusts another authority",
        _ => "",
    };
    Err(failure(Phase::Tls, cause.kind(), format!("the TLS connection to {name} {}{hint}", cause.words())))
}
