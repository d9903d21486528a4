//! Where each value of the config went: through spec and manifest to the places in requests, on either side.

use std::collections::BTreeMap;

use crate::model::{
    Capture, Class, ConfigFacts, ConfigValue, DefinedCredentials, JsonType, Length, ManifestFacts, Reference,
    Side, Text,
};

use super::{Locator, named};

/// One value of the config, on both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traced {
    /// JSON pointer into the config.
    pub config: String,
    /// The spec, or its name, says that it is a secret.
    pub secret: bool,
    /// What the sandbox made of it.
    pub sandbox: Trace,
    /// What the runtime made of it.
    pub runtime: Trace,
}

/// What one side made of a value of its config.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// What stands in the config.
    pub state: ConfigState,
    /// The spec requires it.
    pub required: bool,
    /// Its line in the spec.
    pub spec_line: Option<u32>,
    /// The templates of the manifest that read it.
    pub read_by: Vec<ReadBy>,
    /// Where it was sent.
    pub sent: Vec<Sent>,
    /// Nothing sent means that it went nowhere. False where the config is not known, and for what is not told apart on the wire:
    /// booleans, numbers, words that are shown, URLs, values of less than eight bytes.
    pub traceable: bool,
}

/// What a config has at a pointer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ConfigState {
    /// The config is not known, or could not be read.
    #[default]
    Unknown,
    /// There is no such key.
    Absent,
    /// `null`.
    Null,
    /// An empty string.
    Empty,
    /// A placeholder: a mask, a template, a word for nothing, a reference to a secret.
    Placeholder,
    /// A value.
    Set,
}

/// A template that reads a value of the config.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadBy {
    /// JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// The component that it belongs to, where that sets credentials: `BearerAuthenticator`.
    pub component: Option<String>,
    /// The place that this component sets: `field authorization`.
    pub sets: Option<String>,
    /// The template is nothing but this reference.
    pub bare: bool,
}

/// A place that a value was sent in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The place.
    pub at: Locator,
    /// The expression, where what was sent is not the value as it is: `base64(config.user + ":")`.
    pub how: Option<String>,
    /// The first exchange with it.
    pub exchange: u32,
    /// How many times it was sent there.
    pub times: u32,
}

impl Traced {
    /// What a side made of it.
    pub fn of(&self, side: Side) -> &Trace {
        match side {
            Side::Sandbox => &self.sandbox,
            Side::Runtime => &self.runtime,
        }
    }

    /// The sides sent it in other places, or not alike.
    pub fn differs(&self) -> bool {
        let places = |trace: &Trace| -> Vec<(Locator, Option<String>)> {
            trace.sent.iter().map(|sent| (sent.at.clone(), sent.how.clone())).collect()
        };
        places(&self.sandbox) != places(&self.runtime)
    }
}

/// Traces every value of either config, every value that a template reads, and every value that was sent.
///
/// In the order of the sandbox's config, then of the runtime's, then by pointer.
pub fn config_to_wire(sandbox: &Capture, runtime: &Capture) -> Vec<Traced> {
    let sent = [sent(sandbox), sent(runtime)];
    let mut pointers: Vec<&str> = Vec::new();
    for capture in [sandbox, runtime] {
        let inputs = &capture.inputs;
        let config = inputs.config.iter().flat_map(|config| &config.values).map(|value| &value.pointer);
        for pointer in config {
            if !pointers.contains(&pointer.as_str()) {
                pointers.push(pointer);
            }
        }
    }
    let mut others: Vec<&str> = [sandbox, runtime]
        .into_iter()
        .flat_map(|capture| capture.inputs.manifest.iter().flat_map(|manifest| &manifest.references))
        .map(|reference| reference.config.as_str())
        .chain(sent.iter().flat_map(|sent| sent.keys().copied()))
        .filter(|pointer| !pointers.contains(pointer) && !stands_above(pointer, &pointers))
        .collect();
    others.sort_unstable();
    others.dedup();
    pointers.extend(others);
    let [from_sandbox, from_runtime] = sent;
    pointers
        .into_iter()
        .map(|pointer| Traced {
            config: pointer.to_owned(),
            secret: is_secret(sandbox, pointer) || is_secret(runtime, pointer),
            sandbox: trace(sandbox, pointer, from_sandbox.get(pointer)),
            runtime: trace(runtime, pointer, from_runtime.get(pointer)),
        })
        .collect()
}

