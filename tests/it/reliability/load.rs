//! Many connections, slow ones, and a long time: others do not notice, memory and descriptors stay.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use samewire::capture;
use samewire::model::{FailureKind, Outcome};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::origins::{Bystander, healthy};
use super::running::{PATIENCE, Running};
use super::table::{is_long, row, scaled};
use crate::cli::memory::memory;
use crate::clients::bench::Bench;
use crate::proxy::rig::{OK, read_head};

const MIB: usize = 1024 * 1024;

/// Bytes in MiB, to a tenth.
fn mib(bytes: usize) -> String {
    let tenths = bytes * 10 / MIB;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Descriptors that either side has besides those of connections.
const OTHERS: usize = 100;

/// Connections that the limit of open files allows, at most this many: each takes two on either side.
fn connections(wanted: usize) -> usize {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).unwrap();
    let files = limit.maximum.map_or(usize::MAX, |files| usize::try_from(files).unwrap());
    wanted.min((files - OTHERS) / 2)
}

/// An origin on an address of its own.
async fn origin_on(address: Ipv4Addr) -> SocketAddr {
    let socket = TcpListener::bind((address, 0)).await.unwrap();
    let bound = socket.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = socket.accept().await {
            tokio::spawn(async move {
                while !read_head(&mut stream).await.is_empty() && stream.write_all(OK).await.is_ok() {}
            });
        }
    });
    bound
}

async fn ask(stream: &mut TcpStream, target: SocketAddr, id: usize) -> bool {
    let sent = format!("GET http://{target}/?id={id} HTTP/1.1\r\nHost: {target}\r\n\r\n");
    let asking = async {
        stream.write_all(sent.as_bytes()).await?;
        let head = read_head(stream).await;
        stream.read_exact(&mut [0; 2]).await?;
        Ok::<_, std::io::Error>(head.starts_with(b"HTTP/1.1 200"))
    };
    tokio::time::timeout(PATIENCE, asking).await.is_ok_and(|asked| asked.unwrap_or(false))
}

