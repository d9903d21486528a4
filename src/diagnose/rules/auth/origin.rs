//! Where a credential should have come from: what the config, the spec and the manifest of the side at fault say.

use crate::compare::{Carried, Locator};
use crate::diagnose::Finding;
use crate::diagnose::rules::setup::keys::{dotted, near};
use crate::model::{
    Capture, Class, ConfigFacts, ConfigValue, DefinedCredentials, JsonType, Side, SpecFacts, Text,
};

use super::place::{config_pointer, key};
use super::suspect::Suspect;

/// The cause in a sentence, what to do, and the places that show it.
pub(super) struct Origin {
    cause: String,
    remedies: Vec<String>,
    evidence: Vec<(Locator, String)>,
}

impl Origin {
    /// Adds it to a finding about this side.
    pub(super) fn add_to(self, finding: Finding, side: Side) -> Finding {
        let finding = finding.detail("cause", self.cause);
        let finding = self.remedies.into_iter().fold(finding, Finding::remedy);
        self.evidence.into_iter().fold(finding, |finding, (at, label)| finding.related(side, None, at, label))
    }
}

/// Why the side at fault sends what it sends, as far as its inputs tell.
pub(super) fn origin(suspect: &Suspect<'_>) -> Option<Origin> {
    let capture = suspect.case.capture(suspect.side);
    let at = suspect.place()?;
    let defined = definitions(capture, at);
    let expected = definitions(suspect.case.capture(suspect.side.other()), at);
    if let ([], [expected, ..], Some(manifest), None) =
        (defined.as_slice(), expected.as_slice(), &capture.inputs.manifest, suspect.faulty)
    {
        return Some(undefined(suspect.side, manifest.credentials.first(), expected));
    }
    let read_by = |definitions: &[&DefinedCredentials], pointer: &String| {
        definitions.iter().any(|definition| definition.reads.contains(pointer))
    };
    if let ([first, ..], [other, ..]) = (defined.as_slice(), expected.as_slice())
        && !other.reads.iter().all(|pointer| read_by(&defined, pointer))
    {
        return Some(reads_another(suspect.side, first, other));
    }
    let sent = suspect.counterpart().and_then(config_pointer);
    let reads = defined
        .iter()
        .flat_map(|definition| definition.reads.iter().map(|pointer| (pointer.as_str(), definition.line)));
    let line = |pointer| reads.clone().find(|(read, _)| *read == pointer).and_then(|(_, line)| line);
    let sent = sent.filter(|pointer| defined.is_empty() || reads.clone().any(|(read, _)| read == *pointer));
    let origin = sent.and_then(|pointer| in_config(suspect, capture, pointer, line(pointer)));
    let mut origin = origin
        .or_else(|| reads.clone().find_map(|(pointer, line)| in_config(suspect, capture, pointer, line)))?;
    if let [_, _, ..] = defined.as_slice() {
        let choice = format!(
            "{} definitions of the manifest set this place: look at which of them is chosen",
            defined.len()
        );
        origin.remedies.push(choice);
    }
    Some(origin)
}

fn definitions<'a>(capture: &'a Capture, at: &Locator) -> Vec<&'a DefinedCredentials> {
    let (Some(place), Some(manifest)) = (key(at), &capture.inputs.manifest) else { return Vec::new() };
    manifest.credentials.iter().filter(|defined| defined.place.as_deref() == Some(place.as_str())).collect()
}

fn undefined(side: Side, instead: Option<&DefinedCredentials>, reference: &DefinedCredentials) -> Origin {
    let place = reference.place.as_deref().unwrap_or_default();
    let cause = match instead {
        Some(instead) => format!(
            "{side}'s manifest sets no credentials in {place}; its {} sets {}",
            instead.component,
            instead.place.as_deref().unwrap_or("another place")
        ),
        None => format!(
            "{side}'s manifest defines no credentials; {}'s has a {}",
            side.other(),
            reference.component
        ),
    };
    Origin {
        cause,
        remedies: vec![format!(
            "give {side}'s manifest the {} that {} has",
            reference.component,
            side.other()
        )],
        evidence: vec![(
            Locator::Manifest(instead.and_then(|instead| instead.line)),
            "no such definition".to_owned(),
        )],
    }
}

