//! `samewire __probe HOST:PORT FILE`: what samewire starts in a container's network before the container's own command.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::launch::preflight::Seen;

use super::output;

/// What the proxy looks like from here.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The proxy, `HOST:PORT`.
    proxy: String,

    /// The file with the certificates.
    file: PathBuf,
}

/// Looks, and tells on standard output.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    output::report(&Seen::look(&args.proxy, &args.file).to_string(), None)?;
    Ok(ExitCode::SUCCESS)
}
