//! One connection of the command: led to the proxy as a tunnel that samewire asks for itself.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::BytesMut;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional_with_sizes};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::{Instant, timeout_at};

use super::addresses::HOST;
use super::first_bytes::{Said, named};
use super::flows::Port;
use super::names::literal;
use super::network::Network;

/// How long a client that was accepted may stay silent before it is taken for one whose server speaks first. Only where the name is not plain.
const SILENCE: Duration = Duration::from_millis(250);

/// Bytes in which a name is looked for.
const LOOKED_AT: usize = 16 * 1024;

/// What is copied at a time.
const PIECE: usize = 64 * 1024;

/// The proxy that connections are led to.
#[derive(Clone)]
pub struct Proxy {
    /// Where it listens.
    pub address: SocketAddr,
    /// The password that it wants.
    pub password: Option<String>,
}

/// Serves the connection that the client of `port` asks for, to its end.
pub(super) async fn serve(network: Arc<Network>, port: Port, to: SocketAddr) {
    // A container knows this machine by name, and 127.0.0.1 is another one for it.
    let is_host = to.ip() == HOST && !network.names.has_own_loopback();
    let to = if is_host { SocketAddr::new(Ipv4Addr::LOCALHOST.into(), to.port()) } else { to };
    if let Err(error) = lead(&network, port, to).await {
        tracing::debug!(%error, "a connection of the command is over");
        network.refuse(port);
    }
    network.end(port);
}

async fn lead(network: &Network, port: Port, to: SocketAddr) -> io::Result<()> {
    let mut hosts = network.names.of(to.ip());
    // A name of the hosts file does not say that it was asked for.
    if to.ip().is_loopback() || hosts.is_empty() {
        hosts.push(literal(to));
    }
    if to.ip().is_loopback() && (network.names.has_own_loopback() || !is_listening(to)) {
        hosts.drain(..hosts.len() - 1);
    }
    let [.., host] = hosts.as_slice() else { return Ok(()) };
    if hosts.len() == 1 {
        let (tunnel, first) = tunnel(&network.proxy, host, to.port()).await?;
        let client = network.open(port).await?;
        return splice(client, tunnel, &[], &first).await;
    }
    // What the client says first tells under which of the names it was looked for; so it has to be accepted before.
    let mut client = network.open(port).await?;
    let led = async {
        let mut said = BytesMut::new();
        let name = first_name(&mut client, &mut said).await?;
        let host = hosts.iter().find(|host| name.as_ref() == Some(host)).unwrap_or(host);
        let (tunnel, first) = tunnel(&network.proxy, host, to.port()).await?;
        Ok((tunnel, first, said))
    };
    match led.await {
        Ok((tunnel, first, said)) => splice(client, tunnel, &said, &first).await,
        Err(error) => {
            reset(&client);
            Err(error)
        }
    }
}

/// The name that the client's first bytes hold.
async fn first_name(client: &mut TcpStream, said: &mut BytesMut) -> io::Result<Option<String>> {
    let deadline = Instant::now() + SILENCE;
    while said.len() < LOOKED_AT {
        match named(said) {
            Said::Name(name) => return Ok(Some(name)),
            Said::Nothing => return Ok(None),
            Said::Part => {}
        }
        match timeout_at(deadline, client.read_buf(said)).await {
            Ok(read) => {
                if read? == 0 {
                    return Ok(None);
                }
            }
            Err(_) => return Ok(None),
        }
    }
    Ok(None)
}

/// Asks the proxy for a tunnel (RFC 9110, section 9.3.6), and has what came through it already.
async fn tunnel(proxy: &Proxy, host: &str, port: u16) -> io::Result<(TcpStream, BytesMut)> {
    let mut stream = TcpStream::connect(proxy.address).await?;
    stream.set_nodelay(true)?;
    let authorization = proxy.password.as_ref().map(|password| {
        format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(format!("transparent:{password}")))
    });
    let authorization = authorization.unwrap_or_default();
    let request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = BytesMut::new();
    let end = loop {
        if let Some(at) = answer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if answer.len() > LOOKED_AT || stream.read_buf(&mut answer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    if answer.get(9..12) != Some(b"200") {
        return Err(io::ErrorKind::ConnectionRefused.into());
    }
    let _ = answer.split_to(end);
    Ok((stream, answer))
}

/// Copies both ways until both have ended. What breaks on one side breaks on the other: a close stays a close, a reset a reset.
async fn splice(
    mut client: TcpStream,
    mut tunnel: TcpStream,
    sent: &[u8],
    received: &[u8],
) -> io::Result<()> {
    client.set_nodelay(true)?;
    let copied = async {
        tunnel.write_all(sent).await?;
        client.write_all(received).await?;
        copy_bidirectional_with_sizes(&mut client, &mut tunnel, PIECE, PIECE).await
    };
    copied.await.map(drop).inspect_err(|_| {
        reset(&client);
        reset(&tunnel);
    })
}

/// Makes a connection end with a reset when it is dropped.
fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "cannot reset a connection, closing it");
    }
}

/// Somebody on this machine listens there: then the address cannot be bound. Where it is not known, it is taken for so.
fn is_listening(address: SocketAddr) -> bool {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() };
    socket.and_then(|socket| socket.bind(address)).is_err()
}
