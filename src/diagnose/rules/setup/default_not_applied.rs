//! `default-not-applied`.

use crate::compare::{Difference, Locator, Significance};
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, Content, Json, Reference, Request, Side, SpecProperty, Text};

use super::keys::{covers, dangling, dotted, has};
use super::{SIDES, came_to_nothing, shortened};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "default-not-applied",
    family: Family::Setup,
    summary: "a default of the spec, which the builder fills in, is absent from the run's config",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/default-not-applied.md"),
    leads_to: &[
        "start-failed",
        "config-path-undefined",
        "upstream-unreachable",
        "host-differs",
        "path-differs",
        "query-differs",
        "body-differs",
        "media-type-differs",
        "field-missing",
        "field-differs",
    ],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for side in SIDES.into_iter().filter(|side| came_to_nothing(case, *side)) {
        let known = findings.len();
        for property in unfilled(case, side) {
            let told_by = seen_on_the_wire(case, side, &property.pointer);
            let empty_url =
                reads_url(case, side, &property.pointer).then(|| url_invalid(case, side)).flatten();
            if told_by.is_empty() && empty_url.is_none() {
                continue;
            }
            findings.push(finding(case, side, property, &told_by, empty_url));
        }
        if findings.len() == known && dangling(case, side).next().is_none() {
            findings.extend(url_invalid(case, side).map(|at| without_facts(case, side, at)));
        }
    }
}

/// Properties that have a default, which this side's config lacks.
fn unfilled<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = &'a SpecProperty> {
    let config = case.capture(side).inputs.config.as_ref().filter(|config| config.unreadable.is_none());
    let here = case.capture(side).inputs.spec.iter();
    let there = case.capture(side.other()).inputs.spec.iter();
    let mut seen = Vec::new();
    here.chain(there)
        .flat_map(|spec| &spec.properties)
        .filter(move |property| {
            property.default && config.is_some_and(|config| !has(config, &property.pointer))
        })
        .filter(move |property| {
            let new = !seen.contains(&property.pointer.as_str());
            seen.push(property.pointer.as_str());
            new
        })
}

/// Differences that are made of the config value: the other side sent it, this side did not.
fn seen_on_the_wire<'a>(case: &Case<'a>, side: Side, pointer: &str) -> Vec<(usize, &'a Difference)> {
    let differences = case.comparison.differences.iter().enumerate();
    differences
        .filter(|(_, difference)| difference.significance == Significance::Material)
        .filter(|(_, difference)| {
            let number = match side {
                Side::Sandbox => difference.runtime,
                Side::Runtime => difference.sandbox,
            };
            let partner = number.and_then(|number| case.exchange(side.other(), number));
            partner.is_some_and(|partner| made_of(&partner.request, &difference.at, pointer))
                || read_at(case, side, pointer, &difference.at)
        })
        .collect()
}

/// The value at this place of the request is made of this config value.
pub(in crate::diagnose::rules) fn made_of(request: &Request, at: &Locator, pointer: &str) -> bool {
    let named = |text: &Text| {
        text.secrets()
            .filter_map(|secret| secret.relation.as_ref())
            .any(|relation| matches!(&relation.reference, Reference::Config(known) if covers(pointer, known)))
    };
    match at {
        Locator::Field { name, .. } => request
            .fields
            .iter()
            .filter(|field| field.name.key == *name)
            .any(|field| matches!(&field.value, crate::model::FieldValue::Text(text) if named(text))),
        Locator::Query { name, .. } => request
            .target
            .query
            .iter()
            .flatten()
            .filter(|parameter| parameter.name == *name)
            .any(|parameter| parameter.value.as_ref().is_some_and(named)),
        Locator::Form { name, .. } => match &request.body.content {
            Content::Form(parameters) => parameters
                .iter()
                .filter(|parameter| parameter.name == *name)
                .any(|parameter| parameter.value.as_ref().is_some_and(named)),
            _ => false,
        },
        Locator::Body { pointer } => match &request.body.content {
            Content::Json(json) => {
                matches!(json.at(pointer), Some(Json::String(text) | Json::Number(text)) if named(text))
            }
            _ => false,
        },
        Locator::Path => named(&request.target.path),
        _ => false,
    }
}

