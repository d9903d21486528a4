//! `config-invalid`.

use crate::compare::Locator;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, ConfigValue, Side, SpecProperty};

use super::keys::dotted;
use super::{SIDES, said, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "config-invalid",
    family: Family::Setup,
    summary: "the config cannot be read, or a value in it has the wrong type",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/config-invalid.md"),
    leads_to: &["config-key-missing", "config-path-undefined", "start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| matches!(kind, ClueKind::ConfigInvalid(_)).then_some(())) {
        let side = said.side();
        let why = fault(case, side).map_or_else(|| " is not valid".to_owned(), |fault| fault.words());
        let claim = format!("{} config{why}{}", said.whose(), said.so(case));
        findings.push(described(case, side, said.finding(case, &RULE, claim)));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES.into_iter().filter(|side| unsaid(case, *side)) {
        if let Some(fault) = fault(case, side) {
            let claim = format!("{side}'s config{}, and {side} sent no request", fault.words());
            let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
            findings.push(described(case, side, finding));
        }
    }
}

/// What is wrong with a config, as far as its facts tell.
enum Fault<'a> {
    Unreadable(&'a str),
    Type(&'a ConfigValue, &'a SpecProperty),
}

impl Fault<'_> {
    fn words(&self) -> String {
        match self {
            Self::Unreadable(why) => format!(" cannot be read: {why}"),
            Self::Type(value, property) => {
                let wanted: Vec<&str> = property.types.iter().map(|kind| kind.in_words()).collect();
                format!(
                    " has {} at `{}`, where the spec wants {}",
                    value.kind.in_words(),
                    dotted(&value.pointer),
                    wanted.join(" or ")
                )
            }
        }
    }
}

fn fault<'a>(case: &Case<'a>, side: Side) -> Option<Fault<'a>> {
    let inputs = &case.capture(side).inputs;
    let config = inputs.config.as_ref()?;
    if let Some(why) = &config.unreadable {
        return Some(Fault::Unreadable(why));
    }
    let properties = inputs.spec.iter().flat_map(|spec| &spec.properties);
    properties
        .filter(|property| !property.types.is_empty())
        .filter_map(|property| Some((config.at(&property.pointer)?, property)))
        .find(|(value, property)| !property.types.contains(&value.kind))
        .map(|(value, property)| Fault::Type(value, property))
}

fn described(case: &Case<'_>, side: Side, finding: Finding) -> Finding {
    match fault(case, side) {
        Some(Fault::Unreadable(why)) => finding
            .detail("how", "unreadable")
            .primary(side, None, Locator::Config(String::new()), why)
            .remedy(format!("write {side}'s config as plain JSON: UTF-8 without a byte order mark, names and strings in double quotes")),
        Some(Fault::Type(value, property)) => {
            let wanted = property.types.first().map_or("another type", |kind| kind.in_words());
            finding
                .detail("how", "type")
                .detail("key", dotted(&value.pointer))
                .primary(side, None, Locator::Config(value.pointer.clone()), format!("{} here", value.kind.in_words()))
                .related(side, None, Locator::Spec, format!("wants {wanted}"))
                .remedy(format!("write `{}` as {wanted} in {side}'s config", dotted(&value.pointer)))
        }
        None => finding.remedy(format!("correct {side}'s config as the message says")),
    }
}
