//! The thin binary: parse, tracing, run, exit status.

use std::process::ExitCode;

use samewire::cli;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(usage) => return usage.exit(),
    };
    cli::choose_colour(cli.color);
    if cli.quiet {
        cli::be_quiet();
    }
    let level = match cli.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    // Only our own words: other crates' logs may hold values.
    let ours = Targets::new().with_target("samewire", level);
    let layer = tracing_subscriber::fmt::layer()
        .with_writer(|| cli::StandardError)
        .with_ansi(cli::colour_on_stderr());
    tracing_subscriber::registry().with(layer.with_filter(ours)).init();
    let status = cli.command.failure_status();
    cli::run(cli).unwrap_or_else(|error| {
        cli::report_failure(&error);
        ExitCode::from(status)
    })
}
