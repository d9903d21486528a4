//! `samewire list [DIR]`

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ValueEnum;

use crate::report::{self, Listed};

use super::archive::{self, Found};
use super::verdicts::{self, Kept};
use super::{output, paths, record};

/// List the captures of a folder: side, when, exchanges, size, what the last diff said, command.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder.
    #[arg(value_name = "DIR", default_value = paths::FOLDER)]
    folder: PathBuf,

    /// The list's format.
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
}

/// Formats of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Terminal,
    /// For programs: the schema `samewire.list/1`.
    Json,
}

/// Lists.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = archive::look(&args.folder)?;
    let kept = verdicts::read();
    let listed: Vec<Listed> = folder.captures.iter().map(|found| listed(found, &kept)).collect();
    let name = args.folder.display().to_string();
    let text = match args.format {
        Format::Terminal => report::list(&name, &listed),
        Format::Json => report::list_json(&name, &listed),
    };
    output::report(&text, None)?;
    if folder.others > 0 {
        output::note(&format!(
            "samewire: {} no capture of samewire's; `samewire import SIDE FILE` reads the HARs of other programs",
            match folder.others {
                1 => "1 file is".to_owned(),
                many => format!("{} are", record::count(many, "file")),
            }
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn listed(found: &Found, kept: &Kept) -> Listed {
    let capture = &found.glance.capture;
    Listed {
        file: found.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
        side: capture.side,
        tool: capture.run.tool,
        source: capture.run.source.clone(),
        command: capture.run.command.iter().map(ToString::to_string).collect(),
        started_at: capture.run.started_at,
        ended_at: capture.run.ended_at,
        exit: capture.run.exit,
        exchanges: found.glance.exchanges,
        bytes: found.bytes,
        torn: capture.completeness.torn.is_some(),
        verdict: kept.of(&found.path),
    }
}
