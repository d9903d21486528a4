//! The page while the sides are being recorded: the same page, with what is not settled said to be so, and in parts, so that only what
//! has changed is drawn again.

use crate::diagnose::Verdict;
use crate::report::Report;
use crate::report::advice::count;
use crate::report::contract::verdict_word;

/// How far the recordings have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Live {
    /// Counts the drawings, from 1.
    pub version: u64,
    /// The sandbox's.
    pub sandbox: LiveSide,
    /// The runtime's.
    pub runtime: LiveSide,
}

/// How far the recording of a side has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveSide {
    /// What is known of it.
    pub progress: Progress,
    /// The capture's file, as the user knows it; empty where there is none yet.
    pub file: String,
}

/// How far a recording has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// There is no capture yet.
    Awaited,
    /// More may come.
    Recording,
    /// Nothing more will come.
    Over,
    /// The file is no capture that can be read, and why.
    Unreadable(String),
}

/// A page that is drawn again when something changes.
#[derive(Clone, Debug)]
pub struct LivePage {
    /// The number of the drawing.
    pub version: u64,
    /// The content security policy, without what only a header can say.
    pub policy: String,
    /// The page's title, as an element.
    pub title: String,
    /// The whole page.
    pub html: String,
    /// Elements of the page that change, in the page's order.
    pub parts: Vec<Part>,
    /// How many of them are pairs of requests: `pair-1`, `pair-2` and so on.
    pub pairs: usize,
}

/// An element of the page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its `id`.
    pub id: String,
    /// Its markup.
    pub html: String,
}

impl Live {
    pub(super) fn sides(&self) -> [(&'static str, &LiveSide); 2] {
        [("sandbox", &self.sandbox), ("runtime", &self.runtime)]
    }

    /// Nothing of it can change any more.
    fn is_over(&self) -> bool {
        self.sides().iter().all(|(_, side)| side.progress == Progress::Over)
    }

    fn first(&self, found: impl Fn(&Progress) -> bool) -> Option<&'static str> {
        self.sides().into_iter().find(|(_, side)| found(&side.progress)).map(|(side, _)| side)
    }
}

impl LiveSide {
    pub(super) fn is_awaited(&self) -> bool {
        self.progress == Progress::Awaited
    }

    /// Its word, which is also its class.
    pub(super) fn word(&self) -> &'static str {
        match self.progress {
            Progress::Awaited => "waiting",
            Progress::Recording => "recording",
            Progress::Over => "recorded",
            Progress::Unreadable(_) => "unreadable",
        }
    }

    pub(super) fn why(&self) -> Option<&str> {
        match &self.progress {
            Progress::Unreadable(why) => Some(why),
            _ => None,
        }
    }
}

/// The answer, as far as there is one.
pub(super) struct Standing {
    /// The class of the section: a verdict's name, or `open`.
    pub(super) class: &'static str,
    pub(super) word: &'static str,
    pub(super) reason: Option<&'static str>,
    pub(super) headline: String,
    /// Findings may change yet.
    pub(super) so_far: bool,
}

impl Standing {
    pub(super) fn of(report: &Report, live: Option<&Live>) -> Self {
        let word = verdict_word(&report.verdict);
        let settled = Self {
            class: word,
            word,
            reason: report.verdict_reason,
            headline: report.headline.clone(),
            so_far: false,
        };
        match live {
            Some(live) if !live.is_over() => Self::not_yet(settled, report, live),
            _ => settled,
        }
    }

    fn not_yet(settled: Self, report: &Report, live: &Live) -> Self {
        let open = |word, headline| Self { class: "open", word, reason: None, headline, so_far: true };
        if let Some(side) = live.first(|progress| matches!(progress, Progress::Unreadable(_))) {
            return open("unreadable", format!("the capture of the {side} cannot be read"));
        }
        let awaited = live.first(|progress| *progress == Progress::Awaited);
        let both = live.sides().iter().all(|(_, side)| side.is_awaited());
        let silent = [("sandbox", &report.sandbox), ("runtime", &report.runtime)]
            .into_iter()
            .find(|(_, run)| run.exchanges == 0)
            .map(|(side, _)| side);
        match (&report.verdict, awaited, silent) {
            _ if both => open("waiting", "nothing is recorded yet".to_owned()),
            (Verdict::Differs, ..) => Self { so_far: true, ..settled },
            (_, Some(side), _) => open("waiting", format!("the {side} is not recorded yet")),
            (_, _, Some(side)) => open("recording", format!("no request of the {side} yet")),
            (Verdict::Same, ..) => open(
                "recording",
                match report.pairs_compared {
                    0 => "no pair of requests to compare yet".to_owned(),
                    pairs => format!("no difference in {}", count(pairs, "pair")),
                },
            ),
            (Verdict::Inconclusive(_), ..) => Self { class: "open", so_far: true, ..settled },
        }
    }
}
