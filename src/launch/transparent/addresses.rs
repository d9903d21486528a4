//! The addresses of the command's own network. They come from the range for benchmarks (RFC 2544), which no real API has.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The loopback interface of the machine outside: what listens there on 127.0.0.1 is reached by this address.
pub(in crate::launch) const HOST: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);

/// The network's only own address: the source of all connections.
pub(in crate::launch) const CLIENT: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 2);

/// As which samewire's end of a connection is seen by the listener inside. Nobody has it.
pub(super) const PEER: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 3);

/// Where names are answered.
pub(in crate::launch) const NAMES: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 53);

/// Length of the prefix that the four above share.
pub(super) const PREFIX: u8 = 24;

/// The first address for names that are led elsewhere and have none of their own; they go on to the end of 198.19.0.0/16.
pub(super) const INVENTED: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 0);

/// How many of those there are.
pub(super) const INVENTED_COUNT: u32 = 2 * 65536 - 256;

/// [`CLIENT`] in IPv6: a unique local address (RFC 4193).
pub(super) const CLIENT_V6: Ipv6Addr = Ipv6Addr::new(0xfd73, 0x616d, 0x6577, 0, 0, 0, 0, 2);

/// [`PEER`] in IPv6.
pub(super) const PEER_V6: Ipv6Addr = Ipv6Addr::new(0xfd73, 0x616d, 0x6577, 0, 0, 0, 0, 3);

/// Length of the prefix that those two share.
pub(super) const PREFIX_V6: u8 = 64;

/// The largest packet: connections inside are fast by it.
pub(super) const MTU: u32 = 65520;

/// The listener's and the peer's address for clients that connect to `to`.
pub(super) fn ends(to: IpAddr) -> (IpAddr, IpAddr) {
    match to {
        IpAddr::V4(_) => (CLIENT.into(), PEER.into()),
        IpAddr::V6(_) => (CLIENT_V6.into(), PEER_V6.into()),
    }
}
