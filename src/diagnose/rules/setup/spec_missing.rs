//! `spec-missing`.

use crate::compare::Locator;
use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, ManifestState, RepairKind, Side};

use super::{SIDES, said, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "spec-missing",
    family: Family::Setup,
    summary: "the command could not load its spec, so it never came to send a request",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/spec-missing.md"),
    leads_to: &["config-key-missing", "config-invalid", "start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| matches!(kind, ClueKind::SpecMissing).then_some(())) {
        let claim = format!("{} could not load its spec{}", said.who(), said.so(case));
        findings.push(with_remedies(case, said.side(), said.finding(case, &RULE, claim)));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES.into_iter().filter(|side| unsaid(case, *side) && lacks_spec(case, *side)) {
        let claim = format!("{side}'s manifest has no `spec`, and {side} sent no request");
        let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
        let finding = finding.primary(side, None, Locator::Manifest(None), "no `spec` in it");
        findings.push(with_remedies(case, side, finding));
    }
}

/// The manifest was read, and neither it nor the package has a spec.
fn lacks_spec(case: &Case<'_>, side: Side) -> bool {
    let inputs = &case.capture(side).inputs;
    inputs.spec.is_none()
        && inputs
            .manifest
            .as_ref()
            .is_some_and(|manifest| manifest.state == ManifestState::Read && !manifest.has_spec)
}

fn with_remedies(case: &Case<'_>, side: Side, mut finding: Finding) -> Finding {
    let inputs = &case.capture(side).inputs;
    if let Some(manifest) = inputs.manifest.as_ref().filter(|manifest| !manifest.has_spec) {
        if finding.evidence.iter().all(|evidence| !matches!(evidence.at, Locator::Manifest(_))) {
            finding = finding.related(side, None, Locator::Manifest(None), "no `spec` in it");
        }
        finding = finding.remedy_with(
            format!(
                "add a `spec` to {}: `type: Spec` with a `connection_specification` that lists the config's keys",
                manifest.path
            ),
            repair(case, side, RepairKind::AddSpec, |_| true),
        );
    }
    if case.capture(side.other()).inputs.spec.is_some() {
        finding = finding.related(side.other(), None, Locator::Spec, "a spec is known here");
        finding = finding.remedy(format!(
            "export the spec along with the manifest: {}'s run had one, and the Connector Builder adds its own",
            side.other()
        ));
    }
    finding.remedy(
        "or ship spec.yaml or spec.json inside the package (package_data, MANIFEST.in), next to source.py",
    )
}
