//! `config-key-missing`.

use crate::compare::Locator;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, Side};

use super::keys::{dangling, dotted, has, instead, near, property};
use super::{SIDES, said, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "config-key-missing",
    family: Family::Setup,
    summary: "the spec requires a key that the config does not have",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/config-key-missing.md"),
    leads_to: &["config-path-undefined", "start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| match kind {
        ClueKind::ConfigKeyMissing(key) => Some(key),
        _ => None,
    }) {
        let key = said.fact;
        let side = said.side();
        let pointer = property(case, side, key)
            .map_or_else(|| format!("/{}", key.trim_start_matches('/')), |known| known.pointer.clone());
        let claim = format!(
            "{} config has no key `{}`, which the spec requires{}",
            said.whose(),
            dotted(&pointer),
            instead(case, side, &pointer)
        );
        findings.push(described(case, side, &pointer, said.finding(case, &RULE, claim)));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES {
        if let Some(pointer) = required_but_absent(case, side).or_else(|| base_url(case, side)) {
            let claim = format!(
                "{side}'s config has no key `{}`{}, and {side} sent no request",
                dotted(&pointer),
                instead(case, side, &pointer)
            );
            let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
            let finding = finding.primary(side, None, Locator::Config(pointer.clone()), "not there");
            findings.push(described(case, side, &pointer, finding));
        }
    }
}

/// For a run that did not say why it sent nothing.
fn required_but_absent(case: &Case<'_>, side: Side) -> Option<String> {
    if !unsaid(case, side) {
        return None;
    }
    let inputs = &case.capture(side).inputs;
    let config = inputs.config.as_ref().filter(|config| config.unreadable.is_none())?;
    let spec = inputs.spec.as_ref()?;
    let absent = spec.properties.iter().filter(|known| known.required && !has(config, &known.pointer));
    absent.map(|known| known.pointer.clone()).find(|pointer| has_above(config, pointer))
}

/// A nested property is required only where its parent is there.
fn has_above(config: &crate::model::ConfigFacts, pointer: &str) -> bool {
    match pointer.rsplit_once('/') {
        Some(("", _)) | None => true,
        Some((parent, _)) => has(config, parent),
    }
}

/// For a run that says that its URL has no host: the key that the URL's template reads, unless the spec has a default for it.
fn base_url(case: &Case<'_>, side: Side) -> Option<String> {
    let said =
        case.clues(side).any(|clue| clue.kind == ClueKind::UrlInvalid) && super::came_to_nothing(case, side);
    let of_url = |at: &str| at.ends_with("/url") || at.ends_with("/url_base") || at.ends_with("/path");
    dangling(case, side)
        .filter(|reference| said && of_url(&reference.at))
        .find(|reference| property(case, side, &reference.config).is_none_or(|known| !known.default))
        .map(|reference| reference.config.clone())
}

fn described(case: &Case<'_>, side: Side, pointer: &str, finding: Finding) -> Finding {
    let mut finding = finding.detail("key", dotted(pointer));
    if let Some(known) = property(case, side, pointer).filter(|known| known.required) {
        let label = known
            .line
            .map_or_else(|| "required here".to_owned(), |line| format!("required here, line {line}"));
        finding = finding.related(side, None, Locator::Spec, label);
    }
    let near = case.capture(side).inputs.config.as_ref().and_then(|config| near(config, pointer));
    if let Some(near) = near {
        finding = finding.detail("near", dotted(near)).related(
            side,
            None,
            Locator::Config(near.to_owned()),
            "probably meant",
        );
        finding = finding.remedy(format!(
            "rename or move `{}` to `{}` in {side}'s config",
            dotted(near),
            dotted(pointer)
        ));
    }
    let other = case.capture(side.other()).inputs.config.as_ref().and_then(|config| config.at(pointer));
    if let Some(value) = other {
        finding = finding.related(side.other(), None, Locator::Config(value.pointer.clone()), "has it");
    }
    finding.remedy(format!("put `{}` into {side}'s config", dotted(pointer)))
}
