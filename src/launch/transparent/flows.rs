//! The connections of the command, by their packets. No I/O: packets in, packets out.
//!
//! The kernel's own TCP is at both ends of every connection: the client's, and that of a listener of samewire's in the same network.
//! Only the addresses differ between what the one sends and what the other is to see; they are changed here. A connection begins when
//! samewire has one to where it goes: until then the client's first packet is kept.

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, SocketAddr};

use super::addresses;
use super::packet::{Packet, Segment, unreachable};

/// Names a connection: the port under which the listener sees it.
pub(super) type Port = u16;

/// The first one.
const FIRST: Port = 1024;

/// What becomes of a packet.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It goes back into the network, as it now is.
    Return,
    /// This does.
    Answer(Vec<u8>),
    /// The client asks for a connection to this address: [`Flows::open`] or [`Flows::refuse`] is the answer.
    Begin(Port, SocketAddr),
    /// Nothing.
    Drop,
}

/// The connections of the command.
pub(super) struct Flows {
    /// The listener's ports: of IPv4, of IPv6.
    listeners: (u16, u16),
    open: HashMap<Port, Flow>,
    ports: HashMap<(SocketAddr, SocketAddr), Port>,
    next: Port,
    /// Connections to loopback addresses that are being tried inside, with their first packets.
    tried: HashMap<(SocketAddr, SocketAddr), Vec<u8>>,
    refused: BTreeMap<u16, u32>,
}

struct Flow {
    client: SocketAddr,
    to: SocketAddr,
    state: State,
}

enum State {
    /// The first packet is kept.
    Waiting(Vec<u8>),
    Open,
    /// samewire's end is closed; the last packets may still be under way.
    Ended,
}

impl Flows {
    /// For listeners at these ports.
    pub(super) fn new(listener: u16, listener_v6: u16) -> Self {
        Self {
            listeners: (listener, listener_v6),
            open: HashMap::new(),
            ports: HashMap::new(),
            next: FIRST,
            tried: HashMap::new(),
            refused: BTreeMap::new(),
        }
    }

    /// Takes a packet that came out of the command's network.
    pub(super) fn take(&mut self, bytes: &mut [u8]) -> Next {
        match Packet::parse(bytes) {
            Some(Packet::Segment(segment)) => self.take_segment(*segment, bytes),
            Some(Packet::Datagram(from, to)) => self.take_datagram(bytes, from, to),
            Some(Packet::Other(from, to)) if from.is_loopback() && to.is_loopback() => Next::Return,
            _ => Next::Drop,
        }
    }

    /// The first packet of a connection, as the listener is to see it.
    pub(super) fn open(&mut self, port: Port) -> Option<Vec<u8>> {
        let mut packet = self.answered(port, State::Open)?;
        let Some(Packet::Segment(mut segment)) = Packet::parse(&packet) else { return None };
        let (from, to) = self.towards_listener(port, segment.destination());
        segment.readdress(&mut packet, from, to)?;
        Some(packet)
    }

    /// The packet that tells the client that its connection is refused.
    pub(super) fn refuse(&mut self, port: Port) -> Option<Vec<u8>> {
        let packet = self.answered(port, State::Ended)?;
        let Some(Packet::Segment(segment)) = Packet::parse(&packet) else { return None };
        segment.refusal()
    }

    /// samewire's end of a connection is closed.
    pub(super) fn end(&mut self, port: Port) {
        if let Some(flow) = self.open.get_mut(&port) {
            flow.state = State::Ended;
        }
    }

    /// Datagrams that were refused, by the port they were for.
    pub(super) fn refused(&self) -> &BTreeMap<u16, u32> {
        &self.refused
    }

    fn take_segment(&mut self, mut segment: Segment, bytes: &mut [u8]) -> Next {
        let (from, to) = (segment.source(), segment.destination());
        let (listener, peer) = self.ends(to.ip());
        if from == listener && to.ip() == peer {
            // The listener's end speaks.
            let Some(flow) = self.open.get(&to.port()) else { return Next::Drop };
            return returned(segment.readdress(bytes, flow.to, flow.client));
        }
        if let Some(&port) = self.ports.get(&(from, to))
            && let Some(flow) = self.open.get(&port)
        {
            match flow.state {
                State::Waiting(_) => return Next::Drop,
                State::Ended if segment.begins() => {}
                State::Open | State::Ended => {
                    let (from, to) = self.towards_listener(port, to);
                    return returned(segment.readdress(bytes, from, to));
                }
            }
        }
        if from.ip().is_loopback() && to.ip().is_loopback() {
            return self.try_inside(&segment, bytes);
        }
        if segment.begins() { self.begin(from, to, bytes.to_vec()) } else { Next::Drop }
    }

