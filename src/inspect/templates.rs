//! Templates that cannot do what they were meant to do, and places that are set twice.

use super::Finding;
use super::look::Look;
use crate::connector::{Checked, Conflict, Flaw, FlawKind};
use crate::diagnose::Role;

pub(super) fn check(look: &mut Look<'_>) {
    let Some(manifest) = look.manifest() else { return };
    for flaw in &manifest.flaws {
        if let Some(finding) = flawed(look, manifest, flaw) {
            look.push(finding);
        }
    }
    for conflict in &manifest.conflicts {
        let finding = conflicting(look, manifest, conflict);
        look.push(finding);
    }
}

/// Whether a place makes a part of requests.
fn is_sent(at: &str) -> bool {
    ["authenticator", "request_", "/url", "/path", "login_requester"].iter().any(|part| at.contains(part))
}

fn flawed(look: &Look<'_>, manifest: &Checked, flaw: &Flaw) -> Option<Finding> {
    let spot = |label: &str| look.spot(Role::Primary, &manifest.path, flaw.line, label);
    Some(match &flaw.kind {
        FlawKind::Unclosed => Finding::of("template-error", "a template is not closed, so it does not parse")
            .detail("how", "syntax")
            .at(spot("`{{` needs `}}`"))
            .remedy_with(
                "close every `{{` with `}}` and every quote",
                look.patch(manifest.close_template(&flaw.at)),
            ),
        FlawKind::Undeclared(name) => {
            let known = look.property(&format!("/{name}")).is_some();
            if !known && !is_sent(&flaw.at) {
                return None;
            }
            let name = look.name(name);
            let patch = look.patch(manifest.replace(&flaw.at, &name, &format!("config['{name}']")));
            Finding::of("template-error", format!("a template uses `{name}`, which nothing declares"))
                .detail("how", "undeclared")
                .detail("name", name.clone())
                .at(spot("not declared"))
                .remedy_with(format!("write {{{{ config['{name}'] }}}}, if the config's key is meant"), patch)
        }
        FlawKind::SingleBrace => Finding::of(
            "template-unrendered",
            "a template has one brace on each side, so it is sent as it stands",
        )
        .at(spot("not a template"))
        .remedy_with("write `{{` and `}}`", look.patch(manifest.double_braces(&flaw.at))),
        FlawKind::ShellReference => Finding::of(
            "template-unrendered",
            "the manifest has a reference to an environment variable, which nothing fills in",
        )
        .at(spot("sent as it stands"))
        .remedy("read the value from the config: {{ config['api_key'] }}"),
        FlawKind::Scheme { component, scheme } => {
            let (component, scheme) = (look.name(component), look.name(scheme));
            let patch = look.patch(manifest.replace(&flaw.at, &format!("{scheme} "), ""));
            Finding::of(
                "scheme-doubled",
                format!("{component} puts `Bearer` before the token, and the token begins with `{scheme}`"),
            )
            .at(spot("the scheme comes from the authenticator"))
            .remedy_with(format!("take `{scheme}` out of `api_token`"), patch)
        }
    })
}

fn conflicting(look: &Look<'_>, manifest: &Checked, conflict: &Conflict) -> Finding {
    let (component, place) = (look.name(&conflict.component), look.name(&conflict.place));
    let holder = if conflict.kind == "field" { "request_headers" } else { "request_parameters" };
    let patch = conflict.at.as_deref().and_then(|at| look.patch(manifest.remove(at)));
    let exact = conflict.entry == conflict.place;
    let claim = if exact {
        format!("{component} and `{holder}` both set `{place}`, and the framework refuses to choose")
    } else {
        format!(
            "{component} sets `{place}` and `{holder}` sets `{}`: only the authenticator's is sent",
            look.name(&conflict.entry)
        )
    };
    let finding = Finding::of("credentials-conflict", claim)
        .detail("place", place)
        .at(look.spot(Role::Primary, &manifest.path, conflict.entry_line, format!("{holder} sets it")))
        .at(look.spot(Role::Related, &manifest.path, conflict.line, format!("{component} sets it")))
        .remedy_with(
            format!("set the credentials once: keep the authenticator and take the entry out of `{holder}`"),
            patch,
        );
    if exact { finding } else { finding.warning() }
}
