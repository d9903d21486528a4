//! Tests of `launch`: real processes, a real terminal, a real JVM.

mod clues;
mod run;
mod signals;
pub(crate) mod terminal;
mod trust;
mod watch;

use std::ffi::OsString;
use std::fs::File;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use samewire::launch::{Command, Environment, LaunchError, Sink, Sinks, run_on};
use samewire::model::{Exit, Stream};
use samewire::record::{Event, queue};

/// A sink whose content is read on a thread, to its end.
struct Collected(JoinHandle<Vec<u8>>);

impl Collected {
    fn pipe() -> (Self, Sink) {
        let (reading, writing) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC).unwrap();
        (Self::of(reading), Sink::new(writing))
    }

    /// A terminal whose other side is closed gives an error instead of an end: both end it.
    fn of(source: OwnedFd) -> Self {
        Self(std::thread::spawn(move || {
            let mut content = Vec::new();
            let _ = File::from(source).read_to_end(&mut content);
            content
        }))
    }

    fn content(self) -> Vec<u8> {
        self.0.join().unwrap()
    }
}

/// What a run was like.
struct Ran {
    exit: Result<Exit, LaunchError>,
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    /// What the recorder was told of standard output and error.
    recorded: [Vec<u8>; 2],
    /// The last event.
    ended: Option<Exit>,
}

fn command(words: &[&str]) -> Command {
    Command::new(words.iter().map(OsString::from)).unwrap()
}

fn sh(script: &str) -> Command {
    command(&["sh", "-c", script])
}

/// Runs a command on pipes.
async fn ran(command: &Command) -> Ran {
    let ((out, stdout), (err, stderr)) = (Collected::pipe(), Collected::pipe());
    let (exit, recorded, ended) = recorded(command, Sinks { stdout, stderr }, |_| {}).await;
    Ran { exit, stdout: out.content(), stderr: err.content(), recorded, ended }
}

/// Runs a command on these sinks. `seen` is shown standard output so far, each time there is more.
async fn recorded(
    command: &Command,
    sinks: Sinks,
    mut seen: impl FnMut(&[u8]),
) -> (Result<Exit, LaunchError>, [Vec<u8>; 2], Option<Exit>) {
    let (events, mut arrived) = queue(16, usize::MAX);
    let environment = Environment::default();
    let listen = async {
        let (mut recorded, mut ended) = ([Vec::new(), Vec::new()], None);
        while let Some(event) = arrived.recv().await {
            match event {
                Event::Output(output) => {
                    let at = usize::from(output.stream == Stream::Stderr);
                    recorded[at].extend_from_slice(&output.data);
                    seen(&recorded[0]);
                }
                Event::Exited(exit) => ended = Some(exit),
                _ => panic!("an event that no command causes"),
            }
        }
        (recorded, ended)
    };
    let (exit, (recorded, ended)) = tokio::join!(run_on(command, &environment, events, sinks, None), listen);
    (exit, recorded, ended)
}
