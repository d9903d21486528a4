//! `samewire record SIDE -- COMMAND...`

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use jiff::Timestamp;

use crate::diagnose::direct_in_words;
use crate::launch::{Command, Sinks};
use crate::model::{Coverage, Exit, Side};
use crate::record::Summary;

use super::options::{self, Listen, Preflight, Recording};
use super::recording::{self, Plan, Recorded};
use super::{EXIT_FAILED, output, paths};

/// Ways past the proxy that are told one by one.
const PAST: usize = 5;

/// Run a command under the proxy and write what it sends to a capture.
///
/// The command's own output passes through untouched; its exit status is returned. 125: samewire itself failed.
/// 126 and 127: the command cannot be run, or is not there. 128+N: it was ended by signal N.
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
    recording: Recording,

    #[command(flatten)]
    listen: Listen,

    #[command(flatten)]
    preflight: Preflight,

    /// The command and its arguments.
    #[arg(trailing_var_arg = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Records the command and returns its exit status.
pub(super) fn run(args: Args) -> anyhow::Result<ExitCode> {
    let side = args.side.into();
    let path = match args.output {
        Some(path) => path,
        None => paths::new_capture(Path::new(paths::FOLDER), side, Timestamp::now())?,
    };
    let settings = args.recording.settings()?;
    let plan = Plan {
        side,
        command: Command::new(args.command).context("no command to record; say it after --")?,
        path: path.clone(),
        listen: args.listen.listen,
        settings,
        key: recording::machine_key()?,
        sinks: Sinks::inherited()?,
        preflight: args.preflight.wanted(),
    };
    let recorded = recording::record(plan, &args.recording)?;
    close(side, &path, &recorded);
    Ok(ExitCode::from(status(&recorded)))
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

/// Says what was recorded, where, and what to run next.
fn close(side: Side, path: &Path, recorded: &Recorded) {
    let summary = &recorded.summary;
    if let Err(error) = &recorded.exit {
        output::report_error(error);
    }
    if let Some(remark) = recorded.remark {
        output::line(&format!("samewire: {remark}"));
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
        output::line(&rejected(summary.rejected));
    }
    for line in past_the_proxy(&summary.coverage) {
        output::line(&format!("samewire: {line}"));
    }
    output::line(&closing_line(side, path, summary.exchanges));
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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let other = paths::newest(folder, side.other());
    let usual = folder == Path::new(paths::FOLDER);
    let next = match other {
        Some(_) if usual => "samewire diff".to_owned(),
        Some(other) => {
            let (sandbox, runtime) = match side {
                Side::Sandbox => (path, other.as_path()),
                Side::Runtime => (other.as_path(), path),
            };
            format!("samewire diff {} {}", sandbox.display(), runtime.display())
        }
        None => format!("samewire record {} -- COMMAND", side.other()),
    };
    let seen = if exchanges == 0 { "no exchange".to_owned() } else { count(exchanges, "exchange") };
    format!("samewire: {seen} of the {side} recorded in {}; next: {next}", path.display())
}

/// `1 exchange`, `2 exchanges`.
pub(super) fn count(number: u32, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
