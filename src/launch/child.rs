//! The command as a child process.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use rustix::io::Errno;
use tokio::process::Child;
use tokio::sync::watch;

#[cfg(target_os = "linux")]
use super::container::{Container, Holder};
use super::signals::Signals;
use super::streams::{Channel, Resizer, Sinks};
#[cfg(target_os = "linux")]
use super::transparent::{Gate, Joined, Transparent};
use super::{Command, Environment, LaunchError, Watch};
use crate::model::{Exit, Stream};
use crate::record::{Event, EventSender};
#[cfg(target_os = "linux")]
use crate::redact::RawCoverage;
use crate::redact::repeatable;

/// Runs a command to its end on this process's own standard streams.
///
/// Standard input is inherited. Output passes through untouched, and each piece of it goes to `events`. The command
/// gets a terminal exactly where this process has one. Signals are forwarded, but for those that the terminal has
/// given to the command already. Ends with [`Event::Exited`].
pub async fn run(
    command: &Command,
    environment: &Environment,
    events: EventSender,
) -> Result<Exit, LaunchError> {
    let sinks = Sinks::inherited(None).map_err(prepare("standard streams"))?;
    run_on(command, environment, events, sinks, None).await
}

/// The same with output to given places, and with a watch on the command's connections.
pub async fn run_on(
    command: &Command,
    environment: &Environment,
    events: EventSender,
    sinks: Sinks,
    watch: Option<&Watch>,
) -> Result<Exit, LaunchError> {
    #[cfg(target_os = "linux")]
    return run_in(command, environment, events, sinks, watch, Network::Machines).await;
    #[cfg(not(target_os = "linux"))]
    run_in(command, environment, events, sinks, watch).await
}

/// The same in a network of the command's own, whose only way out is samewire.
#[cfg(target_os = "linux")]
pub async fn run_transparent(
    command: &Command,
    environment: &Environment,
    events: EventSender,
    sinks: Sinks,
    transparent: Transparent,
) -> Result<Exit, LaunchError> {
    let gate = Gate::open(transparent, None).map_err(prepare("the command's own network"))?;
    run_in(command, environment, events, sinks, None, Network::Own(Box::new(gate))).await
}

/// Runs a command that starts a container which has such a network.
#[cfg(target_os = "linux")]
pub async fn run_apart(
    container: &Container,
    command: &Command,
    environment: &Environment,
    events: EventSender,
    sinks: Sinks,
    transparent: Transparent,
) -> Result<Exit, LaunchError> {
    let held = container.hold(transparent).await?;
    let network = held.map_or(Network::Machines, |holder| Network::Containers(Box::new(holder)));
    run_in(command, environment, events, sinks, None, network).await
}

/// Whose network the command is in.
#[cfg(target_os = "linux")]
enum Network {
    /// This machine's.
    Machines,
    /// One that the process makes which becomes the command.
    Own(Box<Gate>),
    /// A container's, which a holder has made.
    Containers(Box<Holder>),
}

/// A network that is to be ended after the command.
#[cfg(target_os = "linux")]
enum Ending {
    Joined(Joined),
    Held(Box<Holder>),
}

