//! The command's own network: a device that hands its packets to samewire, addresses, routes. Runs inside the new namespaces, where no
//! `ip` may be, so the kernel is asked by netlink.

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use netlink_packet_core::{
    NLM_F_ACK, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload,
};
use netlink_packet_route::address::{AddressAttribute, AddressHeaderFlags, AddressMessage};
use netlink_packet_route::link::{LinkAttribute, LinkFlags, LinkMessage};
use netlink_packet_route::route::{
    RouteAddress, RouteAttribute, RouteMessage, RouteProtocol, RouteScope, RouteType,
};
use netlink_packet_route::rule::{RuleAction, RuleAttribute, RuleMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use tappers::Tun;

use super::addresses::{CLIENT, CLIENT_V6, MTU, NAMES, PREFIX, PREFIX_V6};

/// The kernel's table of local addresses.
const LOCAL: u8 = 255;
/// Our table: loopback addresses lead to the device.
const LOOPBACK: u8 = 100;

/// Opens a device. Its name is the system's choice.
pub(super) fn open() -> io::Result<(Tun, String)> {
    let device = Tun::new()?;
    let name = device.name()?.name().to_string_lossy().into_owned();
    Ok((device, name))
}

/// Gives the network its addresses, and the device as its only way out. True where loopback addresses lead there as well.
pub(super) fn set_up(name: &str, with_v6: bool) -> io::Result<bool> {
    let mut kernel = Kernel::open()?;
    let (lo, device) = (index("lo")?, index(name)?);
    // No router is asked for, and none is believed.
    let _ = set(&format!("ipv6/conf/{name}/accept_ra"), "0");
    kernel.up(lo, None)?;
    kernel.address(lo, NAMES.into(), 32)?;
    kernel.address(device, CLIENT.into(), PREFIX)?;
    if with_v6 {
        kernel.address(device, CLIENT_V6.into(), PREFIX_V6)?;
    }
    kernel.up(device, Some(MTU))?;
    kernel.route(RouteMessage::default(), AddressFamily::Inet, device)?;
    if with_v6 {
        kernel.route(RouteMessage::default(), AddressFamily::Inet6, device)?;
    }
    Ok(lead_loopback(&mut kernel, name, device).is_ok())
}

/// Leads what is sent to loopback addresses to the device; what comes out of the device for them is delivered as ever.
fn lead_loopback(kernel: &mut Kernel, name: &str, device: u32) -> io::Result<()> {
    // Without this the kernel drops such packets anywhere but on `lo`.
    // A container's settings cannot be written to from inside; its engine was told the same for all devices.
    let is_allowed = is_on("ipv4/conf/all/route_localnet");
    set(&format!("ipv4/conf/{name}/route_localnet"), "1")
        .or_else(|error| is_allowed.then_some(()).ok_or(error))?;
    let mut route = RouteMessage::default();
    route.header.table = LOOPBACK;
    route.header.destination_prefix_length = 8;
    route.header.scope = RouteScope::Link;
    route.attributes = vec![
        RouteAttribute::Destination(RouteAddress::Inet(Ipv4Addr::new(127, 0, 0, 0))),
        RouteAttribute::PrefSource(RouteAddress::Inet(Ipv4Addr::LOCALHOST)),
    ];
    kernel.route(route, AddressFamily::Inet, device)?;
    let mut from_here = rule(LOOPBACK, 10);
    from_here.header.dst_len = 8;
    from_here.attributes.push(RuleAttribute::Destination(Ipv4Addr::new(127, 0, 0, 0).into()));
    // A packet that is sent from here has come in by `lo`, to the rules.
    from_here.attributes.push(RuleAttribute::Iifname("lo".to_owned()));
    kernel.add(RouteNetlinkMessage::NewRule(from_here))?;
    // The kernel's rule for local addresses stands before all others: it has to come after ours.
    kernel.add(RouteNetlinkMessage::NewRule(rule(LOCAL, 20)))?;
    kernel.ask(RouteNetlinkMessage::DelRule(rule(LOCAL, 0)), 0)
}

fn rule(table: u8, priority: u32) -> RuleMessage {
    let mut rule = RuleMessage::default();
    rule.header.family = AddressFamily::Inet;
    rule.header.table = table;
    rule.header.action = RuleAction::ToTable;
    rule.attributes = vec![RuleAttribute::Priority(priority)];
    rule
}

fn set(name: &str, value: &str) -> io::Result<()> {
    std::fs::write(format!("/proc/sys/net/{name}"), value)
}

fn is_on(name: &str) -> bool {
    std::fs::read(format!("/proc/sys/net/{name}")).is_ok_and(|value| value.trim_ascii() == b"1")
}

fn index(name: &str) -> io::Result<u32> {
    tappers::Interface::new(name)?.index()
}

/// The kernel's networking, by netlink.
struct Kernel {
    socket: Socket,
}

impl Kernel {
    fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        Ok(Self { socket })
    }

    fn up(&mut self, link: u32, mtu: Option<u32>) -> io::Result<()> {
        let mut message = LinkMessage::default();
        message.header.index = link;
        message.header.flags = LinkFlags::Up;
        message.header.change_mask = LinkFlags::Up;
        message.attributes = mtu.map(LinkAttribute::Mtu).into_iter().collect();
        self.ask(RouteNetlinkMessage::SetLink(message), 0)
    }

    fn address(&mut self, link: u32, address: IpAddr, prefix: u8) -> io::Result<()> {
        let mut message = AddressMessage::default();
        message.header.family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        message.header.prefix_len = prefix;
        message.header.index = link;
        // Nobody else is on this network: no need to ask whether the address is taken, which would delay its use.
        message.header.flags = AddressHeaderFlags::Nodad;
        message.attributes = vec![AddressAttribute::Local(address), AddressAttribute::Address(address)];
        self.add(RouteNetlinkMessage::NewAddress(message))
    }

    fn route(&mut self, mut route: RouteMessage, family: AddressFamily, device: u32) -> io::Result<()> {
        route.header.address_family = family;
        route.header.protocol = RouteProtocol::Static;
        route.header.kind = RouteType::Unicast;
        if route.header.table == 0 {
            route.header.table = netlink_packet_route::route::RouteHeader::RT_TABLE_MAIN;
        }
        route.attributes.push(RouteAttribute::Oif(device));
        self.add(RouteNetlinkMessage::NewRoute(route))
    }

    fn add(&mut self, message: RouteNetlinkMessage) -> io::Result<()> {
        self.ask(message, NLM_F_CREATE | NLM_F_EXCL)
    }

    /// Asks for one thing and waits for the kernel's answer.
    fn ask(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<()> {
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST | NLM_F_ACK | flags;
        let mut message = NetlinkMessage::new(header, NetlinkPayload::from(message));
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);
        self.socket.send(&bytes, 0)?;
        let (answer, _) = self.socket.recv_from_full()?;
        let answer = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&answer)
            .map_err(|error| io::Error::other(error.to_string()))?;
        match answer.payload {
            NetlinkPayload::Error(error) if error.code.is_some() => Err(error.to_io()),
            _ => Ok(()),
        }
    }
}
