//! Why a place of a request is empty or absent: the config value that it is made of.

use crate::compare::Locator;
use crate::diagnose::rules::setup::default_not_applied::{made_of, read_at};
use crate::diagnose::rules::setup::keys::{dotted, has, instead};
use crate::diagnose::{Case, Finding};
use crate::model::{Class, ConfigFacts, JsonType, Side, Text};

use super::part::Seen;

/// Adds the cause to a finding, where the side at fault sends nothing in a place that the other one fills from its config.
pub(in crate::diagnose::rules) fn with_cause(case: &Case<'_>, finding: Finding, seen: &Seen<'_>) -> Finding {
    if seen.here().is_some_and(|value| !value.is_empty()) {
        return finding;
    }
    let side = seen.side;
    let Some((pointer, state)) = source(case, seen) else { return finding };
    let name = dotted(&pointer);
    let (words, label) = match state {
        State::Absent => (
            format!("{side}'s config has no key `{name}`{}", instead(case, side, &pointer)),
            format!("no key `{name}`"),
        ),
        State::Empty => (format!("`{name}` of {side}'s config is empty"), "empty".to_owned()),
    };
    finding
        .detail("cause", words)
        .related(side, None, Locator::Config(pointer), label)
        .remedy(format!("give {side}'s config the `{name}` that {} has", side.other()))
}

enum State {
    Absent,
    Empty,
}

/// The config value that the other side fills this place with, and what is wrong with this side's.
fn source(case: &Case<'_>, seen: &Seen<'_>) -> Option<(String, State)> {
    let (side, other) = (seen.side, seen.side.other());
    let at = &seen.difference.at;
    let config = case.capture(side).inputs.config.as_ref().filter(|config| config.unreadable.is_none())?;
    let filled = case.exchange(other, seen.number(other)?)?;
    pointers(case, side).find_map(|pointer| {
        let state = state(config, pointer)?;
        let fills = made_of(&filled.request, at, pointer) || read_at(case, side, pointer, at);
        fills.then(|| (pointer.to_owned(), state))
    })
}

/// Config values that may fill a place: those of the other side's config, and those that this side's manifest reads.
fn pointers<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = &'a str> {
    let other = case.capture(side.other()).inputs.config.iter().flat_map(|config| &config.values);
    let read = case.capture(side).inputs.manifest.iter().flat_map(|manifest| &manifest.references);
    let plain = |kind: JsonType| !matches!(kind, JsonType::Object | JsonType::Array);
    other
        .filter(move |value| plain(value.kind))
        .map(|value| value.pointer.as_str())
        .chain(read.map(|reference| reference.config.as_str()))
}

fn state(config: &ConfigFacts, pointer: &str) -> Option<State> {
    let Some(value) = config.at(pointer) else {
        return (!has(config, pointer)).then_some(State::Absent);
    };
    let nothing = value.kind == JsonType::Null || value.value.as_ref().is_some_and(is_nothing);
    nothing.then_some(State::Empty)
}

fn is_nothing(text: &Text) -> bool {
    text.is_empty() || text.as_secret().is_some_and(|secret| secret.shape.class == Class::Empty)
}