async fn run_in(
    command: &Command,
    environment: &Environment,
    events: EventSender,
    sinks: Sinks,
    watch: Option<&Watch>,
    #[cfg(target_os = "linux")] mut network: Network,
) -> Result<Exit, LaunchError> {
    let (stdout, to_stdout) =
        Channel::open(Stream::Stdout, sinks.stdout).map_err(prepare("standard output"))?;
    let (stderr, to_stderr) =
        Channel::open(Stream::Stderr, sinks.stderr).map_err(prepare("standard error"))?;
    let resizers = [stdout.resizer(), stderr.resizer()];
    let mut signals = Signals::watch().map_err(prepare("signals"))?;

    #[cfg(target_os = "linux")]
    if let Network::Containers(holder) = &mut network
        && let Some(signal) = holder.interrupted()
    {
        let _ = events.send(Event::Exited(Exit::Signal(signal))).await;
        return Ok(Exit::Signal(signal));
    }

    let mut process = tokio::process::Command::new(&command.program);
    process.args(&command.arguments);
    #[cfg(target_os = "linux")]
    if let Network::Own(gate) = &network {
        process = gate.process(command);
    }
    process.stdout(to_stdout).stderr(to_stderr).kill_on_drop(true);
    process.envs(environment.set.iter().map(|(name, value)| (name, value)));
    process.envs(environment.cleared.iter().map(|name| (name, "")));
    let mut child = match process.spawn() {
        Ok(child) => child,
        Err(source) => return Err(not_started(start_error(command, source), &events).await),
    };
    // It holds the command's ends of the streams: with them open, the streams would never end.
    drop(process);
    #[cfg(target_os = "linux")]
    let ending = match network {
        Network::Own(gate) => match gate.join(&mut child, command).await {
            Ok(joined) => Some(Ending::Joined(joined)),
            Err(error) => return Err(not_started(error, &events).await),
        },
        Network::Containers(holder) => Some(Ending::Held(holder)),
        Network::Machines => None,
    };
    tracing::debug!(process = child.id(), "command started");
    let watching = watch.zip(child.id()).and_then(|(watch, process)| watch.start(process, events.clone()));

    let (end, ended) = watch::channel(false);
    let passing = [
        tokio::spawn(stdout.pass(events.clone(), ended.clone())),
        tokio::spawn(stderr.pass(events.clone(), ended)),
    ];
    let status = wait(&mut child, &mut signals, || resizers.iter().for_each(Resizer::resize)).await;
    if let Some(watching) = watching {
        watching.finish().await;
    }
    #[cfg(target_os = "linux")]
    if let Some(ending) = ending {
        let refused = match ending {
            Ending::Joined(joined) => joined.finish().await,
            Ending::Held(holder) => holder.finish().await,
        };
        if !refused.is_empty() {
            let _ = events.send(Event::Covered(RawCoverage { refused, ..RawCoverage::default() })).await;
        }
    }
    let _ = end.send(true);
    for stream in passing {
        let _ = stream.await;
    }
    let status = status.map_err(|source| LaunchError::Wait { program: name(command), source })?;
    let exit = exit(status);
    tracing::debug!(?exit, "command ended");
    let _ = events.send(Event::Exited(exit)).await;
    Ok(exit)
}

/// The capture says what a shell would.
async fn not_started(error: LaunchError, events: &EventSender) -> LaunchError {
    if let Some(code) = error.exit_code() {
        let _ = events.send(Event::Exited(Exit::Code(code.into()))).await;
    }
    error
}

async fn wait(child: &mut Child, signals: &mut Signals, resize: impl Fn()) -> io::Result<ExitStatus> {
    loop {
        let process = child.id();
        tokio::select! {
            status = child.wait() => return status,
            arrival = signals.next() => {
                if arrival.is_resize() {
                    resize();
                }
                arrival.forward(process);
            }
        }
    }
}

fn exit(status: ExitStatus) -> Exit {
    match (status.code(), status.signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, signal) => Exit::Signal(signal.unwrap_or_default()),
    }
}

fn prepare(what: &'static str) -> impl FnOnce(io::Error) -> LaunchError {
    move |source| LaunchError::Prepare { what, source }
}

fn name(command: &Command) -> String {
    let program = command.program.to_string_lossy();
    // A secret may stand in the program's place by mistake; the path of a file that is there is none.
    if program.contains('/') && Path::new(&command.program).exists() {
        return program.into_owned();
    }
    repeatable(&program).into_owned()
}

pub(super) fn start_error(command: &Command, source: io::Error) -> LaunchError {
    let program = name(command);
    let executable = [Errno::ACCESS, Errno::NOEXEC, Errno::ISDIR].map(Errno::raw_os_error);
    if source.kind() == io::ErrorKind::NotFound {
        let there = command.program.to_string_lossy().contains('/') && Path::new(&command.program).exists();
        return if there {
            LaunchError::NoInterpreter { program }
        } else {
            LaunchError::NotFound { program }
        };
    }
    if source.raw_os_error().is_some_and(|code| executable.contains(&code)) {
        return LaunchError::NotExecutable { program, source };
    }
    LaunchError::Start { program, source }
}
