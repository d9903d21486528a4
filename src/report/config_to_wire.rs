//! Where the values of the config went, as the report tells it.

use serde::Serialize;

use crate::compare::{ConfigState, Locator, Trace, Traced, config_to_wire};
use crate::diagnose::{Case, Family, Finding, Severity};
use crate::model::Side;

/// One value of the config, and what became of it on either side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigToWire {
    /// JSON pointer into the config.
    pub config: String,
    /// The spec, or its name, says that it is a secret.
    pub secret: bool,
    /// It tells more of the first finding: the terminal report shows its summary there.
    pub root_cause: bool,
    /// One line: `config.api_key (secret): sandbox in Authorization, runtime nowhere`.
    pub summary: String,
    /// What the sandbox made of it.
    pub sandbox: ConfigTrace,
    /// What the runtime made of it.
    pub runtime: ConfigTrace,
}

/// What one side made of a value of its config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ConfigTrace {
    /// `set`, `empty`, `null`, `placeholder`, `absent`; `unknown` where there is no config that could be read.
    pub in_config: &'static str,
    /// The spec requires it.
    pub required: bool,
    /// Its line in the spec.
    pub spec_line: Option<u32>,
    /// The templates of the manifest that read it.
    pub manifest: Vec<ManifestRead>,
    /// Where it was sent.
    pub sent: Vec<SentPlace>,
    /// False for a value that cannot be told on the wire from others like it: nothing in `sent` then means nothing.
    pub traceable: bool,
}

/// A template that reads a value of the config.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ManifestRead {
    /// JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    pub line: Option<u32>,
    /// The component around it that sets credentials.
    pub component: Option<String>,
    /// The place which that sets: `field authorization`.
    pub sets: Option<String>,
}

/// A place that a value was sent in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SentPlace {
    /// The place.
    pub at: String,
    /// The first exchange with it.
    pub exchange: u32,
    /// How many times it was sent there.
    pub times: u32,
    /// The expression, where it was not sent as it is.
    pub how: Option<String>,
}

/// Lines that the terminal report shows at most.
const SHOWN: usize = 4;

/// Traces every value of the config; `first` is the root cause.
pub(super) fn traced(case: &Case<'_>, first: Option<&Finding>) -> Vec<ConfigToWire> {
    let first = first.filter(|first| {
        first.severity > Severity::Note && matches!(first.rule.family, Family::Auth | Family::Setup)
    });
    let mut left = SHOWN;
    config_to_wire(case.sandbox, case.runtime)
        .into_iter()
        .map(|traced| {
            let root_cause = left > 0 && first.is_some_and(|first| tells_of(&traced, first));
            left -= usize::from(root_cause);
            ConfigToWire {
                summary: summary(&traced),
                root_cause,
                secret: traced.secret,
                sandbox: ConfigTrace::new(&traced.sandbox),
                runtime: ConfigTrace::new(&traced.runtime),
                config: traced.config,
            }
        })
        .collect()
}

/// The sides made something else of it, in a place of the finding or by a key that the finding names.
fn tells_of(traced: &Traced, cause: &Finding) -> bool {
    let places = || traced.sandbox.sent.iter().chain(&traced.runtime.sent);
    let concerns = cause.evidence.iter().any(|evidence| match &evidence.at {
        Locator::Config(pointer) => *pointer == traced.config && !traced.config.is_empty(),
        at => evidence.exchange.is_some() && places().any(|sent| sent.at.is_same_place(at)),
    });
    concerns && traced.differs() && traced.sandbox.traceable && traced.runtime.traceable
}

impl ConfigTrace {
    fn new(trace: &Trace) -> Self {
        Self {
            in_config: state(trace.state),
            required: trace.required,
            spec_line: trace.spec_line,
            manifest: trace
                .read_by
                .iter()
                .map(|read| ManifestRead {
                    at: read.at.clone(),
                    line: read.line,
                    component: read.component.clone(),
                    sets: read.sets.clone(),
                })
                .collect(),
            sent: trace
                .sent
                .iter()
                .map(|sent| SentPlace {
                    at: sent.at.to_string(),
                    exchange: sent.exchange,
                    times: sent.times,
                    how: sent.how.clone(),
                })
                .collect(),
            traceable: trace.traceable,
        }
    }
}

fn state(state: ConfigState) -> &'static str {
    match state {
        ConfigState::Unknown => "unknown",
        ConfigState::Absent => "absent",
        ConfigState::Null => "null",
        ConfigState::Empty => "empty",
        ConfigState::Placeholder => "placeholder",
        ConfigState::Set => "set",
    }
}

fn summary(traced: &Traced) -> String {
    let name = traced.config.replace('/', ".").replace("~1", "/").replace("~0", "~");
    let secret = if traced.secret { " (secret)" } else { "" };
    let [sandbox, runtime] = [Side::Sandbox, Side::Runtime].map(|side| went(traced.of(side)));
    if sandbox == runtime {
        return format!("config{name}{secret}: both sides {sandbox}");
    }
    format!("config{name}{secret}: sandbox {sandbox}, runtime {runtime}")
}

/// `in Authorization`, `nowhere`.
fn went(trace: &Trace) -> String {
    let places: Vec<String> = trace
        .sent
        .iter()
        .map(|sent| match &sent.how {
            None => name(&sent.at),
            Some(how) => format!("{} as {how}", name(&sent.at)),
        })
        .collect();
    let why = match trace.state {
        ConfigState::Absent => " (not in its config)",
        ConfigState::Null => " (null in its config)",
        ConfigState::Empty => " (empty in its config)",
        ConfigState::Unknown => " (its config is not known)",
        ConfigState::Placeholder | ConfigState::Set => "",
    };
    match places.as_slice() {
        [] if trace.traceable => format!("nowhere{why}"),
        [] => format!("not known{why}"),
        [first, second, rest @ ..] if !rest.is_empty() => {
            format!("in {first}, {second} and {} more places", rest.len())
        }
        places => format!("in {}", places.join(" and ")),
    }
}

/// The name of a place without ceremony: `Authorization` is a field, the rest says what it is.
fn name(at: &Locator) -> String {
    match at {
        Locator::Field { name, nth: 0 | 1, .. } => title(name),
        Locator::Field { name, nth, .. } => format!("{} #{nth}", title(name)),
        Locator::Query { name, .. } => format!("query {name}"),
        Locator::Form { name, .. } => format!("form {name}"),
        Locator::Cookie { name } => format!("cookie {name}"),
        Locator::Body { pointer } if pointer.is_empty() => "the body".to_owned(),
        Locator::Body { pointer } => format!("body {}", pointer.trim_start_matches('/').replace('/', ".")),
        Locator::Path => "the path".to_owned(),
        Locator::UserInfo => "the URL's user information".to_owned(),
        other => other.to_string(),
    }
}

/// `x-api-key` as it is usually written.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters
            .next()
            .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
