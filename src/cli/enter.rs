//! `samewire __enter FOLDER -- COMMAND`: what `record --transparent` starts, in the process that becomes the command.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::launch;

use super::EXIT_FAILED;

/// The first steps of a command that is recorded transparently.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where samewire waits.
    folder: PathBuf,

    /// The command and its arguments.
    #[arg(last = true, required = true)]
    command: Vec<OsString>,
}

/// Becomes the command. Where that fails, samewire knows why and says so.
pub(super) fn run(args: &Args) -> ExitCode {
    launch::enter(&args.folder, &args.command);
    ExitCode::from(EXIT_FAILED)
}
