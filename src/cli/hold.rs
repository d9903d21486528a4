//! `samewire __hold FOLDER`: what `record --transparent` starts in a container that holds a network for another.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::launch;

/// The process that holds the network of a container that is recorded transparently.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where samewire waits.
    folder: PathBuf,

    /// There is IPv6 in the network.
    #[arg(long)]
    v6: bool,
}

/// Holds the network until samewire is gone.
pub(super) fn run(args: &Args) -> ExitCode {
    launch::hold(&args.folder, args.v6);
    ExitCode::SUCCESS
}
