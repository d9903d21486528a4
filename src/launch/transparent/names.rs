//! Names are answered here, by the machine's own resolver, so that it is known under which name an address was found.

use std::collections::HashMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use simple_dns::rdata::{A, AAAA, RData};
use simple_dns::{CLASS, OPCODE, Packet, PacketFlag, QTYPE, RCODE, ResourceRecord, TYPE};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

use super::addresses::{HOST, INVENTED, INVENTED_COUNT};
use crate::launch::container::Residents;

/// Seconds for which a client may keep an answer.
const LIFETIME: u32 = 30;
/// For the machine's resolver, where samewire can do without.
const PATIENCE: Duration = Duration::from_secs(1);
/// Addresses in an answer: with any name they fit into the 512 bytes of a datagram (RFC 1035, section 4.2.1).
const MOST: usize = 8;
/// Names kept for an address.
const MOST_NAMES: usize = 32;
const HOSTS_FILE: &str = "/etc/hosts";

/// True for a name that samewire reaches although the machine's resolver does not know it.
pub type IsLedElsewhere = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// What a container knows by itself.
pub(in crate::launch) struct Near {
    /// Its hosts file, which it reads in place of this machine's.
    pub(in crate::launch) hosts: String,
    /// Names on the container's network.
    pub(in crate::launch) residents: Residents,
}

/// The names that were asked for, and their addresses.
pub(super) struct Names {
    table: Mutex<Table>,
    led_elsewhere: IsLedElsewhere,
    /// Who else lives on the network that the container would be on.
    residents: Option<Residents>,
}

#[derive(Default)]
struct Table {
    /// The most recent name last.
    names: HashMap<IpAddr, Vec<String>>,
    invented: HashMap<String, Ipv4Addr>,
}

impl Names {
    pub(super) fn new(led_elsewhere: IsLedElsewhere, near: Option<Near>) -> Self {
        let mut table = Table::default();
        let (hosts, residents) = match near {
            Some(near) => (near.hosts, Some(near.residents)),
            None => (std::fs::read_to_string(HOSTS_FILE).unwrap_or_default(), None),
        };
        // Clients read this file themselves and do not ask for what stands in it.
        table.learn_hosts(&hosts);
        Self { table: Mutex::new(table), led_elsewhere, residents }
    }

    /// Loopback addresses are the clients' own: what nobody answers inside, nobody answers.
    pub(super) fn has_own_loopback(&self) -> bool {
        self.residents.is_some()
    }

    /// The names under which an address was found, the most recent last.
    pub(super) fn of(&self, address: IpAddr) -> Vec<String> {
        self.table().names.get(&address).cloned().unwrap_or_default()
    }

    /// Answers datagrams, for ever.
    pub(super) async fn answer_datagrams(self: Arc<Self>, socket: UdpSocket) {
        let socket = Arc::new(socket);
        let mut buffer = [0; 4096];
        loop {
            let Ok((length, client)) = socket.recv_from(&mut buffer).await else { continue };
            let query = buffer[..length].to_vec();
            let (names, socket) = (Arc::clone(&self), Arc::clone(&socket));
            tokio::spawn(async move {
                if let Some(answer) = names.answer(&query).await
                    && let Err(error) = socket.send_to(&answer, client).await
                {
                    tracing::debug!(%error, "a name's answer could not be sent");
                }
            });
        }
    }

