//! What templates read from the config, held against the spec.

use super::Finding;
use super::config;
use super::look::Look;
use crate::connector::{Checked, Property, Reference, Setter};
use crate::diagnose::Role;
use crate::model::JsonType;

pub(super) fn check(look: &mut Look<'_>) {
    let Some(manifest) = look.manifest() else { return };
    if look.spec().is_some() {
        for reference in &manifest.manifest.references {
            let finding = match look.property(&reference.config) {
                None => lacking(look, manifest, reference),
                Some(property) => optional(look, manifest, reference, property),
            };
            if let Some(finding) = finding {
                look.push(finding);
            }
        }
        for selection in &manifest.selections {
            if let Some(finding) = selection_value(look, manifest, selection) {
                look.push(finding);
            }
        }
    }
    unmarked(look, manifest);
}

/// The setter that a reference belongs to.
fn setter<'a>(manifest: &'a Checked, reference: &Reference) -> Option<&'a Setter> {
    let of = |setter: &&Setter| {
        reference.at == setter.at
            || reference.at.strip_prefix(&setter.at).is_some_and(|rest| rest.starts_with('/'))
    };
    manifest.manifest.setters.iter().filter(of).max_by_key(|setter| setter.at.len())
}

/// Whether the value makes the address of requests.
fn is_address(at: &str) -> bool {
    let name = at.rsplit('/').next().unwrap_or_default();
    matches!(name, "url" | "url_base" | "path" | "token_refresh_endpoint")
}

/// A template reads a key that the spec does not have.
fn lacking(look: &Look<'_>, manifest: &Checked, reference: &Reference) -> Option<Finding> {
    let spec = look.spec()?;
    if manifest.changes_config || reference.config.starts_with("/__") {
        return None;
    }
    // Below a part of the config that the spec leaves open, nothing can be said.
    let (parent, _) = reference.config.rsplit_once('/')?;
    if !parent.is_empty() {
        let open = |known: &Property| {
            let below = format!("{parent}/");
            !spec.properties.iter().any(|other| other.pointer.starts_with(&below))
                && (known.types.is_empty() || known.types.contains(&JsonType::Object))
        };
        if spec.property(parent).is_some_and(open) {
            return None;
        }
    }
    let sent = setter(manifest, reference).is_some();
    // A key of older configs beside the one of now.
    let beside = |other: &Reference| other.at == reference.at && look.property(&other.config).is_some();
    let older = manifest.manifest.references.iter().any(beside);
    if reference.guarded && (older || !sent && !is_address(&reference.at)) {
        return None;
    }
    let key = look.key(&reference.config);
    let near = near(look, &reference.config);
    let instead = near.map(|near| format!(" (it has `{}`)", look.key(&near.pointer))).unwrap_or_default();
    let mut finding = Finding::of(
        "config-path-undefined",
        format!("a template reads `{key}`, which the spec does not have{instead}"),
    )
    .detail("key", key.clone())
    .at(look.spot(Role::Primary, &manifest.path, reference.line, format!("reads config.{key}")));
    if let Some(near) = near {
        let other = look.key(&near.pointer);
        finding = finding
            .detail("near", other.clone())
            .at(look.spot(Role::Related, look.spec_path(), near.line, "probably meant"))
            .remedy_with(
                format!("let the template read `{other}`"),
                look.patch(manifest.redirect(&reference.at, &reference.config, &near.pointer)),
            );
    }
    finding = finding.remedy(format!("or add `{key}` to the spec"));
    let own = |at: &String| reference.at.strip_prefix(at.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let branch = reference.at.contains("/authenticators/") || manifest.own.iter().any(own);
    let matters =
        setter(manifest, reference).is_some_and(|setter| setter.authenticator) || is_address(&reference.at);
    // Code may put the key there, and a template that provides for its absence does no harm.
    if reference.guarded || !matters || branch || look.project.config_in_code {
        finding = finding.warning();
    }
    // Of a branch that this config does not select, nothing is sent.
    let idle = branch && look.config.is_some() && config::inside_other_branch(look, manifest, reference);
    finding = if idle { finding.note() } else { finding };
    Some(if look.project.config_in_code { finding.likely() } else { finding })
}

/// The property that was probably meant: of the same name in another place, or of another spelling.
fn near<'a>(look: &Look<'a>, pointer: &str) -> Option<&'a Property> {
    let plain = |pointer: &str| {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    let wanted = plain(pointer);
    let leaves = |known: &&Property| !known.types.contains(&JsonType::Object) && known.pointer != pointer;
    let properties = || look.spec().into_iter().flat_map(|spec| &spec.properties).filter(leaves);
    properties()
        .find(|known| plain(&known.pointer) == wanted)
        .or_else(|| properties().find(|known| wanted.len() > 4 && plain(&known.pointer).ends_with(&wanted)))
}

