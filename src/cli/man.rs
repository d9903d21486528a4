//! `samewire man DIR`

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use anyhow::Context as _;
use clap::CommandFactory as _;
use clap_mangen::Man;

use super::{Cli, output};

/// Write the manual's pages: one of samewire, and one of each command.
///
/// `samewire man ~/.local/share/man/man1`, then `man samewire-record`. DIR is made if it is not there; pages that are there already are
/// written anew.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder for the pages.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Writes them.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let folder = args.folder.display();
    fs::create_dir_all(&args.folder).and_then(|()| write(&command, &args.folder)).with_context(|| {
        format!("cannot write the pages to {folder}; name a folder that you may write to")
    })?;
    output::note(&format!("samewire: the manual's pages are in {folder}; begin with samewire.1"));
    Ok(ExitCode::SUCCESS)
}

/// The page of a command and those of its own commands.
fn write(command: &clap::Command, folder: &Path) -> io::Result<()> {
    for command in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write(command, folder)?;
    }
    Man::new(command.clone())
        // No date, in roff's own words: an empty argument would be left out, and the next one would take its place.
        .date("\"\"")
        .source(format!("samewire {}", env!("CARGO_PKG_VERSION")))
        .manual("User Commands")
        .generate_to(folder)
        .map(drop)
}
