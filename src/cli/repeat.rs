//! One side recorded several times: the files of a capture set, and what is read of it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context as _, bail};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};

use crate::bundle;
use crate::capture;
use crate::compare::{self, Comparison};
use crate::model::{Capture, KnownJson, Repeat, Side};
use crate::threads;

use super::output;

/// The most recordings that a set has.
const MOST: i64 = 99;

/// How often a side is recorded.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(super) struct Repeats {
    /// Record the side N times, one after the other, to learn what changes from run to run by itself.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 1,
        hide_default_value = true,
        help_heading = "Recording"
    )]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=MOST))]
    repeat: u32,
}

/// One recording to be made.
pub(super) struct Recording {
    /// Where its capture goes.
    pub path: PathBuf,
    /// Which of the set it is; absent for an only one.
    pub repeat: Option<Repeat>,
}

/// The recordings to be made, one after the other. It ends early when samewire is told to.
pub(super) struct Set {
    side: Side,
    recordings: std::vec::IntoIter<Recording>,
    told_to_end: Arc<AtomicBool>,
}

impl Repeats {
    /// The recordings of a side, the first of them in the given file. A file that is there already is an error before any command runs.
    pub(super) fn of(self, side: Side, first: &Path, force: bool) -> anyhow::Result<Set> {
        let told_to_end = Arc::new(AtomicBool::new(false));
        if self.repeat == 1 {
            let only = vec![Recording { path: first.to_owned(), repeat: None }];
            return Ok(Set { side, recordings: only.into_iter(), told_to_end });
        }
        let mut name = [0; 4];
        getrandom::fill(&mut name).context("cannot draw a name for the capture set")?;
        let set = format!("{:08x}", u32::from_be_bytes(name));
        let mut recordings = Vec::new();
        for number in 1..=self.repeat {
            let path = nth(first, number);
            if !force && path.exists() {
                bail!("{} is there already; choose another name with -o, or say --force", path.display());
            }
            let repeat = Some(Repeat { set: set.clone(), number, of: self.repeat });
            recordings.push(Recording { path, repeat });
        }
        // The command gets the signal as well; what must end besides is this loop.
        for signal in [SIGHUP, SIGINT, SIGQUIT, SIGTERM] {
            signal_hook::flag::register(signal, Arc::clone(&told_to_end))
                .context("cannot watch for signals")?;
        }
        Ok(Set { side, recordings: recordings.into_iter(), told_to_end })
    }
}

impl Recording {
    /// What is said once of all.
    pub(super) fn is_first(&self) -> bool {
        self.repeat.as_ref().is_none_or(|repeat| repeat.number == 1)
    }
}

impl Set {
    /// True for the last one, and when no other is to follow.
    pub(super) fn is_over(&self) -> bool {
        self.recordings.len() == 0 || self.told_to_end.load(Ordering::Relaxed)
    }

    /// True when recordings are left that will not be made.
    pub(super) fn was_cut_short(&self) -> bool {
        self.recordings.len() > 0
    }
}

impl Iterator for Set {
    type Item = Recording;

    /// Says which one begins.
    fn next(&mut self) -> Option<Recording> {
        let next = if self.is_over() { None } else { self.recordings.next() }?;
        if let Some(Repeat { number, of, .. }) = next.repeat {
            output::note(&format!("samewire: run {number} of {of} of the {}", self.side));
        }
        Some(next)
    }
}

/// The file of the nth recording of a set: `a.har`, `a.2.har`, `a.3.har`.
pub(super) fn nth(first: &Path, number: u32) -> PathBuf {
    if number == 1 {
        return first.to_owned();
    }
    let mut name = first.file_stem().map(OsString::from).unwrap_or_default();
    name.push(format!(".{number}"));
    if let Some(extension) = first.extension() {
        name.push(".");
        name.push(extension);
    }
    first.with_file_name(name)
}

/// The first recording of the set that a file of this name would belong to; `None` for a name that is a first one itself.
pub(super) fn first_of(path: &Path) -> Option<PathBuf> {
    let stem = Path::new(path.file_stem()?);
    let number: u32 = stem.extension()?.to_str()?.parse().ok()?;
    let mut name = stem.file_stem()?.to_owned();
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    (number >= 2).then(|| path.with_file_name(name))
}

