//! `authenticator-misconfigured`.

use crate::compare::Locator;
use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Family, Findings, Rule, Severity};
use crate::model::{ClueKind, RepairKind};

use super::said;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "authenticator-misconfigured",
    family: Family::Setup,
    summary: "the authenticator's own members are wrong, so it makes no credentials",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/authenticator-misconfigured.md"),
    leads_to: &["config-path-undefined", "manifest-rejected", "start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    for said in said(case, |kind| matches!(kind, ClueKind::AuthenticatorMisconfigured(_)).then_some(())) {
        let side = said.side();
        let claim = format!("{} authenticator is not set up right{}", said.whose(), said.so(case));
        let mut finding = said.finding(case, &RULE, claim);
        let manifest = case.capture(side).inputs.manifest.as_ref();
        for defined in manifest.iter().flat_map(|manifest| &manifest.credentials) {
            finding = finding.related(side, None, Locator::Manifest(defined.line), defined.component.clone());
        }
        let selector = manifest.is_some_and(|manifest| {
            manifest.credentials.iter().any(|defined| defined.component == "SelectiveAuthenticator")
        });
        if selector {
            finding = finding.remedy(
                "make `authenticator_selection_path` lead to a key that the config has, with a value that is listed under `authenticators`",
            );
        }
        let says = |words: &str| {
            case.clues(side).any(|clue| {
                matches!(&clue.kind, ClueKind::AuthenticatorMisconfigured(why) if why.to_string().contains(words))
            })
        };
        if says("access_token is not set") || says("token_refresh_endpoint") {
            finding = finding
                .detail("cause", "the OAuth authenticator has no endpoint to get a token from, and no token of its own")
                .remedy("give the OAuthAuthenticator a `token_refresh_endpoint`, or its config the value that the template there reads");
        }
        findings.push(
            finding
                .remedy_with(
                    "give the authenticator the members of its type: ApiKeyAuthenticator wants `api_token` and `header` or `inject_into`",
                    repair(case, side, RepairKind::RenameMembers, |_| true),
                )
                .remedy("compare the manifest with the one that the sandbox ran"),
        );
    }
}
