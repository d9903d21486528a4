//! The command's standard output and error: passed through byte for byte, and read on the way.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::process::Stdio;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::BytesMut;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Mode, OFlags, fstat};
use rustix::io::{Errno, ioctl_fionbio, retry_on_intr};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, isatty, tcgetattr, tcgetwinsize, tcsetattr, tcsetwinsize};
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;
use tokio::time::{timeout, timeout_at};

use super::screen::Screen;
use crate::model::Stream;
use crate::record::{Event, EventSender};
use crate::redact::Output;

/// What is read at a time, at most.
const CHUNK: usize = 64 * 1024;

/// After the command has ended, its children may still hold the stream open. What is there is read, and this long
/// is waited for more, in total.
const PATIENCE: Duration = Duration::from_millis(250);

/// How long a part of a line waits for the rest.
const MOMENT: Duration = Duration::from_millis(10);

/// How long a stream waits, where both go to one place, for the end of the other's line. A prompt has no line end, so not for ever.
const TURN: Duration = Duration::from_millis(250);

/// After the command has ended, this much is read at most: more than any pipe holds.
const REST: usize = 4 * 1024 * 1024;

/// Where the command's output goes. Clones are the same places.
#[derive(Clone, Debug)]
pub struct Sinks {
    /// Its standard output.
    pub stdout: Sink,
    /// Its standard error.
    pub stderr: Sink,
}

impl Sinks {
    /// Both to this process's standard error, where standard output is kept for something else. `screen` is the terminal that is shared.
    pub fn both_to_stderr(screen: Option<&Screen>) -> io::Result<Self> {
        let stderr = Sink::on(io::stderr().as_fd().try_clone_to_owned()?, screen);
        Ok(Self { stdout: stderr.clone(), stderr })
    }

    /// This process's own standard output and error. `screen` is the terminal that is shared.
    pub fn inherited(screen: Option<&Screen>) -> io::Result<Self> {
        let stdout = Sink::on(io::stdout().as_fd().try_clone_to_owned()?, screen);
        let stderr = Sink::on(io::stderr().as_fd().try_clone_to_owned()?, screen);
        // `2>&1`: one place, which the lines of both streams take in turns.
        let stderr = if stdout.is_same_place(&stderr) { stdout.clone() } else { stderr };
        Ok(Self { stdout, stderr })
    }

    /// Ends the line that the command has left open at standard error, or at the one place of both, so that what is said
    /// next stands by itself.
    pub fn end_line(&self) -> io::Result<()> {
        let open_line = *self.stderr.0.open_line.lock().unwrap_or_else(PoisonError::into_inner);
        open_line.map_or(Ok(()), |stream| self.stderr.write(stream, b"\n"))
    }
}

/// A file, a pipe or a terminal that output is written to. Clones are one place.
#[derive(Clone, Debug)]
pub struct Sink(Arc<Place>);

#[derive(Debug)]
struct Place {
    descriptor: OwnedFd,
    /// The stream whose line has not ended yet.
    open_line: Mutex<Option<Stream>>,
    ended: Condvar,
    /// Where it is a terminal whose last line is to be kept out of the way.
    screen: Option<Screen>,
}

impl Sink {
    /// Writes to this descriptor.
    pub fn new(descriptor: OwnedFd) -> Self {
        Self::on(descriptor, None)
    }

    /// The same with care for a screen's last line, where the descriptor is that terminal.
    pub fn on(descriptor: OwnedFd, screen: Option<&Screen>) -> Self {
        let screen = screen.filter(|screen| is_same(descriptor.as_fd(), screen.terminal())).cloned();
        Self(Arc::new(Place { descriptor, open_line: Mutex::new(None), ended: Condvar::new(), screen }))
    }

    fn is_same_place(&self, other: &Self) -> bool {
        is_same(self.0.descriptor.as_fd(), other.0.descriptor.as_fd())
    }

    /// Writes all of it, in one piece and, within reason, after the other stream's line has ended. May block: whoever reads the output
    /// sets the pace.
    fn write(&self, stream: Stream, data: &[u8]) -> io::Result<()> {
        let place = &*self.0;
        let open_line = place.open_line.lock().unwrap_or_else(PoisonError::into_inner);
        let in_between = |open: &mut Option<Stream>| open.is_some_and(|open| open != stream);
        let (mut open_line, _) = place
            .ended
            .wait_timeout_while(open_line, TURN, in_between)
            .unwrap_or_else(PoisonError::into_inner);
        *open_line = (data.last() != Some(&b'\n')).then_some(stream);
        match &place.screen {
            Some(screen) => screen.around(data, || write_all(&place.descriptor, data)),
            None => write_all(&place.descriptor, data),
        }?;
        drop(open_line);
        place.ended.notify_all();
        Ok(())
    }
}

fn is_same(one: BorrowedFd<'_>, other: BorrowedFd<'_>) -> bool {
    match (fstat(one), fstat(other)) {
        (Ok(one), Ok(two)) => (one.st_dev, one.st_ino) == (two.st_dev, two.st_ino),
        _ => false,
    }
}

