//! `template-unrendered`: a template was sent instead of the value it stands for.

use crate::diagnose::rules::repair::repair;
use crate::diagnose::rules::request::{contrast, unrendered};
use crate::diagnose::{Case, Family, Finding, Findings, Rule, Severity};
use crate::model::{Class, RepairKind, Side};

use super::place::words;
use super::placeholder::placeholders;

pub(crate) static RULE: Rule = Rule {
    name: "template-unrendered",
    family: Family::Auth,
    summary: "a template or placeholder was sent instead of the value it stands for",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/template-unrendered.md"),
    leads_to: &["token-refresh-failed", "retry-storm", "request-missing"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for found in placeholders(case, |class| matches!(class, Class::Template(_))) {
        let Class::Template(text) = &found.carried.secret.shape.class else { continue };
        let what = format!("the unrendered template `{text}` in {}", found.place());
        let finding = found.finding(&RULE, &what, "nobody filled this in").detail("template", text.as_str());
        let patch = repaired(case, found.suspect.side, text);
        findings.push(finding.remedy_with(remedy(text), patch));
    }
    for seen in unrendered(case) {
        let (side, at) = (seen.side, &seen.difference.at);
        let template = seen.here().unwrap_or_default();
        let claim = format!("{} has an unrendered template: {}", words(at), contrast(&seen));
        let finding = Finding::new(&RULE, side, claim)
            .detail("template", template)
            .primary(side, seen.number(side), at.clone(), "nobody filled this in")
            .related(side.other(), seen.number(side.other()), at.clone(), "the same place")
            .explains([seen.index]);
        findings.push(finding.remedy_with(remedy(template), repaired(case, side, template)));
    }
}

/// A template in braces of the wrong number stands in the manifest; in a config it is another matter.
fn repaired(case: &Case<'_>, side: Side, text: &str) -> Option<String> {
    let braces = !text.contains("{{") && text.contains("config");
    braces.then(|| repair(case, side, RepairKind::DoubleBraces, |_| true)).flatten()
}

/// What fills in a template of this style.
fn remedy(text: &str) -> &'static str {
    if text.contains("{{") {
        "let the framework render it: templates are rendered in the manifest, not in values of the config"
    } else if text.contains("config[") || text.contains("config.") {
        "write the template with two braces: `{{ config['...'] }}` (with one it is plain text)"
    } else if text.contains('$') || text.starts_with('%') {
        "expand the variable before the client starts: use double quotes in a shell, and set it in the run's environment; \
         config files and manifests do not expand variables"
    } else {
        "put the real value where the placeholder stands"
    }
}
