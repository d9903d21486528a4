//! A token request that was never made, because what it asks with is not in the config.

use crate::compare::Locator;
use crate::diagnose::rules::repair::repair_for;
use crate::diagnose::rules::setup::keys::{dotted, near};
use crate::diagnose::{Case, Finding, Rule, Standing, standing};
use crate::model::{Capture, DefinedCredentials, RepairKind, Side};

use super::from_config::state;
use super::lookalike::Kind;

/// What a side that sent nothing lacks: a value that its manifest's credentials read, and that the other side's config has.
pub(in crate::diagnose::rules) struct Unsent<'a> {
    case: &'a Case<'a>,
    side: Side,
    defined: &'a DefinedCredentials,
    pointer: &'a str,
}

/// Only where the other side got on: what both lack is not the cause.
pub(in crate::diagnose::rules) fn unsent<'a>(case: &'a Case<'a>, side: Side) -> Option<Unsent<'a>> {
    let (own, other) = (case.capture(side), case.capture(side.other()));
    if standing(case, side) != Standing::Silent || standing(case, side.other()) == Standing::Silent {
        return None;
    }
    let config = own.inputs.config.as_ref().filter(|config| config.unreadable.is_none())?;
    let manifest = own.inputs.manifest.as_ref()?;
    let read = manifest.credentials.iter().filter(|defined| asks_for_tokens(defined));
    let (defined, pointer) = read
        .flat_map(|defined| defined.reads.iter().map(move |pointer| (defined, pointer.as_str())))
        .find(|(_, pointer)| {
            let lacking = config.at(pointer).is_none_or(|value| state(value).is_some_and(is_nothing));
            lacking && has(other, pointer)
        })?;
    Some(Unsent { case, side, defined, pointer })
}

/// Frameworks refuse to ask for a token with an empty client id; they send an empty API key.
fn asks_for_tokens(defined: &DefinedCredentials) -> bool {
    matches!(
        defined.component.as_str(),
        "OAuthAuthenticator" | "SessionTokenAuthenticator" | "JwtAuthenticator"
    )
}

fn is_nothing((kind, ..): (Kind, String, &'static str)) -> bool {
    matches!(kind, Kind::ValueEmpty | Kind::ValueNull)
}

/// The value is there and sound.
fn has(capture: &Capture, pointer: &str) -> bool {
    let config = capture.inputs.config.as_ref();
    config.and_then(|config| config.at(pointer)).is_some_and(|value| state(value).is_none())
}

impl Unsent<'_> {
    /// The finding.
    pub(super) fn finding(&self, rule: &'static Rule) -> Finding {
        let Self { case, side, defined, pointer } = self;
        let name = dotted(pointer);
        let own = &case.capture(*side).inputs;
        let found = own.config.as_ref().and_then(|config| config.at(pointer));
        let instead = own
            .config
            .as_ref()
            .filter(|_| found.is_none())
            .and_then(|config| near(config, pointer))
            .map(dotted);
        let (kind, cause, remedy) = match (found, &instead) {
            (Some(_), _) => (
                Kind::ValueEmpty,
                format!("`{name}` of {side}'s config is empty"),
                format!("set `{name}` in {side}'s config to the value that {} uses", side.other()),
            ),
            (None, Some(there)) => (
                Kind::KeyRenamed,
                format!("{side}'s config has no key `{name}`, but it has `{there}`"),
                format!("rename `{there}` to `{name}` in {side}'s config"),
            ),
            (None, None) => (
                Kind::KeyAbsent,
                format!("{side}'s config has no key `{name}`"),
                format!("add `{name}` to {side}'s config"),
            ),
        };
        let claim = format!(
            "{side}'s {} has nothing to ask for a token with: `{name}` is empty, so no request was sent, while {} sends config.{name}",
            defined.component,
            side.other()
        );
        let at = if found.is_some() { (*pointer).to_owned() } else { String::new() };
        let label = if found.is_some() { "empty".to_owned() } else { format!("no key `{name}`") };
        let finding = Finding::new(rule, *side, claim)
            .primary(*side, None, Locator::Config(at), label)
            .related(*side, None, Locator::Manifest(defined.line), format!("reads config.{name}"))
            .related(side.other(), None, Locator::Config((*pointer).to_owned()), "the value that is used")
            .detail("cause", cause)
            .detail("cause_kind", kind.as_str())
            .remedy(remedy);
        let properties = own.spec.iter().flat_map(|spec| &spec.properties);
        if properties.clone().any(|property| property.pointer == **pointer && property.required) {
            return finding;
        }
        finding.remedy_with(
            format!(
                "add `{name}` to `required` in the spec, so that a config without it fails with its name"
            ),
            repair_for(case, *side, RepairKind::RequireKey, pointer),
        )
    }
}