fn write_all(descriptor: &OwnedFd, mut data: &[u8]) -> io::Result<()> {
    while !data.is_empty() {
        match rustix::io::write(descriptor, data) {
            Ok(written) => data = data.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            // Another process that shares this terminal or pipe has made it non-blocking.
            Err(Errno::AGAIN) => {
                retry_on_intr(|| poll(&mut [PollFd::new(descriptor, PollFlags::OUT)], None))?;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// One stream on its way from the command to its sink.
pub(super) struct Channel {
    stream: Stream,
    source: Receiver,
    /// Our side of the terminal that the command writes to, where it has one.
    terminal: Option<OwnedFd>,
    sink: Sink,
}

impl Channel {
    /// Makes a channel, and what the command is to write to: a terminal where the sink is one, else a pipe.
    pub(super) fn open(stream: Stream, sink: Sink) -> io::Result<(Self, Stdio)> {
        let (reading, writing, terminal) = if isatty(&sink.0.descriptor) {
            let (ours, theirs) = open_terminal()?;
            (ours.try_clone()?, theirs, Some(ours))
        } else {
            let (reading, writing) = pipe_with(PipeFlags::CLOEXEC)?;
            (reading, writing, None)
        };
        ioctl_fionbio(&reading, true)?;
        let source = Receiver::from_file_unchecked(File::from(reading))?;
        let channel = Self { stream, source, terminal, sink };
        channel.resizer().resize();
        Ok((channel, Stdio::from(writing)))
    }

    /// Hands on changes of the terminal's size.
    pub(super) fn resizer(&self) -> Resizer {
        let terminal = self.terminal.as_ref().and_then(|terminal| terminal.try_clone().ok());
        Resizer { terminal, sink: self.sink.clone() }
    }

    /// Passes everything on, and tells the recorder, until the stream ends, or the command has ended and its
    /// children say no more.
    ///
    /// Where nobody reads our own output any more, the command's is read on and recorded all the same.
    pub(super) async fn pass(mut self, events: EventSender, mut ended: watch::Receiver<bool>) {
        let mut sink = Some(self.sink);
        let mut patience = PATIENCE;
        let mut rest = REST;
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(CHUNK);
            let over = *ended.borrow_and_update();
            let read = if over {
                if rest == 0 {
                    return;
                }
                let waited = Instant::now();
                let Ok(read) = timeout(patience, self.source.read_buf(&mut buffer)).await else { return };
                patience = patience.saturating_sub(waited.elapsed());
                read
            } else {
                tokio::select! {
                    biased;
                    read = self.source.read_buf(&mut buffer) => read,
                    changed = ended.changed() => match changed {
                        Ok(()) => continue,
                        Err(_) => return,
                    },
                }
            };
            match read {
                // A terminal whose other side is closed gives EIO.
                Ok(0) | Err(_) => return,
                Ok(length) if over => rest = rest.saturating_sub(length),
                Ok(_) => complete_line(&mut self.source, &mut buffer).await,
            }
            let data = buffer.split().freeze();
            if let Some(open) = sink.take() {
                let (stream, chunk) = (self.stream, data.clone());
                let written =
                    tokio::task::spawn_blocking(move || open.write(stream, &chunk).map(|()| open)).await;
                match written {
                    Ok(Ok(open)) => sink = Some(open),
                    Ok(Err(error)) => {
                        tracing::debug!(%error, stream = ?self.stream, "output is no longer passed on");
                    }
                    Err(_) => return,
                }
            }
            // The recorder may have stopped (disk full); the command goes on.
            let _ = events.send(Event::Output(Output { stream: self.stream, data })).await;
        }
    }
}

/// Waits a moment for the end of a line that came in parts (unbuffered Python writes text and line end one by one), so that lines of
/// the two streams do not run into each other where both go to one place. A prompt, which has no line end, passes after the moment.
async fn complete_line(source: &mut Receiver, buffer: &mut BytesMut) {
    let moment = tokio::time::Instant::now() + MOMENT;
    while buffer.last() != Some(&b'\n') && buffer.len() < CHUNK {
        match timeout_at(moment, source.read_buf(buffer)).await {
            Ok(Ok(length)) if length > 0 => {}
            // The end, or an error, comes again at the next read.
            _ => return,
        }
    }
}

/// Gives the command's terminal the size of ours.
pub(super) struct Resizer {
    terminal: Option<OwnedFd>,
    sink: Sink,
}

impl Resizer {
    pub(super) fn resize(&self) {
        if let Some(terminal) = &self.terminal
            && let Ok(size) = tcgetwinsize(&self.sink.0.descriptor)
            && let Err(error) = tcsetwinsize(terminal, size)
        {
            tracing::debug!(%error, "terminal not resized");
        }
    }
}

/// A new terminal that changes nothing on the way: our side, and the side for the command.
///
/// It is no process's controlling terminal: Ctrl-C, job control and passwords stay with the real one.
fn open_terminal() -> io::Result<(OwnedFd, OwnedFd)> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs =
        rustix::fs::open(name.as_c_str(), OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC, Mode::empty())?;
    let mut settings = tcgetattr(&theirs)?;
    settings.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &settings)?;
    Ok((ours, theirs))
}
