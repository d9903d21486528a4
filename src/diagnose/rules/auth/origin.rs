//! Where a credential should have come from: what the config, the spec and the manifest of the side at fault say.

use crate::compare::Locator;
use crate::diagnose::rules::repair::read_instead;
use crate::diagnose::rules::setup::keys::dotted;
use crate::diagnose::{Finding, Remedy};
use crate::model::{Capture, Content, DefinedCredentials, Json, Reference, Side};

use super::branch;
use super::from_config::{in_config, text_state};
use super::lookalike::Kind;
use super::place::{config_pointer, key};
use super::suspect::{Suspect, looks_sound};

/// The cause in a sentence and as a typed fact, what to do, and the places that show it.
pub(super) struct Origin {
    pub(super) kind: Kind,
    pub(super) cause: String,
    pub(super) remedies: Vec<Remedy>,
    pub(super) evidence: Vec<(Locator, String)>,
}

impl Origin {
    /// Adds it to a finding about this side.
    pub(super) fn add_to(self, finding: Finding, side: Side) -> Finding {
        let finding = finding.detail("cause", self.cause).detail("cause_kind", self.kind.as_str());
        let finding = self
            .remedies
            .into_iter()
            .fold(finding, |finding, remedy| finding.remedy_with(remedy.text, remedy.patch));
        self.evidence.into_iter().fold(finding, |finding, (at, label)| finding.related(side, None, at, label))
    }
}

/// Why the side at fault sends what it sends, as far as its inputs tell; `None` where they do not.
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
        return Some(reads_another(suspect, first, other));
    }
    if let Some(origin) = variable(suspect).or_else(|| answer_without_token(suspect)) {
        return Some(origin);
    }
    if let Some(origin) = branch::other_branch(suspect, &defined) {
        return Some(origin);
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
        origin.remedies.push(choice.into());
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
            "{side}'s manifest sets no credentials in {place}, while its {} sets {}",
            instead.component,
            instead.place.as_deref().unwrap_or("another place")
        ),
        None => format!(
            "{side}'s manifest defines no credentials, while {}'s has a {}",
            side.other(),
            reference.component
        ),
    };
    Origin {
        kind: Kind::DefinitionAbsent,
        cause,
        remedies: vec![
            format!("give {side}'s manifest the {} that {} has", reference.component, side.other()).into(),
        ],
        evidence: vec![(
            Locator::Manifest(instead.and_then(|instead| instead.line)),
            "no such definition".to_owned(),
        )],
    }
}

fn reads_another(
    suspect: &Suspect<'_>,
    defined: &DefinedCredentials,
    reference: &DefinedCredentials,
) -> Origin {
    let side = suspect.side;
    let patch = match (defined.reads.as_slice(), reference.reads.as_slice()) {
        ([from], [to]) => read_instead(suspect.case, side, (from, to), None),
        _ => None,
    };
    let names = |defined: &DefinedCredentials| {
        let names: Vec<_> =
            defined.reads.iter().map(|pointer| format!("config.{}", dotted(pointer))).collect();
        if names.is_empty() { "no config value".to_owned() } else { names.join(" and ") }
    };
    let line = defined.line.map_or_else(String::new, |line| format!(" (line {line})"));
    Origin {
        kind: Kind::ReadsAnother,
        cause: format!(
            "{side}'s manifest reads {} there{line}, {}'s reads {}",
            names(defined),
            side.other(),
            names(reference)
        ),
        remedies: vec![Remedy {
            text: format!(
                "let the {} of {side}'s manifest{line} read {}",
                defined.component,
                names(reference)
            ),
            patch,
        }],
        evidence: vec![(Locator::Manifest(defined.line), format!("reads {}", names(defined)))],
    }
}

/// The other side's token is an environment variable; what this side has under that name.
fn variable(suspect: &Suspect<'_>) -> Option<Origin> {
    let side = suspect.side;
    let Reference::Environment(name) = &suspect.counterpart()?.secret.relation.as_ref()?.reference else {
        return None;
    };
    let other = side.other();
    let known = suspect.case.capture(side).inputs.environment.as_ref()?;
    let found = known.iter().find(|known| known.name == *name);
    let evidence = |label: &str| vec![(Locator::Variable(name.clone()), label.to_owned())];
    let Some(found) = found.filter(|found| !found.value.is_empty()) else {
        let state = if found.is_some() { "is empty" } else { "is not set" };
        return Some(Origin {
            kind: Kind::VariableUnset,
            cause: format!(
                "the environment variable {name}, which is {other}'s token, {state} where {side} runs"
            ),
            remedies: vec![
                format!("set {name} where {side} runs, and let the connector stop where it is not set")
                    .into(),
            ],
            evidence: Vec::new(),
        });
    };
    if let Some((kind, state, label)) = text_state(&found.value) {
        return Some(Origin {
            kind,
            cause: format!("the environment variable {name} of {side} {state}"),
            remedies: vec![
                format!("set {name} where {side} runs to the value that {other} uses, and nothing else")
                    .into(),
            ],
            evidence: evidence(label),
        });
    }
    let sent = suspect.faulty?.secret.relation.as_ref();
    let sent = sent.filter(|sent| sent.reference == Reference::Environment(name.clone()))?;
    if sent.steps.is_empty() {
        return suspect.unrelated().then(|| Origin {
            kind: Kind::ValueOther,
            cause: format!("both sides send their environment variable {name}, and it has another value where {side} runs"),
            remedies: vec![format!("set {name} where {side} runs to the value that {other} has").into()],
            evidence: evidence("another value"),
        });
    }
    Some(Origin {
        kind: Kind::ChangedOnTheWay,
        cause: format!(
            "the environment variable {name} of {side} is sound; it is changed between there and the request"
        ),
        remedies: vec![format!("look at what reads {name} on {side}").into()],
        evidence: evidence("sound"),
    })
}

/// The other side's token is the answer to a token request; this side's answer to the same request has none in that place.
fn answer_without_token(suspect: &Suspect<'_>) -> Option<Origin> {
    let side = suspect.side;
    let counterpart = suspect.counterpart()?;
    let Reference::Issued { exchange, at } = &counterpart.secret.relation.as_ref()?.reference else {
        return None;
    };
    if suspect.faulty.is_some_and(|faulty| looks_sound(&faulty.secret)) {
        return None;
    }
    let asked = suspect.case.partner(side.other(), *exchange).filter(|asked| asked.succeeded())?;
    let Content::Json(json) = &asked.response()?.body.content else { return None };
    if json.at(at).is_some_and(|value| !value.is_nothing()) {
        return None;
    }
    let name = dotted(at);
    let Json::Object(members) = &**json else { return None };
    let has: Vec<String> = members.iter().take(6).map(|(name, _)| format!("`{name}`")).collect();
    Some(Origin {
        kind: Kind::AnswerWithoutToken,
        cause: format!(
            "the answer to {side}'s token request #{} has no `{name}`, only {}",
            asked.number,
            if has.is_empty() { "nothing".to_owned() } else { has.join(", ") }
        ),
        remedies: vec![format!(
            "look at the answer of #{}: read the token by the name that it has there, or ask for the grant that {} asks for",
            asked.number,
            side.other()
        ).into()],
        evidence: Vec::new(),
    })
}
