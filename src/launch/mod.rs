//! Runs a command under the proxy: environment, trust stores, standard streams, signals, clues from its output, and a watch on its
//! connections.

mod child;
pub mod clues;
pub mod container;
mod environment;
mod place;
pub mod preflight;
mod screen;
mod signals;
mod streams;
#[cfg(target_os = "linux")]
mod transparent;
mod trust;
mod watch;

use std::ffi::OsString;
use std::io;

/// The subcommand of samewire's own that looks at the proxy from inside a container's network.
pub const PROBE: &str = "__probe";

pub use child::{run, run_on};
#[cfg(target_os = "linux")]
pub use child::{run_apart, run_transparent};
pub use environment::{Environment, Loopback, Way, environment, environment_without_proxy};
pub use place::{Place, Staged};
pub use screen::Screen;
pub use streams::{Sink, Sinks};
#[cfg(target_os = "linux")]
pub use transparent::{ENTER, Forbidden, HOLD, IsLedElsewhere, Proxy, Step, Transparent, enter, hold};
pub use trust::{Files, Trust, TrustError};
pub use watch::Watch;

/// A command to run: a program and its arguments, any bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Command {
    program: OsString,
    arguments: Vec<OsString>,
}

impl Command {
    /// A command from its words; `None` where there are none.
    pub fn new(words: impl IntoIterator<Item = OsString>) -> Option<Self> {
        let mut words = words.into_iter();
        let program = words.next()?;
        Some(Self { program, arguments: words.collect() })
    }

    /// A command line for the system's shell.
    pub fn shell(line: impl Into<OsString>) -> Self {
        Self { program: "sh".into(), arguments: vec!["-c".into(), line.into()] }
    }

    /// All its words, the program first.
    pub fn words(&self) -> Vec<OsString> {
        std::iter::once(&self.program).chain(&self.arguments).cloned().collect()
    }
}

/// Shows the number of words only: arguments may hold secrets.
impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({} arguments)", self.arguments.len())
    }
}

/// Why a command could not be run. Arguments are never named: they may hold secrets.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// There is no such program. A shell ends with 127.
    #[error("{program}: command not found; check its spelling and PATH")]
    NotFound {
        /// Its name as given.
        program: String,
    },
    /// The program's file is there, the interpreter that its first line names is not. A shell ends with 127.
    #[error("{program}: the interpreter that its first line names is not there; check that line")]
    NoInterpreter {
        /// Its name as given.
        program: String,
    },
    /// The program's file cannot be executed. A shell ends with 126.
    #[error(
        "{program}: cannot be executed; check its mode (chmod +x) and that it is a program for this machine"
    )]
    NotExecutable {
        /// Its name as given.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// The system does not allow a network of the command's own.
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The network of a container could not be had.
    #[cfg(target_os = "linux")]
    #[error(transparent)]
    Container(#[from] container::ContainerError),
    /// A pipe, a terminal or a signal handler could not be had.
    #[error("cannot prepare {what} for the command")]
    Prepare {
        /// What.
        what: &'static str,
        /// What the system says.
        source: io::Error,
    },
    /// It could not be started for another reason.
    #[error("{program}: cannot be started")]
    Start {
        /// Its name as given.
        program: String,
        /// What the system says.
        source: io::Error,
    },
    /// Its end could not be waited for.
    #[error("{program}: its end cannot be waited for")]
    Wait {
        /// Its name as given.
        program: String,
        /// What the system says.
        source: io::Error,
    },
}

impl LaunchError {
    /// The code that a shell ends with in this case: 127, 126, or `None` where it is samewire that failed.
    pub fn exit_code(&self) -> Option<u8> {
        match self {
            Self::NotFound { .. } | Self::NoInterpreter { .. } => Some(127),
            Self::NotExecutable { .. } => Some(126),
            #[cfg(target_os = "linux")]
            Self::Forbidden(_) | Self::Container(_) => None,
            Self::Prepare { .. } | Self::Start { .. } | Self::Wait { .. } => None,
        }
    }
}
