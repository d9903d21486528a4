//! Why a command in a container cannot be recorded. Nothing has been started then.

use super::flags::NotUnderstood;

/// What can be done wherever samewire cannot start the container itself.
const BY_HAND: &str = "or start `samewire proxy --listen ADDR:PORT` and add by hand what `samewire env --format docker` \
     (compose, kubernetes, airbyte) prints";

/// Why a command in a container cannot be recorded. Flags' values are never shown: they may be secrets.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// A flag that no table knows.
    #[error("cannot tell where the image stands: the flag {0} is not known; take it out, {BY_HAND}")]
    UnknownFlag(String),
    /// A flag at the end of the line without its value.
    #[error("the flag {0} has no value; add it")]
    NoValue(String),
    /// A shell's line that is more than one command.
    #[error(
        "cannot add to a container command inside a longer shell line; record the command itself (quotes and variables are fine, \
         operators, redirections and $(...) are not), {BY_HAND}"
    )]
    NotSimple,
    /// An engine is started by a program that is not known.
    #[error(
        "cannot tell how the container is started: known before the engine's command are sudo, env, timeout, nice and nohup; \
         record the engine's own command, {BY_HAND}"
    )]
    Hidden,
    /// A subcommand that starts processes in another way.
    #[error("cannot record `{name}`: {instead}")]
    Subcommand {
        /// The subcommand.
        name: &'static str,
        /// What to do.
        instead: &'static str,
    },
    /// A network of its own was asked for, which cannot be had.
    #[error(
        "cannot record this container transparently: {0}, or record it by variables, without --transparent"
    )]
    OwnNetwork(&'static str),
    /// The container that was to hold the network was not started.
    #[error(
        "cannot record this container transparently: the engine did not start what holds its network: {words}; mend that, or record it by \
         variables, without --transparent"
    )]
    NotHeld {
        /// What the engine's client said last.
        words: String,
    },
    /// A flag asks for what a network of the container's own does not have.
    #[error("cannot record transparently with {flag}: {why}, or record by variables, without --transparent")]
    FlagApart {
        /// The flag.
        flag: &'static str,
        /// Why, and what to do.
        why: &'static str,
    },
    /// No image on the line.
    #[error("the command line names no image; add it")]
    NoImage,
    /// A flag that leads where samewire cannot follow.
    #[error("cannot record with {flag}: {why}")]
    Flag {
        /// The flag.
        flag: String,
        /// Why, and what to do.
        why: &'static str,
    },
    /// The engine does not answer.
    #[error("the container engine cannot be asked; start it, or check DOCKER_HOST and the context: {words}")]
    Engine {
        /// What its command line client said last.
        words: String,
    },
    /// Its client cannot be run.
    #[error("{program}: the container engine's command cannot be run; check its spelling and PATH")]
    Client {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// What it answered makes no sense.
    #[error("the container engine's answer to `{question}` is not understood; check its version, {BY_HAND}")]
    Answer {
        /// What it was asked.
        question: String,
    },
    /// It runs on another machine.
    #[error(
        "the container engine runs elsewhere ({endpoint}): its containers reach neither this machine's proxy nor its files; \
         record on that machine, {BY_HAND}"
    )]
    Remote {
        /// Where.
        endpoint: String,
    },
    /// A container on it could capture nothing.
    #[error("a container on the network {network} cannot be recorded: {why}")]
    Network {
        /// The network.
        network: String,
        /// Why, and what to do.
        why: &'static str,
    },
    /// The proxy does not answer from inside the container's network.
    #[error(
        "a container on the network {network} does not reach the proxy at {proxy}: {how}; {remedy}, or leave this check out with --no-preflight"
    )]
    NotReached {
        /// The network.
        network: String,
        /// The proxy as the container is told.
        proxy: String,
        /// What came of a connection.
        how: &'static str,
        /// What to do.
        remedy: String,
    },
    /// The address asked for cannot be reached from the container.
    #[error(
        "a container does not reach {0}; leave --listen out, or say an address of the container's network"
    )]
    Listen(std::net::SocketAddr),
    /// A file that the command line names.
    #[error("cannot read the env file {}", .path.display())]
    EnvFile {
        /// Its path.
        path: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A folder or file for the container could not be made.
    #[error("cannot prepare {what} for the container; check TMPDIR and the disk")]
    Prepare {
        /// What.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// A Compose file that makes no sense.
    #[error("cannot read the Compose project: {0}")]
    Compose(String),
}

impl From<NotUnderstood> for ContainerError {
    fn from(problem: NotUnderstood) -> Self {
        match problem {
            NotUnderstood::Unknown(flag) => Self::UnknownFlag(flag),
            NotUnderstood::NoValue(flag) => Self::NoValue(flag),
        }
    }
}
