//! Does the framework take the manifest?

use super::Finding;
use super::look::Look;
use crate::connector::{Checked, Fault, FaultKind, Version};
use crate::diagnose::Role;
use crate::model::ManifestState;

/// Up to this version the framework refuses a manifest with a newer version than its own; from the next one looked at it does not.
const COMPARES_VERSIONS: Version = Version([6, 60, 0]);

pub(super) fn check(look: &mut Look<'_>) {
    let Some(manifest) = look.manifest() else { return };
    if let ManifestState::Malformed(why) = &manifest.manifest.state {
        let line = why.split("line ").nth(1).and_then(|rest| rest.split(',').next()?.parse().ok());
        let finding =
            Finding::of("manifest-rejected", format!("{} cannot be read: {why}", look.path(&manifest.path)))
                .at(look.spot(Role::Primary, &manifest.path, line, "here"))
                .remedy("correct the YAML at that line: indentation, quotes, brackets");
        look.push(finding);
        return;
    }
    for dangling in &manifest.dangling {
        let reference = look.prose(&dangling.reference);
        let finding = Finding::of(
            "manifest-rejected",
            format!("the reference {reference} leads nowhere, or in a circle"),
        )
        .at(look.spot(Role::Primary, &manifest.path, dangling.line, "refers to it"))
        .remedy("name a definition that is there");
        look.push(finding);
    }
    for group in groups(&manifest.faults) {
        let finding = finding(look, manifest, &group);
        look.push(finding);
    }
    newer(look, manifest);
}

/// Faults of one component together.
fn groups(faults: &[Fault]) -> Vec<Vec<&Fault>> {
    let mut groups: Vec<Vec<&Fault>> = Vec::new();
    for fault in faults {
        match groups
            .iter_mut()
            .find(|group| group[0].start == fault.start && group[0].component == fault.component)
        {
            Some(group) => group.push(fault),
            None => groups.push(vec![fault]),
        }
    }
    groups
}

fn finding(look: &Look<'_>, manifest: &Checked, group: &[&Fault]) -> Finding {
    let first = group[0];
    let component = look.name(&first.component);
    let authenticator = |fault: &&Fault| {
        fault.component.ends_with("Authenticator")
            || matches!(&fault.kind, FaultKind::Type { member, .. } | FaultKind::Untyped { member } if member.starts_with("authenticator"))
            || matches!(fault.kind, FaultKind::Place { .. })
    };
    let new = group
        .iter()
        .any(|fault| matches!(fault.kind, FaultKind::New { .. } | FaultKind::Missing { until: Some(_), .. }));
    let rule = if !new && group.iter().any(authenticator) {
        "authenticator-misconfigured"
    } else {
        "manifest-rejected"
    };
    let words: Vec<String> = group.iter().map(|fault| words(look, fault)).collect();
    let mut finding = Finding::of(rule, format!("{component} {}", words.join(", and ")));
    for fault in group {
        finding = finding.at(look.spot(Role::Primary, &manifest.path, fault.line, label(look, fault)));
    }
    if let Some(framework) = look.project.framework.as_ref().filter(|_| new) {
        finding = finding
            .detail("framework", look.requirement(&framework.text))
            .at(look.spot(Role::Related, &framework.file, framework.line, "the framework"))
            .remedy("move the package to a newer airbyte-cdk, or write what the older one knows");
    }
    let harmless = group.iter().all(|fault| matches!(fault.kind, FaultKind::Unknown { meant: None, .. }));
    if harmless {
        finding = finding.warning();
    }
    let patch = look.patch(manifest.rename_members(group));
    for fault in group {
        finding = match &fault.kind {
            FaultKind::Unknown { meant: Some(right), member } => {
                let text = format!("call it `{right}`, not `{}`", look.name(member));
                finding.remedy_with(text, None)
            }
            FaultKind::Unknown { meant: None, member } => finding.remedy(format!(
                "take `{}` out, or move it to where the framework reads it: {} has {}",
                look.name(member),
                component,
                manifest.members_of(&fault.component)
            )),
            FaultKind::Type { allowed, .. } => finding.remedy(format!("use one of {}", some(allowed))),
            FaultKind::Untyped { .. } => finding.remedy("give the component its `type`"),
            FaultKind::Missing { member, until: None } => finding.remedy(format!("give it `{member}`")),
            FaultKind::Nowhere => finding.remedy(
                "say where the key goes: `header: X-API-Key`, or `inject_into` with a `RequestOption`, the key itself is `api_token`",
            ),
            FaultKind::Place { .. } => finding.remedy("use request_parameter, header, body_data or body_json"),
            FaultKind::NoRefreshToken => finding.remedy(
                "give it `refresh_token: \"{{ config['refresh_token'] }}\"`, or `grant_type: client_credentials`",
            ),
            FaultKind::New { .. } | FaultKind::Missing { .. } => finding,
        };
    }
    if patch.is_some()
        && let Some(first) = finding.remedies.first_mut()
    {
        first.patch = patch;
    }
    finding
}

