//! `custom-code-refused`.

use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::ClueKind;

use super::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "custom-code-refused",
    family: Family::Setup,
    summary: "the framework does not allow, or does not find, the connector's own components",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/custom-code-refused.md"),
    leads_to: &["manifest-rejected", "start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| match kind {
        ClueKind::CustomCodeRefused => Some(None),
        ClueKind::ModuleMissing(module) if is_components(module) => Some(Some(module)),
        _ => None,
    }) {
        let who = said.who();
        let finding = match said.fact {
            None => {
                let claim = format!("{who} does not run the connector's own components{}", said.so(case));
                said.finding(case, &RULE, claim).detail("how", "refused").remedy(
                    "set AIRBYTE_ENABLE_UNSAFE_CODE=true where the connector runs, if you trust its code",
                )
            }
            Some(module) => {
                let claim =
                    format!("{who} does not find the connector's own components `{module}`{}", said.so(case));
                said.finding(case, &RULE, claim).detail("how", "missing").detail("module", module.as_str())
            }
        };
        findings.push(
            finding
                .remedy("ship components.py beside the manifest, and name its classes as `source_declarative_manifest.components.CLASS`")
                .remedy("or replace the custom component by a declarative one, which runs everywhere"),
        );
    }
}

/// `components`, or a module of that name in a package: where the framework looks for custom classes.
fn is_components(module: &str) -> bool {
    module.split('.').any(|part| part == "components")
}
