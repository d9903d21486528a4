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
        let finding = with_versions(case, said.side(), said.finding(case, &RULE, claim));
        findings.push(match case.clues(said.side()).find_map(|clue| versions(&clue.kind)) {
            Some(versions) => newer(case, said.side(), finding, versions),
            None => in_general(case, said.side(), finding),
        });
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
        findings.push(in_general(case, side, with_versions(case, side, finding)));
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
}

/// The manifest's version and the framework's, where the message says that the manifest is newer.
fn versions(kind: &ClueKind) -> Option<(String, String)> {
    let ClueKind::ManifestRejected(text) = kind else { return None };
    let text = text.to_string();
    let (manifest, framework) =
        text.split_once("greater than").or_else(|| text.split_once("incompatible with"))?;
    let is_version =
        |word: &&str| word.contains('.') && word.starts_with(|letter: char| letter.is_ascii_digit());
    let version = |part: &str| {
        let mut words = part.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '.');
        words.find(is_version).map(|word| word.trim_end_matches('.').to_owned())
    };
    Some((version(manifest)?, version(framework)?))
}

/// What to do where the manifest says that it is newer than the framework.
fn newer(case: &Case<'_>, side: Side, finding: Finding, (manifest, framework): (String, String)) -> Finding {
    let patch =
        repair(case, side, RepairKind::SetVersion, |known| known.word.as_deref() == Some(framework.as_str()));
    finding
        .detail("framework", format!("airbyte-cdk {framework}"))
        .remedy(format!("run {side} with airbyte-cdk {manifest} or newer (the base image of the connector)"))
        .remedy_with(
            format!("or say `version: {framework}` in the manifest, where it has nothing that is newer"),
            patch,
        )
}

fn in_general(case: &Case<'_>, side: Side, finding: Finding) -> Finding {
    finding
        .remedy_with(
            "correct the member that the message names: a component type, or a required or unknown member",
            repair(case, side, RepairKind::RenameMembers, |_| true),
        )
        .remedy("or move the runtime to the framework version that the manifest was written with (the base image of the connector)")
}