    /// Answers over TCP, for ever.
    pub(super) async fn answer_streams(self: Arc<Self>, listener: TcpListener) {
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let names = Arc::clone(&self);
            tokio::spawn(async move { names.answer_stream(stream).await });
        }
    }

    async fn answer_stream(&self, mut stream: TcpStream) -> io::Result<()> {
        loop {
            let length = stream.read_u16().await?;
            let mut query = vec![0; length.into()];
            stream.read_exact(&mut query).await?;
            let Some(answer) = self.answer(&query).await else { return Ok(()) };
            stream.write_u16(u16::try_from(answer.len()).unwrap_or_default()).await?;
            stream.write_all(&answer).await?;
        }
    }

    async fn answer(&self, query: &[u8]) -> Option<Vec<u8>> {
        let query = Packet::parse(query).ok()?;
        if query.has_flags(PacketFlag::RESPONSE) {
            return None;
        }
        let mut reply = Packet::new_reply(query.id());
        reply.set_flags(PacketFlag::RECURSION_AVAILABLE);
        if query.has_flags(PacketFlag::RECURSION_DESIRED) {
            reply.set_flags(PacketFlag::RECURSION_DESIRED);
        }
        match query.questions.first() {
            Some(question) if query.opcode() == OPCODE::StandardQuery => {
                let name = question.qname.to_string().to_ascii_lowercase();
                match self.look_up(&name, question.qtype).await {
                    Ok(addresses) => {
                        reply.answers = addresses
                            .into_iter()
                            .map(|address| {
                                let data = match address {
                                    IpAddr::V4(address) => RData::A(A { address: address.into() }),
                                    IpAddr::V6(address) => RData::AAAA(AAAA { address: address.into() }),
                                };
                                ResourceRecord::new(question.qname.clone(), CLASS::IN, LIFETIME, data)
                            })
                            .collect();
                    }
                    Err(code) => *reply.rcode_mut() = code,
                }
                reply.questions.push(question.clone());
            }
            _ => *reply.rcode_mut() = RCODE::NotImplemented,
        }
        reply.build_bytes_vec_compressed().ok()
    }

    /// The addresses of a type. Other types have none: the resolver's interface tells no other records.
    async fn look_up(&self, name: &str, kind: QTYPE) -> Result<Vec<IpAddr>, RCODE> {
        let wants_v4 = kind == QTYPE::TYPE(TYPE::A);
        if !wants_v4 && kind != QTYPE::TYPE(TYPE::AAAA) {
            return Ok(Vec::new());
        }
        let mut addresses = self.near(name).await;
        if addresses.is_empty() {
            addresses = self.far(name).await?;
        }
        addresses.retain(|address| address.is_ipv4() == wants_v4);
        addresses.truncate(MOST);
        let mut table = self.table();
        for address in &addresses {
            table.learn(*address, name);
        }
        Ok(addresses)
    }

    /// Of the container's own network. What is this machine's loopback address there has another one inside.
    async fn near(&self, name: &str) -> Vec<IpAddr> {
        let Some(residents) = &self.residents else { return Vec::new() };
        let found = residents.addresses(name).await.into_iter();
        found.map(|address| if address.is_loopback() { HOST.into() } else { address }).collect()
    }

    /// By the machine's resolver.
    async fn far(&self, name: &str) -> Result<Vec<IpAddr>, RCODE> {
        let looking =
            async { lookup_host((name, 0)).await.map(|found| found.map(|at| at.ip()).collect::<Vec<_>>()) };
        let is_led = (self.led_elsewhere)(name);
        let found = if is_led {
            // The client has no need to wait for a resolver that does not know the name anyway.
            timeout(PATIENCE, looking).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
        } else {
            looking.await
        };
        match found {
            Ok(addresses) => Ok(addresses),
            Err(_) if is_led => Ok(self.table().invent(name).into_iter().collect()),
            Err(error) => meaning(&error).map_or(Ok(Vec::new()), Err),
        }
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    fn learn(&mut self, address: IpAddr, name: &str) {
        let names = self.names.entry(address).or_default();
        names.retain(|known| known != name);
        if names.len() == MOST_NAMES {
            names.remove(0);
        }
        names.push(name.to_owned());
    }

    fn learn_hosts(&mut self, hosts: &str) {
        for line in hosts.lines() {
            let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
            let Some(address) = words.next().and_then(|word| word.parse().ok()) else { continue };
            for name in words {
                self.learn(address, &name.to_ascii_lowercase());
            }
        }
    }

    /// The same address for a name each time; `None` where there are no more.
    fn invent(&mut self, name: &str) -> Option<IpAddr> {
        let count = u32::try_from(self.invented.len()).ok().filter(|count| *count < INVENTED_COUNT)?;
        let next = Ipv4Addr::from(u32::from(INVENTED) + count);
        Some((*self.invented.entry(name.to_owned()).or_insert(next)).into())
    }
}

/// What the resolver's error is in an answer; `None`: the name is there, without such an address. Its number is not told, only its words
/// (of glibc and of musl).
fn meaning(error: &io::Error) -> Option<RCODE> {
    let words = error.to_string();
    let says = |part: &str| words.contains(part);
    if says("Temporary failure") || says("Try again") || says("System error") {
        Some(RCODE::ServerFailure)
    } else if says("No address associated") || says("Name has no usable address") {
        None
    } else {
        Some(RCODE::NameError)
    }
}