/// A template of the manifest that reads this config value stands where this place of the request is defined.
pub(in crate::diagnose::rules) fn read_at(case: &Case<'_>, side: Side, pointer: &str, at: &Locator) -> bool {
    let manifest = case.capture(side).inputs.manifest.as_ref();
    let mut readers = manifest
        .iter()
        .flat_map(|manifest| &manifest.references)
        .filter(|reference| covers(pointer, &reference.config) || covers(&reference.config, pointer));
    readers.any(|reader| match at {
        Locator::Field { name, .. } => {
            reader.at.contains("/request_headers/")
                && reader.at.rsplit('/').next().is_some_and(|leaf| leaf.eq_ignore_ascii_case(name))
        }
        Locator::Query { name, .. } => {
            reader.at.contains("/request_parameters/") && reader.at.ends_with(&format!("/{name}"))
        }
        Locator::Body { pointer } => {
            !pointer.is_empty() && reader.at.contains("/request_body") && reader.at.ends_with(pointer)
        }
        Locator::Form { name, .. } => {
            reader.at.contains("/request_body") && reader.at.ends_with(&format!("/{name}"))
        }
        Locator::Host | Locator::Port | Locator::Scheme | Locator::Path => is_url(&reader.at),
        _ => false,
    })
}

fn is_url(at: &str) -> bool {
    at.ends_with("/url") || at.ends_with("/url_base") || at.ends_with("/path")
}

fn reads_url(case: &Case<'_>, side: Side, pointer: &str) -> bool {
    let manifest = case.capture(side).inputs.manifest.as_ref();
    manifest
        .iter()
        .flat_map(|manifest| &manifest.references)
        .any(|reference| is_url(&reference.at) && covers(pointer, &reference.config))
}

/// The line that says that a URL has no scheme or host.
fn url_invalid(case: &Case<'_>, side: Side) -> Option<(Locator, String)> {
    case.clues(side)
        .find(|clue| clue.kind == ClueKind::UrlInvalid)
        .map(|clue| (Locator::Output(clue.stream, clue.line), shortened(&clue.text)))
}

fn finding(
    case: &Case<'_>,
    side: Side,
    property: &SpecProperty,
    told_by: &[(usize, &Difference)],
    empty_url: Option<(Locator, String)>,
) -> Finding {
    let key = dotted(&property.pointer);
    let other = side.other();
    let effect = match (&empty_url, told_by.first()) {
        (Some(_), _) => "its URL has no host".to_owned(),
        (None, Some((_, difference))) => format!("{} is not what {other} sends", difference.at),
        (None, None) => "it is absent".to_owned(),
    };
    let claim = format!("{side}'s config has no `{key}` and nothing applies the spec's default, so {effect}");
    let mut finding = Finding::new(&RULE, side, claim).detail("key", key.as_str());
    if let Some((at, label)) = empty_url {
        finding = finding.primary(side, None, at, label);
    }
    for (_, difference) in told_by {
        let (here, there) = match side {
            Side::Sandbox => (difference.sandbox, difference.runtime),
            Side::Runtime => (difference.runtime, difference.sandbox),
        };
        finding = finding.primary(side, here, difference.at.clone(), "without the default");
        finding = finding.related(other, there, difference.at.clone(), format!("made of config.{key}"));
    }
    let explained = told_by.iter().map(|(at, _)| *at);
    finding = finding.explains(explained).related(
        side,
        None,
        Locator::Config(property.pointer.clone()),
        "not there",
    );
    let filled =
        case.capture(other).inputs.config.as_ref().is_some_and(|config| has(config, &property.pointer));
    if filled {
        finding = finding.related(other, None, Locator::Config(property.pointer.clone()), "filled in");
    }
    let reader = case.capture(side).inputs.manifest.iter().flat_map(|manifest| &manifest.references);
    if let Some(reader) = reader.into_iter().find(|reference| reference.config == property.pointer) {
        finding = finding.related(side, None, Locator::Manifest(reader.line), format!("reads config.{key}"));
    }
    finding
        .remedy(format!("put `{key}` into {side}'s config"))
        .remedy(format!("or give the template its own default: {{{{ config.get('{key}', ...) }}}}; a `default` in the spec only fills in forms"))
}

fn without_facts(case: &Case<'_>, side: Side, (at, label): (Locator, String)) -> Finding {
    let so = if case.capture(side).exchanges.is_empty() { ", so no request was sent" } else { "" };
    Finding::new(&RULE, side, format!("{side}'s URL has no scheme or host: a part of it is empty{so}"))
        .confidence(Confidence::Possible)
        .primary(side, None, at, label)
        .remedy(format!("look which config key the URL is made of, and put it into {side}'s config"))
}
