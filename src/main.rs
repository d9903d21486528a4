//! The thin binary: parse, tracing, run, exit status.

use std::io;
use std::process::ExitCode;

use samewire::cli;
use tracing_subscriber::filter::LevelFilter;

fn main() -> ExitCode {
    let cli = match cli::parse(std::env::args_os()) {
        Ok(cli) => cli,
        Err(usage) => return usage.exit(),
    };
    cli::choose_colour(cli.color);
    let level = match cli.verbose {
        0 => LevelFilter::WARN,
        1 => LevelFilter::INFO,
        _ => LevelFilter::TRACE,
    };
    tracing_subscriber::fmt()
        .with_max_level(level)
        .with_writer(io::stderr)
        .with_ansi(cli::colour_on_stderr())
        .init();
    let status = cli.command.failure_status();
    cli::run(cli).unwrap_or_else(|error| {
        cli::report_failure(&error);
        ExitCode::from(status)
    })
}
