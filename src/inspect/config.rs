//! A config held against spec and manifest. Its values are redacted before they come here.

use super::Finding;
use super::look::Look;
use crate::connector::{Checked, Property, Reference, Selected, Selection, Setter};
use crate::diagnose::Role;
use crate::model::{Blank, Class, ConfigFacts, ConfigValue, Form, Secret};

pub(super) fn check(look: &mut Look<'_>) {
    let Some(config) = look.config else { return };
    let path = config.path.to_string();
    if let Some(why) = &config.unreadable {
        let finding = Finding::of("config-invalid", format!("{path} cannot be read: {why}"))
            .at(look.spot(Role::Primary, &path, None, why.clone()))
            .remedy("save it as JSON in UTF-8, without a byte order mark");
        look.push(finding);
        return;
    }
    against_spec(look, config, &path);
    against_manifest(look, config, &path);
    for value in &config.values {
        for finding in odd(look, value, &path) {
            look.push(finding);
        }
    }
}

fn has(config: &ConfigFacts, pointer: &str) -> bool {
    config.values.iter().any(|value| {
        value.pointer.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Required keys and types.
fn against_spec(look: &mut Look<'_>, config: &ConfigFacts, path: &str) {
    let Some(spec) = look.spec() else { return };
    for property in &spec.properties {
        let parent = property.pointer.rsplit_once('/').map(|(parent, _)| parent).unwrap_or_default();
        let key = look.key(&property.pointer);
        if property.required && (parent.is_empty() || has(config, parent)) && !has(config, &property.pointer)
        {
            let near = near(config, &property.pointer);
            let instead =
                near.map(|near| format!(" (it has `{}`)", look.key(&near.pointer))).unwrap_or_default();
            let mut finding = Finding::of(
                "config-key-missing",
                format!("the config has no key `{key}`, which the spec requires{instead}"),
            )
            .detail("key", key.clone())
            .at(look.spot(Role::Primary, path, None, format!("no `{key}`")))
            .at(look.spot(Role::Related, look.spec_path(), property.line, "required"));
            if let Some(near) = near {
                finding = finding.remedy(format!("rename or move `{}` to `{key}`", look.key(&near.pointer)));
            }
            look.push(finding.remedy(format!("put `{key}` into the config")));
        }
        let Some(value) = config.at(&property.pointer) else { continue };
        let fits = property.types.is_empty() || property.types.contains(&value.kind);
        if !fits {
            let wanted = property.types.iter().map(|kind| kind.in_words()).collect::<Vec<_>>().join(" or ");
            let finding = Finding::of(
                "config-invalid",
                format!("`{key}` is {} where the spec wants {wanted}", value.kind.in_words()),
            )
            .detail("key", key.clone())
            .at(look.spot(Role::Primary, path, None, format!("`{key}`")))
            .at(look.spot(Role::Related, look.spec_path(), property.line, format!("wants {wanted}")))
            .remedy(format!("write `{key}` as {wanted}"));
            look.push(finding);
        }
    }
}

/// The key that was probably meant.
fn near<'a>(config: &'a ConfigFacts, pointer: &str) -> Option<&'a ConfigValue> {
    let plain = |pointer: &str| {
        let name = pointer.rsplit('/').next().unwrap_or_default();
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    let wanted = plain(pointer);
    let found = |close: &dyn Fn(&str) -> bool| {
        config
            .values
            .iter()
            .filter(|value| value.pointer != pointer)
            .find(|value| close(&plain(&value.pointer)))
    };
    found(&|known| known == wanted)
        .or_else(|| found(&|known| known.len() > 2 && (wanted.ends_with(known) || known.ends_with(&wanted))))
}

/// Keys that templates read and the config lacks, and what selects an authenticator.
fn against_manifest(look: &mut Look<'_>, config: &ConfigFacts, path: &str) {
    let Some(manifest) = look.manifest() else { return };
    for (selection, selected) in manifest.selections.iter().zip(&look.project.selected) {
        let key = look.key(&selection.config);
        let spot = look.spot(Role::Related, &manifest.path, selection.line, "selects the authenticator");
        let choices = selection.choices.iter().map(|choice| look.name(choice)).collect::<Vec<_>>().join(", ");
        let claim = match selected {
            Selected::Missing => {
                format!("the authenticator is selected by `{key}`, which the config does not have")
            }
            Selected::Other => format!("the value of `{key}` selects no authenticator; there are {choices}"),
            Selected::Unknown | Selected::Choice(_) => continue,
        };
        let finding = Finding::of("authenticator-misconfigured", claim)
            .at(look.spot(Role::Primary, path, None, format!("`{key}`")))
            .at(spot)
            .remedy(format!("set `{key}` to one of {choices}"));
        look.push(finding);
    }
    if look.has("config-key-missing") || manifest.changes_config || look.project.config_in_code {
        return;
    }
    for reference in &manifest.manifest.references {
        if has(config, &reference.config)
            || reference.guarded
            || reference.at.ends_with("authenticator_selection_path")
        {
            continue;
        }
        if let Some(finding) = dangling(look, manifest, config, reference, path) {
            look.push(finding);
        }
    }
}

fn dangling(
    look: &Look<'_>,
    manifest: &Checked,
    config: &ConfigFacts,
    reference: &Reference,
    path: &str,
) -> Option<Finding> {
    let key = look.key(&reference.config);
    let setter =
        |setter: &&Setter| reference.at.starts_with(&format!("{}/", setter.at)) || reference.at == setter.at;
    let setter = manifest.manifest.setters.iter().find(setter);
    let (parent, _) = reference.config.rsplit_once('/')?;
    // Only the branch that the config selects counts.
    if inside_other_branch(look, manifest, reference) {
        return None;
    }
    let default = look.property(&reference.config).is_some_and(|property| property.default);
    let address = ["/url", "/url_base", "/path"].iter().any(|end| reference.at.ends_with(end));
    let (rule, claim) = if !parent.is_empty() && !has(config, parent) {
        (
            "config-path-undefined",
            format!("a template reads `{key}`, and the config has no `{}`", look.key(parent)),
        )
    } else if default {
        (
            "default-not-applied",
            format!("the config has no `{key}`, the spec's default is filled in by forms only"),
        )
    } else if setter.is_some_and(|setter| setter.authenticator) {
        (
            "token-empty",
            format!(
                "the config has no `{key}`, which the spec does not require: its credentials are sent empty"
            ),
        )
    } else if address {
        (
            "config-path-undefined",
            format!("the address of requests is made of `{key}`, which the config does not have"),
        )
    } else if setter.is_some() && reference.bare {
        (
            "token-missing",
            format!("the config has no `{key}`: what the template makes is left out of the request"),
        )
    } else {
        return None;
    };
    let near = near(config, &reference.config);
    let mut finding = Finding::of(rule, claim).detail("key", key.clone()).at(look.spot(
        Role::Primary,
        &manifest.path,
        reference.line,
        format!("reads config.{key}"),
    ));
    if let Some(near) = near {
        let other = look.key(&near.pointer);
        finding = finding
            .detail("near", other.clone())
            .at(look.spot(Role::Related, path, None, format!("it has `{other}`")))
            .remedy(format!("rename or move `{other}` to `{key}` in the config"))
            .remedy_with(
                format!("or let the template read `{other}`"),
                look.patch(manifest.redirect(&reference.at, &reference.config, &near.pointer)),
            );
    }
    finding = finding.remedy_with(
        format!("put `{key}` into the config, and into the spec's `required`"),
        look.require(&reference.config),
    );
    let sure =
        setter.is_some_and(|setter| setter.authenticator) || address || rule == "config-path-undefined";
    // A field without its default may or may not be missed.
    Some(if sure || rule == "default-not-applied" { finding } else { finding.warning() })
}

/// A template of an authenticator that the config does not select.
pub(super) fn inside_other_branch(look: &Look<'_>, manifest: &Checked, reference: &Reference) -> bool {
    let Some((_, rest)) = reference.at.split_once("/authenticators/") else { return false };
    let branch = rest.split('/').next().unwrap_or_default();
    let chosen = |(selection, selected): (&Selection, &Selected)| match selected {
        Selected::Choice(at) => selection.choices.get(*at).is_some_and(|choice| choice == branch),
        _ => false,
    };
    !manifest.selections.iter().zip(&look.project.selected).any(chosen)
}

/// Values that no server takes, or no client sends.
fn odd(look: &Look<'_>, value: &ConfigValue, path: &str) -> Vec<Finding> {
    let Some(secret) = value.secret_value() else { return Vec::new() };
    let sent = look.manifest().and_then(|manifest| {
        manifest.manifest.references.iter().find(|reference| reference.config == value.pointer)
    });
    let property = look.property(&value.pointer);
    if !value.secret && !property.is_some_and(|property: &Property| property.secret) {
        return Vec::new();
    }
    let key = look.key(&value.pointer);
    let mut findings = Vec::new();
    let mut say = |rule: &str, what: String, remedy: &str| {
        let mut finding = Finding::of(rule, what).detail("key", key.clone()).at(look.spot(
            Role::Primary,
            path,
            None,
            format!("`{key}`"),
        ));
        if let (Some(sent), Some(manifest)) = (sent, look.manifest()) {
            finding = finding.at(look.spot(Role::Related, &manifest.path, sent.line, "sent from here"));
        }
        findings.push(finding.remedy(remedy));
    };
    match &secret.shape.class {
        Class::Mask(_) => {
            say("token-masked", format!("`{key}` is a mask, not the secret"), "put the secret itself there");
        }
        Class::Template(_) => say(
            "template-unrendered",
            format!("`{key}` is a placeholder that nothing fills in"),
            "put the value itself there; configs are not templates",
        ),
        Class::SecretReference(_) => say(
            "secret-unresolved",
            format!("`{key}` refers to a secret in a store, and the connector does not look there"),
            "let the platform resolve the reference, or put the secret itself there",
        ),
        Class::Null(_) => {
            say("token-null", format!("`{key}` is a language's nothing"), "put the secret itself there");
        }
        _ => {}
    }
    if let Some((rule, what)) = blank(secret) {
        say(rule, format!("`{key}` {what}"), "take it out: it came with copying, or from a file's last line");
    }
    if cast(secret) && sent.is_some_and(|sent| sent.bare) {
        say(
            "token-cast",
            format!(
                "`{key}` looks like a number, and the template that sends it is nothing but the key: it is read as one and changed"
            ),
            "put text into the template beside the key, such as the scheme: `Bearer {{ config['...'] }}` under an ApiKeyAuthenticator for `Authorization`",
        );
    }
    if let Some(scheme) = secret.shape.scheme.as_ref().filter(|_| sent.is_some_and(|sent| bearer(look, sent)))
    {
        say(
            "scheme-doubled",
            format!(
                "`{key}` begins with `{}`, and the BearerAuthenticator puts `Bearer` before it",
                look.name(scheme)
            ),
            "put the token alone into the config",
        );
    }
    findings
}

fn bearer(look: &Look<'_>, reference: &Reference) -> bool {
    look.manifest().is_some_and(|manifest| {
        manifest.manifest.setters.iter().any(|setter| {
            setter.component == "BearerAuthenticator" && reference.at.starts_with(&format!("{}/", setter.at))
        })
    })
}

fn cast(secret: &Secret) -> bool {
    secret.fingerprint.forms.get(&Form::Cast).is_some_and(|tag| *tag != secret.fingerprint.exact)
}

/// White space at the ends: some of it no client sends.
fn blank(secret: &Secret) -> Option<(&'static str, &'static str)> {
    Some(match (secret.shape.leading, secret.shape.trailing) {
        (_, Some(Blank::Newline)) => {
            ("field-refused", "ends with a line break, which no client sends in a field")
        }
        (Some(Blank::Newline), _) => {
            ("field-refused", "begins with a line break, which no client sends in a field")
        }
        (Some(Blank::ZeroWidth), _) | (_, Some(Blank::ZeroWidth)) => {
            ("field-refused", "has an invisible character at an end, which no field can carry")
        }
        (Some(Blank::Space | Blank::Tab), _) => ("field-refused", "begins with white space"),
        (_, Some(_)) => ("token-altered", "ends with white space or a character that nobody sees"),
        (Some(_), _) => ("token-altered", "begins with a character that nobody sees"),
        (None, None) => return None,
    })
}
