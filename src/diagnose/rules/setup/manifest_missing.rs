//! `manifest-missing`.

use crate::compare::Locator;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, ManifestState};

use super::{SIDES, said, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "manifest-missing",
    family: Family::Setup,
    summary: "the manifest file is not where the command looks for it",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/manifest-missing.md"),
    leads_to: &["spec-missing", "start-failed"],
    check,
};

const PACKAGE: &str = "list the manifest in the package's data (package_data = {\"source_x\": [\"*.yaml\"]} or MANIFEST.in) and build again";
const PATH: &str = "or correct the path that the command is given (--manifest-path, path_to_yaml)";

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| match kind {
        ClueKind::ManifestMissing(name) => Some(name),
        _ => None,
    }) {
        let name = if said.fact.is_empty() {
            "its manifest".to_owned()
        } else {
            format!("its manifest {}", said.fact)
        };
        let claim = format!("{} does not find {name}{}", said.who(), said.so(case));
        findings.push(said.finding(case, &RULE, claim).remedy(PACKAGE).remedy(PATH));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES.into_iter().filter(|side| unsaid(case, *side)) {
        let Some(manifest) = &case.capture(side).inputs.manifest else { continue };
        if manifest.state != ManifestState::Missing {
            continue;
        }
        let claim = format!("{side}'s manifest {} is not there, and {side} sent no request", manifest.path);
        let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
        let finding = finding.primary(side, None, Locator::Manifest(None), "no such file");
        findings.push(finding.remedy(PATH.trim_start_matches("or ")).remedy(PACKAGE));
    }
}