    /// A loopback address belongs to the command's own network, where somebody listens there; else to the machine's.
    fn try_inside(&mut self, segment: &Segment, bytes: &[u8]) -> Next {
        let (from, to) = (segment.source(), segment.destination());
        if segment.begins() {
            self.tried.insert((from, to), bytes.to_vec());
        } else if segment.accepts() {
            self.tried.remove(&(to, from));
        } else if segment.refuses()
            && let Some(first) = self.tried.remove(&(to, from))
        {
            return self.begin(to, from, first);
        }
        Next::Return
    }

    fn begin(&mut self, client: SocketAddr, to: SocketAddr, first: Vec<u8>) -> Next {
        let Some(port) = self.free_port() else { return Next::Drop };
        self.ports.insert((client, to), port);
        self.open.insert(port, Flow { client, to, state: State::Waiting(first) });
        Next::Begin(port, to)
    }

    /// The first packet of a connection that waited for an answer, which makes it this.
    fn answered(&mut self, port: Port, state: State) -> Option<Vec<u8>> {
        let flow = self.open.get_mut(&port)?;
        let State::Waiting(packet) = &mut flow.state else { return None };
        let packet = std::mem::take(packet);
        flow.state = state;
        Some(packet)
    }

    /// Ports are taken in turn, so that one is used again as late as can be: until then its last packets find their way.
    fn free_port(&mut self) -> Option<Port> {
        for _ in FIRST..=Port::MAX {
            let port = self.next;
            self.next = port.checked_add(1).unwrap_or(FIRST);
            match self.open.get(&port) {
                None => return Some(port),
                Some(Flow { client, to, state: State::Ended }) => {
                    if self.ports.get(&(*client, *to)) == Some(&port) {
                        self.ports.remove(&(*client, *to));
                    }
                    return Some(port);
                }
                Some(_) => {}
            }
        }
        None
    }

    fn take_datagram(&mut self, bytes: &[u8], from: SocketAddr, to: SocketAddr) -> Next {
        if from.ip().is_loopback() && to.ip().is_loopback() {
            return Next::Return;
        }
        let announcement = match to.ip() {
            IpAddr::V4(to) => to.is_multicast() || to.is_broadcast(),
            IpAddr::V6(to) => to.is_multicast(),
        };
        if announcement {
            return Next::Drop;
        }
        let count = self.refused.entry(to.port()).or_default();
        *count = count.saturating_add(1);
        unreachable(bytes, from, to).map_or(Next::Drop, Next::Answer)
    }

    fn towards_listener(&self, port: Port, to: SocketAddr) -> (SocketAddr, SocketAddr) {
        let (listener, peer) = self.ends(to.ip());
        (SocketAddr::new(peer, port), listener)
    }

    fn ends(&self, to: IpAddr) -> (SocketAddr, IpAddr) {
        let (listener, peer) = addresses::ends(to);
        let port = if to.is_ipv4() { self.listeners.0 } else { self.listeners.1 };
        (SocketAddr::new(listener, port), peer)
    }
}

fn returned(readdressed: Option<()>) -> Next {
    readdressed.map_or(Next::Drop, |()| Next::Return)
}

#[cfg(test)]
mod tests {
    use super::super::packet::tests::{ends, segment};
    use super::*;

    const API: &str = "192.0.2.7:443";
    const CLIENT: &str = "198.18.0.2:40000";

    fn flows() -> Flows {
        Flows::new(9000, 9006)
    }

    fn begun(next: &Next) -> Port {
        let Next::Begin(port, _) = *next else { panic!("{next:?}") };
        port
    }