fn reads_another(side: Side, defined: &DefinedCredentials, reference: &DefinedCredentials) -> Origin {
    let names = |defined: &DefinedCredentials| {
        let names: Vec<_> =
            defined.reads.iter().map(|pointer| format!("config.{}", dotted(pointer))).collect();
        if names.is_empty() { "no config value".to_owned() } else { names.join(" and ") }
    };
    let line = defined.line.map_or_else(String::new, |line| format!(" (line {line})"));
    Origin {
        cause: format!(
            "{side}'s manifest reads {} there{line}, {}'s reads {}",
            names(defined),
            side.other(),
            names(reference)
        ),
        remedies: vec![format!(
            "let the {} of {side}'s manifest{line} read {}",
            defined.component,
            names(reference)
        )],
        evidence: vec![(Locator::Manifest(defined.line), format!("reads {}", names(defined)))],
    }
}

fn in_config(suspect: &Suspect<'_>, capture: &Capture, pointer: &str, line: Option<u32>) -> Option<Origin> {
    let side = suspect.side;
    let name = dotted(pointer);
    let config = capture.inputs.config.as_ref()?;
    if let Some(why) = &config.unreadable {
        return Some(Origin {
            cause: format!("{side}'s config could not be read: {why}"),
            remedies: Vec::new(),
            evidence: vec![(Locator::Config(String::new()), "not readable".to_owned())],
        });
    }
    let reads = line.map_or_else(String::new, |line| format!(" (line {line} of the manifest reads it)"));
    let Some(value) = config.at(pointer) else {
        return Some(absent(suspect, config, capture.inputs.spec.as_ref(), pointer, line));
    };
    let (state, label) = state(value)?;
    Some(Origin {
        cause: format!("`{name}` of {side}'s config {state}{reads}"),
        remedies: vec![format!("set `{name}` in {side}'s config to the value that {} uses", side.other())],
        evidence: vec![(Locator::Config(pointer.to_owned()), label.to_owned())],
    })
}

/// What is wrong with a config value by itself.
fn state(value: &ConfigValue) -> Option<(String, &'static str)> {
    let class = value.secret_value().map(|secret| &secret.shape.class);
    Some(match (value.kind, class) {
        (JsonType::Null, _) => ("is null".to_owned(), "null"),
        (JsonType::String, None) if value.value.as_ref().is_none_or(Text::is_empty) => {
            ("is empty".to_owned(), "empty")
        }
        (_, Some(Class::Empty)) => ("is empty".to_owned(), "empty"),
        (_, Some(Class::Null(text))) => (format!("is the text `{text}`"), "a language's nothing"),
        (_, Some(Class::Template(text))) => (format!("is the template `{text}`"), "a template"),
        (_, Some(Class::Mask(text))) => (format!("is the mask `{text}`"), "a mask"),
        (_, Some(Class::SecretReference(kind))) => {
            (format!("is a reference to a secret ({kind})"), "a reference, not a value")
        }
        (JsonType::Object | JsonType::Array, _) => ("is not a plain value".to_owned(), "not a plain value"),
        _ => {
            let shape = &value.secret_value()?.shape;
            if shape.scheme.is_some() {
                ("brings its own auth-scheme".to_owned(), "scheme and token")
            } else if shape.leading.is_some() || shape.trailing.is_some() || shape.inside.is_some() {
                ("has white space or invisible characters in it".to_owned(), "not only the token")
            } else if shape.quotes.is_some() {
                ("stands in quotes of its own".to_owned(), "quoted")
            } else {
                return None;
            }
        }
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
    let mut remedies = Vec::new();
    let mut evidence = Vec::new();
    if let Some(found) = stands_at(config, pointer, suspect.counterpart()) {
        let there = dotted(&found.pointer);
        cause = format!("{cause}; it has `{there}`");
        remedies.push(if depth(&found.pointer) == depth(pointer) {
            format!("rename `{there}` to `{name}` in {side}'s config")
        } else {
            format!("move `{there}` to `{name}` in {side}'s config, or let the manifest read config.{there}")
        });
        evidence.push((Locator::Config(found.pointer.clone()), "the value may stand here".to_owned()));
    } else {
        remedies.push(format!("add `{name}` to {side}'s config"));
        evidence.push((Locator::Config(String::new()), format!("no key `{name}`")));
    }
    if let Some(spec) = spec {
        match spec.properties.iter().find(|property| property.pointer == pointer) {
            Some(property) if property.required => {}
            Some(_) => cause += " (and the spec does not require it)",
            None => cause += " (and the spec does not name it)",
        }
        if !spec.properties.iter().any(|property| property.pointer == pointer && property.required) {
            remedies.push(format!(
                "add `{name}` to `required` in the spec, so that a config without it fails before a request is sent"
            ));
        }
    }
    if let Some(line) = line {
        evidence.push((Locator::Manifest(Some(line)), format!("reads config.{name}")));
    }
    Origin { cause, remedies, evidence }
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
