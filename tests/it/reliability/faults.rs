//! Upstream faults: the client fails as `docs/fidelity.md` says, never succeeds by mistake, never hangs; the capture names
//! leg, phase and kind of each; a bystander does not notice.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;
use samewire::capture;
use samewire::model::{Failure, FailureKind, Leg, Outcome, Phase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::interval;

use super::origins::{Bystander, Got, begin, rest};
use super::running::Running;
use super::table::{row, scaled};
use crate::clients::bench::Bench;
use crate::proxy::rig::{read_head, start_origin};

/// Short, so that what times out does so soon.
pub(super) const SHORT: [&str; 6] =
    ["--connect-timeout", "700ms", "--answer-timeout", "700ms", "--idle-timeout", "700ms"];

/// Runs of different faults that are under way at a time.
const AT_ONCE: usize = 8;

/// What an origin does with a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    ResetAtOnce,
    /// Reads the head, writes this, and ends when the client has seen all of it.
    Break {
        says: &'static str,
        reset: bool,
    },
    /// Reads the head, writes this, and is silent.
    Silent {
        says: &'static str,
    },
    Refused,
    BlackHole,
    NoSuchName,
}

/// What the client gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meets {
    /// An answer of samewire's own.
    Own(u16),
    /// The same, or nothing.
    OwnOrNothing(u16),
    /// Nothing, or the beginning of an answer without its end.
    Partial,
    /// The same, and a reset, which is all that tells it from a whole answer.
    PartialAndReset,
}

struct Fault {
    name: &'static str,
    deed: Deed,
    meets: Meets,
    phases: &'static [Phase],
    kinds: &'static [FailureKind],
}

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
const BODY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nso far";
const CHUNK: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nso far";
const BAD_CHUNK: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nso far\r\nzz\r\n";
const CLOSE: &str = "HTTP/1.1 200 OK\r\nX-Until: close\r\n\r\nso far";
const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Le";

fn faults() -> Vec<Fault> {
    use FailureKind as Kind;
    const GONE: &[Kind] = &[Kind::Reset, Kind::Closed];
    const RESET: &[Kind] = &[Kind::Reset];
    const CLOSED: &[Kind] = &[Kind::Closed];
    const LATE: &[Kind] = &[Kind::TimedOut];
    const MALFORMED: &[Kind] = &[Kind::Malformed];
    const EARLY: &[Phase] = &[Phase::Connect, Phase::Send, Phase::Wait];
    const WAIT: &[Phase] = &[Phase::Wait];
    const RECEIVE: &[Phase] = &[Phase::Receive];
    const CONNECT: &[Phase] = &[Phase::Connect];
    let fault = |name, deed, meets, phases, kinds| Fault { name, deed, meets, phases, kinds };
    let ends = |says, reset| Deed::Break { says, reset };
    vec![
        fault("reset before the request", Deed::ResetAtOnce, Meets::OwnOrNothing(502), EARLY, GONE),
        fault("reset before the answer", ends("", true), Meets::Partial, WAIT, RESET),
        fault("close before the answer", ends("", false), Meets::Partial, WAIT, CLOSED),
        fault("reset in the head", ends(HEAD, true), Meets::Partial, WAIT, GONE),
        fault("close in the head", ends(HEAD, false), Meets::Partial, WAIT, CLOSED),
        fault("reset after the head", ends(LENGTH, true), Meets::Partial, RECEIVE, RESET),
        fault("close after the head", ends(LENGTH, false), Meets::Partial, RECEIVE, CLOSED),
        fault("reset in the body", ends(BODY, true), Meets::Partial, RECEIVE, RESET),
        fault("close in the body", ends(BODY, false), Meets::Partial, RECEIVE, CLOSED),
        fault("reset in a chunk", ends(CHUNK, true), Meets::Partial, RECEIVE, RESET),
        fault("close in a chunk", ends(CHUNK, false), Meets::Partial, RECEIVE, CLOSED),
        fault("a chunk that is none", ends(BAD_CHUNK, false), Meets::Partial, RECEIVE, MALFORMED),
        fault("reset in a body without length", ends(CLOSE, true), Meets::PartialAndReset, RECEIVE, RESET),
        fault("no HTTP", ends("220 mail.example ESMTP\r\n\r\n", false), Meets::Own(502), WAIT, MALFORMED),
        fault("silence before the answer", Deed::Silent { says: "" }, Meets::Own(504), WAIT, LATE),
        fault("silence in the head", Deed::Silent { says: HEAD }, Meets::Own(504), WAIT, LATE),
        fault("silence in the body", Deed::Silent { says: BODY }, Meets::Partial, RECEIVE, LATE),
        fault(
            "silence in a body without length",
            Deed::Silent { says: CLOSE },
            Meets::PartialAndReset,
            RECEIVE,
            LATE,
        ),
        fault("refused", Deed::Refused, Meets::Own(502), CONNECT, &[Kind::Refused]),
        fault("black hole", Deed::BlackHole, Meets::Own(504), CONNECT, LATE),
        fault("no such name", Deed::NoSuchName, Meets::Own(502), &[Phase::Resolve], &[Kind::NameNotResolved]),
    ]
}

