//! The commands, one file each. The only room with anyhow and standard output.

mod archive;
mod bundle;
mod ca;
mod compare;
mod completions;
mod demo;
mod descriptors;
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
mod man;
mod options;
mod output;
mod paths;
mod private;
mod probe;
mod progress;
mod proxy;
mod prune;
mod record;
mod recording;
mod repeat;
mod reviewed;
mod show;
mod state;
mod ui;
mod verdicts;
mod verify;

use std::ffi::OsString;
use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{ColorChoice, CommandFactory, FromArgMatches, Parser, Subcommand};
use signal_hook::consts::SIGXFSZ;

use crate::redact::without_secrets;

pub use output::{StandardError, be_quiet, choose_colour, colour_on_stderr, report_failure};

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

    /// Say only what counts: no closing lines, notes or progress. Reports, errors and warnings that change the exit status remain.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,

    /// When to use colour.
    #[arg(long, value_name = "WHEN", default_value_t = ColorChoice::Auto, global = true)]
    pub color: ColorChoice,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(missing_docs, reason = "a line here would take the place of what the command's own file says of it")]
pub enum Command {
    Record(record::Args),
    Diff(diff::Args),
    Compare(compare::Args),
    Bundle(bundle::Args),
    Ui(ui::Args),
    Proxy(proxy::Args),
    Env(env::Args),
    Import(import::Args),
    Export(export::Args),
    List(list::Args),
    Show(show::Args),
    Prune(prune::Args),
    Inspect(inspect::Args),
    Verify(verify::Args),
    Explain(explain::Args),
    /// The key of the tags: which it is, a new one, the same one on two machines.
    #[command(subcommand)]
    Key(key::Command),
    /// A certificate authority that outlives one run.
    #[command(subcommand)]
    Ca(ca::Command),
    Demo(demo::Args),
    Completions(completions::Args),
    Man(man::Args),
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
    let color = color_of(&args);
    let words = args.iter().skip(1).map(|arg| arg.to_string_lossy().into_owned()).collect();
    Cli::command()
        .color(color)
        .try_get_matches_from(args)
        .and_then(|matches| Cli::from_arg_matches(&matches))
        .map_err(|error| UsageError { error, recording, color, words })
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
pub struct UsageError {
    error: clap::Error,
    recording: bool,
    color: ColorChoice,
    words: Vec<String>,
}

/// Shows the kind only: the words may hold secrets.
impl fmt::Debug for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UsageError({:?})", self.error.kind())
    }
}

impl UsageError {
    /// Prints what clap has to say and tells the exit status. clap repeats what it refuses, and that may be a secret in the wrong place.
    pub fn exit(&self) -> ExitCode {
        if !self.error.use_stderr() {
            let _ = self.error.print();
            return ExitCode::SUCCESS;
        }
        choose_colour(self.color);
        let message = self.error.render().ansi().to_string();
        let message = without_secrets(&message, self.words.iter().map(String::as_str));
        let _ = anstream::stderr().write_all(message.as_bytes());
        ExitCode::from(if self.recording { EXIT_FAILED } else { EXIT_USAGE })
    }
}

/// Runs a command.
pub fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    // A limit of file sizes is then an error of the write that meets it, not the end of the process.
    if let Err(error) = signal_hook::flag::register(SIGXFSZ, Arc::default()) {
        tracing::warn!(%error, "cannot catch SIGXFSZ: where a limit of file sizes is met, samewire ends");
    }
    match cli.command {
        Command::Record(args) => record::run(&args),
        Command::Diff(args) => diff::run(&args, cli.color),
        Command::Compare(args) => compare::run(&args, cli.color),
        Command::Bundle(args) => bundle::run(&args),
        Command::Ui(args) => ui::run(&args),
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
        Command::Completions(args) => completions::run(&args),
        Command::Man(args) => man::run(&args),
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
