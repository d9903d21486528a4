//! `samewire compare --sandbox 'COMMAND' --runtime 'COMMAND'`

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::ColorChoice;
use jiff::Timestamp;

use crate::launch::{Command, Sinks};
use crate::model::{Exit, Side};

use super::diff;
use super::options::{Capturing, Preflight, Recording, ReportOptions};
use super::recording::{self, Plan};
use super::repeat::{self, Repeats};
use super::reviewed::Expect;
use super::{output, paths, record};

/// Record both sides and compare them in one go.
///
/// Each command is run by `sh -c`, first the sandbox's, then the runtime's; what they print goes to standard error. Exit status: 0 same, 1 differs, 2 usage or
/// input, 3 inconclusive; the commands' own exit statuses are in the report.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The command of the run that works.
    #[arg(long, value_name = "COMMAND")]
    sandbox: OsString,

    /// The command of the run that fails.
    #[arg(long, value_name = "COMMAND")]
    runtime: OsString,

    /// The folder for the two captures [default: captures].
    #[arg(long, value_name = "DIR")]
    out_dir: Option<PathBuf>,

    #[command(flatten)]
    report: ReportOptions<diff::Format>,

    #[command(flatten)]
    expect: Expect,

    #[command(flatten)]
    recording: Recording,

    #[command(flatten)]
    preflight: Preflight,

    #[command(flatten)]
    repeats: Repeats,

    #[command(flatten)]
    capturing: Capturing,
}

/// Records both sides, compares them and reports.
pub(super) fn run(args: &Args, color: ColorChoice) -> anyhow::Result<ExitCode> {
    // What is wrong with it is said before anything runs.
    let reviewed = args.expect.read()?;
    let folder = args.out_dir.clone().unwrap_or_else(|| PathBuf::from(paths::FOLDER));
    let sandbox = side(Side::Sandbox, &args.sandbox, &folder, args)?;
    let runtime = side(Side::Runtime, &args.runtime, &folder, args)?;
    let diagnosis = diff::compare_files(&sandbox, &runtime, &reviewed, &args.report, color)?;
    Ok(diff::conclude(&sandbox, &runtime, &diagnosis))
}

/// Records a side, as often as asked for; the first capture stands for all.
fn side(side: Side, command: &OsString, folder: &Path, args: &Args) -> anyhow::Result<PathBuf> {
    let first = paths::new_capture(folder, side, Timestamp::now())?;
    let mut set = args.repeats.of(side, &first, args.recording.force)?;
    for next in set.by_ref() {
        record_one(side, command, next, args)?;
    }
    if set.was_cut_short() {
        anyhow::bail!("told to end before all runs of the {side} were made");
    }
    Ok(first)
}

fn record_one(side: Side, command: &OsString, next: repeat::Recording, args: &Args) -> anyhow::Result<()> {
    let preflight = args.preflight.wanted() && next.is_first();
    let path = next.path;
    let plan = Plan {
        side,
        command: Command::shell(command),
        path: path.clone(),
        repeat: next.repeat,
        listen: None,
        transparent: args.capturing.transparent,
        settings: args.recording.settings()?,
        key: recording::machine_key()?,
        // Standard output is the report's.
        sinks: Sinks::both_to_stderr(output::screen())?,
        preflight,
    };
    let recorded = recording::record(plan, &args.recording)?;
    for remark in &recorded.remarks {
        output::note(&format!("samewire: {side}: {remark}"));
    }
    let ended = match recorded.exit.with_context(|| format!("the {side}'s command did not run"))? {
        Exit::Code(code) => format!("exit status {code}"),
        Exit::Signal(signal) => format!("ended by signal {signal}"),
    };
    let exchanges = record::count(recorded.summary.exchanges, "exchange");
    output::note(&format!("samewire: {side}: {exchanges}, {ended}, recorded in {}", path.display()));
    for line in record::past_the_proxy(&recorded.summary.coverage) {
        output::note(&format!("samewire: {side}: {line}"));
    }
    if let Some(why) = &recorded.summary.stopped {
        anyhow::bail!("recording the {side} stopped before its command did: {why}");
    }
    if recorded.summary.withheld > 0 {
        anyhow::bail!(
            "an exchange of the {side} was not written, because a known secret was found in it; please report this"
        );
    }
    Ok(())
}
