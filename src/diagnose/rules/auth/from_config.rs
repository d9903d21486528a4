//! What the config of the side at fault holds where a credential is read from.

use crate::compare::{Carried, Locator};
use crate::diagnose::Remedy;
use crate::diagnose::rules::repair::{read_instead, repair_for};
use crate::diagnose::rules::setup::keys::{dotted, near};
use crate::model::{
    Capture, Class, ConfigFacts, ConfigValue, JsonType, Reference, RepairKind, SpecFacts, Step, Text,
};

use super::lookalike::Kind;
use super::origin::Origin;
use super::place::config_pointer;
use super::suspect::Suspect;

/// What is wrong with the config value at a pointer, or between it and the request; `line` of the manifest reads it.
pub(super) fn in_config(
    suspect: &Suspect<'_>,
    capture: &Capture,
    pointer: &str,
    line: Option<u32>,
) -> Option<Origin> {
    let side = suspect.side;
    let name = dotted(pointer);
    let config = capture.inputs.config.as_ref()?;
    if let Some(why) = &config.unreadable {
        return Some(Origin {
            kind: Kind::ConfigUnreadable,
            cause: format!("{side}'s config could not be read: {why}"),
            remedies: Vec::new(),
            evidence: vec![(Locator::Config(String::new()), "not readable".to_owned())],
        });
    }
    let reads = line.map_or_else(String::new, |line| format!(" (line {line} of the manifest reads it)"));
    let Some(value) = config.at(pointer) else {
        return Some(absent(suspect, config, capture.inputs.spec.as_ref(), pointer, line));
    };
    let Some((kind, state, label)) = state(value) else { return on_the_way(suspect, pointer, line) };
    let dropped = if suspect.faulty.is_none() && is_bare(capture, pointer) {
        "; a template that is nothing but this key drops the whole field where it has no value"
    } else {
        ""
    };
    Some(Origin {
        kind,
        cause: format!("`{name}` of {side}'s config {state}{reads}{dropped}"),
        remedies: vec![
            format!("set `{name}` in {side}'s config to the value that {} uses", side.other()).into(),
        ],
        evidence: vec![(Locator::Config(pointer.to_owned()), label.to_owned())],
    })
}

/// The config's value is sound, and what was sent is made of it, or of the same key of another config.
fn on_the_way(suspect: &Suspect<'_>, pointer: &str, line: Option<u32>) -> Option<Origin> {
    let side = suspect.side;
    let name = dotted(pointer);
    let (faulty, sound) = suspect.both()?;
    let relation = faulty.secret.relation.as_ref()?;
    // A cast has a rule of its own.
    if relation.reference != Reference::Config(pointer.to_owned()) || relation.steps.contains(&Step::Cast) {
        return None;
    }
    let at = line.map_or_else(String::new, |line| format!(" (line {line} of the manifest reads it)"));
    let evidence = vec![(
        line.map_or_else(|| Locator::Config(pointer.to_owned()), |line| Locator::Manifest(Some(line))),
        format!("reads config.{name}"),
    )];
    if relation.steps.is_empty() {
        let other = config_pointer(sound).is_some_and(|other| other == pointer) && suspect.unrelated();
        return other.then(|| Origin {
            kind: Kind::ValueOther,
            cause: format!("both sides send their config.{name}, and the two configs hold different values"),
            remedies: vec![
                format!("give `{name}` of {side}'s config the value that {} has", side.other()).into(),
            ],
            evidence: vec![(Locator::Config(pointer.to_owned()), "another value".to_owned())],
        });
    }
    let scheme = relation.steps.iter().find_map(|step| match step {
        Step::Prepended(before) => before.split_whitespace().next().filter(|word| is_scheme(word)),
        _ => None,
    });
    Some(match scheme.filter(|_| faulty.scheme.is_some()) {
        Some(scheme) => Origin {
            kind: Kind::SchemeAdded,
            cause: format!(
                "`{name}` of {side}'s config is the token alone, and {side} puts `{scheme}` before it twice{at}"
            ),
            remedies: vec![Remedy {
                text: format!(
                    "read `{{{{ config['{name}'] }}}}` alone{at}: the authenticator adds `{scheme}`"
                ),
                patch: repair_for(suspect.case, side, RepairKind::DropScheme, pointer),
            }],
            evidence,
        },
        None => Origin {
            kind: Kind::ChangedOnTheWay,
            cause: format!(
                "`{name}` of {side}'s config is sound; it is changed between config and request{at}"
            ),
            remedies: vec![format!("look at what reads config.{name} on {side}{at}").into()],
            evidence,
        },
    })
}

