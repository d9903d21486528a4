//! One recorded run of one side.

use std::collections::BTreeMap;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Clue, Connection, Coverage, Exchange, Inputs, Source, Target, Text};

/// One recorded run of one side.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Capture {
    /// Which side it is.
    pub side: Side,
    /// The run.
    pub run: Run,
    /// What went into the run besides the wire.
    pub inputs: Inputs,
    /// Names the key of the tags without telling it.
    pub key_id: String,
    /// The connections, in order.
    pub connections: Vec<Connection>,
    /// The exchanges, in the order in which they started.
    pub exchanges: Vec<Exchange>,
    /// What the command's own output said.
    pub clues: Vec<Clue>,
    /// Whether it is whole.
    pub completeness: Completeness,
}

impl Capture {
    /// The exchange of this number.
    pub fn exchange(&self, number: u32) -> Option<&Exchange> {
        // Where no number is missing, it stands at its own.
        let likely = number.checked_sub(1).and_then(|at| self.exchanges.get(usize::try_from(at).ok()?));
        likely.filter(|exchange| exchange.number == number).or_else(|| {
            let at = self.exchanges.binary_search_by_key(&number, |exchange| exchange.number).ok()?;
            self.exchanges.get(at)
        })
    }
}

/// The run that works, or the run that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// The run that works.
    Sandbox,
    /// The run that fails.
    Runtime,
}

impl Side {
    /// The other one.
    pub fn other(self) -> Self {
        match self {
            Self::Sandbox => Self::Runtime,
            Self::Runtime => Self::Sandbox,
        }
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sandbox => "sandbox",
            Self::Runtime => "runtime",
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the recording was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The samewire that recorded it.
    pub version: String,
    /// Operating system and architecture.
    pub platform: String,
    /// `record`, `proxy` or `import`.
    pub tool: Tool,
    /// Of an import, where it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// How the traffic came to samewire.
    #[serde(default, skip_serializing_if = "Interception::is_by_variables")]
    pub interception: Interception,
    /// Which of several recordings it is, where a side was recorded more than once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeat: Option<Repeat>,
    /// The command and its arguments, redacted; empty for `proxy`.
    pub command: Vec<Text>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; absent in a capture whose recording did not end in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// How the command ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<Exit>,
}

/// What made a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// `samewire record` or `compare`: one command, whole.
    Record,
    /// `samewire proxy`: whatever came.
    Proxy,
    /// `samewire import`: what another program told.
    Import,
}

/// How the traffic came to samewire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interception {
    /// The client was told of the proxy, by variables or by a setting of its own.
    #[default]
    Variables,
    /// The client knew of no proxy: it ran in a network whose only way out was samewire.
    Transparent,
    /// The client was given samewire's address as its base URL. Only requests to that are seen, and the client's own `Host` names samewire.
    Reverse {
        /// The base URL in whose place it stood; every recorded target is one below it.
        upstream: Box<Target>,
    },
}

impl Interception {
    fn is_by_variables(&self) -> bool {
        *self == Self::Variables
    }

    /// The base URL in whose place samewire stood, in reverse mode.
    pub fn upstream(&self) -> Option<&Target> {
        match self {
            Self::Reverse { upstream } => Some(upstream),
            Self::Variables | Self::Transparent => None,
        }
    }
}

/// Which recording of a capture set it is: the same side, recorded again and again to learn what changes by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repeat {
    /// Names the set.
    pub set: String,
    /// From 1. The first is the one that is compared with the other side.
    pub number: u32,
    /// How many recordings were asked for.
    pub of: u32,
}

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exit {
    /// With this code.
    Code(i32),
    /// By this signal.
    Signal(i32),
}

impl Exit {
    /// True for code 0.
    pub fn succeeded(self) -> bool {
        self == Self::Code(0)
    }
}

/// What is known of what is not in the capture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completeness {
    /// Connections passed through unopened because of `--ignore-host` or `--host`, by host.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ignored: BTreeMap<String, u32>,
    /// Clients that were turned away, because they showed no credential or a wrong one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected: u32,
    /// Entries that the self-check refused, because a known secret was found in them.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub withheld: u32,
    /// Traffic that is known not to have come through.
    #[serde(default, skip_serializing_if = "Coverage::is_empty")]
    pub coverage: Coverage,
    /// Why recording stopped before the run did (disk full, ...).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<String>,
    /// Found by the reader: the file was torn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub torn: Option<Tear>,
    /// Found by whoever follows a recording: more may come.
    #[serde(skip)]
    pub growing: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// Where a capture file breaks off.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tear {
    /// Byte offset up to which the file was read.
    pub offset: u64,
    /// Bytes after it that could not be read.
    pub lost: u64,
}