    #[test]
    fn a_connection_waits_until_it_is_opened_and_then_goes_both_ways() {
        let mut flows = flows();
        let mut first = segment(CLIENT, API, "S", b"");
        let Next::Begin(port, to) = flows.take(&mut first) else { panic!("a beginning") };
        assert_eq!(to, API.parse().unwrap());
        assert_eq!(flows.take(&mut segment(CLIENT, API, "S", b"")), Next::Drop, "the same again");
        let opened = flows.open(port).unwrap();
        let (peer, listener) = (format!("198.18.0.3:{port}"), "198.18.0.2:9000".to_owned());
        assert_eq!(ends(&opened), (peer.clone(), listener.clone()));
        let mut answer = segment(&listener, &peer, "SA", b"");
        assert_eq!(flows.take(&mut answer), Next::Return);
        assert_eq!(ends(&answer), (API.to_owned(), CLIENT.to_owned()));
        let mut more = segment(CLIENT, API, "A", b"GET");
        assert_eq!(flows.take(&mut more), Next::Return);
        assert_eq!(ends(&more), (peer, listener));
    }

    #[test]
    fn a_refused_one_may_be_tried_again() {
        let mut flows = flows();
        let port = begun(&flows.take(&mut segment(CLIENT, API, "S", b"")));
        assert_eq!(ends(&flows.refuse(port).unwrap()), (API.to_owned(), CLIENT.to_owned()));
        assert!(flows.refuse(port).is_none() && flows.open(port).is_none());
        let again = begun(&flows.take(&mut segment(CLIENT, API, "S", b"")));
        assert_ne!(again, port);
    }

    #[test]
    fn loopback_is_tried_inside_first() {
        let mut flows = flows();
        let (client, server) = ("127.0.0.1:40000", "127.0.0.1:8080");
        assert_eq!(flows.take(&mut segment(client, server, "S", b"")), Next::Return);
        assert_eq!(flows.take(&mut segment(server, client, "SA", b"")), Next::Return);
        assert_eq!(
            flows.take(&mut segment(server, client, "RA", b"")),
            Next::Return,
            "a later reset is passed"
        );
        assert_eq!(flows.take(&mut segment(client, server, "S", b"")), Next::Return);
        let port = begun(&flows.take(&mut segment(server, client, "RA", b"")));
        assert_eq!(ends(&flows.open(port).unwrap()).1, "198.18.0.2:9000");
        let mut more = segment(client, server, "A", b"GET");
        assert_eq!((flows.take(&mut more), ends(&more).1.as_str()), (Next::Return, "198.18.0.2:9000"));
        let mut answer = segment("198.18.0.2:9000", &format!("198.18.0.3:{port}"), "A", b"HTTP");
        assert_eq!(flows.take(&mut answer), Next::Return);
        assert_eq!(ends(&answer), (server.to_owned(), client.to_owned()));
    }

    #[test]
    fn datagrams_are_refused_and_counted_but_for_announcements_and_loopback() {
        let mut flows = flows();
        let datagram = |to: [u8; 4], port| {
            let mut packet = Vec::new();
            let from = if to[0] == 127 { [127, 0, 0, 1] } else { [198, 18, 0, 2] };
            let builder = etherparse::PacketBuilder::ipv4(from, to, 64).udp(40000, port);
            builder.write(&mut packet, b"x").unwrap();
            packet
        };
        assert!(matches!(flows.take(&mut datagram([192, 0, 2, 7], 443)), Next::Answer(_)));
        assert!(matches!(flows.take(&mut datagram([192, 0, 2, 8], 443)), Next::Answer(_)));
        assert_eq!(flows.take(&mut datagram([224, 0, 0, 251], 5353)), Next::Drop);
        assert_eq!(flows.take(&mut datagram([127, 0, 0, 1], 53)), Next::Return);
        assert_eq!(flows.refused().iter().collect::<Vec<_>>(), [(&443, &2)]);
    }

    #[test]
    fn a_port_is_used_again_only_after_its_end_and_all_others() {
        let mut flows = flows();
        let open = begun(&flows.take(&mut segment(CLIENT, API, "S", b"")));
        flows.open(open).unwrap();
        let mut seen = std::collections::HashSet::new();
        for _ in FIRST..Port::MAX {
            let port =
                begun(&flows.begin(CLIENT.parse().unwrap(), "192.0.2.8:1".parse().unwrap(), Vec::new()));
            assert!(port != open && seen.insert(port));
            flows.end(port);
        }
        let again = begun(&flows.begin(CLIENT.parse().unwrap(), "192.0.2.8:1".parse().unwrap(), Vec::new()));
        assert!(again != open && seen.contains(&again));
    }
}
