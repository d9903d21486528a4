//! Standard output and standard error.

use std::fs::OpenOptions;
use std::io::{self, IsTerminal as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::ColorChoice as Stream;
use anyhow::Context as _;

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
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other.context("cannot write to standard output"),
    }
}

/// One line to standard error, in one write. Nothing can be done where that fails.
pub(super) fn line(text: &str) {
    let _ = io::stderr().lock().write_all(format!("{text}\n").as_bytes());
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