fn words(look: &Look<'_>, fault: &Fault) -> String {
    match &fault.kind {
        FaultKind::Type { found, member, .. } => {
            format!("takes no {} as its `{}`", look.name(found), look.name(member))
        }
        FaultKind::Untyped { member } => format!("has a `{}` without `type`", look.name(member)),
        FaultKind::Missing { member, until: None } => format!("lacks `{}`", look.name(member)),
        FaultKind::Missing { member, until: Some(from) } => {
            format!("lacks `{}`, which is required before airbyte-cdk {from}", look.name(member))
        }
        FaultKind::Unknown { member, .. } => format!("has no member `{}`", look.name(member)),
        FaultKind::New { member: Some(member), from } => {
            format!("has no `{}` before airbyte-cdk {from}", look.name(member))
        }
        FaultKind::New { member: None, from } => format!("came with airbyte-cdk {from}"),
        FaultKind::Nowhere => "says neither `header` nor `inject_into`".to_owned(),
        FaultKind::Place { found } => format!("cannot inject into `{}`", look.name(found)),
        FaultKind::NoRefreshToken => "has nothing to refresh with".to_owned(),
    }
}

fn label(look: &Look<'_>, fault: &Fault) -> String {
    match &fault.kind {
        FaultKind::Type { .. } => "not known here".to_owned(),
        FaultKind::Untyped { .. } => "no `type`".to_owned(),
        FaultKind::Missing { member, .. } => format!("no `{}`", look.name(member)),
        FaultKind::Unknown { meant: Some(right), .. } => format!("`{right}` is meant"),
        FaultKind::Unknown { .. } => "the framework does not read it".to_owned(),
        FaultKind::New { .. } => "newer than the framework".to_owned(),
        FaultKind::Nowhere => "no `header`, no `inject_into`".to_owned(),
        FaultKind::Place { .. } => "no such place".to_owned(),
        FaultKind::NoRefreshToken => "no `refresh_token`".to_owned(),
    }
}

fn some(names: &[String]) -> String {
    let shown: Vec<&str> = names.iter().map(String::as_str).take(6).collect();
    let more = names.len().saturating_sub(shown.len());
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

/// A manifest that says it is newer than the framework.
fn newer(look: &mut Look<'_>, manifest: &Checked) {
    let Some(framework) = &look.project.framework else { return };
    let Some(declared) = manifest.manifest.version.as_deref() else { return };
    let Some(version) = Version::parse(declared) else { return };
    let minor = |version: Version| [version.0[0], version.0[1]];
    let newer = match (framework.exact, framework.below) {
        (Some(exact), _) => minor(version) > minor(exact),
        (None, Some(below)) => version >= below,
        (None, None) => false,
    };
    if !newer {
        return;
    }
    let text = look.requirement(&framework.text);
    let finding = Finding::of(
        "manifest-rejected",
        format!("the manifest is of version {version}, the framework is airbyte-cdk {text}"),
    )
    .detail("manifest_version", version.to_string())
    .detail("framework", text)
    .at(look.spot(Role::Primary, &manifest.path, look.line_of(&manifest.path, "version:"), "newer"))
    .at(look.spot(Role::Related, &framework.file, framework.line, "the framework"))
    .remedy("move the package to the framework that the manifest was written with");
    let finding = match framework.exact.map(|exact| (exact, manifest.set_version(&exact.to_string()))) {
        Some((exact, patch)) => finding.remedy_with(
            format!("or say `version: {exact}`, where the manifest has nothing that is newer"),
            look.patch(patch),
        ),
        None => finding,
    };
    // Later versions do not compare: then it is a sign only.
    let refuses = framework.is_at_most(COMPARES_VERSIONS);
    look.push(if refuses { finding } else { finding.warning().likely() });
}
