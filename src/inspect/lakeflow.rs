//! Lakeflow community connectors: what the code reads against what the spec declares.

use super::Finding;
use super::look::Look;
use crate::connector::{Lakeflow, LakeflowSpec, OptionRead, OptionsOf};
use crate::diagnose::Role;
use crate::redact::is_sensitive_name;

/// What an OAuth connection puts there by itself.
const INJECTED: [&str; 2] = ["access_token", "refresh_token"];

pub(super) fn check(look: &mut Look<'_>) {
    let Some(lakeflow) = &look.project.lakeflow else { return };
    let path = look.path(&lakeflow.spec_path);
    let Some(spec) = &lakeflow.spec else {
        let finding = match &lakeflow.malformed {
            Some(why) => Finding::of("spec-missing", format!("{path} cannot be read: {why}"))
                .at(look.spot(Role::Primary, &lakeflow.spec_path, None, "the spec"))
                .remedy("give it `connection.parameters` with name, type, required and secret of each"),
            None => Finding::of(
                "spec-missing",
                format!("there is no {path}: nothing says which parameters a connection needs"),
            )
            .at(look.spot(
                Role::Primary,
                lakeflow.module.as_deref().unwrap_or_default(),
                None,
                "the connector",
            ))
            .remedy(format!("write {path} with `connection.parameters` and `external_options_allowlist`"))
            .warning(),
        };
        look.push(finding);
        return;
    };
    for read in &lakeflow.reads {
        if !Lakeflow::is_of_framework(&read.name)
            && let Some(finding) = undeclared(look, lakeflow, spec, read)
        {
            look.push(finding);
        }
        if read.boolean {
            let name = look.name(&read.name);
            let finding = Finding::of(
                "config-invalid",
                format!("the option `{name}` is used as a boolean, and options are strings: \"false\" counts as true"),
            )
            .detail("key", name.clone())
            .at(look.spot(Role::Primary, &read.file, Some(read.line), "a string"))
            .remedy(format!("compare its text: `str(options.get(\"{name}\", \"true\")).lower() == \"true\"`"))
            .warning();
            look.push(finding);
        }
    }
    declared(look, lakeflow, spec);
}

/// The code reads what nothing gives it.
fn undeclared(
    look: &Look<'_>,
    lakeflow: &Lakeflow,
    spec: &LakeflowSpec,
    read: &OptionRead,
) -> Option<Finding> {
    let declared = spec.parameter(&read.name).is_some();
    let allowed = spec.allows(&read.name);
    let name = look.name(&read.name);
    let spot = || look.spot(Role::Primary, &read.file, Some(read.line), "reads it");
    let finding = match read.of {
        OptionsOf::Connection | OptionsOf::Either if declared => return None,
        OptionsOf::Table | OptionsOf::Either if allowed => return None,
        // Options of the connection reach a table's options too.
        OptionsOf::Table if declared => return None,
        OptionsOf::Table => Finding::of(
            "config-path-undefined",
            format!("the code reads the table option `{name}`, which external_options_allowlist does not let through"),
        )
        .detail("how", "not-allowed")
        .at(spot())
        .at(look.spot(Role::Related, &lakeflow.spec_path, spec.allowed_line, "the list"))
        .remedy_with(format!("add `{name}` to external_options_allowlist"), look.patch(spec.allow(&read.name))),
        OptionsOf::Connection | OptionsOf::Either if INJECTED.contains(&read.name.as_str()) => {
            if spec.oauth {
                return None;
            }
            Finding::of(
                "config-path-undefined",
                format!("the code reads `{name}`, which only an OAuth connection has, and the spec offers none"),
            )
            .at(spot())
            .remedy("declare the OAuth flow in the spec, or read a parameter that it declares")
        }
        OptionsOf::Connection | OptionsOf::Either => {
            let near = near(spec, &read.name).map(|near| look.name(near));
            let instead = near.as_ref().map(|near| format!(" (it has `{near}`)")).unwrap_or_default();
            let finding = Finding::of(
                "config-path-undefined",
                format!("the code reads the option `{name}`, which the spec does not declare{instead}"),
            )
            .at(spot())
            .at(look.spot(Role::Related, &lakeflow.spec_path, None, "the spec"));
            let finding = match &near {
                Some(near) => finding.remedy(format!("let the code read `{near}`")),
                None => finding,
            };
            finding.remedy(format!("declare `{name}` under connection.parameters"))
        }
    };
    let finding = finding.detail("key", name);
    Some(if read.must && read.of != OptionsOf::Either { finding } else { finding.warning() })
}

fn near<'a>(spec: &'a LakeflowSpec, name: &str) -> Option<&'a str> {
    let plain = |name: &str| {
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect::<String>()
    };
    let wanted = plain(name);
    let names = || spec.parameters.iter().map(|parameter| parameter.name.as_str());
    names().find(|known| plain(known) == wanted).or_else(|| {
        names().find(|known| {
            known.len() > 2 && (wanted.ends_with(&plain(known)) || plain(known).ends_with(&wanted))
        })
    })
}

/// What the spec declares.
fn declared(look: &mut Look<'_>, lakeflow: &Lakeflow, spec: &LakeflowSpec) {
    for parameter in &spec.parameters {
        let name = look.name(&parameter.name);
        if is_sensitive_name(&parameter.name) && !parameter.secret {
            let finding = Finding::of(
                "secret-unmarked",
                format!("`{name}` is a secret by its name and the spec does not mark it as one"),
            )
            .detail("key", name.clone())
            .at(look.spot(Role::Primary, &lakeflow.spec_path, parameter.line, "no `secret: true`"))
            .remedy_with("add `secret: true` to the parameter", look.patch(spec.mark_secret(parameter)))
            .warning();
            look.push(finding);
        }
        if INJECTED.contains(&parameter.name.as_str()) && parameter.required {
            let finding = Finding::of(
                "config-invalid",
                format!("the spec asks for `{name}`, which an OAuth connection puts there by itself"),
            )
            .detail("key", name)
            .at(look.spot(Role::Primary, &lakeflow.spec_path, parameter.line, "injected at run time"))
            .remedy("do not require it: a token that is typed in is not refreshed")
            .note();
            look.push(finding);
        }
    }
}
