//! Causes that look alike on the wire, and what would tell them apart.

use crate::diagnose::{Confidence, Finding};
use crate::model::ManifestState;

use super::place::config_pointer;
use super::suspect::Suspect;

/// Why credentials are not what they should be. Its names are part of the report's contract: `detail.cause_kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The config lacks the key.
    KeyAbsent,
    /// The config has it under another name.
    KeyRenamed,
    /// The config has it at another depth.
    KeyElsewhere,
    /// The config lacks it, and the spec has a default for it.
    DefaultAbsent,
    /// The config could not be read.
    ConfigUnreadable,
    /// The config has an empty string.
    ValueEmpty,
    /// The config has null.
    ValueNull,
    /// The config has a word for nothing.
    ValueWordForNothing,
    /// The config has a template.
    ValueTemplate,
    /// The config has a mask.
    ValueMask,
    /// The config has a reference to a secret.
    ValueReference,
    /// The config has an object or array.
    ValueNotPlain,
    /// The config's value brings its auth-scheme along.
    ValueWithScheme,
    /// The config's value has white space or invisible characters.
    ValueWithBlanks,
    /// The config's value stands in quotes.
    ValueQuoted,
    /// The two configs have different values.
    ValueOther,
    /// The manifest or the code puts a scheme before a value that gets one anyway.
    SchemeAdded,
    /// The config's value is sound and arrives changed.
    ChangedOnTheWay,
    /// The manifest sets no credentials in this place.
    DefinitionAbsent,
    /// The manifest reads another key.
    ReadsAnother,
    /// A selective authenticator chose another one.
    OtherBranch,
    /// An environment variable is not set.
    VariableUnset,
    /// A token request's answer has no token where it is looked for.
    AnswerWithoutToken,
    /// The client, a template or code made it of a sound value.
    LostOnTheWay,
}

impl Kind {
    /// Its name in reports.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::KeyAbsent => "key-absent",
            Self::KeyRenamed => "key-renamed",
            Self::KeyElsewhere => "key-elsewhere",
            Self::DefaultAbsent => "default-absent",
            Self::ConfigUnreadable => "config-unreadable",
            Self::ValueEmpty => "value-empty",
            Self::ValueNull => "value-null",
            Self::ValueWordForNothing => "value-word-for-nothing",
            Self::ValueTemplate => "value-template",
            Self::ValueMask => "value-mask",
            Self::ValueReference => "value-reference",
            Self::ValueNotPlain => "value-not-plain",
            Self::ValueWithScheme => "value-with-scheme",
            Self::ValueWithBlanks => "value-with-blanks",
            Self::ValueQuoted => "value-quoted",
            Self::ValueOther => "value-other",
            Self::SchemeAdded => "scheme-added",
            Self::ChangedOnTheWay => "changed-on-the-way",
            Self::DefinitionAbsent => "definition-absent",
            Self::ReadsAnother => "reads-another",
            Self::OtherBranch => "other-branch",
            Self::VariableUnset => "variable-unset",
            Self::AnswerWithoutToken => "answer-without-token",
            Self::LostOnTheWay => "lost-on-the-way",
        }
    }

    /// In a few words, after "it may be that".
    fn words(self) -> &'static str {
        match self {
            Self::KeyAbsent => "the config lacks the key",
            Self::KeyRenamed => "it has it under another name",
            Self::KeyElsewhere => "it has it at another depth",
            Self::ValueEmpty => "the config's value is empty",
            Self::ValueNull => "the config's value is null",
            Self::ValueTemplate => "the config's value is the template",
            Self::ValueMask => "the config's value is the mask",
            Self::ValueReference => "the config's value is the reference",
            Self::ValueWithScheme => "the config's value brings its scheme along",
            Self::ValueWithBlanks => "the config's value is stored so",
            Self::ValueOther => "the two configs hold different values",
            Self::SchemeAdded => "the manifest or the code adds a scheme to a value that gets one anyway",
            Self::ChangedOnTheWay => "a sound value is changed on the way",
            Self::DefinitionAbsent => "the manifest or the code sets no credentials for this request",
            Self::ReadsAnother => "the manifest reads another key",
            Self::OtherBranch => "a selective authenticator chose another one",
            Self::VariableUnset => "an environment variable is not set where this side runs",
            Self::AnswerWithoutToken => "the token request's answer has no token where it is looked for",
            Self::LostOnTheWay => "a sound value is lost on the way",
            Self::DefaultAbsent
            | Self::ConfigUnreadable
            | Self::ValueWordForNothing
            | Self::ValueNotPlain
            | Self::ValueQuoted => "the config's value is not what it should be",
        }
    }

    /// Only a manifest can be the cause of it.
    fn needs_manifest(self) -> bool {
        matches!(self, Self::ReadsAnother | Self::OtherBranch)
    }

    /// What tells whether it is this one.
    fn told_by(self) -> Fact {
        match self {
            Self::DefinitionAbsent | Self::ReadsAnother | Self::OtherBranch | Self::SchemeAdded => {
                Fact::Manifest
            }
            Self::VariableUnset => Fact::Environment,
            Self::AnswerWithoutToken => Fact::TokenRequest,
            Self::LostOnTheWay | Self::ChangedOnTheWay => Fact::Log,
            _ => Fact::Config,
        }
    }
}

/// What diagnosis may have at hand besides the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fact {
    Config,
    Manifest,
    Environment,
    TokenRequest,
    Log,
}

impl Fact {
    fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Manifest => "manifest",
            Self::Environment => "environment",
            Self::TokenRequest => "token-request",
            Self::Log => "log",
        }
    }
}

