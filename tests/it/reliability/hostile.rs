//! Peers that mean harm: what they send is bounded, what they do concerns nobody else.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use rustix::process::Signal;
use samewire::capture;
use samewire::model::{FailureKind, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::origins::{Bystander, begin, healthy, rest};
use super::running::{PATIENCE, Running};
use super::table::{row, scaled};
use crate::cli::memory::{forget, memory};
use crate::clients::bench::Bench;
use crate::proxy::rig::{read_head, start_origin};

const MIB: usize = 1024 * 1024;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Gives the memory that it takes at most beyond what it had, in bytes.
async fn grows(proxy: &Running, work: impl Future<Output = ()>) -> usize {
    let before = memory(proxy.id(), "VmRSS:");
    forget(proxy.id());
    work.await;
    memory(proxy.id(), "VmHWM:").saturating_sub(before)
}

/// Answers that are small on the wire and large or deep when they are looked into.
fn bombs() -> Vec<(&'static str, String, Vec<u8>)> {
    let zeros = gzip(&vec![0; 256 * MIB]);
    let encodings = |count| vec!["gzip"; count].join(", ");
    let nested = (0..50).fold(b"{\"a\":1}".to_vec(), |inner, _| gzip(&inner));
    let deep = [vec![b'['; 200_000], vec![b']'; 200_000]].concat();
    let deep_objects = [b"{\"a\":".repeat(100_000), b"1".to_vec(), vec![b'}'; 100_000]].concat();
    vec![
        ("256 MiB of zeros in gzip", encodings(1), zeros.clone()),
        ("the same in gzip again", encodings(2), gzip(&zeros)),
        ("50 encodings", encodings(50), nested),
        ("arrays 200,000 deep", "identity".to_owned(), deep.clone()),
        ("the same in gzip", encodings(1), gzip(&deep)),
        ("objects 100,000 deep", "identity".to_owned(), deep_objects),
        ("gzip that is none", encodings(1), b"not gzip".repeat(1000)),
        ("an encoding that nobody knows", "\"\u{1}, ,,".to_owned().replace('\u{1}', "x"), b"x".repeat(1000)),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_blow_up_are_looked_into_only_so_far() {
    let runs = scaled(2, 50);
    let bench = Bench::new();
    let proxy = Running::start(&bench, "bombs.har", &[]);
    let bystander = Bystander::start(&proxy.address);
    let mut most = 0;
    let mut asked = 0;
    for (name, encoding, body) in bombs() {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: {encoding}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let answer: &'static [u8] = [head.as_bytes(), &body].concat().leak();
        let origin = start_origin(move |mut stream| async move {
            read_head(&mut stream).await;
            let _ = stream.write_all(answer).await;
        })
        .await;
        let grown = grows(&proxy, async {
            for id in 0..runs {
                let mut stream = begin(&proxy.address, &origin.to_string(), id).await;
                let got = rest(&mut stream).await;
                assert!(got.bytes.ends_with(&body), "{name}: it passes as it came");
                asked += 1;
            }
        })
        .await;
        assert!(grown < 64 * MIB, "{name}: {grown} bytes more");
        most = most.max(grown);
    }
    bystander.finish();
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
    let capture = capture::read(&bench.path("bombs.har")).unwrap();
    let answered = capture.exchanges.iter().filter(|exchange| exchange.request.target.query.is_some());
    assert_eq!(answered.filter(|exchange| exchange.succeeded()).count(), asked);
    row(
        "decompression bombs, deep JSON, 50 encodings",
        &format!("{asked} answers: passed as they came, recorded, at most {} MiB more", most / MIB),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_request_harms_nobody() {
    let runs = scaled(10, 200);
    let bench = Bench::new();
    let proxy = Running::start(&bench, "garbage.har", &["--head-timeout", "2s"]);
    let bystander = Bystander::start(&proxy.address);
    let target = healthy().await.to_string();
    let connect = format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let noise: Vec<u8> =
        (0..2000_u32).map(|at| u8::try_from(at.wrapping_mul(2_654_435_761) >> 24).unwrap()).collect();
    let fields = "X-A: 1\r\n".repeat(101);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("noise", noise.clone()),
        ("a head of 1 MiB", format!("GET http://{target}/ HTTP/1.1\r\nX-A: {}\r\n\r\n", "a".repeat(MIB)).into_bytes()),
        ("101 fields", format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n").into_bytes()),
        ("a target of 100 KiB", format!("GET http://{target}/{} HTTP/1.1\r\nHost: {target}\r\n\r\n", "a".repeat(100_000)).into_bytes()),
        ("line ends for ever", b"\r\n".repeat(100_000)),
        ("TLS at the door", [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], &noise].concat()),
        ("garbage before TLS", [connect.as_bytes(), &noise].concat()),
        ("a hello that is none", [connect.as_bytes(), b"\x16\x03\x01\xff\xff", &noise].concat()),
        ("a hello of length 0", [connect.as_bytes(), b"\x16\x03\x01\x00\x00"].concat()),
        ("HTTP/2 that is none", [connect.as_bytes(), b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &noise].concat()),
        ("a proxy asked for itself", format!("GET http://{0}/ HTTP/1.1\r\nHost: {0}\r\n\r\n", proxy.address).into_bytes()),
        ("a number too large", format!("POST http://{target}/ HTTP/1.1\r\nHost: {target}\r\nContent-Length: 99999999999999999999999\r\n\r\n").into_bytes()),
    ];
    let mut sent = 0;
    for run in 0..runs {
        let mut under_way = JoinSet::new();
        for (name, bytes) in cases.clone() {
            let address = proxy.address.clone();
            sent += 1;
            under_way.spawn(async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                // It may be closed before all is written.
                let _ = stream.write_all(&bytes).await;
                let _ = stream.shutdown().await;
                let got = rest(&mut stream).await;
                let text = String::from_utf8_lossy(&got.bytes);
                let refused = text.is_empty()
                    || text.starts_with("HTTP/1.1 4")
                    || text.starts_with("HTTP/1.1 200 Connection established\r\n\r\n");
                assert!(refused, "{name}, run {run}: {text}");
            });
        }
        while let Some(done) = under_way.join_next().await {
            done.unwrap();
        }
    }
    let mut times = bystander.finish();
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
    let capture = capture::read(&bench.path("garbage.har")).unwrap();
    let too_large = capture.exchanges.iter().filter(|exchange| {
        matches!(&exchange.outcome, Outcome::Failed { failure, .. } if failure.kind == FailureKind::TooLarge)
    });
    assert!(too_large.count() >= 2 * runs, "heads that are too large are recorded");
    row(
        "garbage, oversized heads, broken TLS and HTTP/2",
        &format!(
            "{sent} connections of {} kinds: none forwarded, 0 panics; {}",
            cases.len(),
            times.in_words()
        ),
    );
}

/// One that asks for much and reads nothing holds back its own connection only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_that_never_read_cost_a_bounded_amount() {
    const LENGTH: usize = 64 * MIB;
    let clients = scaled(10, 200);
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
        let piece = vec![b'x'; 64 * 1024];
        while stream.write_all(&piece).await.is_ok() {}
    })
    .await;
    let bench = Bench::new();
    let proxy = Running::start(&bench, "deaf.har", &[]);
    let bystander = Bystander::start(&proxy.address);
    let mut deaf = Vec::new();
    let grown = grows(&proxy, async {
        for id in 0..clients {
            let mut stream = begin(&proxy.address, &origin.to_string(), id).await;
            read_head(&mut stream).await;
            deaf.push(stream);
        }
        // Until nothing moves any more.
        let mut last = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = memory(proxy.id(), "VmRSS:");
            if now <= last + MIB / 4 {
                break;
            }
            last = now;
        }
    })
    .await;
    let bound = 32 * MIB + clients * MIB / 4;
    assert!(grown < bound, "{grown} bytes for {clients} clients");
    drop(deaf);
    let mut times = bystander.finish();
    proxy.stop(Signal::INT);
    row(
        "clients that never read",
        &format!("{clients} of them, 64 MiB for each: {} MiB more in all; {}", grown / MIB, times.in_words()),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_pipeline_is_answered_in_order() {
    let length = scaled(200, 10_000);
    let target = healthy().await.to_string();
    let bench = Bench::new();
    let proxy = Running::start(&bench, "pipeline.har", &[]);
    let stream = TcpStream::connect(&proxy.address).await.unwrap();
    let (mut answers, mut requests) = stream.into_split();
    let sending = tokio::spawn(async move {
        for id in 0..length {
            let sent = format!("GET http://{target}/?id={id} HTTP/1.1\r\nHost: {target}\r\n\r\n");
            requests.write_all(sent.as_bytes()).await.unwrap();
        }
        requests
    });
    let expected = crate::proxy::rig::OK.len() * length;
    let mut all = vec![0; expected];
    tokio::time::timeout(PATIENCE, answers.read_exact(&mut all)).await.unwrap().unwrap();
    drop(sending.await.unwrap());
    proxy.stop(Signal::INT);
    let capture = capture::read(&bench.path("pipeline.har")).unwrap();
    assert_eq!(capture.exchanges.iter().filter(|exchange| exchange.succeeded()).count(), length);
    row("pipelining", &format!("{length} requests at once on one connection: all answered, all recorded"));
}