/// Waits until it has this many descriptors open, or fewer.
async fn descriptors_fall(proxy: &Running, to: usize) {
    let until = Instant::now() + PATIENCE;
    while proxy.descriptors() > to {
        assert!(Instant::now() < until, "{} descriptors are still open", proxy.descriptors());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_connections_are_kept() {
    let wanted = connections(scaled(400, 10_000));
    let bench = Bench::new();
    let proxy = Running::start(&bench, "many.har", &[]);
    let mut origins = Vec::new();
    for last in 2..6 {
        origins.push(origin_on(Ipv4Addr::new(127, 0, 0, last)).await);
    }
    let bystander = Bystander::start(&proxy.address);
    let before = proxy.descriptors();
    let (mut kept, mut failed) = (Vec::new(), 0);
    for id in 0..wanted {
        let mut stream = TcpStream::connect(&proxy.address).await.unwrap();
        failed += usize::from(!ask(&mut stream, origins[id % origins.len()], id).await);
        kept.push(stream);
    }
    let open = proxy.descriptors();
    assert!(open >= 2 * wanted, "{open} descriptors for {wanted} connections");
    for (id, stream) in kept.iter_mut().enumerate() {
        failed += usize::from(!ask(stream, origins[id % origins.len()], wanted + id).await);
    }
    let held = memory(proxy.id(), "VmRSS:");
    drop(kept);
    descriptors_fall(&proxy, before + 4).await;
    let mut times = bystander.finish();
    let ended = proxy.stop(Signal::INT);
    assert_eq!((failed, ended.status.code()), (0, Some(0)));
    let recorded = capture::read(&bench.path("many.har")).unwrap();
    assert_eq!(
        recorded.exchanges.iter().filter(|exchange| exchange.succeeded()).count(),
        2 * wanted + times.requests()
    );
    row(
        "concurrent keep-alive connections",
        &format!(
            "{wanted} at a time, {} requests, 0 errors, all recorded; {} MiB ({} KiB each); {}; descriptors fall back",
            2 * wanted,
            held / MIB,
            held / 1024 / wanted,
            times.in_words()
        ),
    );
}

/// Heads that never end, byte by byte.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_heads_are_cut_off_and_recorded() {
    let clients = scaled(100, 1_000);
    let bench = Bench::new();
    let proxy = Running::start(&bench, "slow.har", &["--head-timeout", "3s"]);
    let bystander = Bystander::start(&proxy.address);
    let target = healthy().await;
    let before = proxy.descriptors();
    let mut slow = JoinSet::new();
    for id in 0..clients {
        let address = proxy.address.clone();
        slow.spawn(async move {
            // A first head's time begins when the connection is taken.
            let mut begun = Instant::now();
            let mut stream = TcpStream::connect(address).await.unwrap();
            // Every second one has sent a whole request before.
            let kept = id % 2 == 1;
            if kept {
                assert!(ask(&mut stream, target, clients + id).await);
                begun = Instant::now();
            }
            let head = format!("GET http://{target}/?id={id} HTTP/1.1\r\nX-Slow: ");
            stream.write_all(head.as_bytes()).await.unwrap();
            let (mut from, mut to) = stream.split();
            let mut pace = tokio::time::interval(Duration::from_millis(500));
            let trickle = async {
                loop {
                    pace.tick().await;
                    if to.write_all(b"a").await.is_err() {
                        break;
                    }
                }
                std::future::pending::<()>().await;
            };
            let mut answer = Vec::new();
            let ended = tokio::time::timeout(PATIENCE, async {
                tokio::select! {
                    _ = from.read_to_end(&mut answer) => {}
                    () = trickle => {}
                }
            });
            ended.await.expect("a slow head is cut off");
            let took = begun.elapsed();
            assert!(
                took >= Duration::from_millis(2900),
                "it has its time: {id} {took:?} {}",
                String::from_utf8_lossy(&answer)
            );
            assert!(!answer.starts_with(b"HTTP/1.1 200"));
        });
    }
    slow.join_all().await;
    descriptors_fall(&proxy, before + 4).await;
    let mut times = bystander.finish();
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
    let recorded = capture::read(&bench.path("slow.har")).unwrap();
    let late = recorded.exchanges.iter().filter(|exchange| {
        matches!(&exchange.outcome, Outcome::Failed { failure, .. } if failure.kind == FailureKind::TimedOut)
    });
    assert_eq!(late.count(), clients);
    row(
        "slow-loris",
        &format!(
            "{clients} at a time, first heads and later ones: all cut off at the limit and recorded; {}",
            times.in_words()
        ),
    );
}

/// The length of the soak, in seconds: `SAMEWIRE_SOAK`, ten minutes in the long form.
fn soak() -> Duration {
    let given = std::env::var("SAMEWIRE_SOAK").ok().and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(given.unwrap_or(if is_long() { 600 } else { 3 }))
}

/// Beyond this length clients ask less often: it is time that is wanted then, not load, and the capture is read in the end.
const BRIEF: Duration = Duration::from_secs(600);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_run_takes_no_more_with_time() {
    let length = soak();
    let between = Duration::from_millis(if length > BRIEF { 60 } else { 20 });
    // Each minute at least.
    let every = (length / 60).min(Duration::from_secs(60));
    let bench = Bench::new();
    let proxy = Running::start(&bench, "soak.har", &[]);
    let target = healthy().await;
    let stop = Instant::now() + length;
    let mut clients = JoinSet::new();
    for client in 0..8_usize {
        let address = proxy.address.clone();
        clients.spawn(async move {
            let mut asked = 0;
            let mut pace = tokio::time::interval(between);
            while Instant::now() < stop {
                // Some keep their connection, some open one for each request.
                let mut stream = TcpStream::connect(&address).await.unwrap();
                for _ in 0..=client * 10 {
                    pace.tick().await;
                    assert!(ask(&mut stream, target, asked).await, "request {asked}");
                    asked += 1;
                }
            }
            asked
        });
    }
    let mut samples = Vec::new();
    let mut pace = tokio::time::interval(every);
    pace.tick().await;
    while Instant::now() + every / 2 < stop {
        pace.tick().await;
        samples.push((memory(proxy.id(), "VmRSS:"), proxy.descriptors()));
    }
    let asked: usize = clients.join_all().await.into_iter().sum();
    let file = std::fs::metadata(bench.path("soak.har")).unwrap().len();
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
    let at = |percent: usize| samples[(samples.len() * percent / 100).min(samples.len() - 1)];
    let (early, late) = (at(20), at(100));
    assert!(late.0 <= early.0 + early.0 / 10 + 4 * MIB, "memory grows: {samples:?}");
    assert!(late.1 <= early.1 + 16, "descriptors grow: {samples:?}");
    let recorded = capture::read(&bench.path("soak.har")).unwrap();
    assert_eq!(recorded.exchanges.len(), asked);
    let line: Vec<String> = [20, 40, 60, 80, 100].iter().map(|part| mib(at(*part).0)).collect();
    let settled = samples.iter().skip(samples.len() / 5);
    let (least, most) = (settled.clone().map(|one| one.0).min(), settled.map(|one| one.0).max());
    row(
        "soak",
        &format!(
            "{} s, {asked} requests, 0 errors, all recorded ({} MiB); MiB of memory at each fifth: {}; {} to {} in {} samples after the first fifth; \
             descriptors {} to {}",
            length.as_secs(),
            file / MIB as u64,
            line.join(", "),
            mib(least.unwrap_or_default()),
            mib(most.unwrap_or_default()),
            samples.len() - samples.len() / 5,
            early.1,
            late.1
        ),
    );
}