/// A template that reads an object reads none of its values by name.
fn stands_above(pointer: &str, known: &[&str]) -> bool {
    known.iter().any(|known| known.strip_prefix(pointer).is_some_and(|rest| rest.starts_with('/')))
}

type Places = BTreeMap<(Locator, Option<String>), (u32, u32)>;

/// Where the values of a run's config were sent, by pointer.
fn sent(capture: &Capture) -> BTreeMap<&str, Places> {
    let mut sent: BTreeMap<&str, Places> = BTreeMap::new();
    for exchange in &capture.exchanges {
        named::each(&exchange.request, &mut |at, relation| {
            let Reference::Config(pointer) = &relation.reference else { return };
            let how = (!relation.steps.is_empty()).then(|| relation.to_string());
            let places = sent.entry(pointer.as_str()).or_default();
            places.entry((at, how)).or_insert((exchange.number, 0)).1 += 1;
        });
    }
    sent
}

fn is_secret(capture: &Capture, pointer: &str) -> bool {
    let value = capture.inputs.config.as_ref().and_then(|config| config.at(pointer));
    let spec = capture.inputs.spec.iter().flat_map(|spec| &spec.properties);
    value.is_some_and(|value| value.secret)
        || spec.filter(|property| property.pointer == pointer).any(|property| property.secret)
}

fn trace(capture: &Capture, pointer: &str, sent: Option<&Places>) -> Trace {
    let inputs = &capture.inputs;
    let config = inputs.config.as_ref().filter(|config| config.unreadable.is_none());
    let value = config.and_then(|config| config.at(pointer));
    let property =
        inputs.spec.iter().flat_map(|spec| &spec.properties).find(|property| property.pointer == pointer);
    let sent: Vec<Sent> = sent
        .into_iter()
        .flatten()
        .map(|((at, how), (exchange, times))| Sent {
            at: at.clone(),
            how: how.clone(),
            exchange: *exchange,
            times: *times,
        })
        .collect();
    Trace {
        state: state(config, pointer),
        required: property.is_some_and(|property| property.required),
        spec_line: property.and_then(|property| property.line),
        read_by: inputs.manifest.as_ref().map(|manifest| read_by(manifest, pointer)).unwrap_or_default(),
        traceable: !sent.is_empty() || config.is_some() && value.is_none_or(is_telling),
        sent,
    }
}

fn state(config: Option<&ConfigFacts>, pointer: &str) -> ConfigState {
    let Some(config) = config else { return ConfigState::Unknown };
    let Some(value) = config.at(pointer) else { return ConfigState::Absent };
    match (value.kind, value.secret_value().map(|secret| &secret.shape.class)) {
        (JsonType::Null, _) => ConfigState::Null,
        (_, Some(Class::Empty)) => ConfigState::Empty,
        (JsonType::String, None) if value.value.as_ref().is_none_or(Text::is_empty) => ConfigState::Empty,
        (_, Some(Class::Null(_) | Class::Template(_) | Class::Mask(_) | Class::SecretReference(_))) => {
            ConfigState::Placeholder
        }
        _ => ConfigState::Set,
    }
}

/// A value that would be known again wherever it is sent.
fn is_telling(value: &ConfigValue) -> bool {
    value.kind == JsonType::String
        && value.secret_value().is_some_and(|secret| {
            let long = match secret.shape.length {
                Length::Exact(length) => length > 0,
                Length::Under { under } => under > 8,
            };
            long && secret.shape.class != Class::Url
        })
}

fn read_by(manifest: &ManifestFacts, pointer: &str) -> Vec<ReadBy> {
    let references = manifest.references.iter().filter(|reference| reference.config == pointer);
    references
        .map(|reference| {
            let setter = manifest
                .credentials
                .iter()
                .filter(|defined| defined.reads.iter().any(|read| read == pointer))
                .filter(|defined| is_within(&reference.at, &defined.at))
                .max_by_key(|defined| defined.at.len());
            ReadBy {
                at: reference.at.clone(),
                line: reference.line,
                component: setter.map(|defined: &DefinedCredentials| defined.component.clone()),
                sets: setter.and_then(|defined| defined.place.clone()),
                bare: reference.bare,
            }
        })
        .collect()
}

fn is_within(at: &str, of: &str) -> bool {
    at.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
