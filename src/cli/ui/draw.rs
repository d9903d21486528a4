//! The page as it is now: both captures read and compared, as far as they have come.

use std::error::Error as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use crate::capture::{ContentError, ReadError};
use crate::cli::diff;
use crate::cli::repeat::Runs;
use crate::expect::Reviewed;
use crate::model::{Capture, Completeness, Inputs, Interception, KnownJson, Run, Side, Tool};
use crate::report::{self, Live, LivePage, LiveSide, Page, Progress};

use super::follow::{Seen, Sight};

/// Draws the page.
pub(super) struct Drawing {
    reviewed: Reviewed,
    /// How often it was drawn.
    version: u64,
}

impl Drawing {
    pub(super) fn new(reviewed: Reviewed) -> Self {
        Self { reviewed, version: 0 }
    }

    /// The page of what is there.
    pub(super) fn draw(&mut self, sight: &Sight) -> LivePage {
        self.version += 1;
        let known = Arc::default();
        let (sandbox, first) = side(&sight.sandbox, Side::Sandbox, &known);
        let (runtime, second) = side(&sight.runtime, Side::Runtime, &known);
        let live = Live { version: self.version, sandbox, runtime };
        // What is not there was not made under another key.
        let key =
            first.as_ref().or(second.as_ref()).map_or_else(String::new, |runs| runs.first.key_id.clone());
        let [first, second] = [(first, Side::Sandbox), (second, Side::Runtime)]
            .map(|(runs, side)| runs.unwrap_or_else(|| nothing(side, &key)));
        diff::judge(&first, &second, &self.reviewed, |case, diagnosis, report| {
            report::live(report, &Page::new(case, &diagnosis), &live)
        })
    }
}

/// What is known of a side, and its runs where they can be read.
fn side(seen: &Seen, side: Side, known: &Arc<KnownJson>) -> (LiveSide, Option<Runs>) {
    let Some(path) = &seen.path else {
        return (LiveSide { progress: Progress::Awaited, file: String::new() }, None);
    };
    let (progress, runs) = read(path, side, seen.written, known);
    (LiveSide { progress, file: path.display().to_string() }, runs)
}

fn read(path: &Path, side: Side, written: bool, known: &Arc<KnownJson>) -> (Progress, Option<Runs>) {
    match Runs::read(path, side, known) {
        Ok(mut runs) if written => {
            // A file that is read while it is written may break off anywhere, and further runs are yet to come.
            runs.first.completeness.torn = None;
            runs.first.completeness.growing = true;
            runs.notes.clear();
            (Progress::Recording, Some(runs))
        }
        Ok(runs) => (Progress::Over, Some(runs)),
        Err(error) => {
            let begun = error.downcast_ref().is_some_and(|error| {
                matches!(error, ReadError::Content { source: ContentError::BrokenOpening { .. }, .. })
            });
            if written && begun {
                return (Progress::Recording, None);
            }
            let why = match error.downcast_ref::<ReadError>().and_then(ReadError::source) {
                Some(source) => format!("{error}: {source}"),
                None => format!("{error:#}"),
            };
            (Progress::Unreadable(why), None)
        }
    }
}

/// In the place of a capture that is not there yet.
fn nothing(side: Side, key_id: &str) -> Runs {
    let run = Run {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: String::new(),
        tool: Tool::Record,
        source: None,
        interception: Interception::default(),
        repeat: None,
        command: Vec::new(),
        started_at: Timestamp::UNIX_EPOCH,
        ended_at: None,
        exit: None,
    };
    Runs::only(Capture {
        side,
        run,
        inputs: Inputs::default(),
        key_id: key_id.to_owned(),
        connections: Vec::new(),
        exchanges: Vec::new(),
        clues: Vec::new(),
        completeness: Completeness { growing: true, ..Completeness::default() },
    })
}
