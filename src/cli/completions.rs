//! `samewire completions SHELL`

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;

use crate::diagnose;
use crate::inspect;

use super::{Cli, output};

/// Print the script that completes samewire's commands, options and rules in a shell.
///
/// bash: `samewire completions bash > ~/.local/share/bash-completion/completions/samewire`;
/// zsh: `samewire completions zsh > DIR/_samewire`, DIR being a folder of `$fpath`;
/// fish: `samewire completions fish > ~/.config/fish/completions/samewire.fish`;
/// PowerShell: `samewire completions powershell | Out-String | Invoke-Expression`, in `$PROFILE`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

/// Prints the script.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let mut command = offered().mut_subcommand("explain", |explain| {
        let rules = diagnose::RULES.iter().map(|rule| rule.name);
        let rules = PossibleValuesParser::new(rules.chain(inspect::CHECKS.iter().map(|check| check.name)));
        explain.mut_arg("rule", |rule| rule.value_parser(rules))
    });
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut command, "samewire", &mut script);
    output::report(&String::from_utf8(script)?, None)?;
    Ok(ExitCode::SUCCESS)
}

/// The command line without the commands that samewire runs itself.
fn offered() -> Command {
    let whole = Cli::command();
    let commands = whole.get_subcommands().filter(|command| !command.is_hide_set()).cloned();
    Command::new("samewire")
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .args(whole.get_arguments().cloned())
        .subcommands(commands)
}
