//! `manifest-rejected`.

use crate::compare::Locator;
use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, ManifestState, RepairKind, Side};

use super::{SIDES, said, shortened, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "manifest-rejected",
    family: Family::Setup,
    summary: "the framework refuses the manifest: it does not fit its schema, or is newer than it",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/manifest-rejected.md"),
    leads_to: &["start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| matches!(kind, ClueKind::ManifestRejected(_)).then_some(())) {
        let claim = format!("{} framework refuses the manifest{}", said.whose(), said.so(case));
        findings.push(with_versions(case, said.side(), said.finding(case, &RULE, claim)));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES.into_iter().filter(|side| unsaid(case, *side)) {
        let Some(manifest) = &case.capture(side).inputs.manifest else { continue };
        let ManifestState::Malformed(why) = &manifest.state else { continue };
        let claim = format!("{side}'s manifest is not YAML, and {side} sent no request");
        let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
        let finding = finding.primary(side, None, Locator::Manifest(None), shortened(why));
        findings.push(with_versions(case, side, finding));
    }
}

/// Names the framework's two versions where they are known to differ: the usual reason.
fn with_versions(case: &Case<'_>, side: Side, finding: Finding) -> Finding {
    let framework = |side: Side| {
        let known = |name: &str| case.capture(side).inputs.clients.iter().find(|client| client.name == name);
        known("airbyte-cdk")
    };
    let declared =
        case.capture(side).inputs.manifest.as_ref().and_then(|manifest| manifest.version.as_deref());
    let mut finding = finding;
    if let Some(declared) = declared {
        finding = finding.detail("manifest_version", declared);
    }
    if let (Some(here), Some(there)) = (framework(side), framework(side.other()))
        && here.version != there.version
    {
        let (name, here, there) = (&here.name, &here.version, &there.version);
        finding = finding
            .detail("framework", format!("{name} {here}"))
            .remedy(format!("run {side} with {name} {there}, as {} does (it has {here})", side.other()));
    }
    finding
        .remedy_with(
            "correct the member that the message names: a component type, or a required or unknown member",
            repair(case, side, RepairKind::RenameMembers, |_| true),
        )
        .remedy("or move the runtime to the framework version that the manifest was written with (the base image of the connector)")
}