/// `resolv.conf` for the command: the machine's own, with one name server.
pub(in crate::launch) fn resolver_file(own: &str, server: Ipv4Addr) -> String {
    let kept = own.lines().filter(|line| !line.trim_start().starts_with("nameserver"));
    kept.chain([format!("nameserver {server}").as_str()]).flat_map(|line| [line, "\n"]).collect()
}

/// `nsswitch.conf` for the command: the machine's own, where hosts are asked for by file and name server alone. Other sources (mDNS,
/// systemd-resolved) would answer from outside.
pub(super) fn switch_file(own: &str) -> String {
    let kept = own.lines().filter(|line| !line.trim_start().starts_with("hosts:"));
    kept.chain(["hosts: files dns"]).flat_map(|line| [line, "\n"]).collect()
}

/// An authority's host: a name, or an address as a URL has it.
pub(super) fn literal(address: SocketAddr) -> String {
    match address.ip() {
        IpAddr::V4(ip) => ip.to_string(),
        IpAddr::V6(ip) => format!("[{ip}]"),
    }
}

#[cfg(test)]
mod tests {
    use simple_dns::{Name, Question};

    use super::*;

    fn question(name: &str, kind: TYPE) -> Vec<u8> {
        let mut packet = Packet::new_query(7);
        let name = Name::new_unchecked(name);
        packet.questions.push(Question::new(name, kind.into(), CLASS::IN.into(), false));
        packet.build_bytes_vec().unwrap()
    }

    #[tokio::test]
    async fn a_name_that_is_led_elsewhere_gets_one_address_and_is_known_by_it() {
        let names = Names::new(Box::new(|name| name.ends_with(".invalid")), None);
        let mut seen = Vec::new();
        for name in ["Api.invalid", "api.invalid", "other.invalid"] {
            let answer = names.answer(&question(name, TYPE::A)).await.unwrap();
            let answer = Packet::parse(&answer).unwrap();
            assert_eq!((answer.id(), answer.rcode(), answer.questions.len()), (7, RCODE::NoError, 1));
            let RData::A(A { address }) = answer.answers[0].rdata else { panic!("an address") };
            seen.push(Ipv4Addr::from(address));
        }
        assert_eq!(seen, [INVENTED, INVENTED, Ipv4Addr::new(198, 18, 1, 1)]);
        assert_eq!(names.of(INVENTED.into()), ["api.invalid"]);
        let none = names.answer(&question("api.invalid", TYPE::AAAA)).await.unwrap();
        let none = Packet::parse(&none).unwrap();
        assert_eq!((none.rcode(), none.answers.len()), (RCODE::NoError, 0));
    }

    #[tokio::test]
    async fn other_records_are_empty_and_rubbish_is_not_answered() {
        let names = Names::new(Box::new(|_| false), None);
        let answer = names.answer(&question("localhost", TYPE::TXT)).await.unwrap();
        let answer = Packet::parse(&answer).unwrap();
        assert_eq!((answer.rcode(), answer.answers.len()), (RCODE::NoError, 0));
        assert!(names.answer(b"rubbish").await.is_none());
    }

    #[test]
    fn names_of_the_hosts_file_are_known() {
        let mut table = Table::default();
        table.learn_hosts(
            "# no\n127.0.0.1 localhost\n192.0.2.7\tAPI.example.com api # 192.0.2.8 no\nrubbish x\n",
        );
        assert_eq!(table.names[&"192.0.2.7".parse::<IpAddr>().unwrap()], ["api.example.com", "api"]);
        assert_eq!(table.names.len(), 2);
    }

    #[test]
    fn files_keep_what_is_not_about_servers() {
        let own = "search example.com\nnameserver 192.0.2.53\noptions ndots:2\n";
        let made = resolver_file(own, Ipv4Addr::new(198, 18, 0, 53));
        assert_eq!(made, "search example.com\noptions ndots:2\nnameserver 198.18.0.53\n");
        assert_eq!(switch_file("passwd: files\nhosts: files resolve\n"), "passwd: files\nhosts: files dns\n");
    }
}
