//! What is known of traffic that did not come through: foreseen before the run, sampled while it lasted.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is known of traffic that did not come through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// From where the proxy was seen to answer before a container started; absent for a command that runs in none, and where it was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Reached>,
    /// What was foreseen before the command started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub foreseen: Vec<Gap>,
    /// How its connections were looked at while it ran; absent where they were not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sampling: Option<Sampling>,
    /// Connections past the proxy that were seen, in the order in which they were seen first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub direct: Vec<Direct>,
    /// Connections on the loopback address of a container's own, which are left there and not recorded.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub loopback: u32,
    /// Datagrams (UDP) that were refused in a transparent run, by the port they were for. Names are answered there and not counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub refused: BTreeMap<u16, u32>,
}

impl Coverage {
    /// True where nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// From where the proxy was seen to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reached {
    /// From inside the container's network.
    Inside,
    /// From this machine only: that it answers inside is not known.
    Outside,
}

/// A reason why a client's requests will, or may, not come through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The client, by its name in the table of clients: `node`, `curl`, `python`; `command` for what holds for all of them.
    pub client: String,
    /// Its version, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The reason.
    pub kind: GapKind,
    /// It holds for what was seen of the command; otherwise it depends on code that nobody has read.
    pub certain: bool,
}

/// Why requests do not come through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GapKind {
    /// The client reads no proxy variables.
    ProxyIgnored,
    /// It reads them only where its code says so.
    ProxyOptional,
    /// It goes around the proxy for targets on the loopback address.
    LoopbackDirect,
    /// A variable or an option excepts hosts from the proxy; its name.
    Excepted(Setting),
    /// A variable or an option sets or unsets the proxy itself; its name.
    ProxyReplaced(Setting),
    /// A variable or an option names another trust store; its name.
    TrustReplaced(Setting),
    /// The environment is emptied on the way to the client; by which program.
    EnvironmentDropped(Setting),
    /// The client runs on another machine or in another service; which program leads there.
    Elsewhere(Setting),
    /// The files with samewire's certificate cannot be read by the user that the client runs as.
    TrustUnreadable,
    /// The proxy did not answer on the address that the client is given.
    Unreachable,
}

/// A variable, an option or a program that a command line has, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its name; one of those that samewire looks for.
    pub name: String,
    /// Where it stands.
    pub at: FoundAt,
}

/// Where a setting stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FoundAt {
    /// In the command itself.
    CommandLine,
    /// In the script that it runs; the line, from 1.
    Script(u32),
    /// In a file of variables that its shell reads; the line, from 1.
    EnvFile(u32),
    /// In the client's own file, such as `.curlrc`; the line, from 1.
    ClientFile(u32),
    /// In the container's image.
    Image,
}

impl fmt::Display for FoundAt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str("on the command line"),
            Self::Script(line) => write!(f, "in line {line} of the script"),
            Self::EnvFile(line) => write!(f, "in line {line} of the file of variables"),
            Self::ClientFile(line) => write!(f, "in line {line} of the client's own file"),
            Self::Image => f.write_str("in the image"),
        }
    }
}

/// How the connections of a command were looked at. A connection that lasts less than the pause between two looks may be missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    /// Whose they are.
    pub of: Sampled,
    /// How often they were looked at.
    pub samples: u64,
    /// The mean time from one look to the next, in milliseconds.
    pub interval_ms: u64,
    /// Processes whose descriptors could not be read, such as those of another user.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub unreadable: u32,
}

/// Whose connections were looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sampled {
    /// Those of the command's processes.
    Processes,
    /// All of the container's network.
    Container,
}

/// Connections of one program to one address that did not lead to the proxy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Direct {
    /// `address:port` that they lead to.
    pub remote: String,
    /// What they are made of.
    pub transport: Transport,
    /// The file name of the program, where its process was seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The client, by its name in the table of clients, where the program is one of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<String>,
    /// How many different ones were seen.
    pub connections: u32,
    /// One of them was seen open; otherwise only the attempt.
    pub opened: bool,
    /// When the first was seen.
    pub first_seen: Timestamp,
    /// When one was seen last.
    pub last_seen: Timestamp,
}

impl Direct {
    /// The port that they lead to.
    pub fn port(&self) -> Option<u16> {
        self.remote.rsplit_once(':').and_then(|(_, port)| port.parse().ok())
    }
}

/// What carries a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Transport {
    /// TCP.
    Tcp,
    /// UDP to port 443: QUIC, which HTTP/3 is made of.
    Quic,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}
