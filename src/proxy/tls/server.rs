//! TLS towards the client: its hello, then the handshake with a leaf for the host that it wants.

use std::io;

use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::{Authority, Protocol};

/// What the client's hello says.
#[derive(Clone, Default)]
pub(in crate::proxy) struct Hello {
    pub(in crate::proxy) server_name: Option<String>,
    pub(in crate::proxy) alpn: Vec<Vec<u8>>,
}

/// Reads the hello.
pub(in crate::proxy) async fn read_hello<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
) -> io::Result<(Hello, StartHandshake<S>)> {
    let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
    let message = start.client_hello();
    let hello = Hello {
        server_name: message.server_name().map(str::to_owned),
        alpn: message.alpn().into_iter().flatten().map(<[u8]>::to_vec).collect(),
    };
    Ok((hello, start))
}

/// Completes the handshake as `host`, agreeing on this protocol or on none.
pub(in crate::proxy) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
    authority: &Authority,
    host: &str,
    protocol: Option<Protocol>,
    start: StartHandshake<S>,
) -> io::Result<TlsStream<S>> {
    let config = authority.server(host, protocol).map_err(io::Error::other)?;
    start.into_stream(config).await
}
