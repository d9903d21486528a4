//! Where samewire does not go: to itself, and to the metadata services of clouds.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// EC2's metadata service over IPv6.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Why an address is no target, judged by the address that will be connected to, in whatever notation it came.
pub(super) fn forbidden(address: SocketAddr, own: &[SocketAddr]) -> Option<&'static str> {
    let ip = address.ip().to_canonical();
    if let Some(why) = metadata(ip) {
        return Some(why);
    }
    // An unspecified address reaches this machine; so do all of 127/8 when the listener has no address of its own.
    let here = ip.is_unspecified() || ip.is_loopback();
    let itself = own.iter().any(|listener| {
        let bound = listener.ip().to_canonical();
        listener.port() == address.port()
            && (bound == ip || (bound.is_unspecified() && here) || ip.is_unspecified())
    });
    itself.then_some("it is samewire's own listener")
}

/// Why an address without a port is no target.
pub(super) fn metadata(ip: IpAddr) -> Option<&'static str> {
    let link_local = match ip.to_canonical() {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local() || ip == METADATA_V6,
    };
    link_local.then_some("it is a link-local address, where clouds keep their metadata services")
}

/// True when a connection has arrived at one of samewire's own listeners by an address of this machine that
/// only the system knows: then both ends have the same address.
pub(super) fn is_own(local: SocketAddr, peer: SocketAddr, own: &[SocketAddr]) -> bool {
    local.ip().to_canonical() == peer.ip().to_canonical()
        && own.iter().any(|listener| listener.port() == peer.port() && listener.ip().is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_listeners_are_refused_in_any_notation() {
        let own: Vec<SocketAddr> = vec!["127.0.0.1:8877".parse().unwrap()];
        for address in ["127.0.0.1:8877", "0.0.0.0:8877", "[::]:8877", "[::ffff:127.0.0.1]:8877"] {
            assert!(forbidden(address.parse().unwrap(), &own).is_some(), "{address}");
        }
        for address in ["127.0.0.1:8878", "127.0.0.2:8877", "[::1]:8877", "10.0.0.1:8877"] {
            assert!(forbidden(address.parse().unwrap(), &own).is_none(), "{address}");
        }
        let any: Vec<SocketAddr> = vec!["0.0.0.0:8877".parse().unwrap()];
        assert!(forbidden("127.9.9.9:8877".parse().unwrap(), &any).is_some());
        let here = "192.0.2.1:8877".parse().unwrap();
        assert!(is_own("192.0.2.1:50000".parse().unwrap(), here, &any));
    }

    #[test]
    fn metadata_services_are_refused_in_any_notation() {
        for address in
            ["169.254.169.254:80", "[::ffff:169.254.169.254]:80", "[fe80::1]:80", "[fd00:ec2::254]:80"]
        {
            assert!(forbidden(address.parse().unwrap(), &[]).is_some(), "{address}");
        }
        assert!(forbidden("[fd00:ec2::253]:80".parse().unwrap(), &[]).is_none());
    }
}