/// Where a request meets the fault; what is in the second place keeps it up.
async fn target(deed: Deed) -> (String, Vec<TcpStream>) {
    let address = match deed {
        Deed::NoSuchName => return ("no-such-host.invalid:80".to_owned(), Vec::new()),
        Deed::Refused => TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap(),
        Deed::BlackHole => return black_hole().await,
        _ => start_origin(move |stream| commit(deed, stream)).await,
    };
    (address.to_string(), Vec::new())
}

async fn commit(deed: Deed, mut stream: TcpStream) {
    match deed {
        Deed::Break { says, reset } => {
            let head = read_head(&mut stream).await;
            stream.write_all(says.as_bytes()).await.unwrap();
            // What the client has not seen yet, a reset could overtake: the client says so by a second connection.
            if reset && says.contains("\r\n\r\n") {
                Seen::of(&head).wait().await;
            }
            if reset {
                stream.set_zero_linger().unwrap();
            }
        }
        Deed::Silent { says } => {
            read_head(&mut stream).await;
            stream.write_all(says.as_bytes()).await.unwrap();
            let _ = stream.read(&mut [0]).await;
        }
        _ => stream.set_zero_linger().unwrap(),
    }
}

/// A listener whose queue is full: it takes part in no handshake, as what lies behind a firewall that drops.
async fn black_hole() -> (String, Vec<TcpStream>) {
    use rustix::net::{AddressFamily, SocketType, bind, getsockname, listen, socket};
    let socket = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    listen(&socket, 0).unwrap();
    let address: SocketAddr = getsockname(&socket).unwrap().try_into().unwrap();
    let mut held = Vec::new();
    while let Ok(Ok(stream)) =
        tokio::time::timeout(Duration::from_millis(300), TcpStream::connect(address)).await
    {
        held.push(stream);
    }
    // It lives as long as the test's process.
    std::mem::forget(socket);
    (address.to_string(), held)
}

/// The client of a request has seen what there is of the answer.
struct Seen(usize);

impl Seen {
    fn of(head: &[u8]) -> Self {
        let text = String::from_utf8_lossy(head);
        let id = text.split("?id=").nth(1).and_then(|rest| rest.split(' ').next());
        Self(id.unwrap().parse().unwrap())
    }

    fn flags() -> &'static tokio::sync::watch::Sender<std::collections::BTreeSet<usize>> {
        static FLAGS: std::sync::OnceLock<tokio::sync::watch::Sender<std::collections::BTreeSet<usize>>> =
            std::sync::OnceLock::new();
        FLAGS.get_or_init(|| tokio::sync::watch::channel(std::collections::BTreeSet::new()).0)
    }

    fn set(&self) {
        Self::flags().send_modify(|seen| {
            seen.insert(self.0);
        });
    }

    async fn wait(&self) {
        let mut seen = Self::flags().subscribe();
        seen.wait_for(|seen| seen.contains(&self.0)).await.unwrap();
    }
}

async fn meet(proxy: String, target: String, fault: &Fault, id: usize) {
    let mut stream = begin(&proxy, &target, id).await;
    let mut seen = Vec::new();
    if let Deed::Break { says, reset: true } = fault.deed
        && says.contains("\r\n\r\n")
    {
        seen = read_head(&mut stream).await;
        if !says.ends_with("\r\n\r\n") {
            let mut so_far = [0; 6];
            stream.read_exact(&mut so_far).await.unwrap();
            seen.extend(so_far);
        }
        Seen(id).set();
    }
    let mut got = rest(&mut stream).await;
    got.bytes = [seen, got.bytes].concat();
    let Got { bytes, reset } = &got;
    let text = String::from_utf8_lossy(bytes);
    match fault.meets {
        Meets::Own(status) => assert!(got.is_own(status), "{}: {text}", fault.name),
        Meets::OwnOrNothing(status) => {
            assert!(bytes.is_empty() || got.is_own(status), "{}: {text}", fault.name);
        }
        Meets::Partial | Meets::PartialAndReset => {
            assert!(text.is_empty() || text.starts_with("HTTP/1.1 200 OK\r\n"), "{}: {text}", fault.name);
            assert!(!text.ends_with("\r\n0\r\n\r\n"), "{}: a clean end: {text}", fault.name);
            assert!(*reset || fault.meets == Meets::Partial, "{}: no reset", fault.name);
        }
    }
}

