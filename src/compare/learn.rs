//! What several runs of one side teach: which places change from run to run by themselves.
//!
//! A place is a locator within one kind of request (method and shape of the path). It is learned where two runs of the side differ there and were
//! answered alike; a run that failed may have failed because of the difference. Never learned are credentials, whatever is sensitive, and
//! where a request goes. What was learned silences a difference between the sides only where both values are of the kinds that were seen: a
//! placeholder in the place of an identifier is no noise.

use std::collections::{BTreeMap, BTreeSet};

use super::attempt::fold;
use super::key::{self, Tier};
use super::kind::{Form, Kind, Kinds, kinds};
use super::side_by_side::short;
use super::{ChangeKind, Comparison, CredentialPair, Difference, Locator, Reason, Significance, compare};
use crate::model::{Capture, Exchange, Side};

/// What the runs of one side teach.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    side: Side,
    runs: u32,
    places: BTreeMap<(u64, Locator), Place>,
    requests: BTreeMap<u64, Requests>,
    answers: BTreeMap<u64, (String, BTreeSet<String>)>,
}

/// A place that changes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Place {
    request: String,
    /// Runs had different values there.
    value: bool,
    /// Some runs had something there and some had not.
    presence: bool,
    kinds: BTreeSet<(Form, Kind)>,
}

/// How often a kind of request was made in a run.
#[derive(Clone, Debug, PartialEq)]
struct Requests {
    request: String,
    least: usize,
    most: usize,
}

/// A place that was learned, and what came of it: a line of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedPlace {
    /// The side whose runs differ there.
    pub side: Side,
    /// Method and URL of the request, without its query.
    pub request: String,
    /// The place.
    pub at: Locator,
    /// How many runs were compared.
    pub runs: u32,
    /// How many differences between the sides do not count because of it.
    pub silenced: usize,
}

/// A request whose answers differ from run to run of one side. Nothing is silenced by that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VaryingAnswers {
    /// The side.
    pub side: Side,
    /// Method and URL of the request, without its query.
    pub request: String,
    /// How many runs were compared.
    pub runs: u32,
    /// The answers that were seen, in words.
    pub answers: Vec<String>,
}

/// Learns from the runs of a side; the first is the one that is compared with the other side. The order of the rest does not matter.
pub fn learn(side: Side, runs: &[&Capture]) -> Learned {
    let mut learned = Learned {
        side,
        runs: u32::try_from(runs.len()).unwrap_or(u32::MAX),
        places: BTreeMap::new(),
        requests: BTreeMap::new(),
        answers: BTreeMap::new(),
    };
    let [first, others @ ..] = runs else { return learned };
    let mut exempt = BTreeSet::new();
    for other in others {
        let comparison = compare(first, other);
        for difference in material(&comparison) {
            let (Some(one), Some(two)) = exchanges(difference, first, other) else { continue };
            let kind = key::of(one, Tier::Host);
            if matches!(difference.at, Locator::Status | Locator::Outcome | Locator::Response(_)) {
                learned.answers(kind, one, two);
                continue;
            }
            let at = (kind, difference.at.clone());
            match seen(&comparison, difference, one, two) {
                Seen::Credentials => {
                    exempt.insert(at);
                }
                Seen::Values(kinds) if one.succeeded() == two.succeeded() => {
                    learned.place(at, one, difference.change.kind, kinds);
                }
                Seen::Values(_) | Seen::Fixed => {}
            }
        }
    }
    learned.places.retain(|at, _| !exempt.contains(at));
    learned.requests = requests(runs);
    learned
}

impl Learned {
    fn place(
        &mut self,
        at: (u64, Locator),
        one: &Exchange,
        change: ChangeKind,
        kinds: BTreeSet<(Form, Kind)>,
    ) {
        let place = self.places.entry(at).or_default();
        earliest(&mut place.request, name(one));
        match change {
            ChangeKind::Missing | ChangeKind::Added => place.presence = true,
            _ => place.value = true,
        }
        place.kinds.extend(kinds);
    }

    fn answers(&mut self, kind: u64, one: &Exchange, two: &Exchange) {
        let (request, answers) = self.answers.entry(kind).or_default();
        earliest(request, name(one));
        for exchange in [one, two] {
            answers.insert(match exchange.status() {
                Some(status) if exchange.succeeded() || status >= 400 => status.to_string(),
                _ => "no whole answer".to_owned(),
            });
        }
    }

    fn reason(&self) -> Reason {
        Reason::Learned { side: self.side, runs: self.runs }
    }

