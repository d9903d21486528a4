//! Looks at the connections of a running command, now and then: which of them do not lead to the proxy?
//!
//! It is a sample, and says so: a connection that lasts less than the pause between two looks is missed. The pause follows what a look
//! costs, so that looking takes no more than a hundredth of one processor.

mod ledger;
mod processes;
mod sockets;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use tokio::sync::oneshot;

use crate::model::{Sampled, Sampling, Transport};
use crate::record::{Event, EventSender};
use crate::redact::RawCoverage;

use ledger::Ledger;
use processes::Tree;
use sockets::{Socket, sockets};

/// Pauses between two looks.
const SHORTEST: Duration = Duration::from_millis(4);
const LONGEST: Duration = Duration::from_secs(1);
/// A pause lasts this many times what the look before it took.
const SHARE: u32 = 99;

/// What to look at.
#[derive(Clone, Debug)]
pub struct Watch {
    /// Whose connections.
    pub of: Sampled,
    /// Where the proxy listens, as the command sees it: connections to there are as they should be.
    pub proxies: Vec<SocketAddr>,
}

/// A watch that is kept.
pub(super) struct Watching {
    stop: mpsc::Sender<()>,
    ended: oneshot::Receiver<()>,
}

impl Watch {
    /// Starts looking at what comes of this process, on a thread of its own. `None` where the system does not show connections, or has
    /// no thread left: the run goes on without.
    pub(super) fn start(&self, process: u32, events: EventSender) -> Option<Watching> {
        if !Path::new("/proc/self/net/tcp").exists() {
            return None;
        }
        let (stop, stopped) = mpsc::channel();
        let (end, ended) = oneshot::channel();
        let mut looking = Looking {
            of: self.of,
            root: process,
            tree: Tree::of(process),
            ledger: Ledger::new(&self.proxies),
            samples: 0,
            started: Instant::now(),
        };
        let work = move || {
            looking.run(&stopped, &events);
            drop(events);
            // Nobody may be waiting any more.
            let _ = end.send(());
        };
        thread::Builder::new().name("watch".to_owned()).spawn(work).ok()?;
        Some(Watching { stop, ended })
    }
}

impl Watch {
    /// Looks at a container's connections: `process` is its first process, once it runs. Ends with `until`.
    pub async fn follow(
        self,
        process: impl Future<Output = Option<u32>>,
        events: EventSender,
        mut until: oneshot::Receiver<()>,
    ) {
        let started = tokio::select! {
            process = process => process.and_then(|process| self.of_container(process).start(process, events)),
            _ = &mut until => None,
        };
        if let Some(watching) = started {
            let _ = until.await;
            watching.finish().await;
        }
    }

    /// A network that is this machine's own has others' connections too: then only those of the container's processes count.
    fn of_container(self, process: u32) -> Self {
        let network = |process: &str| fs::read_link(format!("/proc/{process}/ns/net")).ok();
        let own = network("self");
        let of = match network(&process.to_string()) {
            Some(theirs) if Some(&theirs) != own.as_ref() => self.of,
            _ => Sampled::Processes,
        };
        Self { of, ..self }
    }
}

impl Watching {
    /// Ends it, once what it saw is told.
    pub(super) async fn finish(self) {
        drop(self.stop);
        let _ = self.ended.await;
    }
}

struct Looking {
    of: Sampled,
    root: u32,
    tree: Tree,
    ledger: Ledger,
    samples: u64,
    started: Instant,
}

impl Looking {
    fn run(&mut self, stopped: &mpsc::Receiver<()>, events: &EventSender) {
        let mut told = 0;
        loop {
            let before = spent();
            let alive = self.look();
            self.samples += 1;
            // What is new is told at once, so that it is on disk however the run ends.
            if self.ledger.len() > told {
                told = self.ledger.len();
                let _ = events.blocking_send(Event::Covered(self.coverage()));
            }
            let pause = (spent().saturating_sub(before) * SHARE).clamp(SHORTEST, LONGEST);
            let pause = if alive { pause } else { LONGEST };
            if stopped.recv_timeout(pause) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        let _ = events.blocking_send(Event::Covered(self.coverage()));
    }

    fn coverage(&self) -> RawCoverage {
        let passed = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let sampling = Sampling {
            of: self.of,
            samples: self.samples,
            interval_ms: passed / self.samples.max(1),
            unreadable: self.tree.unreadable(),
        };
        RawCoverage {
            sampling: Some(sampling),
            direct: self.ledger.direct(),
            loopback: self.ledger.loopback(),
            ..RawCoverage::default()
        }
    }

    /// One look. False where no process is left.
    fn look(&mut self) -> bool {
        let every = self.of == Sampled::Container;
        // Of a whole network the table comes first: whose a connection in it is can then be seen.
        let network = every.then(|| Tables::of(self.root));
        let alive = self.tree.refresh();
        let mut owners = BTreeMap::new();
        for process in self.tree.members().collect::<Vec<_>>() {
            owners.extend(self.tree.sockets(process).into_iter().map(|inode| (inode, process)));
        }
        let unsettled = self.ledger.unsettled(&owners, every);
        if let Some(tables) = network {
            self.judge(&tables, &owners);
            return alive;
        }
        // Processes of one network share its tables.
        let mut networks = BTreeSet::new();
        for process in unsettled {
            if networks.insert(fs::read_link(format!("/proc/{process}/ns/net")).ok()) {
                self.judge(&Tables::of(process), &owners);
            }
        }
        alive
    }

    fn judge(&mut self, tables: &Tables, owners: &BTreeMap<u64, u32>) {
        let every = self.of == Sampled::Container;
        self.ledger.judge(Transport::Tcp, &tables.tcp, owners, every);
        self.ledger.judge(Transport::Quic, &tables.udp, owners, every);
        self.ledger.age(owners);
    }
}

/// The sockets of a network.
struct Tables {
    tcp: Vec<Socket>,
    udp: Vec<Socket>,
}

impl Tables {
    /// Of the network that this process is in.
    fn of(process: u32) -> Self {
        let read = |names: [&str; 2]| {
            let tables = names.map(|name| fs::read_to_string(format!("/proc/{process}/net/{name}")));
            tables.iter().flatten().flat_map(|table| sockets(table)).collect()
        };
        Self { tcp: read(["tcp", "tcp6"]), udp: read(["udp", "udp6"]) }
    }
}

/// What this thread has cost so far.
fn spent() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(spent.tv_sec).unwrap_or_default(),
        u32::try_from(spent.tv_nsec).unwrap_or_default(),
    )
}
