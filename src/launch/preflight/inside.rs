//! What samewire sees of itself from inside a container's network: `samewire __probe HOST:PORT FILE` runs there and tells on standard
//! output, a word a line.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::Path;
use std::time::Duration;

/// Longest time that an answer is waited for, from network to network of one machine.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest greeting that is read.
const GREETING: u64 = 256;
/// Begins the line of a greeting.
const GREETED: &str = "greeted ";
const READABLE: &str = "readable";

/// What came of a connection to the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Contact {
    /// It was accepted; what was said first. Whether that is samewire's own greeting, samewire knows.
    Greeted(String),
    /// Nobody listens there as seen from inside, or a firewall says so.
    Refused,
    /// No answer: a firewall drops what is sent there.
    TimedOut,
    /// There is no way there.
    NoWay,
    /// The name is not known inside.
    NoName,
    /// Anything else.
    Failed,
}

/// What was seen from inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What came of a connection to the proxy.
    pub contact: Contact,
    /// The file with the certificates can be read there.
    pub readable: bool,
}

/// The words of the other contacts.
const WORDS: [(&str, Contact); 5] = [
    ("refused", Contact::Refused),
    ("timed-out", Contact::TimedOut),
    ("no-way", Contact::NoWay),
    ("no-name", Contact::NoName),
    ("failed", Contact::Failed),
];

impl Seen {
    /// Looks at the proxy (`HOST:PORT`) and at a file, as this process sees them.
    pub fn look(proxy: &str, file: &Path) -> Self {
        // A folder can be opened, but not read.
        let readable = File::open(file).and_then(|mut file| file.read(&mut [0])).is_ok();
        Self { contact: contact(proxy), readable }
    }

    /// Reads what [`Seen`] has written; `None` where that is not all of it.
    pub fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let word = lines.next()?;
        let contact = match word.strip_prefix(GREETED) {
            Some(greeting) => Contact::Greeted(greeting.to_owned()),
            None => WORDS.into_iter().find(|(known, _)| *known == word)?.1,
        };
        Some(Self { contact, readable: lines.next()? == READABLE })
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.contact {
            Contact::Greeted(greeting) => writeln!(f, "{GREETED}{greeting}")?,
            other => {
                let word =
                    WORDS.into_iter().find(|(_, known)| known == other).map_or("failed", |(word, _)| word);
                writeln!(f, "{word}")?;
            }
        }
        writeln!(f, "{}", if self.readable { READABLE } else { "unreadable" })
    }
}

fn contact(proxy: &str) -> Contact {
    let Some(address) = proxy.to_socket_addrs().ok().and_then(|mut all| all.next()) else {
        return Contact::NoName;
    };
    match TcpStream::connect_timeout(&address, PATIENCE).and_then(greeting) {
        Ok(greeting) => Contact::Greeted(greeting),
        Err(error) => match error.kind() {
            io::ErrorKind::ConnectionRefused => Contact::Refused,
            // A read that ran out of time is told as one that would block.
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Contact::TimedOut,
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => Contact::NoWay,
            _ => Contact::Failed,
        },
    }
}

/// One line of plain characters, whoever sends it.
fn greeting(stream: TcpStream) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut told = Vec::new();
    stream.take(GREETING).read_to_end(&mut told)?;
    Ok(told.iter().map(|byte| if byte.is_ascii_graphic() { char::from(*byte) } else { '.' }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn what_is_seen_is_read_as_it_was_written() {
        let contacts = WORDS.into_iter().map(|(_, contact)| contact).chain([Contact::Greeted("a1".into())]);
        for contact in contacts {
            for readable in [true, false] {
                let seen = Seen { contact: contact.clone(), readable };
                assert_eq!(Seen::parse(&seen.to_string()), Some(seen));
            }
        }
        for text in ["", "greeted a1\n", "hello\nreadable\n"] {
            assert_eq!(Seen::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_greeting_a_closed_port_and_a_strange_name_are_told_apart() {
        let folder = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let proxy = listener.local_addr().unwrap().to_string();
        let greeting = std::thread::spawn(move || listener.accept().unwrap().0.write_all(b"a\n1").unwrap());
        let seen = Seen::look(&proxy, folder.path());
        greeting.join().unwrap();
        assert_eq!(seen, Seen { contact: Contact::Greeted("a.1".into()), readable: false });
        assert_eq!(Seen::look(&proxy, Path::new("/dev/null")).contact, Contact::Refused);
        assert_eq!(contact("no.such.invalid:1"), Contact::NoName);
    }
}
