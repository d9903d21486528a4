//! The command as a child process.

use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::ExitStatus;

use rustix::io::Errno;
use tokio::process::Child;
use tokio::sync::watch;

use super::signals::Signals;
use super::streams::{Channel, Resizer, Sinks};
use super::{Command, Environment, LaunchError, Watch};
use crate::model::{Exit, Stream};
use crate::record::{Event, EventSender};

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
    let sinks = Sinks::inherited().map_err(prepare("standard streams"))?;
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
    let (stdout, to_stdout) =
        Channel::open(Stream::Stdout, sinks.stdout).map_err(prepare("standard output"))?;
    let (stderr, to_stderr) =
        Channel::open(Stream::Stderr, sinks.stderr).map_err(prepare("standard error"))?;
    let resizers = [stdout.resizer(), stderr.resizer()];
    let mut signals = Signals::watch().map_err(prepare("signals"))?;

    let mut process = tokio::process::Command::new(&command.program);
    process.args(&command.arguments).stdout(to_stdout).stderr(to_stderr).kill_on_drop(true);
    process.envs(environment.set.iter().map(|(name, value)| (name, value)));
    process.envs(environment.cleared.iter().map(|name| (name, "")));
    let mut child = match process.spawn() {
        Ok(child) => child,
        Err(source) => {
            let error = start_error(command, source);
            if let Some(code) = error.exit_code() {
                // The capture says what a shell would.
                let _ = events.send(Event::Exited(Exit::Code(code.into()))).await;
            }
            return Err(error);
        }
    };
    // It holds the command's ends of the streams: with them open, the streams would never end.
    drop(process);
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
    command.program.to_string_lossy().into_owned()
}

fn start_error(command: &Command, source: io::Error) -> LaunchError {
    let program = name(command);
    let executable = [Errno::ACCESS, Errno::NOEXEC, Errno::ISDIR].map(Errno::raw_os_error);
    if source.kind() == io::ErrorKind::NotFound {
        let there = program.contains('/') && Path::new(&command.program).exists();
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
