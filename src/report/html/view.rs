//! What the template is filled with: sentences and numbers made ready, so that the template holds markup only.

use crate::diagnose::Severity;
use crate::report::advice::count;
use crate::report::excerpt::exit_in_words;
use crate::report::page::{Page, Pair, Row, Said, Span, State, Stop};
use crate::report::reasons::{by_reason, numbered};
use crate::report::{ConfigToWire, ConfigTrace, Report, RunSummary, Significance};

use super::findings::{FindingView, Word, findings, words};
use super::live::{Live, Standing};
use super::timeline::{Band, bands};
use super::{STYLE, rendered};

/// Pairs that are open when the page is opened.
const OPEN: usize = 3;

/// The whole page.
#[derive(askama::Template)]
#[template(
    path = "page.html",
    blocks = ["title", "parts", "answer", "findings", "timeline", "tally", "by_finding", "config", "output", "aside", "runs"]
)]
pub(super) struct View<'a> {
    report: &'a Report,
    page: &'a Page,
    /// Every pair's markup.
    pub(super) pairs: Vec<String>,
    policy: String,
    style: &'static str,
    script: &'static str,
    standing: &'a Standing,
    live: Option<&'a Live>,
    headline: Vec<Word<'a>>,
    findings: Vec<FindingView<'a>>,
    runs: [RunView<'a>; 2],
    bands: Vec<Band>,
    reasons: Vec<Reason<'a>>,
    next: Vec<Vec<Word<'a>>>,
    notes: Vec<Vec<Word<'a>>>,
    compared: String,
}

/// What a page is drawn in.
pub(super) struct Frame<'a> {
    pub(super) policy: String,
    pub(super) script: &'static str,
    pub(super) standing: &'a Standing,
    /// Absent for a report, which does not change.
    pub(super) live: Option<&'a Live>,
}

/// A pair of requests.
#[derive(askama::Template)]
#[template(path = "pair.html")]
struct PairView<'a> {
    pair: &'a Pair,
    open: bool,
}

/// A run in its facts.
struct RunView<'a> {
    side: &'static str,
    run: &'a RunSummary,
    exchanges: String,
    command: String,
    exit: Option<String>,
    clients: String,
}

/// A reason why differences do not count, and their places.
struct Reason<'a> {
    why: &'a str,
    places: Vec<(&'a str, String)>,
}

impl<'a> View<'a> {
    pub(super) fn new(report: &'a Report, page: &'a Page, frame: Frame<'a>) -> Self {
        let Frame { policy, script, standing, live } = frame;
        let differing = |pair: &&Pair| pair.state == State::Material || !pair.findings.is_empty();
        let open: Vec<usize> =
            page.pairs.iter().filter(differing).take(OPEN).map(|pair| pair.number).collect();
        let drawn = |pair| rendered(&PairView { pair, open: open.contains(&pair.number) });
        let reasons =
            by_reason(report.differences.iter().filter(|one| one.significance != Significance::Material));
        Self {
            report,
            page,
            pairs: page.pairs.iter().map(drawn).collect(),
            policy,
            style: STYLE,
            script,
            standing,
            live,
            headline: words(&standing.headline),
            findings: findings(report, page),
            runs: [run("sandbox", &report.sandbox), run("runtime", &report.runtime)],
            bands: bands(page),
            reasons: reasons
                .into_iter()
                .map(|(why, places)| Reason {
                    why,
                    places: places.into_iter().map(|(at, pairs)| (at, numbered(&pairs))).collect(),
                })
                .collect(),
            next: report.next.iter().map(|step| words(step)).collect(),
            notes: report.notes.iter().map(|note| words(note)).collect(),
            compared: count(report.pairs_compared, "pair"),
        }
    }

    /// The pair that a side's exchange stands in.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates pass references")]
    fn pair_of(&self, side: &str, exchange: &u32) -> usize {
        let has = |stop: &Option<Stop>| stop.as_ref().is_some_and(|stop| stop.attempts.contains(exchange));
        let found = self
            .page
            .pairs
            .iter()
            .find(|pair| has(if side == "sandbox" { &pair.sandbox } else { &pair.runtime }));
        found.map_or(0, |pair| pair.number)
    }

    /// No recording of this side has begun.
    fn is_awaited(&self, side: &str) -> bool {
        self.live.is_some_and(|live| live.sides().iter().any(|(name, at)| *name == side && at.is_awaited()))
    }

    /// The list is there; while samewire records it is so even when nothing is in it yet.
    fn lists_requests(&self) -> bool {
        !self.bands.is_empty() || self.live.is_some()
    }

    fn is_one_awaited(&self) -> bool {
        ["sandbox", "runtime"].iter().any(|side| self.is_awaited(side))
    }

    /// A config value that went other ways. What is not sent so far may be sent yet.
    fn differs(&self, value: &ConfigToWire) -> bool {
        !self.standing.so_far && value.is_unequal()
    }

    /// What is known of a side so far: what came of its exchanges, and what is not among them.
    fn known(&self, side: &str) -> (&str, Vec<String>) {
        let Some(view) = self.runs.iter().find(|run| run.side == side) else { return <_>::default() };
        let RunSummary { exchanges, connections, ignored, coverage, .. } = view.run;
        let mut more = Vec::new();
        if *exchanges == 0 && *connections > 0 {
            more.push(format!("{}, and no request on them yet", count(*connections, "connection")));
        }
        let passed: u32 = ignored.values().sum();
        if passed > 0 {
            more.push(format!("{} passed through unopened", count(passed as usize, "connection")));
        }
        more.extend(coverage.unseen.iter().map(|unseen| unseen.text.clone()));
        (&view.exchanges, more)
    }