/// The causes that a rule's symptom can have.
fn causes(rule: &str) -> &'static [Kind] {
    match rule {
        "token-empty" => &[
            Kind::KeyAbsent,
            Kind::KeyRenamed,
            Kind::KeyElsewhere,
            Kind::ValueEmpty,
            Kind::OtherBranch,
            Kind::VariableUnset,
            Kind::AnswerWithoutToken,
            Kind::LostOnTheWay,
        ],
        "token-null" => &[
            Kind::ValueNull,
            Kind::KeyAbsent,
            Kind::VariableUnset,
            Kind::AnswerWithoutToken,
            Kind::LostOnTheWay,
        ],
        "token-missing" => &[
            Kind::DefinitionAbsent,
            Kind::KeyAbsent,
            Kind::ValueNull,
            Kind::OtherBranch,
            Kind::VariableUnset,
            Kind::LostOnTheWay,
        ],
        "template-unrendered" => &[Kind::ValueTemplate, Kind::VariableUnset, Kind::LostOnTheWay],
        "token-masked" => &[Kind::ValueMask, Kind::ChangedOnTheWay],
        "secret-unresolved" => &[Kind::ValueReference, Kind::ChangedOnTheWay],
        "scheme-doubled" => &[Kind::ValueWithScheme, Kind::SchemeAdded],
        "token-altered" => &[Kind::ValueWithBlanks, Kind::ChangedOnTheWay],
        "token-differs" => &[Kind::ValueOther, Kind::ReadsAnother, Kind::OtherBranch, Kind::VariableUnset],
        _ => &[],
    }
}

/// Says of a finding whose cause the inputs do not tell which causes it may have, and what would tell them apart.
pub(super) fn untold(suspect: &Suspect<'_>, finding: Finding) -> Finding {
    let at_hand = at_hand(suspect);
    let manifest_possible = may_have_manifest(suspect);
    let left: Vec<Kind> = causes(finding.rule.name)
        .iter()
        .copied()
        .filter(|cause| cause.told_by() == Fact::Log || !at_hand.contains(&cause.told_by()))
        .filter(|cause| manifest_possible || !cause.needs_manifest())
        .collect();
    if left.is_empty() {
        return finding;
    }
    let side = suspect.side;
    let config_known = suspect.case.capture(side).inputs.config.is_some();
    // A config without the manifest does not tell which of its keys is meant.
    let needed = |cause: &Kind| match cause.told_by() {
        Fact::Config if !config_known => Fact::Config,
        Fact::Config | Fact::Manifest if manifest_possible => Fact::Manifest,
        Fact::Config | Fact::Manifest => Fact::Log,
        fact => fact,
    };
    let mut facts: Vec<Fact> = left.iter().map(needed).collect();
    facts.sort_unstable();
    facts.dedup();
    let words: Vec<&str> = left.iter().map(|cause| cause.words()).collect();
    let cause = match words.as_slice() {
        [only] => format!("not proven; what is left is that {only}"),
        words => format!("these causes cannot be told apart here: {}", words.join("; ")),
    };
    let finding = finding
        .detail("cause", cause)
        .detail("cause_kind", "cannot-be-told-apart")
        .detail("possible_causes", left.iter().map(|cause| cause.as_str()).collect::<Vec<_>>())
        .detail("would_tell", facts.iter().map(|fact| fact.as_str()).collect::<Vec<_>>());
    let sure = finding.confidence.min(Confidence::Likely);
    let missing: Vec<String> = facts.iter().map(|fact| how(*fact, side.as_str())).collect();
    finding.confidence(sure).remedy(format!("to tell the causes apart: {}", missing.join("; ")))
}

/// What would bring a fact to hand.
fn how(fact: Fact, side: &str) -> String {
    match fact {
        Fact::Config => format!("record {side} with `--config FILE`, the config that it reads"),
        Fact::Manifest => "record a command that names its manifest (`--manifest-path FILE`)".to_owned(),
        Fact::Environment => {
            format!("record {side} by `samewire record`, which knows the command's environment")
        }
        Fact::TokenRequest => "record the token request as well, not only what follows it".to_owned(),
        Fact::Log => {
            format!("look where {side} builds this value, in its code and in its log before the request")
        }
    }
}

/// False for a program of one's own: what its environment has is known, and the framework that reads manifests is not there. What an
/// image has is not known.
fn may_have_manifest(suspect: &Suspect<'_>) -> bool {
    let inputs = &suspect.case.capture(suspect.side).inputs;
    inputs.manifest.is_some()
        || inputs.image.is_some()
        || inputs.clients.is_empty()
        || inputs.clients.iter().any(|client| client.name == "airbyte-cdk")
}

/// The facts that are at hand on the side at fault. They do not name a cause, or this would not be asked.
fn at_hand(suspect: &Suspect<'_>) -> Vec<Fact> {
    let inputs = &suspect.case.capture(suspect.side).inputs;
    let key_known = inputs.manifest.as_ref().is_some_and(|manifest| !manifest.credentials.is_empty())
        || suspect.counterpart().and_then(config_pointer).is_some();
    let mut facts = Vec::new();
    if inputs.config.as_ref().is_some_and(|config| config.unreadable.is_none()) && key_known {
        facts.push(Fact::Config);
    }
    if inputs.manifest.as_ref().is_some_and(|manifest| manifest.state == ManifestState::Read) {
        facts.push(Fact::Manifest);
    }
    if inputs.environment.is_some() {
        facts.push(Fact::Environment);
    }
    if !suspect.asked_for_token() {
        facts.push(Fact::TokenRequest);
    }
    facts
}
