//! Standard output and standard error.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice as Stream;
use anstyle::Style;
use anyhow::Context as _;
use rustix::fs::{FileType, fstat};

use crate::launch::Screen;

use crate::report;

/// Writes a report to standard output, or to a file. A reader that went away is not an error.
pub(super) fn report(text: &str, file: Option<&Path>) -> anyhow::Result<()> {
    if let Some(path) = file {
        let mut out = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)
            .with_context(|| format!("cannot write the report to {}", path.display()))?;
        return out
            .write_all(text.as_bytes())
            .with_context(|| format!("cannot write the report to {}", path.display()));
    }
    let mut out = io::stdout().lock();
    let mut write = || out.write_all(text.as_bytes()).and_then(|()| out.flush());
    let written = if io::stdout().is_terminal() { around(text.as_bytes(), write) } else { write() };
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// One line to standard error, in one write. Nothing can be done where that fails.
pub(super) fn line(text: &str) {
    let _ = StandardError.write_all(format!("{text}\n").as_bytes());
}

/// Standard error, with the progress out of the way.
#[derive(Clone, Copy, Debug)]
pub struct StandardError;

impl io::Write for StandardError {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        around(bytes, || io::stderr().lock().write_all(bytes))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes to a terminal with the progress out of the way.
fn around<T>(bytes: &[u8], write: impl FnOnce() -> T) -> T {
    match screen() {
        Some(screen) => screen.around(bytes, write),
        None => write(),
    }
}

/// The terminal that progress is shown on; `None` where nobody would see it, or it would be in the way.
pub(super) fn screen() -> Option<&'static Screen> {
    static SCREEN: LazyLock<Option<Screen>> = LazyLock::new(|| {
        let terminal = io::stderr();
        let is_capable = std::env::var_os("TERM").is_some_and(|name| !name.is_empty() && name != "dumb");
        // Whoever reads a pipe may write to the same terminal.
        let piped = fstat(io::stdout()).is_ok_and(|found| {
            matches!(FileType::from_raw_mode(found.st_mode), FileType::Fifo | FileType::Socket)
        });
        if is_quiet() || piped || !is_capable || !terminal.is_terminal() {
            return None;
        }
        let style = if colour_on_stderr() { Style::new().dimmed() } else { Style::new() };
        Some(Screen::new(terminal.as_fd().try_clone_to_owned().ok()?, style))
    });
    SCREEN.as_ref()
}

/// A line that can be left out without loss: what was done, what to do next, a note. Not said where `--quiet` is.
pub(super) fn note(text: &str) {
    if !is_quiet() {
        line(text);
    }
}

static QUIET: AtomicBool = AtomicBool::new(false);

/// Holds `--quiet` for everything that is printed.
pub fn be_quiet() {
    QUIET.store(true, Ordering::Relaxed);
}

/// True where only reports, errors and what changes the exit status are wanted.
pub(super) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Holds `--color` for everything that is printed.
pub fn choose_colour(choice: clap::ColorChoice) {
    match choice {
        clap::ColorChoice::Auto => Stream::Auto,
        clap::ColorChoice::Always => Stream::Always,
        clap::ColorChoice::Never => Stream::Never,
    }
    .write_global();
}

/// Whether a report on standard output may be coloured.
pub(super) fn colour_on_stdout(file: Option<&Path>) -> bool {
    file.is_none() && !matches!(anstream::AutoStream::choice(&io::stdout()), Stream::Never)
}

/// How a report for people looks where it goes.
pub(super) fn style(choice: clap::ColorChoice, file: Option<&Path>) -> report::Style {
    let color = match choice {
        clap::ColorChoice::Always => true,
        clap::ColorChoice::Never => false,
        clap::ColorChoice::Auto => colour_on_stdout(file),
    };
    let width = width().filter(|_| file.is_none());
    report::Style { color, width: width.unwrap_or(report::Style::default().width) }
}

/// Whether logs on standard error may be coloured.
pub fn colour_on_stderr() -> bool {
    !matches!(anstream::AutoStream::choice(&io::stderr()), Stream::Never)
}

/// The width of the terminal, where standard output is one.
pub(super) fn width() -> Option<usize> {
    let out = io::stdout();
    if !out.is_terminal() {
        return None;
    }
    rustix::termios::tcgetwinsize(out).ok().map(|size| usize::from(size.ws_col)).filter(|width| *width > 0)
}

/// Prints an error and its causes, a line each.
pub fn report_failure(error: &anyhow::Error) {
    report_error(error.as_ref());
}

/// The same for an error of a room.
pub(super) fn report_error(error: &(dyn std::error::Error + 'static)) {
    let mut text = format!("samewire: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str("\n  because: ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    line(&text);
}
