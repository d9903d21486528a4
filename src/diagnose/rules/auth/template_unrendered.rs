//! `template-unrendered`: a template was sent instead of the value it stands for.

use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{Class, RepairKind};

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
        // A template in braces of the wrong number stands in the manifest; in a config it is another matter.
        let braces = !text.contains("{{") && text.contains("config");
        let patch =
            braces.then(|| repair(case, found.suspect.side, RepairKind::DoubleBraces, |_| true)).flatten();
        findings.push(finding.remedy_with(remedy(text), patch));
    }
}

/// What fills in a template of this style.
fn remedy(text: &str) -> &'static str {
    if text.contains("{{") {
        "let the framework render it: templates are rendered in the manifest, not in values of the config"
    } else if text.contains("config[") || text.contains("config.") {
        "write the template with two braces: `{{ config['...'] }}`; with one it is plain text"
    } else if text.contains('$') || text.starts_with('%') {
        "expand the variable before the client starts: use double quotes in a shell, and set it in the run's environment; \
         config files and manifests do not expand variables"
    } else {
        "put the real value where the placeholder stands"
    }
}