    /// True where this side's runs differ at a place as the two sides do.
    fn covers(&self, at: &(u64, Locator), change: ChangeKind, kinds: &BTreeSet<(Form, Kind)>) -> bool {
        self.places.get(at).is_some_and(|place| {
            let alike = match change {
                ChangeKind::Altered => place.value,
                ChangeKind::Missing | ChangeKind::Added => place.presence,
                ChangeKind::Moved | ChangeKind::Reordered => false,
            };
            alike && kinds.is_subset(&place.kinds)
        })
    }

    /// True where this side makes such requests now more, now less often, and so often too.
    fn makes(&self, kind: u64, count: usize) -> bool {
        self.requests
            .get(&kind)
            .is_some_and(|seen| seen.least < seen.most && (seen.least..=seen.most).contains(&count))
    }
}

impl Comparison {
    /// Makes differences at places that change by themselves expected ones, and keeps the ledger of it.
    pub fn silence(&mut self, sandbox: &Capture, runtime: &Capture, learned: &[Learned]) {
        if learned.is_empty() {
            return;
        }
        let counts = [sandbox, runtime].map(counts);
        let mut silenced: Vec<BTreeMap<(u64, Locator), usize>> = vec![BTreeMap::new(); learned.len()];
        let mut verdicts = Vec::new();
        for (index, difference) in self.differences.iter().enumerate() {
            if difference.significance != Significance::Material {
                continue;
            }
            let found = match exchanges(difference, sandbox, runtime) {
                (Some(one), Some(other)) => {
                    let at = (key::of(one, Tier::Host), difference.at.clone());
                    let Seen::Values(kinds) = seen(self, difference, one, other) else { continue };
                    let who =
                        learned.iter().position(|side| side.covers(&at, difference.change.kind, &kinds));
                    who.map(|who| (who, at))
                }
                (Some(alone), None) | (None, Some(alone)) if difference.at == Locator::Request => {
                    let here = if difference.sandbox.is_some() { Side::Sandbox } else { Side::Runtime };
                    often(self, difference, alone, here, &counts, learned)
                }
                _ => None,
            };
            if let Some((who, at)) = found {
                *silenced[who].entry(at).or_default() += 1;
                verdicts.push((index, learned[who].reason()));
            }
        }
        for (index, reason) in verdicts {
            let difference = &mut self.differences[index];
            difference.significance = Significance::Expected(reason);
            if difference.at == Locator::Request
                && let Some(pair) = self.pairs.get_mut(difference.pair)
            {
                pair.alone = Some(reason);
            }
        }
        for (side, silenced) in learned.iter().zip(&silenced) {
            self.learned.extend(side.ledger(silenced));
            self.varying.extend(side.varying());
        }
    }
}

impl Learned {
    fn ledger(&self, silenced: &BTreeMap<(u64, Locator), usize>) -> Vec<LearnedPlace> {
        let line = |request: &str, at: (u64, Locator)| LearnedPlace {
            side: self.side,
            request: request.to_owned(),
            runs: self.runs,
            silenced: silenced.get(&at).copied().unwrap_or_default(),
            at: at.1,
        };
        let places = self.places.iter().map(|(at, place)| line(&place.request, at.clone()));
        let varying = self.requests.iter().filter(|(_, seen)| seen.least < seen.most);
        let requests = varying.map(|(kind, seen)| line(&seen.request, (*kind, Locator::Request)));
        let mut ledger: Vec<LearnedPlace> = places.chain(requests).collect();
        ledger.sort_by(|one, other| (&one.request, &one.at).cmp(&(&other.request, &other.at)));
        ledger
    }

    fn varying(&self) -> Vec<VaryingAnswers> {
        let mut all: Vec<VaryingAnswers> = self
            .answers
            .values()
            .map(|(request, answers)| VaryingAnswers {
                side: self.side,
                request: request.clone(),
                runs: self.runs,
                answers: answers.iter().cloned().collect(),
            })
            .collect();
        all.sort_by(|one, other| one.request.cmp(&other.request));
        all
    }
}

/// What a difference between two exchanges is, as far as learning goes.
enum Seen {
    /// Credentials, or a value that is sensitive by its place.
    Credentials,
    /// Where the request goes, or exchanges of two kinds, or with two outcomes.
    Fixed,
    /// Values of these kinds.
    Values(BTreeSet<(Form, Kind)>),
}

