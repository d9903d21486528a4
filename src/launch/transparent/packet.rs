//! One packet of the device: a TCP segment whose ends can be changed, or something that is refused.

use std::net::{IpAddr, SocketAddr};

use etherparse::icmpv4::DestUnreachableHeader;
use etherparse::icmpv6::DestUnreachableCode;
use etherparse::{
    Icmpv4Type, Icmpv6Type, IpHeaders, IpNumber, IpPayloadSlice, PacketBuilder, TcpHeader, UdpHeader,
};

/// Hops that a packet of ours may take; it takes one.
const TTL: u8 = 64;

/// What a packet is.
pub(super) enum Packet {
    /// TCP. Its headers have room for every option: some 9 KiB.
    Segment(Box<Segment>),
    /// UDP, from and to these.
    Datagram(SocketAddr, SocketAddr),
    /// Another protocol, from and to these.
    Other(IpAddr, IpAddr),
}

impl Packet {
    /// `None`: not a whole packet.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let (ip, payload) = IpHeaders::from_slice(bytes).ok()?;
        let (from, to) = addresses(&ip);
        let IpPayloadSlice { ip_number, payload, fragmented, .. } = payload;
        match ip_number {
            IpNumber::TCP if !fragmented => {
                let (tcp, content) = TcpHeader::from_slice(payload).ok()?;
                let content = bytes.len() - content.len()..bytes.len();
                Some(Self::Segment(Box::new(Segment { ip, tcp, content })))
            }
            IpNumber::UDP if !fragmented => {
                let (udp, _) = UdpHeader::from_slice(payload).ok()?;
                let source = SocketAddr::new(from, udp.source_port);
                Some(Self::Datagram(source, SocketAddr::new(to, udp.destination_port)))
            }
            _ => Some(Self::Other(from, to)),
        }
    }
}

/// A TCP segment in a packet.
pub(super) struct Segment {
    ip: IpHeaders,
    tcp: TcpHeader,
    content: std::ops::Range<usize>,
}

impl Segment {
    pub(super) fn source(&self) -> SocketAddr {
        SocketAddr::new(addresses(&self.ip).0, self.tcp.source_port)
    }

    pub(super) fn destination(&self) -> SocketAddr {
        SocketAddr::new(addresses(&self.ip).1, self.tcp.destination_port)
    }

    /// It asks for a connection.
    pub(super) fn begins(&self) -> bool {
        self.tcp.syn && !self.tcp.ack
    }

    /// It refuses one.
    pub(super) fn refuses(&self) -> bool {
        self.tcp.rst && self.tcp.ack
    }

    /// It accepts one.
    pub(super) fn accepts(&self) -> bool {
        self.tcp.syn && self.tcp.ack
    }

    /// Writes other ends into the packet that it was read from. Both must be of its own family; otherwise nothing is done and `None`
    /// is the answer.
    pub(super) fn readdress(&mut self, bytes: &mut [u8], from: SocketAddr, to: SocketAddr) -> Option<()> {
        (self.tcp.source_port, self.tcp.destination_port) = (from.port(), to.port());
        let content = bytes.get(self.content.clone())?;
        match (&mut self.ip, from.ip(), to.ip()) {
            (IpHeaders::Ipv4(ip, _), IpAddr::V4(from), IpAddr::V4(to)) => {
                (ip.source, ip.destination) = (from.octets(), to.octets());
                ip.header_checksum = ip.calc_header_checksum();
                self.tcp.checksum = self.tcp.calc_checksum_ipv4(ip, content).ok()?;
            }
            (IpHeaders::Ipv6(ip, _), IpAddr::V6(from), IpAddr::V6(to)) => {
                (ip.source, ip.destination) = (from.octets(), to.octets());
                self.tcp.checksum = self.tcp.calc_checksum_ipv6(ip, content).ok()?;
            }
            _ => return None,
        }
        let mut head = bytes.get_mut(..self.content.start)?;
        self.ip.write(&mut head).ok()?;
        self.tcp.write(&mut head).ok()
    }

    /// The packet that refuses it.
    pub(super) fn refusal(&self) -> Option<Vec<u8>> {
        let (from, to) = (self.destination(), self.source());
        let mut tcp = TcpHeader::new(from.port(), to.port(), 0, 0);
        tcp.rst = true;
        tcp.ack = true;
        tcp.acknowledgment_number = self.tcp.sequence_number.wrapping_add(1);
        let ip = builder(from.ip(), to.ip())?;
        let mut packet = Vec::new();
        ip.tcp_header(tcp).write(&mut packet, &[]).ok()?;
        Some(packet)
    }
}

