//! Sockets to a verdict: does one lead to the proxy, or past it? Keeps the count. No I/O but the name of a program.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};

use jiff::Timestamp;

use crate::connector::{client_of_program, go_version};
use crate::model::Transport;
use crate::redact::RawDirect;

use super::processes;
use super::sockets::{Socket, State};

/// Different connections past the proxy that are kept; later ones to other places are left out.
const MOST: usize = 64;
/// Looks after which a socket that is in no table is taken for one of another kind.
const PATIENCE: u8 = 100;
/// Names are asked for there, and that is no call of an API.
const DNS: u16 = 53;
/// Where HTTP/3 goes.
const HTTPS: u16 = 443;

/// A program, and where it leads.
type Way = (Option<String>, SocketAddr, Transport);

pub(super) struct Ledger {
    proxies: Vec<SocketAddr>,
    /// Sockets that need no further look: by inode, with the place in `direct` of those that go past the proxy.
    settled: BTreeMap<u64, Option<usize>>,
    /// Sockets that are in no table yet, and how often they were looked for.
    unknown: BTreeMap<u64, u8>,
    /// Both ends of the connections of a network that is looked at as a whole: nobody owns them once they are over.
    seen: BTreeSet<(SocketAddr, SocketAddr)>,
    /// Connections that were seen while they were still being opened.
    opening: BTreeMap<u64, usize>,
    direct: Vec<RawDirect>,
    /// Connections of a network that is looked at as a whole to its own loopback address.
    loopback: u32,
    places: BTreeMap<Way, usize>,
    programs: BTreeMap<u32, Named>,
}

