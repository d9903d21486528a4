//! What a page shows besides the report: every exchange of both sides, aligned place by place. Data only, so that a page that is drawn
//! once and one that is drawn while a recording runs are made of the same.

mod align;
mod places;
mod spans;
mod stop;

use std::collections::BTreeMap;

use serde::Serialize;

use crate::compare::{self, Comparison, Locator, Reason, Significance};
use crate::diagnose::{Case, Diagnosis};
use crate::model::{Clue, Side, Stream};

pub use align::{Row, Section, State};
pub use spans::Span;
pub use stop::{Kind, Stop};

/// All exchanges of two captures, side by side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page {
    /// Every exchange of both captures stands in exactly one pair.
    pub pairs: Vec<Pair>,
    /// The first pair with a difference that counts.
    pub first_divergence: Option<usize>,
    /// For each finding of the report, where on the page each of its evidence stands.
    pub evidence: Vec<Vec<Option<String>>>,
    /// What the sandbox's command said, as far as it tells something.
    pub sandbox_output: Vec<Said>,
    /// What the runtime's command said.
    pub runtime_output: Vec<Said>,
}

/// Pairs of two exchanges that differ in a way that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Differing {
    /// The first of them.
    pub pairs: Vec<Pair>,
    /// How many more there are.
    pub more: usize,
}

/// Exchanges that belong together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Pair {
    /// From 1, as in the report's differences.
    pub number: usize,
    /// How the two compare.
    pub state: State,
    /// `METHOD URL`, without its query.
    pub request: String,
    /// The sandbox's exchange.
    pub sandbox: Option<Stop>,
    /// The runtime's exchange.
    pub runtime: Option<Stop>,
    /// Why it has no partner, where that is known.
    pub alone: Option<String>,
    /// Its places.
    pub sections: Vec<Section>,
    /// Differences that are in no place of their own (order, a whole request).
    pub remarks: Vec<Remark>,
    /// How many of its differences count.
    pub material: usize,
    /// The findings that have evidence here, counted from 1 in the report's order.
    pub findings: Vec<usize>,
}

/// A difference that is in no place of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Remark {
    /// The place.
    pub at: String,
    /// Whether it counts.
    pub state: State,
    /// The sandbox's value.
    pub sandbox: Option<String>,
    /// The runtime's value.
    pub runtime: Option<String>,
    /// Why it does not count.
    pub why: Option<String>,
}

/// A telling line of a command's output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Said {
    /// Where it is on the page.
    pub id: String,
    /// `stdout` or `stderr`.
    pub stream: &'static str,
    /// Line, from 1.
    pub line: u64,
    /// The line.
    pub text: String,
    /// The findings that it is evidence of.
    pub findings: Vec<usize>,
}

impl Page {
    /// The page of a comparison and its diagnosis.
    pub fn new(case: &Case<'_>, diagnosis: &Diagnosis) -> Self {
        let mut page = Self {
            pairs: (0..case.comparison.pairs.len()).map(|at| pair(case, at)).collect(),
            first_divergence: None,
            evidence: Vec::new(),
            sandbox_output: said(case, Side::Sandbox),
            runtime_output: said(case, Side::Runtime),
        };
        page.first_divergence = page.pairs.iter().find(|pair| pair.material > 0).map(|pair| pair.number);
        let pairs = Pairs::of(case.comparison);
        page.evidence = (1..)
            .zip(&diagnosis.findings)
            .map(|(number, found)| {
                found.evidence.iter().map(|place| page.link(&pairs, number, place)).collect()
            })
            .collect();
        page
    }

    /// Notes at a finding's place that it is one, and tells where on the page that is.
    fn link(&mut self, pairs: &Pairs, finding: usize, place: &crate::diagnose::Evidence) -> Option<String> {
        if let Locator::Output(stream, line) = &place.at {
            let lines = match place.side {
                Side::Sandbox => &mut self.sandbox_output,
                Side::Runtime => &mut self.runtime_output,
            };
            let said = lines.iter_mut().find(|said| said.line == *line && said.stream == name(*stream))?;
            note(&mut said.findings, finding);
            return Some(said.id.clone());
        }
        let at = *pairs.0.get(&(place.side, place.exchange?))?;
        let pair = self.pairs.get_mut(at)?;
        note(&mut pair.findings, finding);
        // A request that is not sent, or an earlier attempt, has no place of its own.
        let row =
            pair.sections.iter_mut().flat_map(|section| &mut section.rows).find(|row| row.is_at(&place.at));
        let Some(row) = row else { return Some(format!("pair-{}", pair.number)) };
        note(&mut row.findings, finding);
        Some(row.name_it(pair.number))
    }
}