/// Tells the sender of a datagram that nobody listens at its port (RFC 792; RFC 4443, section 3.1).
pub(super) fn unreachable(datagram: &[u8], from: SocketAddr, to: SocketAddr) -> Option<Vec<u8>> {
    // The network header without options, and the 8 bytes after it.
    let length = if from.is_ipv4() { 28 } else { 48 };
    let quoted = datagram.get(..length.min(datagram.len()))?;
    let ip = builder(to.ip(), from.ip())?;
    let message = match from {
        SocketAddr::V4(_) => ip.icmpv4(Icmpv4Type::DestinationUnreachable(DestUnreachableHeader::Port)),
        SocketAddr::V6(_) => {
            let mut packet = Vec::new();
            let message = ip.icmpv6(Icmpv6Type::DestinationUnreachable(DestUnreachableCode::Port));
            message.write(&mut packet, quoted).ok()?;
            return Some(packet);
        }
    };
    let mut packet = Vec::new();
    message.write(&mut packet, quoted).ok()?;
    Some(packet)
}

fn builder(from: IpAddr, to: IpAddr) -> Option<etherparse::PacketBuilderStep<IpHeaders>> {
    match (from, to) {
        (IpAddr::V4(from), IpAddr::V4(to)) => Some(PacketBuilder::ipv4(from.octets(), to.octets(), TTL)),
        (IpAddr::V6(from), IpAddr::V6(to)) => Some(PacketBuilder::ipv6(from.octets(), to.octets(), TTL)),
        _ => None,
    }
}

fn addresses(ip: &IpHeaders) -> (IpAddr, IpAddr) {
    match ip {
        IpHeaders::Ipv4(ip, _) => (ip.source.into(), ip.destination.into()),
        IpHeaders::Ipv6(ip, _) => (ip.source.into(), ip.destination.into()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A segment with some content, from and to these.
    pub(crate) fn segment(from: &str, to: &str, flags: &str, content: &[u8]) -> Vec<u8> {
        let (from, to): (SocketAddr, SocketAddr) = (from.parse().unwrap(), to.parse().unwrap());
        let mut tcp = TcpHeader::new(from.port(), to.port(), 1000, 500);
        (tcp.syn, tcp.ack, tcp.rst) = (flags.contains('S'), flags.contains('A'), flags.contains('R'));
        tcp.set_options_raw(&[2, 4, 5, 180]).unwrap();
        let mut packet = Vec::new();
        builder(from.ip(), to.ip()).unwrap().tcp_header(tcp).write(&mut packet, content).unwrap();
        packet
    }

    pub(crate) fn ends(packet: &[u8]) -> (String, String) {
        match Packet::parse(packet).unwrap() {
            Packet::Segment(segment) => (segment.source().to_string(), segment.destination().to_string()),
            Packet::Datagram(from, to) => (from.to_string(), to.to_string()),
            Packet::Other(from, to) => (from.to_string(), to.to_string()),
        }
    }

    #[test]
    fn a_readdressed_segment_is_what_a_new_one_would_be() {
        for [from, to, other_from, other_to] in [
            ["198.18.0.2:40000", "192.0.2.7:443", "198.18.0.3:1024", "198.18.0.2:9"],
            ["[fd73::2]:40000", "[2001:db8::7]:443", "[fd73::3]:1024", "[fd73::2]:9"],
        ] {
            let mut packet = segment(from, to, "A", b"odd");
            let Some(Packet::Segment(mut read)) = Packet::parse(&packet) else { panic!("a segment") };
            read.readdress(&mut packet, other_from.parse().unwrap(), other_to.parse().unwrap()).unwrap();
            assert_eq!(packet, segment(other_from, other_to, "A", b"odd"));
            let mixed =
                read.readdress(&mut packet, "192.0.2.1:1".parse().unwrap(), "[::1]:1".parse().unwrap());
            assert!(mixed.is_none());
        }
    }

    #[test]
    fn a_refusal_acknowledges_the_start_and_goes_back() {
        let packet = segment("198.18.0.2:40000", "192.0.2.7:443", "S", b"");
        let Some(Packet::Segment(start)) = Packet::parse(&packet) else { panic!("a segment") };
        let refusal = start.refusal().unwrap();
        assert_eq!(ends(&refusal), ("192.0.2.7:443".to_owned(), "198.18.0.2:40000".to_owned()));
        let Some(Packet::Segment(refusal)) = Packet::parse(&refusal) else { panic!("a segment") };
        assert!(refusal.refuses());
        assert_eq!(refusal.tcp.acknowledgment_number, 1001);
    }

    #[test]
    fn an_unreachable_port_is_told_with_the_beginning_of_what_was_sent() {
        let mut packet = Vec::new();
        PacketBuilder::ipv4([198, 18, 0, 2], [192, 0, 2, 7], TTL)
            .udp(40000, 443)
            .write(&mut packet, &[7; 100])
            .unwrap();
        let Some(Packet::Datagram(from, to)) = Packet::parse(&packet) else { panic!("a datagram") };
        let told = unreachable(&packet, from, to).unwrap();
        assert_eq!(ends(&told), ("192.0.2.7".to_owned(), "198.18.0.2".to_owned()));
        assert_eq!((told[20], told[21], &told[28..]), (3, 3, &packet[..28]));
    }

    #[test]
    fn rubbish_is_nothing() {
        for rubbish in [&b""[..], &[0x45], &[0; 40], &[0x60; 10]] {
            assert!(Packet::parse(rubbish).is_none());
        }
    }
}