/// The failures of a capture, by the number that their requests have.
pub(super) fn failures(path: &Path) -> BTreeMap<usize, Failure> {
    let capture = capture::read(path).unwrap();
    assert_eq!(capture.completeness.torn, None);
    let failed = capture.exchanges.into_iter().filter_map(|exchange| match exchange.outcome {
        Outcome::Failed { failure, .. } => {
            let id = exchange.request.target.query?.first()?.value.as_ref()?.as_shown()?.parse().ok()?;
            Some((id, failure))
        }
        _ => None,
    });
    failed.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_upstream_fault_is_met_and_named() {
    let runs = scaled(10, 200);
    let bench = Bench::new();
    let proxy = Running::start(&bench, "faults.har", &SHORT);
    let bystander = Bystander::start(&proxy.address);
    let faults: &'static [Fault] = faults().leak();
    let mut targets = Vec::new();
    for fault in faults {
        targets.push(target(fault.deed).await);
    }
    let mut under_way = JoinSet::new();
    for run in 0..runs {
        for (at, fault) in faults.iter().enumerate() {
            if under_way.len() >= AT_ONCE {
                under_way.join_next().await.unwrap().unwrap();
            }
            let (address, target, id) = (proxy.address.clone(), targets[at].0.clone(), at * runs + run);
            under_way.spawn(async move { meet(address, target, fault, id).await });
        }
    }
    while let Some(met) = under_way.join_next().await {
        met.unwrap();
    }
    let mut times = bystander.finish();
    let ended = proxy.stop(Signal::INT);
    assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
    let failures = failures(&bench.path("faults.har"));
    for (at, fault) in faults.iter().enumerate() {
        for run in 0..runs {
            let failure =
                failures.get(&(at * runs + run)).unwrap_or_else(|| panic!("{}: not recorded", fault.name));
            let fits = failure.leg == Leg::Upstream
                && fault.phases.contains(&failure.phase)
                && fault.kinds.contains(&failure.kind);
            assert!(fits, "{}: {failure:?}", fault.name);
        }
    }
    row(
        "upstream faults",
        &format!(
            "{} kinds, {runs} runs each: all met as told and named by leg, phase and kind; {} requests of a bystander, 0 failed; {}",
            faults.len(),
            times.requests(),
            times.in_words()
        ),
    );
}

/// Each piece comes in time, all of them together take longer than any limit.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_trickles_does_not_time_out() {
    const PIECES: usize = 20;
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {PIECES}\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut pace = interval(Duration::from_millis(100));
        for _ in 0..PIECES {
            pace.tick().await;
            stream.write_all(b"x").await.unwrap();
        }
    })
    .await;
    let runs = scaled(10, 200);
    let bench = Bench::new();
    let proxy = Running::start(&bench, "trickle.har", &SHORT);
    let mut under_way = JoinSet::new();
    for run in 0..runs {
        let address = proxy.address.clone();
        under_way.spawn(async move { rest(&mut begin(&address, &origin.to_string(), run).await).await });
    }
    for got in under_way.join_all().await {
        assert!(got.bytes.ends_with(&[b'x'; PIECES]), "{got:?}");
    }
    proxy.stop(Signal::INT);
    assert!(failures(&bench.path("trickle.har")).is_empty());
    row("1 byte each 100 ms", &format!("{runs} answers at a time, limits of 700 ms: all whole"));
}

/// What was answered is on disk, and the status is that of a good end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_ends_it_in_order() {
    let runs = scaled(10, 200);
    let origin = super::origins::healthy().await;
    let mut longest = Duration::ZERO;
    for (run, signal) in [Signal::INT, Signal::TERM].into_iter().cycle().take(runs).enumerate() {
        let bench = Bench::new();
        let proxy = Running::start(&bench, "signal.har", &[]);
        let (mut answered, mut streams) = (0, Vec::new());
        for id in 0..=run % 20 {
            let mut stream = begin(&proxy.address, &origin.to_string(), id).await;
            assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
            stream.read_exact(&mut [0; 2]).await.unwrap();
            answered += 1;
            streams.push(stream);
        }
        let ended = proxy.stop(signal);
        assert_eq!(ended.status.code(), Some(0), "{:?}", ended.lines);
        longest = longest.max(ended.took);
        let capture = capture::read(&bench.path("signal.har")).unwrap();
        assert_eq!((capture.exchanges.len(), capture.completeness.torn), (answered, None));
        assert!(capture.run.ended_at.is_some());
    }
    row(
        "SIGINT and SIGTERM",
        &format!(
            "{runs} runs with open connections: status 0, every answer on disk, ended within {} ms",
            longest.as_millis()
        ),
    );
}
