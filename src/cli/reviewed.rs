//! The project's reviewed file, as the commands take it.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;

use crate::compare::Comparison;
use crate::expect::{self, Reviewed};
use crate::model::Capture;

/// Which file of expected differences holds.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Expect {
    /// The file of expected differences [default: samewire.toml in this folder or above it, up to the repository's root].
    #[arg(long, value_name = "FILE", conflicts_with = "no_expect")]
    expect: Option<PathBuf>,

    /// Expect nothing: show every difference.
    #[arg(long)]
    no_expect: bool,
}

impl Expect {
    /// What the file says; nothing where there is none.
    pub(super) fn read(&self) -> anyhow::Result<Reviewed> {
        if self.no_expect {
            return Ok(Reviewed::default());
        }
        match &self.expect {
            Some(file) => Ok(expect::read(file, &file.display().to_string())?),
            None => of_project(),
        }
    }
}

/// What the project's own file says.
pub(super) fn of_project() -> anyhow::Result<Reviewed> {
    let folder = std::env::current_dir().context("cannot tell the working folder")?;
    match expect::find(&folder) {
        Some(file) => Ok(expect::read(&file, &shown(&file, &folder))?),
        None => Ok(Reviewed::default()),
    }
}

/// Takes what is expected out of a comparison, as of today.
pub(super) fn apply(reviewed: &Reviewed, comparison: &mut Comparison, sandbox: &Capture, runtime: &Capture) {
    let today = jiff::Zoned::now().date();
    comparison.expect(sandbox, runtime, &reviewed.expected, today);
}

/// A file above the working folder, as the user would write it: `../samewire.toml`.
fn shown(file: &Path, folder: &Path) -> String {
    let above = folder.ancestors().position(|above| file.parent() == Some(above)).unwrap_or_default();
    format!("{}{}", "../".repeat(above), expect::FILE)
}
