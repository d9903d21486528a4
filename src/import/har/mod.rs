//! HAR 1.1 and 1.2, of browsers and of proxies, as a stream: one entry at a time.

mod entry;
mod format;
mod outcome;
mod stream;

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use crate::model::{Imported, Lack};
use crate::redact::RawExchange;

use super::limits::MOST_EXCHANGES;
use super::{ContentError, Source, Survey, Told, message};

use entry::Kind;
use format::Entry;
use stream::Head;

/// Checks all of it and learns what it is.
pub(super) fn survey(source: &Source) -> Result<Survey, ContentError> {
    let mut survey = Survey::default();
    let mut starts: Vec<Timestamp> = Vec::new();
    let mut shows_credentials = false;
    let head = stream::entries(source, &mut |at, entry: &Entry| {
        if entry.samewire.is_some() {
            return Err(ContentError::Recorded);
        }
        shows_credentials |= entry.shows_credentials();
        let Kind::Wire(raw) = entry::read(entry, at)? else {
            survey.skipped += 1;
            return Ok(());
        };
        if starts.len() == MOST_EXCHANGES {
            let place = format!("entry {at}");
            return Err(ContentError::TooMany { place, what: "requests", limit: MOST_EXCHANGES });
        }
        starts.push(raw.started_at);
        survey.began = survey.began.into_iter().chain([raw.started_at]).min();
        survey.ended = survey.ended.into_iter().chain([ended(&raw)]).max();
        Ok(())
    })?;
    if head.recorded {
        return Err(ContentError::Recorded);
    }
    if starts.is_empty() {
        return Err(ContentError::NoRequest { hint: "record or export again while the connector runs" });
    }
    survey.exchanges = u32::try_from(starts.len()).unwrap_or(u32::MAX);
    survey.numbers = numbers(&starts);
    if may_be_sanitized(&head) && !shows_credentials {
        survey.lacks.insert(Lack::Credentials);
    }
    survey.program = head.program();
    survey.is_known_program = head.is_known();
    Ok(survey)
}

/// Hands out each request that was on the wire.
pub(super) fn read(source: &Source, survey: &Survey, take: &mut dyn FnMut(Told)) -> Result<(), ContentError> {
    let imported = Imported { lacks: survey.lacks.clone(), ..Imported::default() };
    let mut connections: HashMap<String, (u32, u32)> = HashMap::new();
    let mut numbers = survey.numbers.iter();
    stream::entries(source, &mut |at, entry: &Entry| {
        let Kind::Wire(mut raw) = entry::read(entry, at)? else { return Ok(()) };
        // A file that has grown since it was checked is read as far as it was checked.
        let Some(number) = numbers.next() else { return Ok(()) };
        raw.number = *number;
        let whole_answer = outcome::is_whole(entry.response.as_ref(), &raw.outcome);
        raw.fidelity = crate::model::Fidelity::Imported(Imported { whole_answer, ..imported.clone() });
        if let Some(name) = entry.connection.as_ref().filter(|name| !name.is_empty()) {
            let next = u32::try_from(connections.len()).unwrap_or(u32::MAX).saturating_add(1);
            let known = connections.entry(name.clone()).or_insert((next, 0));
            known.1 += 1;
            (raw.connection, raw.index) = *known;
        }
        take(Told::Exchange(raw));
        Ok(())
    })?;
    Ok(())
}

/// Exchanges count in the order of their start; some programs write them in the order of their end.
fn numbers(starts: &[Timestamp]) -> Vec<u32> {
    let mut order: Vec<usize> = (0..starts.len()).collect();
    order.sort_by_key(|at| starts[*at]);
    let mut numbers = vec![0; starts.len()];
    for (number, at) in (1..).zip(order) {
        numbers[at] = number;
    }
    numbers
}

fn ended(raw: &RawExchange) -> Timestamp {
    let milliseconds = raw.timings.ended.unwrap_or_default();
    #[expect(clippy::cast_possible_truncation, reason = "timings are clamped to a year")]
    let duration = jiff::SignedDuration::from_millis(milliseconds as i64);
    raw.started_at.checked_add(duration).unwrap_or(raw.started_at)
}

/// Chrome and what is made of it export without `Cookie` and `Authorization` unless they are told otherwise (since version 130).
fn may_be_sanitized(head: &Head) -> bool {
    head.creator.as_ref().is_some_and(|creator| creator.name == "WebInspector")
}

impl Entry {
    /// It shows what a sanitizing exporter would have taken out.
    fn shows_credentials(&self) -> bool {
        let taken_out: BTreeSet<&str> = ["authorization", "cookie", "set-cookie"].into();
        let answers = self.response.iter().flat_map(|response| response.headers.iter().flatten());
        self.request
            .headers
            .iter()
            .flatten()
            .chain(answers)
            .any(|field| taken_out.contains(field.name.to_ascii_lowercase().as_str()))
    }
}

use message::Pair;
