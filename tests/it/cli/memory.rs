//! Large bodies pass in pieces: what they add to the recorder's memory has a bound that does not depend on their size.

use std::fs;
use std::net::SocketAddr;

use bytes::Bytes;
use h2::{RecvStream, SendStream};
use http::{Request, Response, Version};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::clients::bench::Bench;
use crate::reliability::running::Running;

const MIB: usize = 1024 * 1024;

/// What a body may add.
pub(crate) const BOUND: usize = 16 * MIB;

const PIECE: usize = 64 * 1024;

/// 256 MiB; 1 GiB where `SAMEWIRE_TEST_GIB` is set, which takes a build without optimisation a minute.
pub(crate) fn size() -> usize {
    if std::env::var_os("SAMEWIRE_TEST_GIB").is_some() { 1024 * MIB } else { 256 * MIB }
}

/// A process's bytes of memory: now (`VmRSS:`), and at most since [`forget`] (`VmHWM:`).
pub(crate) fn memory(process: u32, name: &str) -> usize {
    let status = fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}

/// Makes what a process has now the most that it had (proc(5), `clear_refs`).
pub(crate) fn forget(process: u32) {
    fs::write(format!("/proc/{process}/clear_refs"), "5").unwrap();
}

pub(crate) async fn origin<R: Future<Output = ()> + Send + 'static>(
    serve: impl Fn(TcpStream) -> R + Send + 'static,
) -> SocketAddr {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = socket.accept().await {
            stream.set_nodelay(true).unwrap();
            tokio::spawn(serve(stream));
        }
    });
    address
}

async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

fn length(head: &str) -> usize {
    let line = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
    line.map_or(0, |length| length.parse().unwrap())
}

async fn write(stream: &mut TcpStream, mut length: usize) {
    let piece = vec![b'x'; PIECE];
    while length > 0 {
        let now = length.min(PIECE);
        stream.write_all(&piece[..now]).await.unwrap();
        length -= now;
    }
}

async fn read(stream: &mut TcpStream, mut length: usize) {
    let mut piece = vec![0; PIECE];
    while length > 0 {
        let now = length.min(PIECE);
        let read = stream.read(&mut piece[..now]).await.unwrap();
        assert!(read > 0, "{length} bytes are missing");
        length -= read;
    }
}

/// Sends `up` bytes and gets `down` bytes.
async fn http1(proxy: String, origin: SocketAddr, up: usize, down: usize) {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let request = format!(
        "POST http://{origin}/{down} HTTP/1.1\r\nHost: {origin}\r\nContent-Length: {up}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    write(&mut stream, up).await;
    assert_eq!(length(&head(&mut stream).await), down);
    read(&mut stream, down).await;
}

pub(crate) async fn http1_origin(mut stream: TcpStream) {
    let head = head(&mut stream).await;
    let down: usize = head.split([' ', '/']).nth(2).unwrap().parse().unwrap();
    read(&mut stream, length(&head)).await;
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {down}\r\nConnection: close\r\n\r\n");
    stream.write_all(answer.as_bytes()).await.unwrap();
    write(&mut stream, down).await;
}

async fn send(stream: &mut SendStream<Bytes>, mut length: usize) {
    let piece = Bytes::from(vec![b'x'; PIECE]);
    while length > 0 {
        stream.reserve_capacity(length.min(PIECE));
        while stream.capacity() == 0 {
            std::future::poll_fn(|cx| stream.poll_capacity(cx)).await.unwrap().unwrap();
        }
        let now = stream.capacity().min(length).min(PIECE);
        length -= now;
        stream.send_data(piece.slice(..now), false).unwrap();
    }
    stream.send_data(Bytes::new(), true).unwrap();
}

async fn take(stream: &mut RecvStream) -> usize {
    let mut length = 0;
    while let Some(data) = stream.data().await {
        let now = data.unwrap().len();
        stream.flow_control().release_capacity(now).unwrap();
        length += now;
    }
    length
}

async fn http2(proxy: String, origin: SocketAddr, up: usize, down: usize) {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let ask = format!("CONNECT {origin} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    stream.write_all(ask.as_bytes()).await.unwrap();
    assert!(head(&mut stream).await.starts_with("HTTP/1.1 200"));
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    let driving = tokio::spawn(connection);
    let request = Request::builder().method("POST").uri(format!("http://{origin}/{down}"));
    let request = request.version(Version::HTTP_2).body(()).unwrap();
    let (answer, mut sending) = client.send_request(request, false).unwrap();
    send(&mut sending, up).await;
    assert_eq!(take(&mut answer.await.unwrap().into_body()).await, down);
    driving.abort();
}

async fn http2_origin(stream: TcpStream) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    while let Some(Ok((request, mut respond))) = connection.accept().await {
        tokio::spawn(async move {
            let down: usize = request.uri().path()[1..].parse().unwrap();
            take(&mut request.into_body()).await;
            let mut body = respond.send_response(Response::new(()), false).unwrap();
            send(&mut body, down).await;
        });
    }
}

async fn bounded<C: Future<Output = ()>>(
    what: &str,
    origin: SocketAddr,
    call: impl Fn(String, SocketAddr, usize, usize) -> C,
) {
    let size = size();
    for (way, up, down) in [("up", size, 1), ("down", 1, size)] {
        let bench = Bench::new();
        let recorder = Running::start(&bench, "r.har", &[]);
        call(recorder.address.clone(), origin, 1_000, 1_000).await;
        let before = memory(recorder.id(), "VmRSS:");
        forget(recorder.id());
        let begun = std::time::Instant::now();
        call(recorder.address.clone(), origin, up, down).await;
        let grown = memory(recorder.id(), "VmHWM:").saturating_sub(before);
        eprintln!(
            "{what}, {} MiB {way}: {} KiB more than {} KiB, {:.1} s",
            size / MIB,
            grown / 1024,
            before / 1024,
            begun.elapsed().as_secs_f64()
        );
        assert!(grown <= BOUND, "{what}, {way}: {grown} bytes more");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_by_http1_adds_little() {
    bounded("HTTP/1.1", origin(http1_origin).await, http1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_body_by_http2_adds_little() {
    bounded("HTTP/2", origin(http2_origin).await, http2).await;
}
