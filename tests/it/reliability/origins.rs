//! Origins that go wrong, clients that look at every byte, and a bystander whom none of it may concern.

use std::io::{Read as _, Write as _};
use std::net::{self, SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::running::PATIENCE;
use super::table::percentile;
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

/// A client that asks again and again, each time on one connection through the proxy and on one past it: what the second
/// takes is for the machine and what else the test does there. None of its requests may fail. It has threads of its
/// own, so that it need not wait for the test's other clients.
pub(super) struct Bystander {
    stop: mpsc::Sender<()>,
    asking: JoinHandle<Times>,
}

/// How long a bystander's requests took, in milliseconds.
#[derive(Default)]
pub(super) struct Times {
    through: Vec<f64>,
    past: Vec<f64>,
}

impl Times {
    /// Requests that went through the proxy.
    pub(super) fn requests(&self) -> usize {
        self.through.len()
    }

    /// For the table.
    pub(super) fn in_words(&mut self) -> String {
        let (through, past) = (percentile(&mut self.through, 99), percentile(&mut self.past, 99));
        format!("a bystander's p99 {through:.1} ms, {past:.1} ms past the proxy")
    }
}

impl Bystander {
    pub(super) fn start(proxy: &str) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let target = socket.local_addr().unwrap();
        // It ends with its two connections.
        thread::spawn(move || {
            socket.incoming().take(2).for_each(|stream| drop(thread::spawn(|| answer(stream.unwrap()))));
        });
        let (mut past, mut through) = (connect(target), connect(proxy));
        let (stop, stopped) = mpsc::channel();
        let asking = thread::spawn(move || {
            let request = |to: &str| format!("GET {to}/bystander HTTP/1.1\r\nHost: {target}\r\n\r\n");
            let (to_proxy, to_origin) = (request(&format!("http://{target}")), request(""));
            let mut times = Times::default();
            while stopped.recv_timeout(Duration::from_millis(10)) == Err(RecvTimeoutError::Timeout) {
                times.through.push(ask(&mut through, &to_proxy));
                times.past.push(ask(&mut past, &to_origin));
            }
            times
        });
        Self { stop, asking }
    }

    /// How long its requests took.
    pub(super) fn finish(self) -> Times {
        let _ = self.stop.send(());
        self.asking.join().unwrap()
    }
}

fn connect(to: impl ToSocketAddrs) -> net::TcpStream {
    let stream = net::TcpStream::connect(to).unwrap();
    stream.set_nodelay(true).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Answers each request of a connection.
fn answer(mut stream: net::TcpStream) {
    stream.set_nodelay(true).unwrap();
    while ends_with(&mut stream, b"\r\n\r\n").is_some() && stream.write_all(OK).is_ok() {}
}

/// Milliseconds until the answer.
fn ask(stream: &mut net::TcpStream, request: &str) -> f64 {
    let begun = Instant::now();
    stream.write_all(request.as_bytes()).unwrap();
    let answer = ends_with(stream, &OK[OK.len() - 6..]).expect("the bystander is served");
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
    begun.elapsed().as_secs_f64() * 1000.0
}

/// Reads to what ends with this. None: the connection has ended.
fn ends_with(stream: &mut net::TcpStream, end: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut piece) = (Vec::new(), [0; 1024]);
    while !bytes.ends_with(end) {
        let read = stream.read(&mut piece).ok().filter(|read| *read > 0)?;
        bytes.extend_from_slice(&piece[..read]);
    }
    Some(bytes)
}
