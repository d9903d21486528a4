//! Evidence as people read it: what differs in the exchange only is one place, and each has a heading.

use std::collections::{BTreeMap, BTreeSet};

use super::Evidence;

/// Exchanges that are named of a place that others share.
const NUMBERS: usize = 8;

/// Evidence that differs in nothing but the exchange.
pub(super) struct Group<'a> {
    /// The first of it.
    pub(super) place: &'a Evidence,
    /// Its index in the finding's evidence.
    pub(super) at: usize,
    /// The exchanges of the rest.
    pub(super) also: Vec<u32>,
}

impl Group<'_> {
    /// `runtime #2, #3 and 7 more`, where there are others.
    pub(super) fn others(&self) -> Option<String> {
        if self.also.is_empty() {
            return None;
        }
        let numbers: Vec<String> =
            self.also.iter().take(NUMBERS).map(|number| format!("#{number}")).collect();
        let more = self.also.len().saturating_sub(numbers.len());
        let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
        Some(format!("{} {}{tail}", self.place.side, numbers.join(", ")))
    }
}

/// A finding's evidence, each place once.
pub(super) fn groups(evidence: &[Evidence]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut index = BTreeMap::new();
    for (at, place) in evidence.iter().enumerate() {
        let key = (place.role, place.side, &place.at, &place.label);
        if let Some(known) = index.get(&key).copied().filter(|known| *known < groups.len()) {
            let group: &mut Group<'_> = &mut groups[known];
            group.also.extend(place.exchange);
        } else {
            index.insert(key, groups.len());
            groups.push(Group { place, at, also: Vec::new() });
        }
    }
    groups
}

/// Which exchange or input a place is in; a request that was told already is left out.
pub(super) fn heading(place: &Evidence, told: &BTreeSet<&str>) -> String {
    let side = place.side;
    if let Some(number) = place.exchange {
        let request = place.request.as_deref().filter(|text| !told.contains(text));
        let request = request.map(|text| format!("{text} ")).unwrap_or_default();
        let answer = place.answer.as_deref().map(|text| format!("-> {text}")).unwrap_or_default();
        return format!("{side} #{number}  {request}{answer}");
    }
    match place.at.split_once([':', '/']).unwrap_or((place.at.as_str(), "")) {
        ("run.output", line) => format!("{side} output, line {line}"),
        ("run.config", _) => format!("{side} config"),
        ("run.spec", _) => format!("{side} spec"),
        ("run.manifest", "") => format!("{side} manifest"),
        ("run.manifest", line) => format!("{side} manifest, line {line}"),
        ("run.exit", _) => format!("{side} command"),
        ("run.sampled", _) => format!("{side} connections, sampled while it ran"),
        ("connection", number) => format!("{side} connection {}", number.trim_end_matches(".tls")),
        _ => format!("{side}  {}", place.at),
    }
}
