//! `config-path-undefined`.

use crate::compare::Locator;
use crate::diagnose::rules::repair::read_instead;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::ClueKind;

use super::keys::{dangling, dotted, instead, near};
use super::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "config-path-undefined",
    family: Family::Setup,
    summary: "a template reads a config path that is not there",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/config-path-undefined.md"),
    leads_to: &["start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| match kind {
        ClueKind::ConfigPathUndefined(name) => Some(name),
        _ => None,
    }) {
        let (side, name) = (said.side(), said.fact);
        let names = |pointer: &str| pointer.split('/').any(|part| part == name.trim_start_matches('/'));
        let reader = dangling(case, side).find(|reference| names(&reference.config));
        let claim = match reader {
            Some(reader) => format!(
                "{} template reads config.{}, which the config does not have{}",
                said.whose(),
                dotted(&reader.config),
                instead(case, side, &reader.config)
            ),
            None => format!("{} template reads `{name}`, which is not there{}", said.whose(), said.so(case)),
        };
        let mut finding = said
            .finding(case, &RULE, claim)
            .detail("path", reader.map_or(name.as_str(), |reader| reader.config.as_str()));
        if let Some(reader) = reader {
            let label = format!("reads config.{}", dotted(&reader.config));
            finding = finding.related(side, None, Locator::Manifest(reader.line), label);
            let config = case.capture(side).inputs.config.as_ref();
            if let Some(near) = config.and_then(|config| near(config, &reader.config)) {
                finding = finding.related(side, None, Locator::Config(near.to_owned()), "probably meant");
                let line = reader.line.map(|line| format!(", line {line}")).unwrap_or_default();
                finding = finding
                    .remedy(format!(
                        "move `{}` to `{}` in {side}'s config",
                        dotted(near),
                        dotted(&reader.config)
                    ))
                    .remedy_with(
                        format!("or let the manifest read config.{}{line}", dotted(near)),
                        read_instead(case, side, (&reader.config, near), reader.line),
                    );
            }
        }
        findings.push(finding.remedy(format!(
            "give {side} a config of the shape that the manifest reads, and require its keys in the spec"
        )));
    }
}