fn is_scheme(word: &str) -> bool {
    ["bearer", "basic", "token", "apikey"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Some template is nothing but a reference to this value.
fn is_bare(capture: &Capture, pointer: &str) -> bool {
    let references = capture.inputs.manifest.iter().flat_map(|manifest| &manifest.references);
    references.clone().any(|known| known.bare && known.config == pointer && known.at.contains("/request_"))
}

/// What is wrong with a config value by itself.
pub(super) fn state(value: &ConfigValue) -> Option<(Kind, String, &'static str)> {
    match (value.kind, &value.value) {
        (JsonType::Null, _) => Some((Kind::ValueNull, "is null".to_owned(), "null")),
        (JsonType::String, None) => Some((Kind::ValueEmpty, "is empty".to_owned(), "empty")),
        (JsonType::Object | JsonType::Array, _) => {
            Some((Kind::ValueNotPlain, "is not a plain value".to_owned(), "not a plain value"))
        }
        (_, text) => text_state(text.as_ref()?),
    }
}

/// What is wrong with a text that should be a token.
pub(super) fn text_state(text: &Text) -> Option<(Kind, String, &'static str)> {
    if text.is_empty() {
        return Some((Kind::ValueEmpty, "is empty".to_owned(), "empty"));
    }
    let shape = &text.as_secret()?.shape;
    Some(match &shape.class {
        Class::Empty => (Kind::ValueEmpty, "is empty".to_owned(), "empty"),
        Class::Null(text) => {
            (Kind::ValueWordForNothing, format!("is the text `{text}`"), "a language's nothing")
        }
        Class::Template(text) => (Kind::ValueTemplate, format!("is the template `{text}`"), "a template"),
        Class::Mask(text) => (Kind::ValueMask, format!("is the mask `{text}`"), "a mask"),
        Class::SecretReference(kind) => {
            (Kind::ValueReference, format!("is a reference to a secret ({kind})"), "a reference, not a value")
        }
        _ if shape.scheme.is_some() => {
            (Kind::ValueWithScheme, "brings its own auth-scheme".to_owned(), "scheme and token")
        }
        _ if shape.leading.is_some() || shape.trailing.is_some() || shape.inside.is_some() => (
            Kind::ValueWithBlanks,
            "has white space or invisible characters in it".to_owned(),
            "not only the token",
        ),
        _ if shape.quotes.is_some() => {
            (Kind::ValueQuoted, "stands in quotes of its own".to_owned(), "quoted")
        }
        _ => return None,
    })
}

fn absent(
    suspect: &Suspect<'_>,
    config: &ConfigFacts,
    spec: Option<&SpecFacts>,
    pointer: &str,
    line: Option<u32>,
) -> Origin {
    let side = suspect.side;
    let name = dotted(pointer);
    let mut cause = format!("{side}'s config has no key `{name}`");
    let mut kind = Kind::KeyAbsent;
    let mut remedies: Vec<Remedy> = Vec::new();
    let mut evidence = Vec::new();
    if let Some(found) = stands_at(config, pointer, suspect.counterpart()) {
        let there = dotted(&found.pointer);
        cause = format!("{cause}, but it has `{there}`");
        remedies.push(if depth(&found.pointer) == depth(pointer) {
            kind = Kind::KeyRenamed;
            format!("rename `{there}` to `{name}` in {side}'s config").into()
        } else {
            kind = Kind::KeyElsewhere;
            Remedy {
                text: format!(
                    "move `{there}` to `{name}` in {side}'s config, or let the manifest read config.{there}"
                ),
                patch: read_instead(suspect.case, side, (pointer, &found.pointer), line),
            }
        });
        evidence.push((Locator::Config(found.pointer.clone()), "the value may stand here".to_owned()));
    } else {
        remedies.push(format!("add `{name}` to {side}'s config").into());
        evidence.push((Locator::Config(String::new()), format!("no key `{name}`")));
    }
    if let Some(spec) = spec {
        match spec.properties.iter().find(|property| property.pointer == pointer) {
            Some(property) if property.required => {}
            Some(property) if property.default => {
                kind = Kind::DefaultAbsent;
                cause += " (the spec's default for it is filled in by forms, not by the framework)";
            }
            Some(_) => cause += " (and the spec does not require it)",
            None => cause += " (and the spec does not name it)",
        }
        if !spec.properties.iter().any(|property| property.pointer == pointer && property.required) {
            remedies.push(Remedy {
                text: format!(
                    "add `{name}` to `required` in the spec, so that a config without it fails before a request is sent"
                ),
                patch: repair_for(suspect.case, side, RepairKind::RequireKey, pointer),
            });
        }
    }
    if let Some(line) = line {
        evidence.push((Locator::Manifest(Some(line)), format!("reads config.{name}")));
    }
    Origin { kind, cause, remedies, evidence }
}

/// Where the value may stand instead: the key whose value the other side sends, else the key with nearly the same name.
fn stands_at<'a>(config: &'a ConfigFacts, pointer: &str, sound: Option<&Carried>) -> Option<&'a ConfigValue> {
    let sent = sound.map(|carried| carried.secret.fingerprint.exact);
    let equal = config.values.iter().find(|value| {
        value.kind == JsonType::String
            && sent.is_some()
            && value.secret_value().map(|secret| secret.fingerprint.exact) == sent
    });
    let named = || near(config, pointer).and_then(|found| config.at(found));
    equal.or_else(named)
}

fn depth(pointer: &str) -> usize {
    pointer.matches('/').count()
}