    fn has_output(&self) -> bool {
        !self.page.sandbox_output.is_empty() || !self.page.runtime_output.is_empty()
    }

    /// The headline is the claim, or its beginning.
    fn headline_says_it(&self) -> bool {
        self.report.findings.first().is_some_and(|first| first.claim.starts_with(&self.standing.headline))
    }

    fn outputs(&self) -> [(&'static str, &[Said]); 2] {
        [("sandbox", &self.page.sandbox_output), ("runtime", &self.page.runtime_output)]
    }

    /// The first finding, where it is more than a note.
    fn root(&self) -> Option<&FindingView<'a>> {
        let severe = self.report.findings.first().is_some_and(|first| first.severity != Severity::Note);
        self.findings.first().filter(|_| severe)
    }

    /// How many pairs have a difference that counts.
    fn differing(&self) -> usize {
        self.page.pairs.iter().filter(|pair| pair.state == State::Material).count()
    }

    fn tally(&self) -> String {
        count(self.page.pairs.len(), "pair")
    }
}

fn run<'a>(side: &'static str, run: &'a RunSummary) -> RunView<'a> {
    let parts = run.outcomes();
    let clients: Vec<String> =
        run.clients.iter().map(|client| format!("{} {}", client.name, client.version)).collect();
    RunView {
        side,
        run,
        exchanges: parts.join(", "),
        command: run.command.join(" "),
        exit: run.exit.map(exit_in_words),
        clients: clients.join(", "),
    }
}

impl State {
    /// Its word, which is also its class.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Aside => "aside",
            Self::Cosmetic => "cosmetic",
            Self::Expected => "expected",
            Self::Material => "differs",
            Self::Awaited => "awaited",
        }
    }
}

impl State {
    /// What stands in the place of an exchange that is not there.
    pub(super) fn absence(self) -> &'static str {
        if self == Self::Awaited { "not yet" } else { "not sent" }
    }
}

impl Pair {
    /// The first exchange of each side, by which the pair is known again when it is drawn anew.
    fn key(&self) -> String {
        let first = |letter: char, stop: &Option<Stop>| {
            stop.as_ref().and_then(|stop| Some(format!("{letter}{}", stop.attempts.first()?)))
        };
        let keys = [first('s', &self.sandbox), first('r', &self.runtime)];
        keys.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    fn is_lonely(&self) -> bool {
        self.sandbox.is_none() || self.runtime.is_none()
    }

    fn stops(&self) -> [(&'static str, Option<&Stop>); 2] {
        [("sandbox", self.sandbox.as_ref()), ("runtime", self.runtime.as_ref())]
    }

    fn sides(&self) -> &'static str {
        match (&self.sandbox, &self.runtime) {
            (Some(_), None) => "sandbox",
            (None, Some(_)) => "runtime",
            _ => "both",
        }
    }

    /// The numbers of its findings, for the filter.
    fn finding_numbers(&self) -> String {
        self.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    }

    fn outline(&self) -> String {
        let answer = |stop: &Option<Stop>| {
            stop.as_ref().map_or_else(|| self.state.absence().to_owned(), |stop| stop.answer.clone())
        };
        let (sandbox, runtime) = (answer(&self.sandbox), answer(&self.runtime));
        if sandbox == runtime { sandbox } else { format!("{sandbox} | {runtime}") }
    }
}

impl Row {
    fn cells(&self) -> [(&'static str, Option<&[Span]>); 2] {
        [("sandbox", self.sandbox.as_deref()), ("runtime", self.runtime.as_deref())]
    }

    fn word(&self) -> &'static str {
        match (self.state, &self.sandbox, &self.runtime) {
            (State::Same, ..) => "",
            (State::Material, Some(_), None) => "only in sandbox",
            (State::Material, None, Some(_)) => "only in runtime",
            (State::Material, ..) => "differs",
            _ => "differs, does not count",
        }
    }

    fn class(&self) -> &'static str {
        self.state.word()
    }
}

impl ConfigToWire {
    fn name(&self) -> String {
        format!("config{}", self.config.replace('/', ".").replace("~1", "/").replace("~0", "~"))
    }

    fn is_unequal(&self) -> bool {
        let places = |trace: &ConfigTrace| {
            trace.sent.iter().map(|sent| (sent.at.clone(), sent.how.clone())).collect::<Vec<_>>()
        };
        self.sandbox.in_config != self.runtime.in_config || places(&self.sandbox) != places(&self.runtime)
    }

    fn sides(&self) -> [(&'static str, &ConfigTrace); 2] {
        [("sandbox", &self.sandbox), ("runtime", &self.runtime)]
    }
}

/// `90 ms`, `1.2 s`, `3 min 5 s`.
pub(super) fn span(milliseconds: u64) -> String {
    match milliseconds {
        0..=999 => format!("{milliseconds} ms"),
        1_000..=59_999 => format!("{}.{} s", milliseconds / 1_000, milliseconds % 1_000 / 100),
        _ => format!("{} min {} s", milliseconds / 60_000, milliseconds % 60_000 / 1_000),
    }
}

impl Stop {
    fn time(&self) -> String {
        let took = self.took.map(|took| format!(", took {}", span(took))).unwrap_or_default();
        format!("{} after the start{took}", span(self.started))
    }

    fn tries(&self) -> String {
        count(self.attempts.len(), "attempt")
    }
}
