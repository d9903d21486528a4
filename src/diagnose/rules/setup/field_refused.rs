//! `field-refused`.

use crate::compare::Locator;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{Blank, ClueKind, ConfigValue, Shape, Side};

use super::keys::dotted;
use super::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "field-refused",
    family: Family::Setup,
    summary: "the HTTP client refused to send a field value: a newline, a leading blank, a character outside Latin-1",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/field-refused.md"),
    leads_to: &["start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| match kind {
        ClueKind::FieldRefused(why) => Some(why),
        _ => None,
    }) {
        let side = said.side();
        let culprit = culprit(case, side);
        let claim = match &culprit {
            Some((value, fault)) => format!(
                "{} HTTP client refused to send a field value: config.{} {fault}",
                said.whose(),
                dotted(&value.pointer)
            ),
            None => {
                format!("{} HTTP client refused to send a field value{}", said.whose(), reason(said.fact))
            }
        };
        let mut finding = said.finding(case, &RULE, claim).detail("how", said.fact.as_str());
        if let Some((value, fault)) = culprit {
            let key = dotted(&value.pointer);
            finding = finding.detail("key", key.as_str());
            finding =
                finding.related(side, None, Locator::Config(value.pointer.clone()), format!("it {fault}"));
            finding = finding.remedy(format!("write `{key}` anew in {side}'s config, without it; `printf %s` instead of `echo` when it is made in a shell"));
        }
        findings.push(finding.remedy(format!(
            "strip the value before {side} uses it, and store secrets without a last newline"
        )));
    }
}

fn reason(why: &str) -> &'static str {
    match why {
        "newline" => ", because of a newline in it",
        "leading-space" => ", because of white space before it",
        "not-latin-1" => ", because of a character that a field cannot carry",
        _ => "",
    }
}

/// The config value that no field can carry, and what is wrong with it. Secrets come first.
fn culprit<'a>(case: &Case<'a>, side: Side) -> Option<(&'a ConfigValue, &'static str)> {
    let config = case.capture(side).inputs.config.as_ref()?;
    let mut values: Vec<_> = config.values.iter().collect();
    values.sort_by_key(|value| !value.secret);
    values.into_iter().find_map(|value| {
        let secret = value.value.as_ref()?.secrets().next()?;
        fault(&secret.shape).map(|fault| (value, fault))
    })
}

fn fault(shape: &Shape) -> Option<&'static str> {
    match (shape.leading, shape.inside, shape.trailing) {
        (_, _, Some(Blank::Newline)) => Some("ends with a newline"),
        (_, Some(Blank::Newline), _) => Some("has a newline in it"),
        (Some(Blank::Newline), ..) => Some("begins with a newline"),
        (Some(Blank::Space | Blank::Tab), ..) => Some("begins with white space"),
        (_, _, Some(Blank::Space | Blank::Tab)) => Some("ends with white space"),
        (Some(Blank::ZeroWidth), ..) | (_, Some(Blank::ZeroWidth), _) | (_, _, Some(Blank::ZeroWidth)) => {
            Some("holds a character that nobody sees")
        }
        (Some(Blank::Control), ..) | (_, Some(Blank::Control), _) | (_, _, Some(Blank::Control)) => {
            Some("holds a control character")
        }
        _ => None,
    }
}
