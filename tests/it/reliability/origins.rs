//! Origins that go wrong, clients that look at every byte, and a bystander whom none of it may concern.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::running::PATIENCE;
use crate::proxy::rig::{OK, read_head, start_origin};

/// What a client got.
#[derive(Debug)]
pub(super) struct Got {
    pub(super) bytes: Vec<u8>,
    /// It ended with a reset.
    pub(super) reset: bool,
}

impl Got {
    pub(super) fn status(&self) -> Option<u16> {
        let text = std::str::from_utf8(self.bytes.get(9..12)?).ok()?;
        text.parse().ok()
    }

    /// An answer of samewire's own with this status.
    pub(super) fn is_own(&self, status: u16) -> bool {
        self.status() == Some(status) && String::from_utf8_lossy(&self.bytes).contains("\r\n\r\nsamewire: ")
    }
}

/// Reads to the connection's end.
pub(super) async fn rest(stream: &mut TcpStream) -> Got {
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("nobody waits for ever");
    Got { bytes, reset: end.is_err() }
}

/// Sends a request on a connection of its own.
pub(super) async fn begin(proxy: &str, target: &str, id: usize) -> TcpStream {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let sent = format!("GET http://{target}/?id={id} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream
}

/// An origin that answers every request.
pub(super) async fn healthy() -> SocketAddr {
    start_origin(|mut stream| async move {
        while !read_head(&mut stream).await.is_empty() && stream.write_all(OK).await.is_ok() {}
    })
    .await
}

/// A client that asks again and again on one connection. None of its requests may fail.
pub(super) struct Bystander {
    stop: watch::Sender<bool>,
    asking: JoinHandle<Vec<f64>>,
}

impl Bystander {
    pub(super) async fn start(proxy: &str) -> Self {
        let target = healthy().await;
        let (stop, mut stopped) = watch::channel(false);
        let mut stream = TcpStream::connect(proxy).await.unwrap();
        let asking = tokio::spawn(async move {
            let mut times = Vec::new();
            let sent = format!("GET http://{target}/bystander HTTP/1.1\r\nHost: {target}\r\n\r\n");
            let mut pace = tokio::time::interval(Duration::from_millis(10));
            loop {
                tokio::select! {
                    _ = pace.tick() => {}
                    _ = stopped.changed() => return times,
                }
                let begun = Instant::now();
                stream.write_all(sent.as_bytes()).await.unwrap();
                let answer =
                    timeout(PATIENCE, read_head(&mut stream)).await.expect("the bystander is served");
                assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
                stream.read_exact(&mut [0; 2]).await.unwrap();
                times.push(begun.elapsed().as_secs_f64() * 1000.0);
            }
        });
        Self { stop, asking }
    }

    /// How long its requests took, in milliseconds.
    pub(super) async fn finish(self) -> Vec<f64> {
        self.stop.send_replace(true);
        self.asking.await.unwrap()
    }
}
