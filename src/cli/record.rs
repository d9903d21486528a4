//! `samewire record SIDE -- COMMAND...`

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::diagnose::{direct_in_words, refused_in_words};
use crate::launch::{Command, Sinks};
use crate::model::{Coverage, Exit, Side};
use crate::record::Summary;

use super::options::{self, Capturing, Listen, Preflight};
use super::recording::{self, Plan, Recorded};
use super::repeat::{Recording, Repeats};
use super::{EXIT_FAILED, output, paths};

/// Ways past the proxy that are told one by one.
const PAST: usize = 5;

/// Run a command under the proxy and write what it sends to a capture.
///
/// The command's own output passes through untouched; its exit status is returned. 125: samewire itself failed.
/// 126 and 127: the command cannot be run, or is not there. 128+N: it was ended by signal N. With --repeat it is the first status that is
/// not 0.
#[derive(Debug, clap::Args)]
#[command(override_usage = "samewire record [OPTIONS] <SIDE> -- <COMMAND>...")]
pub struct Args {
    /// Which side this run is.
    #[arg(value_enum)]
    side: options::Side,

    /// The capture to write [default: captures/SIDE-TIME.har].
    #[arg(short, value_name = "FILE", help_heading = "Recording")]
    output: Option<PathBuf>,

    #[command(flatten)]
    recording: options::Recording,

    #[command(flatten)]
    repeats: Repeats,

    #[command(flatten)]
    listen: Listen,

    #[command(flatten)]
    preflight: Preflight,

    #[command(flatten)]
    capturing: Capturing,

    /// The command and its arguments.
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Records the command and returns its exit status.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let side = args.side.into();
    let path = paths::capture(args.output.as_deref(), side)?;
    let settings = args.recording.settings()?;
    let mut set = args.repeats.of(side, &path, args.recording.force)?;
    let mut code = 0;
    while let Some(next) = set.next() {
        let preflight = args.preflight.wanted() && next.is_first();
        let Recording { path: own, repeat } = next;
        let plan = Plan {
            side,
            command: Command::new(args.command.clone()).context("no command to record; say it after --")?,
            path: own.clone(),
            repeat,
            listen: args.listen.listen,
            transparent: args.capturing.transparent,
            settings: settings.clone(),
            key: recording::machine_key()?,
            sinks: Sinks::inherited(output::screen())?,
            preflight,
        };
        let recorded = recording::record(plan, &args.recording)?;
        // What did not start or could not be recorded is not tried again.
        let is_last = set.is_over() || recorded.exit.is_err() || failed(&recorded.summary);
        close(side, &own, &recorded, is_last.then_some(&path));
        if code == 0 {
            code = status(&recorded);
        }
        if is_last {
            break;
        }
    }
    Ok(ExitCode::from(code))
}

/// The exit status: the command's own; 125 where recording failed and the command did not.
fn status(recorded: &Recorded) -> u8 {
    let own = match &recorded.exit {
        Ok(Exit::Code(code)) => u8::try_from(*code & 0xff).unwrap_or(EXIT_FAILED),
        Ok(Exit::Signal(signal)) => u8::try_from(128 + *signal).unwrap_or(EXIT_FAILED),
        Err(error) => return error.exit_code().unwrap_or(EXIT_FAILED),
    };
    if own == 0 && failed(&recorded.summary) { EXIT_FAILED } else { own }
}

fn failed(summary: &Summary) -> bool {
    summary.stopped.is_some() || summary.withheld > 0
}

/// Says what was recorded and where; for the last one also what to run next, with the capture that stands for all.
fn close(side: Side, path: &Path, recorded: &Recorded, first: Option<&PathBuf>) {
    let summary = &recorded.summary;
    if let Err(error) = &recorded.exit {
        output::report_error(error);
    }
    for remark in &recorded.remarks {
        output::note(&format!("samewire: {remark}"));
    }
    for (port, packets) in &summary.coverage.refused {
        output::note(&format!("samewire: {}", refused_in_words(*port, *packets)));
    }
    if let Some(why) = &summary.stopped {
        output::line(&format!("samewire: recording stopped before the command did: {why}"));
    }
    if summary.withheld > 0 {
        output::line(&format!(
            "samewire: {} not written, because a known secret was found in it; please report this",
            count(summary.withheld, "exchange")
        ));
    }
    if summary.rejected > 0 {
        output::note(&rejected(summary.rejected));
    }
    for line in past_the_proxy(&summary.coverage) {
        output::note(&format!("samewire: {line}"));
    }
    let said = recorded_line(side, path, summary.exchanges);
    output::note(&match first {
        Some(first) => format!("{said}; next: {}", next(side, first)),
        None => said,
    });
}

/// What went past the proxy while the command ran, a line each.
pub(super) fn past_the_proxy(coverage: &Coverage) -> Vec<String> {
    let mut lines: Vec<String> = coverage.direct.iter().take(PAST).map(direct_in_words).collect();
    if coverage.direct.len() > PAST {
        lines.push(format!("{} more did not come through either", coverage.direct.len() - PAST));
    }
    lines
}

/// Says that clients were turned away, and what to do.
pub(super) fn rejected(number: u32) -> String {
    format!(
        "samewire: {} turned away with 407: the client showed no password or that of another run; look where a proxy URL is \
         written down (a config, a file in the image) and take it out",
        count(number, "connection")
    )
}

/// `samewire: 2 exchanges of the sandbox in captures/...; next: ...`
pub(super) fn closing_line(side: Side, path: &Path, exchanges: u32) -> String {
    format!("{}; next: {}", recorded_line(side, path, exchanges), next(side, path))
}

fn recorded_line(side: Side, path: &Path, exchanges: u32) -> String {
    let seen = if exchanges == 0 { "no exchange".to_owned() } else { count(exchanges, "exchange") };
    format!("samewire: {seen} of the {side} recorded in {}", path.display())
}

/// What to run next.
fn next(side: Side, path: &Path) -> String {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let other = paths::newest(folder, side.other());
    let usual = folder == Path::new(paths::FOLDER);
    match other {
        Some(_) if usual => "samewire diff".to_owned(),
        Some(other) => {
            let (sandbox, runtime) = match side {
                Side::Sandbox => (path, other.as_path()),
                Side::Runtime => (other.as_path(), path),
            };
            format!("samewire diff {} {}", sandbox.display(), runtime.display())
        }
        None => format!("samewire record {} -- COMMAND", side.other()),
    }
}

/// `1 exchange`, `2 exchanges`.
pub(super) fn count(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
