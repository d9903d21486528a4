//! The commands, one file each. The only room with anyhow and standard output.

mod archive;
mod bundle;
mod ca;
mod compare;
mod demo;
mod diff;
mod ending;
#[cfg(target_os = "linux")]
mod enter;
mod env;
mod explain;
mod export;
mod foresight;
#[cfg(target_os = "linux")]
mod hold;
mod import;
mod inspect;
mod key;
mod list;
mod listening;
mod options;
mod output;
mod paths;
mod private;
mod probe;
mod proxy;
mod prune;
mod record;
mod recording;
mod repeat;
mod reviewed;
mod show;
mod state;
mod verdicts;
mod verify;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};

pub use output::{choose_colour, colour_on_stderr, report_failure};

/// Exit status where samewire itself failed to record (as `docker run` and `env` have it).
pub const EXIT_FAILED: u8 = 125;
/// Exit status of a usage or input error of the reading commands.
pub const EXIT_USAGE: u8 = 2;

/// Do your sandbox and your runtime put the same request on the wire, and if not, why?
///
/// samewire records what each side really sends, compares headers, auth and body, and names the cause.
/// No secret reaches the disk: captures and reports hold comparable facts in their place.
#[derive(Debug, Parser)]
#[command(
    name = "samewire",
    version,
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
#[command(after_help = "Begin with `samewire demo`: the whole job in a few seconds, nothing to install.")]
pub struct Cli {
    /// Say more on standard error; twice for everything. Never values, bodies or queries.
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub verbose: u8,

    /// When to use colour.
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto, global = true)]
    pub color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run a command under the proxy and write what it sends to a capture.
    Record(record::Args),
    /// Compare two captures: verdict, root cause, differences.
    Diff(diff::Args),
    /// Record both sides and compare them in one go.
    Compare(compare::Args),
    /// Pack both captures and their report into one file for a public bug report.
    Bundle(bundle::Args),
    /// Stand-alone proxy with a port for each side.
    Proxy(proxy::Args),
    /// Print the variables that a client needs to use a running `samewire proxy`.
    Env(env::Args),
    /// Read what another program recorded (HAR, Airbyte Builder, curl) as the capture of a side.
    ///
    /// Values are redacted as they are read. What such a file does not tell is unknown and never a difference; the report says what that is.
    /// To compare what was on the wire, record the side instead.
    Import(import::Args),
    /// Write a capture for other programs: plain HAR, curl, HTTPie, Python.
    ///
    /// The capture holds no secrets, so command lines and code have variables in their place (`$API_KEY`), named by the config's key where
    /// that is known. They say what to fill in, and stop where it is missing.
    Export(export::Args),
    /// List the captures of a folder, with what the last diff said of each.
    List(list::Args),
    /// Show a capture's exchanges, or one of them as it was sent.
    Show(show::Args),
    /// Remove older captures of a folder; without --force it says what it would remove.
    ///
    /// Only captures of samewire's in the folder itself are touched: no other file, nothing in folders below it, nothing behind a link.
    /// The captures of a set (`record --repeat`) go together.
    Prune(prune::Args),
    /// Read a connector's package without running it: spec, manifest, config references.
    Inspect(inspect::Args),
    /// Look for secrets in any files: captures, HAR files of others, logs, archives, whole folders.
    Verify(verify::Args),
    /// Show the page of a rule: what, why, on the wire, how to fix, when it is wrong.
    Explain(explain::Args),
    /// The key of the tags: which it is, a new one, the same one on two machines.
    #[command(subcommand)]
    Key(key::Command),
    /// A certificate authority that outlives one run.
    #[command(subcommand)]
    Ca(ca::Command),
    /// The whole job on an embedded API and an embedded connector.
    Demo(demo::Args),
    /// The connector that `demo` runs.
    #[command(name = "demo-connector", hide = true)]
    DemoConnector(demo::connector::Args),
    /// What the proxy looks like from inside a container's network.
    #[command(name = crate::launch::PROBE, hide = true)]
    Probe(probe::Args),
    /// The first steps of a command that is recorded transparently.
    #[cfg(target_os = "linux")]
    #[command(name = crate::launch::ENTER, hide = true)]
    Enter(enter::Args),
    /// The process that holds the network of a container that is recorded transparently.
    #[cfg(target_os = "linux")]
    #[command(name = crate::launch::HOLD, hide = true)]
    Hold(hold::Args),
}

/// Reads the command line. Errors know which exit status they deserve.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Cli, UsageError> {
    let args: Vec<OsString> = args.into_iter().collect();
    let recording = args.iter().skip(1).find(|arg| !arg.to_string_lossy().starts_with('-'));
    let recording = recording.is_some_and(|name| name == "record" || name == "proxy");
    Cli::command()
        .color(color_of(&args))
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| UsageError { error, recording })
}

/// `--color` must hold for the usage errors too, which come before it is parsed.
fn color_of(args: &[OsString]) -> ColorChoice {
    let text: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).take_while(|arg| arg != "--").collect();
    let given = |value: &str| {
        text.iter().any(|arg| *arg == format!("--color={value}"))
            || text.windows(2).any(|pair| pair[0] == "--color" && pair[1] == value)
    };
    if given("never") {
        ColorChoice::Never
    } else if given("always") {
        ColorChoice::Always
    } else {
        ColorChoice::Auto
    }
}

/// A command line that cannot be understood, or a request for help.
#[derive(Debug)]
pub struct UsageError {
    error: clap::Error,
    recording: bool,
}

impl UsageError {
    /// Prints what clap has to say and tells the exit status.
    pub fn exit(&self) -> ExitCode {
        let _ = self.error.print();
        if !self.error.use_stderr() {
            return ExitCode::SUCCESS;
        }
        ExitCode::from(if self.recording { EXIT_FAILED } else { EXIT_USAGE })
    }
}

/// Runs a command.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command {
        Command::Record(args) => record::run(args),
        Command::Diff(args) => diff::run(&args, cli.color),
        Command::Compare(args) => compare::run(&args, cli.color),
        Command::Bundle(args) => bundle::run(&args),
        Command::Proxy(args) => proxy::run(&args),
        Command::Env(args) => env::run(&args),
        Command::Import(args) => import::run(&args),
        Command::Export(args) => export::run(&args),
        Command::List(args) => list::run(&args),
        Command::Show(args) => show::run(&args),
        Command::Prune(args) => prune::run(&args),
        Command::Inspect(args) => inspect::run(&args, cli.color),
        Command::Verify(args) => verify::run(&args, cli.color),
        Command::Explain(args) => explain::run(&args),
        Command::Key(command) => key::run(&command),
        Command::Ca(command) => ca::run(&command),
        Command::Demo(args) => demo::run(&args, cli.color),
        Command::DemoConnector(args) => demo::connector::run(&args),
        Command::Probe(args) => probe::run(&args),
        #[cfg(target_os = "linux")]
        Command::Enter(args) => Ok(enter::run(&args)),
        #[cfg(target_os = "linux")]
        Command::Hold(args) => Ok(hold::run(&args)),
    }
}

impl Command {
    /// The exit status where the command fails with an error of samewire's own.
    pub fn failure_status(&self) -> u8 {
        match self {
            Self::Record(_) | Self::Proxy(_) => EXIT_FAILED,
            _ => EXIT_USAGE,
        }
    }
}
