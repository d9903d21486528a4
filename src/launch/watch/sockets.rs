//! The kernel's tables of TCP and UDP sockets, `/proc/PID/net/{tcp,tcp6,udp,udp6}`, as text. No I/O.
//!
//! The columns are described in the kernel's `Documentation/networking/proc_net_tcp.rst`: addresses are groups of four bytes in the
//! machine's order, ports are in network order, all hexadecimal.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A socket as the table has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Socket {
    /// Its own address.
    pub(super) local: SocketAddr,
    /// Where it leads to; the unspecified address where it leads nowhere.
    pub(super) remote: SocketAddr,
    /// Its state.
    pub(super) state: State,
    /// The inode that descriptors name; 0 once its process has closed it.
    pub(super) inode: u64,
}

/// States that matter here (`include/net/tcp_states.h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Open, or half closed.
    Open,
    /// The first packet was sent, nothing came back yet.
    Connecting,
    /// Over, and remembered for a minute.
    Over,
    /// Waits for connections.
    Listening,
    /// Anything else.
    Other,
}

/// The sockets of a table; lines that are none are left out.
pub(super) fn sockets(table: &str) -> impl Iterator<Item = Socket> {
    table.lines().filter_map(socket)
}

fn socket(line: &str) -> Option<Socket> {
    let mut columns = line.split_ascii_whitespace();
    let number = columns.next()?;
    number.strip_suffix(':')?.parse::<u64>().ok()?;
    let (local, remote) = (address(columns.next()?)?, address(columns.next()?)?);
    let state = match columns.next()? {
        "01" | "04" | "05" | "08" | "09" | "0B" => State::Open,
        "02" => State::Connecting,
        "06" => State::Over,
        "0A" => State::Listening,
        _ => State::Other,
    };
    // tx_queue:rx_queue, tr:tm->when, retrnsmt, uid, timeout, inode
    let inode = columns.nth(5)?.parse().ok()?;
    Some(Socket { local, remote, state, inode })
}

fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let group = |at: usize| {
        let digits =
            ip.get(at..at + 8).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).map(u32::to_ne_bytes)
    };
    let ip = match ip.len() {
        8 => IpAddr::V4(Ipv4Addr::from(group(0)?)),
        32 => {
            let mut bytes = [0; 16];
            for (at, place) in bytes.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&group(at * 8)?);
            }
            // A socket of both families shows IPv4 addresses in their mapped form.
            Ipv6Addr::from(bytes).to_canonical()
        }
        _ => return None,
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[cfg(target_endian = "little")]
    #[test]
    fn lines_are_read_as_the_kernel_writes_them() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0000000000000000 100 0 0 10 0
   1: 0A01A8C0:C350 077100CB:01BB 01 00000000:00000000 02:000000A0 00000000  1000        0 4243 2 0000000000000000 20 4 30 10 -1
";
        let found: Vec<Socket> = sockets(table).collect();
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].local.to_string(), found[0].state), ("127.0.0.1:8080".into(), State::Listening));
        assert_eq!(
            (found[1].remote.to_string(), found[1].state, found[1].inode),
            ("203.0.113.7:443".into(), State::Open, 4243)
        );
        let six = "   0: 0000000000000000FFFF00000100007F:C350 00000000000000000000000001000000:0050 02 00000000:00000000 00:00000000 00000000 0 0 7 1";
        let found = socket(six).unwrap();
        assert_eq!(
            (found.local.to_string(), found.remote.to_string()),
            ("127.0.0.1:50000".into(), "[::1]:80".into())
        );
        assert_eq!(found.state, State::Connecting);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[0-9A-F: \n]{0,200}|.{0,80}") {
            let _ = sockets(&text).count();
        }

        #[test]
        fn any_address_comes_back(ip: [u8; 4], port: u16, inode: u64) {
            let line = format!("  9: {:08X}:{port:04X} 00000000:0000 01 0:0 0:0 0 0 0 {inode} 1", u32::from_ne_bytes(ip));
            let found = socket(&line).unwrap();
            prop_assert_eq!(found.local, SocketAddr::new(ip.into(), port));
            prop_assert_eq!(found.inode, inode);
        }
    }
}