/// A process's program and the client it is.
type Named = (Option<String>, Option<&'static str>);

impl Ledger {
    pub(super) fn new(proxies: &[SocketAddr]) -> Self {
        Self {
            proxies: proxies.iter().map(|proxy| canonical(*proxy)).collect(),
            settled: BTreeMap::new(),
            unknown: BTreeMap::new(),
            seen: BTreeSet::new(),
            opening: BTreeMap::new(),
            direct: Vec::new(),
            loopback: 0,
            places: BTreeMap::new(),
            programs: BTreeMap::new(),
        }
    }

    /// How many ways past the proxy are known.
    pub(super) fn len(&self) -> usize {
        self.direct.len()
    }

    /// How many connections stayed within a network that is looked at as a whole.
    pub(super) fn loopback(&self) -> u32 {
        self.loopback
    }

    /// Connections past the proxy.
    pub(super) fn direct(&self) -> Vec<RawDirect> {
        self.direct.clone()
    }

    /// The processes with sockets that are not settled. What is still there is noted, what is gone is forgotten; `every` socket of a
    /// network may be one that nobody is seen to own, and stays known.
    pub(super) fn unsettled(&mut self, owners: &BTreeMap<u64, u32>, every: bool) -> BTreeSet<u32> {
        self.settled.retain(|inode, _| every || owners.contains_key(inode));
        self.unknown.retain(|inode, _| owners.contains_key(inode));
        let now = Timestamp::now();
        let there = self.settled.iter().filter(|(inode, _)| owners.contains_key(inode));
        for place in there.filter_map(|(_, place)| *place) {
            self.direct[place].last_seen = now;
        }
        let unsettled = owners.iter().filter(|(inode, _)| !self.settled.contains_key(inode));
        unsettled.map(|(_, process)| *process).collect()
    }

    /// Judges the sockets of a table: those that `owners` has, or `every` one.
    pub(super) fn judge(
        &mut self,
        transport: Transport,
        table: &[Socket],
        owners: &BTreeMap<u64, u32>,
        every: bool,
    ) {
        let listening: BTreeSet<u16> =
            table.iter().filter(|one| one.state == State::Listening).map(|one| one.local.port()).collect();
        let own: BTreeSet<u16> = table
            .iter()
            .filter(|one| one.state == State::Listening && (every || owners.contains_key(&one.inode)))
            .map(|one| one.local.port())
            .collect();
        for socket in table {
            let owner = owners.get(&socket.inode).copied();
            let orphan = every && socket.inode == 0;
            if owner.is_none() && !every || self.settled.contains_key(&socket.inode) {
                continue;
            }
            // A connection that is over has been seen before, or is seen now for the first time.
            if every && !self.seen.insert((socket.local, socket.remote)) && orphan {
                continue;
            }
            self.unknown.remove(&socket.inode);
            let expected = match transport {
                Transport::Tcp => {
                    self.leads_to_proxy(socket.remote)
                        || listening.contains(&socket.local.port())
                        || socket.remote.port() == DNS
                        || (socket.remote.ip().is_loopback() && own.contains(&socket.remote.port()))
                }
                Transport::Quic => socket.remote.port() != HTTPS,
            };
            let open = match (transport, socket.state) {
                (_, State::Open | State::Over) => true,
                (Transport::Tcp, State::Connecting) => false,
                // It may still be connected.
                _ => continue,
            };
            // What a network keeps to itself; both ends are in the table, and the one that comes first counts.
            if every && transport == Transport::Tcp && socket.remote.ip().is_loopback() {
                self.loopback += u32::from(open && !self.seen.contains(&(socket.remote, socket.local)));
                self.settle(socket.inode, None);
                continue;
            }
            if expected {
                self.settle(socket.inode, None);
                continue;
            }
            let place = self.count(transport, socket, owner, open);
            if open || orphan {
                self.settle(socket.inode, place);
            }
        }
    }

    /// Sockets that are in no table for long are of another kind.
    pub(super) fn age(&mut self, owners: &BTreeMap<u64, u32>) {
        for inode in owners.keys() {
            if self.settled.contains_key(inode) {
                continue;
            }
            let looks = self.unknown.entry(*inode).or_default();
            *looks += 1;
            if *looks >= PATIENCE {
                self.settled.insert(*inode, None);
            }
        }
    }

    fn settle(&mut self, inode: u64, place: Option<usize>) {
        self.opening.remove(&inode);
        if inode != 0 {
            self.settled.insert(inode, place);
        }
    }

    /// Counts a connection past the proxy, once; where it is told, or nowhere if there are too many.
    fn count(
        &mut self,
        transport: Transport,
        socket: &Socket,
        owner: Option<u32>,
        open: bool,
    ) -> Option<usize> {
        let now = Timestamp::now();
        if let Some(place) = self.opening.get(&socket.inode).copied() {
            let known = &mut self.direct[place];
            known.opened |= open;
            known.last_seen = now;
            return Some(place);
        }
        let (program, client) = owner.map(|process| self.named(process)).unwrap_or_default();
        let way = (program.clone(), socket.remote, transport);
        let place = match self.places.get(&way) {
            Some(place) => *place,
            None if self.direct.len() < MOST => {
                self.direct.push(RawDirect {
                    remote: socket.remote,
                    transport,
                    program,
                    client,
                    connections: 0,
                    opened: false,
                    first_seen: now,
                    last_seen: now,
                });
                self.places.insert(way, self.direct.len() - 1);
                self.direct.len() - 1
            }
            None => return None,
        };
        let known = &mut self.direct[place];
        known.connections += 1;
        known.opened |= open;
        known.last_seen = now;
        if !open && socket.inode != 0 {
            self.opening.insert(socket.inode, place);
        }
        Some(place)
    }

    fn named(&mut self, process: u32) -> Named {
        self.programs
            .entry(process)
            .or_insert_with(|| match processes::program(process) {
                None => (None, None),
                Some((name, executable)) => {
                    let known = client_of_program(&name).map(|client| client.name);
                    let go = || executable.and_then(|file| go_version(&file)).map(|_| "go");
                    (Some(name), known.or_else(go))
                }
            })
            .clone()
    }

    fn leads_to_proxy(&self, remote: SocketAddr) -> bool {
        self.proxies.iter().any(|proxy| {
            proxy.port() == remote.port() && (proxy.ip() == remote.ip() || proxy.ip().is_unspecified())
        })
    }
}

fn canonical(address: SocketAddr) -> SocketAddr {
    let ip: IpAddr = address.ip().to_canonical();
    SocketAddr::new(ip, address.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SELF: u32 = 0;

    fn socket(inode: u64, local: &str, remote: &str, state: State) -> Socket {
        Socket { local: local.parse().unwrap(), remote: remote.parse().unwrap(), state, inode }
    }

    fn ledger() -> Ledger {
        Ledger::new(&["127.0.0.1:8877".parse().unwrap()])
    }

    fn owned(inodes: &[u64]) -> BTreeMap<u64, u32> {
        inodes.iter().map(|inode| (*inode, SELF)).collect()
    }

    #[test]
    fn what_leads_to_the_proxy_to_names_or_to_itself_is_as_it_should_be() {
        let mut ledger = ledger();
        let owners = owned(&[1, 2, 3, 4, 5]);
        let table = [
            socket(1, "127.0.0.1:50001", "127.0.0.1:8877", State::Open),
            socket(2, "10.0.0.2:50002", "10.0.0.1:53", State::Open),
            socket(3, "0.0.0.0:9000", "0.0.0.0:0", State::Listening),
            socket(4, "127.0.0.1:50004", "127.0.0.1:9000", State::Open),
            socket(5, "127.0.0.1:9000", "127.0.0.1:50004", State::Open),
            // Another program's.
            socket(9, "10.0.0.2:50009", "203.0.113.7:443", State::Open),
        ];
        ledger.judge(Transport::Tcp, &table, &owners, false);
        assert!(ledger.direct().is_empty(), "{:?}", ledger.direct());
        assert!(!ledger.settled.contains_key(&3), "a socket that listens may be looked at again");
    }

    #[test]
    fn what_leads_past_it_is_counted_once_each() {
        let mut ledger = ledger();
        let owners = owned(&[1, 2]);
        let opening = socket(1, "10.0.0.2:50001", "203.0.113.7:443", State::Connecting);
        let open = Socket { state: State::Open, ..opening };
        ledger.judge(Transport::Tcp, &[opening], &owners, false);
        assert_eq!((ledger.direct()[0].connections, ledger.direct()[0].opened), (1, false));
        for _ in 0..3 {
            let second = socket(2, "10.0.0.2:50002", "203.0.113.7:443", State::Open);
            ledger.judge(Transport::Tcp, &[open, second], &owners, false);
        }
        assert_eq!(ledger.len(), 1);
        assert_eq!((ledger.direct()[0].connections, ledger.direct()[0].opened), (2, true));
    }

    #[test]
    fn a_container_tells_of_connections_that_are_over() {
        let mut ledger = ledger();
        let over = socket(0, "172.17.0.2:50001", "203.0.113.7:443", State::Over);
        let proxied = socket(0, "172.17.0.2:50002", "172.17.0.1:8877", State::Over);
        ledger.proxies = vec!["172.17.0.1:8877".parse().unwrap()];
        for _ in 0..3 {
            ledger.judge(Transport::Tcp, &[over, proxied], &owned(&[]), true);
        }
        assert_eq!(ledger.direct().iter().map(|one| one.connections).collect::<Vec<_>>(), [1]);
        ledger.judge(Transport::Tcp, &[over], &owned(&[]), false);
        assert_eq!(ledger.len(), 1);
    }

    #[test]
    fn a_connection_of_a_container_is_counted_once_open_and_over() {
        let mut ledger = ledger();
        let open = socket(7, "172.17.0.2:50001", "203.0.113.7:443", State::Open);
        let over = Socket { inode: 0, state: State::Over, ..open };
        for table in [open, open, over] {
            // Nobody is seen to own it.
            ledger.unsettled(&owned(&[]), true);
            ledger.judge(Transport::Tcp, &[table], &owned(&[]), true);
        }
        assert_eq!(ledger.direct().iter().map(|one| one.connections).collect::<Vec<_>>(), [1]);
    }

    #[test]
    fn what_a_container_says_to_itself_is_counted_once_and_is_no_way_past_the_proxy() {
        let mut ledger = ledger();
        let client = socket(4, "127.0.0.1:50004", "127.0.0.1:9000", State::Open);
        let server = socket(5, "127.0.0.1:9000", "127.0.0.1:50004", State::Open);
        let over = Socket { inode: 0, state: State::Over, ..server };
        // Nobody listens there any more.
        let short = socket(0, "[::1]:50009", "[::1]:9001", State::Over);
        for table in [&[client, server][..], &[over, short], &[short]] {
            ledger.judge(Transport::Tcp, table, &owned(&[]), true);
        }
        assert_eq!((ledger.loopback(), ledger.len()), (2, 0));
    }

    #[test]
    fn quic_is_told_apart_from_other_datagrams() {
        let mut ledger = ledger();
        let table = [
            socket(1, "10.0.0.2:50001", "203.0.113.7:443", State::Open),
            socket(2, "10.0.0.2:50002", "10.0.0.1:53", State::Open),
        ];
        ledger.judge(Transport::Quic, &table, &owned(&[1, 2]), false);
        assert_eq!(ledger.direct().len(), 1);
        assert_eq!(ledger.direct()[0].transport, Transport::Quic);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut ledger = ledger();
        for port in 1000_u32..2000 {
            let remote = format!("203.0.113.7:{port}");
            let table = [socket(u64::from(port), "10.0.0.2:50001", &remote, State::Open)];
            ledger.judge(Transport::Tcp, &table, &owned(&[port.into()]), false);
        }
        assert_eq!(ledger.len(), MOST);
    }
}