fn seen(comparison: &Comparison, difference: &Difference, one: &Exchange, other: &Exchange) -> Seen {
    if comparison.credentials.get(difference.pair).is_some_and(|pair| carries(pair, &difference.at)) {
        return Seen::Credentials;
    }
    let found = [kinds(one, &difference.at), kinds(other, &difference.at)];
    if found.iter().flatten().any(|kinds: &Kinds| kinds.sensitive) {
        return Seen::Credentials;
    }
    if found.iter().all(Option::is_none)
        || difference.at == Locator::field("host")
        || key::of(one, Tier::Host) != key::of(other, Tier::Host)
    {
        return Seen::Fixed;
    }
    Seen::Values(found.into_iter().flatten().flat_map(|kinds| kinds.all).collect())
}

/// True where an exchange of a pair carries credentials at a place, in any of its parts, or below it.
pub(super) fn carries(pair: &CredentialPair, at: &Locator) -> bool {
    pair.sandbox.iter().chain(&pair.runtime).any(|carried| match (&carried.at, at) {
        (Locator::Field { name: one, .. }, Locator::Field { name: other, .. }) => one == other,
        (Locator::Body { pointer: one }, Locator::Body { pointer: other }) => {
            one.strip_prefix(other.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        }
        (one, other) => one == other,
    })
}

/// A request without a partner, of a kind that is made now more, now less often.
fn often(
    comparison: &Comparison,
    difference: &Difference,
    alone: &Exchange,
    here: Side,
    counts: &[BTreeMap<u64, (usize, String)>; 2],
    learned: &[Learned],
) -> Option<(usize, (u64, Locator))> {
    let kind = key::of(alone, Tier::Host);
    let explained = comparison.pairs.get(difference.pair)?.alone.is_some();
    if explained || !alone.succeeded() || key::is_login(alone) {
        return None;
    }
    let count =
        |side: Side| counts[usize::from(side == Side::Runtime)].get(&kind).map_or(0, |(count, _)| *count);
    let who = learned.iter().position(|side| {
        let other = if side.side == here { here.other() } else { here };
        side.makes(kind, count(other))
    })?;
    Some((who, (kind, Locator::Request)))
}

/// How often the runs made each kind of request. A run in which one failed tells nothing of how many should have followed.
fn requests(runs: &[&Capture]) -> BTreeMap<u64, Requests> {
    let sound = |run: &&&Capture| fold(run).iter().all(super::attempt::Unit::succeeded);
    let counts: Vec<_> = runs.iter().filter(sound).map(|run| counts(run)).collect();
    let mut all = BTreeMap::new();
    for (kind, (_, request)) in counts.iter().flatten() {
        let of_runs = || counts.iter().map(|run| run.get(kind).map_or(0, |(count, _)| *count));
        let (least, most) = (of_runs().min().unwrap_or_default(), of_runs().max().unwrap_or_default());
        let seen = all.entry(*kind).or_insert_with(|| Requests { request: String::new(), least, most });
        earliest(&mut seen.request, request.clone());
    }
    all
}

/// The requests of a run by kind, retries folded, logins left out: those are credentials' affair.
fn counts(run: &Capture) -> BTreeMap<u64, (usize, String)> {
    let mut counts: BTreeMap<u64, (usize, String)> = BTreeMap::new();
    for unit in fold(run).iter().filter(|unit| !key::is_login(unit.last)) {
        let (count, _) = counts.entry(key::of(unit.last, Tier::Host)).or_insert_with(|| (0, name(unit.last)));
        *count += 1;
    }
    counts
}

fn material(comparison: &Comparison) -> impl Iterator<Item = &Difference> {
    comparison.differences.iter().filter(|difference| difference.significance == Significance::Material)
}

pub(super) fn exchanges<'c>(
    difference: &Difference,
    sandbox: &'c Capture,
    runtime: &'c Capture,
) -> (Option<&'c Exchange>, Option<&'c Exchange>) {
    let find = |capture: &'c Capture, number: Option<u32>| capture.exchange(number?);
    (find(sandbox, difference.sandbox), find(runtime, difference.runtime))
}

/// Of several names for one kind of request, one that does not depend on the order of the runs.
fn earliest(name: &mut String, other: String) {
    if name.is_empty() || other < *name {
        *name = other;
    }
}

/// Method and URL, the query left out.
fn name(exchange: &Exchange) -> String {
    let url = exchange.request.target.url();
    short(&format_args!("{} {}", exchange.request.method, url.split('?').next().unwrap_or_default()))
}