/// The recordings of one side that are compared.
pub(super) struct Runs {
    side: Side,
    /// The one that is compared with the other side.
    pub first: Capture,
    others: Vec<Capture>,
    /// What a reader must know of those that are missing.
    pub notes: Vec<String>,
}

impl Runs {
    /// Reads both sides. JSON that they have in common is held once.
    pub(super) fn read_both(sandbox: &Path, runtime: &Path) -> anyhow::Result<[Self; 2]> {
        let known = Arc::default();
        let (sandbox, runtime) = threads::both(
            || Self::read(sandbox, Side::Sandbox, &known),
            || Self::read(runtime, Side::Runtime, &known),
        );
        Ok([sandbox?, runtime?])
    }

    /// Reads a capture, and the others of its set where it is the first; or a side of a bundle.
    pub(super) fn read(path: &Path, side: Side, known: &Arc<KnownJson>) -> anyhow::Result<Self> {
        if bundle::is_bundle(path) {
            let bundle::Runs { first, others, notes } = bundle::read(path)?.side(side);
            return Ok(Self { side, first, others, notes });
        }
        let first = capture::read_sharing(path, known)?;
        let mut runs = Self { side, first, others: Vec::new(), notes: Vec::new() };
        let Some(Repeat { set, number: 1, of }) = runs.first.run.repeat.clone() else { return Ok(runs) };
        for number in 2..=of {
            let path = nth(path, number);
            let why = match capture::read_sharing(&path, known) {
                Ok(other) if other.run.repeat.as_ref().is_some_and(|repeat| repeat.set == set) => {
                    runs.others.push(other);
                    continue;
                }
                Ok(_) => "it is of another capture set".to_owned(),
                Err(error) => format!("{:#}", anyhow::Error::from(error)),
            };
            runs.notes.push(format!("run {number} of {of} of the {side} is not learned from: {why}"));
        }
        Ok(runs)
    }

    /// In the place of a side of which nothing is recorded yet.
    pub(super) fn only(first: Capture) -> Self {
        Self { side: first.side, first, others: Vec::new(), notes: Vec::new() }
    }

    /// As they go into a bundle. Notes on files that are missing name them; the names are of this machine, and stay here.
    pub(super) fn for_bundle(self) -> bundle::Runs {
        let without_why = |note: String| note.split(": ").next().unwrap_or_default().to_owned();
        let notes = self.notes.into_iter().map(without_why).collect();
        bundle::Runs { first: self.first, others: self.others, notes }
    }

    /// What the runs teach; `None` for an only one.
    fn learned(&self) -> Option<compare::Learned> {
        let all: Vec<&Capture> = [&self.first].into_iter().chain(&self.others).collect();
        (all.len() > 1).then(|| compare::learn(self.side, &all))
    }
}

/// Compares the first runs of both sides, with what all of them teach.
pub(super) fn compare(sandbox: &Runs, runtime: &Runs) -> Comparison {
    let mut comparison = compare::compare(&sandbox.first, &runtime.first);
    let learned: Vec<compare::Learned> =
        [sandbox, runtime].iter().filter_map(|runs| runs.learned()).collect();
    comparison.silence(&sandbox.first, &runtime.first, &learned);
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_set_know_their_first() {
        for (first, second) in [("a/x.har", "a/x.2.har"), ("x", "x.2"), ("x.y.har", "x.y.2.har")] {
            assert_eq!(nth(Path::new(first), 2), Path::new(second));
            assert_eq!(nth(Path::new(first), 1), Path::new(first));
        }
        assert_eq!(first_of(Path::new("a/x.2.har")), Some("a/x.har".into()));
        assert_eq!(first_of(Path::new("x.12.har")), Some("x.har".into()));
        for first in ["x.har", "x.y.har", "x.1.har", "x.har.gz"] {
            assert_eq!(first_of(Path::new(first)), None, "{first}");
        }
    }
}
