//! `samewire key show-id | new | export | pair`

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use zeroize::Zeroizing;

use crate::redact::Key;

use super::{output, private};

/// The most that is read of what should be one line.
const LONGEST: usize = 4096;

/// The key of the tags.
///
/// Captures compare tag by tag when they were made under one key. Each machine makes its own on first use. To compare captures of two machines, or
/// of CI and a laptop, give both one key: `samewire key export | ssh OTHER samewire key pair`. Whoever holds the key and a capture can try out
/// guesses of its secrets. See docs/security.md.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Print the key's id, which captures carry, and where the key is. The id tells nothing of the key.
    ShowId,
    /// Make a new key.
    New(New),
    /// Print the key, for `samewire key pair` on another machine.
    Export(Export),
    /// Take the key of another machine, as `samewire key export` printed it, from a file or standard input.
    Pair(Pair),
}

/// Makes a new key.
#[derive(Debug, clap::Args)]
pub struct New {
    /// Replace the key that is there: captures made under it stay comparable with each other, but not with new ones.
    #[arg(long)]
    force: bool,
}

/// Prints the key.
#[derive(Debug, clap::Args)]
pub struct Export {
    /// Write it to this new file, for its owner only, instead of to standard output.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Print it even to a terminal.
    #[arg(long)]
    show: bool,
}

/// Takes a key.
#[derive(Debug, clap::Args)]
pub struct Pair {
    /// The file with the key [default: standard input]. The key itself is never an argument: those can be read by others.
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// Replace another key that is there: captures made under it stay comparable with each other, but not with new ones.
    #[arg(long)]
    force: bool,
}

/// Runs the command.
pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let path =
        Key::default_path().context("no home folder to keep the key in; set XDG_STATE_HOME or HOME")?;
    match command {
        Command::ShowId => {
            let key = Key::load_or_create(&path)?;
            output::report(&format!("{}\n", key.id()), None)?;
            output::note(&format!("samewire: the key is in {}", path.display()));
        }
        Command::New(New { force }) => {
            let there = Key::load(&path);
            if let (Ok(Some(there)), false) = (&there, force) {
                bail!(
                    "there is a key already, {} in {}; with --force a new one takes its place, and captures made under it can no longer be \
                     compared with new ones tag by tag",
                    there.id(),
                    path.display()
                );
            }
            if !force {
                there?;
            }
            let key = Key::generate()?;
            key.store(&path)?;
            output::note(&format!("samewire: new key {} in {}", key.id(), path.display()));
            output::note(
                "samewire: captures made before it are compared with new ones by names, shapes and relations only",
            );
        }
        Command::Export(Export { output: file, show }) => {
            let key = Key::load_or_create(&path)?;
            let line = Zeroizing::new(format!("{}\n", *key.to_text()));
            if let Some(file) = file {
                private::write_new(file, &line, 0o600)?;
                output::note(&format!(
                    "samewire: key {} written to {}; remove it when both machines have it",
                    key.id(),
                    file.display()
                ));
            } else if std::io::stdout().is_terminal() && !show {
                bail!(
                    "the key is not printed to a terminal, where it would stay to be read; pipe it (samewire key export | ssh OTHER samewire key pair), \
                     write it to a file with -o, or say --show"
                );
            } else {
                output::report(&line, None)?;
            }
        }
        Command::Pair(Pair { file, force }) => pair(&path, file.as_ref(), *force)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn pair(path: &std::path::Path, file: Option<&PathBuf>, force: bool) -> anyhow::Result<()> {
    let text = if let Some(file) = file {
        private::read(file)?
    } else {
        if std::io::stdin().is_terminal() {
            output::note(
                "samewire: paste the line that `samewire key export` printed on the other machine, then Ctrl-D",
            );
        }
        let mut text = Zeroizing::new(String::with_capacity(LONGEST));
        let read = std::io::stdin().lock().take(LONGEST as u64).read_to_string(&mut text);
        read.context("cannot read the key from standard input")?;
        text
    };
    let key = Key::from_text(&text)?;
    let there = Key::load(path);
    match &there {
        Ok(Some(there)) if there.id() == key.id() => {
            output::note(&format!("samewire: this machine has key {} already", key.id()));
            return Ok(());
        }
        Ok(Some(there)) if !force => bail!(
            "this machine has another key, {} in {}; with --force the new one takes its place, and captures made under the old one can no longer \
             be compared with new ones tag by tag",
            there.id(),
            path.display()
        ),
        Err(_) if !force => {
            there?;
        }
        _ => {}
    }
    key.store(path)?;
    output::note(&format!(
        "samewire: key {} is now this machine's; record again to compare with the other machine's captures",
        key.id()
    ));
    Ok(())
}