/// A template reads a key that a config need not have.
fn optional(
    look: &Look<'_>,
    manifest: &Checked,
    reference: &Reference,
    property: &Property,
) -> Option<Finding> {
    let setter = setter(manifest, reference);
    let parent_required = reference.config.rsplit_once('/').is_none_or(|(parent, _)| {
        parent.is_empty() || look.property(parent).is_none_or(|parent| parent.required_somewhere)
    });
    if reference.guarded || (property.required_somewhere && parent_required) || manifest.changes_config {
        return None;
    }
    // Without the parent nothing can be selected, and the framework says so before anything is sent.
    let selects = |parent: &str| {
        let below = format!("{parent}/");
        manifest.selections.iter().any(|selection| selection.config.starts_with(&below))
    };
    if property.required_somewhere
        && reference.config.rsplit_once('/').is_some_and(|(parent, _)| selects(parent))
    {
        return None;
    }
    let key = look.key(&reference.config);
    let (rule, claim) = if property.default {
        if !is_address(&reference.at) && !setter.is_some_and(|setter| setter.authenticator) && !reference.bare
        {
            return None;
        }
        (
            "default-not-applied",
            format!(
                "the default of `{key}` is filled in by forms only: a config without it has no value there"
            ),
        )
    } else if let Some(setter) = setter.filter(|setter| setter.authenticator) {
        if reference.at.ends_with("authenticator_selection_path") {
            return None;
        }
        let member = reference.at.rsplit('/').next().unwrap_or_default();
        let place = setter.place.as_ref().map_or("what it makes", |place| place.name.as_str());
        let effect = match member {
            "client_id" | "client_secret" | "refresh_token" => "no token is issued for it".to_owned(),
            _ => format!("{} is sent empty", look.name(place)),
        };
        let claim =
            format!("the spec does not require `{key}`: a config without it is accepted, and {effect}");
        ("token-empty", claim)
    } else if is_address(&reference.at) {
        (
            "config-path-undefined",
            format!("the spec does not require `{key}`, which the address of requests is made of"),
        )
    } else {
        return None;
    };
    let parent = reference.config.rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
    let lacking = if parent.is_empty() || parent_required { &reference.config } else { parent };
    let finding = Finding::of(rule, claim)
        .detail("key", key.clone())
        .at(look.spot(Role::Primary, &manifest.path, reference.line, format!("reads config.{key}")))
        .at(look.spot(Role::Related, look.spec_path(), property.line, "not required"))
        .remedy_with(format!("add `{}` to `required` in the spec", look.key(lacking)), look.require(lacking))
        .warning();
    // This config has it: the fault waits for another one.
    let there = look.config.is_some_and(|config| config.at(&reference.config).is_some());
    Some(if there { finding.note() } else { finding })
}

/// What a selective authenticator offers, held against the words of the spec.
fn selection_value(
    look: &Look<'_>,
    manifest: &Checked,
    selection: &crate::connector::Selection,
) -> Option<Finding> {
    let key = look.key(&selection.config);
    let choices = selection.choices.iter().map(|choice| look.name(choice)).collect::<Vec<_>>().join(", ");
    let spot = look.spot(Role::Primary, &manifest.path, selection.line, format!("selects by config.{key}"));
    let Some(property) = look.property(&selection.config) else {
        let finding = Finding::of(
            "authenticator-misconfigured",
            format!("the authenticator is selected by `{key}`, which the spec does not have"),
        );
        let finding =
            finding.at(spot).remedy("let `authenticator_selection_path` lead to a property of the spec");
        return Some(if manifest.changes_config || look.project.config_in_code {
            finding.warning()
        } else {
            finding
        });
    };
    let missing: Vec<&String> =
        property.words.iter().filter(|word| !selection.choices.contains(word)).collect();
    if !missing.is_empty() {
        let words = missing.iter().map(|word| look.name(word)).collect::<Vec<_>>().join(", ");
        return Some(
            Finding::of(
                "authenticator-misconfigured",
                format!("the spec lets `{key}` be {words}, for which there is no authenticator; there are {choices}"),
            )
            .at(spot)
            .at(look.spot(Role::Related, look.spec_path(), property.line, "the spec's values"))
            .remedy("list the same words under `authenticators` and in the spec"),
        );
    }
    None
}

/// A secret that the spec does not mark.
fn unmarked(look: &mut Look<'_>, manifest: &Checked) {
    const SECRETS: [&str; 8] = [
        "api_token",
        "password",
        "client_secret",
        "refresh_token",
        "secret_key",
        "access_token_value",
        "session_token",
        "passphrase",
    ];
    for reference in &manifest.manifest.references {
        let member = reference.at.rsplit('/').next().unwrap_or_default();
        // One of several values that a template chooses among.
        let alone = manifest.manifest.references.iter().filter(|other| other.at == reference.at).count() == 1;
        let is_secret = alone
            && SECRETS.contains(&member)
            && setter(manifest, reference).is_some_and(|setter| setter.authenticator);
        let Some(property) =
            look.property(&reference.config).filter(|property| is_secret && !property.secret)
        else {
            continue;
        };
        let key = look.key(&reference.config);
        let finding = Finding::of(
            "secret-unmarked",
            format!("`{key}` is sent as a secret and the spec does not mark it as one"),
        )
        .detail("key", key)
        .at(look.spot(Role::Primary, look.spec_path(), property.line, "no `airbyte_secret: true`"))
        .at(look.spot(Role::Related, &manifest.path, reference.line, "sent from here"))
        .remedy_with("add `airbyte_secret: true` to the property", look.mark_secret(&reference.config))
        .warning();
        look.push(finding);
    }
}
