//! `samewire prune [DIR] --keep N | --older-than AGE`

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::time::{Duration, SystemTime};

use anyhow::Context as _;

use crate::model::Side;

use super::archive::{self, Found};
use super::{output, paths, record};

/// A capture without an end that was written so recently may still be being recorded.
const FRESH: Duration = Duration::from_secs(600);

/// Remove older captures of a folder. Without --force it says what it would remove, and removes nothing.
///
/// Only captures of samewire's in the folder itself are touched: no other file, nothing in folders below it, nothing behind a link.
/// The captures of a set (`record --repeat`) go together.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("which").required(true).multiple(true))]
pub struct Args {
    /// The folder.
    #[arg(value_name = "DIR", default_value = paths::FOLDER)]
    folder: PathBuf,

    /// Keep the newest N of each side.
    #[arg(long, value_name = "N", group = "which")]
    keep: Option<usize>,

    /// Remove only what is older: `30d`, `12h`, `2w`.
    #[arg(long, value_name = "AGE", group = "which")]
    older_than: Option<Age>,

    /// Remove them.
    #[arg(long)]
    force: bool,
}

/// How old something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Age(Duration);

impl FromStr for Age {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "say a number and m, h, d or w: 12h, 30d";
        let (number, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit()).ok_or(wrong)?);
        let seconds = match unit {
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            "w" => 7 * 86_400,
            _ => return Err(wrong),
        };
        let number: u64 = number.parse().map_err(|_| wrong)?;
        number.checked_mul(seconds).map(|seconds| Self(Duration::from_secs(seconds))).ok_or(wrong)
    }
}

/// Prunes.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let folder = archive::look(&args.folder)?;
    let total = folder.captures.len();
    let now = SystemTime::now();
    let chosen: Vec<Found> = choose(folder.captures, args, now);
    let bytes: u64 = chosen.iter().map(|found| found.bytes).sum();
    for found in &chosen {
        if args.force {
            remove(found)?;
        }
        let path = crate::report::inert(&found.path.display().to_string());
        if args.force {
            output::note(&format!("samewire: removed {path}"));
        } else {
            // That is what was asked for.
            output::line(&format!("samewire: would remove {path}"));
        }
    }
    let what = record::count(u32::try_from(chosen.len()).unwrap_or(u32::MAX), "capture");
    output::note(&match (chosen.is_empty(), args.force) {
        (true, _) => format!("samewire: nothing to remove among {total} captures"),
        (false, true) => format!("samewire: {what} of {total} removed, {bytes} bytes"),
        (false, false) => {
            format!("samewire: {what} of {total} to remove, {bytes} bytes; say --force to remove them")
        }
    });
    Ok(ExitCode::SUCCESS)
}

/// What is to be removed, newest first.
fn choose(captures: Vec<Found>, args: &Args, now: SystemTime) -> Vec<Found> {
    let age = |found: &Found| now.duration_since(found.written).unwrap_or_default();
    let mut kept: BTreeMap<Side, Vec<String>> = BTreeMap::new();
    let mut chosen = Vec::new();
    for found in captures {
        let run = &found.glance.capture.run;
        // The captures of a set count as one.
        let name = match &run.repeat {
            Some(repeat) => repeat.set.clone(),
            None => found.path.display().to_string(),
        };
        let of_side = kept.entry(found.glance.capture.side).or_default();
        if !of_side.contains(&name) {
            of_side.push(name.clone());
        }
        let place = of_side.iter().position(|known| *known == name).unwrap_or(0);
        let surplus = args.keep.is_none_or(|keep| place >= keep);
        let old = args.older_than.is_none_or(|Age(limit)| age(&found) > limit);
        let may_be_growing = run.ended_at.is_none() && age(&found) < FRESH;
        if surplus && old && !may_be_growing {
            chosen.push(found);
        }
    }
    chosen
}

/// Removes a file, if it still is the one that was looked at.
fn remove(found: &Found) -> anyhow::Result<()> {
    let data = fs::symlink_metadata(&found.path);
    if data.is_ok_and(|data| data.is_file() && (data.dev(), data.ino()) == found.inode) {
        fs::remove_file(&found.path).with_context(|| format!("cannot remove {}", found.path.display()))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        assert_eq!("30d".parse(), Ok(Age(Duration::from_secs(30 * 86_400))));
        assert_eq!("12h".parse(), Ok(Age(Duration::from_secs(12 * 3_600))));
        for wrong in ["", "d", "30", "30y", "-1d", "99999999999999999999d"] {
            assert!(wrong.parse::<Age>().is_err(), "{wrong}");
        }
    }
}