impl Differing {
    /// The first `most` of them.
    pub fn new(case: &Case<'_>, most: usize) -> Self {
        let differ = |at: &usize| {
            let pair = &case.comparison.pairs[*at];
            pair.sandbox.is_some()
                && pair.runtime.is_some()
                && case.differences_of(*at).any(|(_, one)| one.significance == Significance::Material)
        };
        let mut found = (0..case.comparison.pairs.len()).filter(differ);
        let pairs = found.by_ref().take(most).map(|at| pair(case, at)).collect();
        Self { pairs, more: found.count() }
    }
}

fn note(findings: &mut Vec<usize>, finding: usize) {
    if !findings.contains(&finding) {
        findings.push(finding);
    }
}

/// The pair of each exchange, as an index.
struct Pairs(BTreeMap<(Side, u32), usize>);

impl Pairs {
    fn of(comparison: &Comparison) -> Self {
        let mut pairs = BTreeMap::new();
        for (at, pair) in comparison.pairs.iter().enumerate() {
            for (side, attempts) in [(Side::Sandbox, &pair.sandbox), (Side::Runtime, &pair.runtime)] {
                let numbers = attempts.iter().flat_map(|attempts| &attempts.exchanges);
                pairs.extend(numbers.map(|number| ((side, *number), at)));
            }
        }
        Self(pairs)
    }
}

fn pair(case: &Case<'_>, at: usize) -> Pair {
    let pair = &case.comparison.pairs[at];
    let differences: Vec<&compare::Difference> = case.differences_of(at).map(|(_, found)| found).collect();
    let [sandbox, runtime] = [Side::Sandbox, Side::Runtime].map(|side| case.compared(pair, side));
    let request = sandbox.or(runtime).map_or_else(String::new, |one| {
        let url = one.request.target.url();
        format!("{} {}", one.request.method, url.split('?').next().unwrap_or(&url))
    });
    let (sections, left) = align::sections(sandbox, runtime, &differences);
    let material = differences.iter().filter(|one| one.significance == Significance::Material).count();
    let alone = pair.alone.map(|reason| reason.words().into_owned());
    let state = match (sandbox, runtime) {
        (Some(_), Some(_)) if material > 0 => State::Material,
        (Some(_), Some(_)) => {
            differences.iter().map(|one| State::of(one.significance)).max().unwrap_or_default()
        }
        _ if pair.alone == Some(Reason::Awaited) => State::Awaited,
        // A lonely request of two runs is a difference unless its reason says otherwise.
        _ if material > 0 || alone.is_none() => State::Material,
        _ => State::Expected,
    };
    Pair {
        number: at + 1,
        state,
        request,
        sandbox: pair.sandbox.as_ref().and_then(|attempts| Stop::new(case, Side::Sandbox, attempts)),
        runtime: pair.runtime.as_ref().and_then(|attempts| Stop::new(case, Side::Runtime, attempts)),
        alone,
        sections,
        remarks: left.into_iter().map(remark).collect(),
        material,
        findings: Vec::new(),
    }
}

fn remark(found: &compare::Difference) -> Remark {
    Remark {
        at: found.at.to_string(),
        state: State::of(found.significance),
        sandbox: found.change.sandbox.clone(),
        runtime: found.change.runtime.clone(),
        why: align::why(found.significance),
    }
}

/// The telling lines, each once, in order.
fn said(case: &Case<'_>, side: Side) -> Vec<Said> {
    let mut lines: BTreeMap<(Stream, u64), &Clue> = BTreeMap::new();
    for clue in case.clues(side) {
        let known = lines.entry((clue.stream, clue.line)).or_insert(clue);
        // One line may give several clues; the one with the most words tells most.
        if clue.text.to_string().len() > known.text.to_string().len() {
            *known = clue;
        }
    }
    lines
        .into_values()
        .map(|clue| Said {
            id: format!("{side}-{}-{}", name(clue.stream), clue.line),
            stream: name(clue.stream),
            line: clue.line,
            text: clue.text.to_string(),
            findings: Vec::new(),
        })
        .collect()
}

fn name(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    }
}
