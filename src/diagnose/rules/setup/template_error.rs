//! `template-error`.

use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{ClueKind, RepairKind};

use super::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "template-error",
    family: Family::Setup,
    summary: "a template does not parse, or uses a name that is not declared",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/template-error.md"),
    leads_to: &["start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| match kind {
        ClueKind::TemplateUndeclared(name) => Some(Some(name)),
        ClueKind::TemplateSyntax(_) => Some(None),
        _ => None,
    }) {
        let finding = if let Some(name) = said.fact {
            let claim = format!(
                "a template of {} uses `{name}`, which nothing declares{}",
                said.who(),
                said.so(case)
            );
            said.finding(case, &RULE, claim)
                .detail("how", "undeclared")
                .detail("name", name.as_str())
                .remedy_with(
                    format!("write {{{{ config['{name}'] }}}} in the manifest, if the config's key is meant"),
                    repair(case, said.side(), RepairKind::ReadConfig, |known| {
                        known.word.as_ref() == Some(name)
                    }),
                )
        } else {
            let claim = format!("a template of {} does not parse{}", said.who(), said.so(case));
            said.finding(case, &RULE, claim).detail("how", "syntax").remedy_with(
                "close every `{{` with `}}` and every quote in the manifest's templates",
                repair(case, said.side(), RepairKind::CloseTemplate, |_| true),
            )
        };
        findings.push(finding.remedy("compare the manifest with the one that the sandbox ran"));
    }
}
