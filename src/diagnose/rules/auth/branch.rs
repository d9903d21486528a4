//! A selective authenticator that chose another of its authenticators than on the other side.

use crate::compare::Locator;
use crate::diagnose::rules::setup::keys::{dotted, has};
use crate::model::{Capture, Class, DefinedCredentials, Text};

use super::from_config::state;
use super::lookalike::Kind;
use super::origin::Origin;
use super::place::config_pointer;
use super::suspect::Suspect;

/// `defined` are the definitions of this side that set the place. Told where the value that the other side sends is here as well and
/// sound, so that another definition must have been chosen, or where what selects differs between the sides.
pub(super) fn other_branch(suspect: &Suspect<'_>, defined: &[&DefinedCredentials]) -> Option<Origin> {
    let [_, _, ..] = defined else { return None };
    if suspect
        .faulty
        .is_some_and(|faulty| !matches!(faulty.secret.shape.class, Class::Empty | Class::Null(_)))
    {
        return None;
    }
    let side = suspect.side;
    let (here, there) = (suspect.case.capture(side), suspect.case.capture(side.other()));
    let wanted = suspect.counterpart().and_then(config_pointer)?;
    let config = here.inputs.config.as_ref().filter(|config| config.unreadable.is_none())?;
    let sound = config.at(wanted).is_some_and(|value| state(value).is_none());
    let selector = selector(here);
    let choice =
        |capture: &Capture| -> Option<Text> { capture.inputs.config.as_ref()?.at(selector?)?.value.clone() };
    let (chosen, expected) = (choice(here), choice(there));
    if !sound && (selector.is_none() || chosen == expected) {
        return None;
    }
    let reads =
        |definition: &DefinedCredentials, pointer: &str| definition.reads.iter().any(|read| read == pointer);
    let other = defined
        .iter()
        .filter(|definition| !reads(definition, wanted))
        .max_by_key(|definition| definition.reads.iter().filter(|read| !has(config, read)).count())?;
    let lacking: Vec<String> = other
        .reads
        .iter()
        .filter(|read| config.at(read).is_none_or(|value| state(value).is_some()))
        .map(|read| format!("config.{}", dotted(read)))
        .collect();
    let by = match (
        selector,
        chosen.as_ref().and_then(Text::as_shown),
        expected.as_ref().and_then(Text::as_shown),
    ) {
        (Some(selector), Some(chosen), Some(expected)) if chosen != expected => {
            format!(" by `{}` (`{chosen}`, where {} has `{expected}`)", dotted(selector), side.other())
        }
        (Some(selector), ..) => format!(" by `{}`", dotted(selector)),
        (None, ..) => String::new(),
    };
    let line = other.line.map_or_else(String::new, |line| format!(" (line {line})"));
    let without = if lacking.is_empty() {
        String::new()
    } else {
        format!(", and it reads {}, which has no value", lacking.join(" and "))
    };
    Some(Origin {
        kind: Kind::OtherBranch,
        cause: format!(
            "{side}'s manifest chose another of its {} authenticators{by}: the {}{line}{without}",
            defined.len(),
            other.component
        ),
        remedies: vec![
            match selector {
                Some(selector) => format!(
                    "set `{}` of {side}'s config to what {} has, or give the chosen authenticator its values",
                    dotted(selector),
                    side.other()
                ),
                None => {
                    format!(
                        "look at what chooses among the {} definitions that set this place",
                        defined.len()
                    )
                }
            }
            .into(),
        ],
        evidence: evidence(selector, other),
    })
}

fn evidence(selector: Option<&str>, chosen: &DefinedCredentials) -> Vec<(Locator, String)> {
    let selects = selector.map(|selector| (Locator::Config(selector.to_owned()), "this selects".to_owned()));
    selects
        .into_iter()
        .chain([(Locator::Manifest(chosen.line), "the one that was chosen".to_owned())])
        .collect()
}

/// The config value that selects an authenticator.
fn selector(capture: &Capture) -> Option<&str> {
    let references = capture.inputs.manifest.iter().flat_map(|manifest| &manifest.references);
    references
        .filter(|reference| reference.at.ends_with("/authenticator_selection_path"))
        .map(|reference| reference.config.as_str())
        .next()
}
