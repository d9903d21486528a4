//! `credentials-conflict`.

use crate::compare::Locator;
use crate::diagnose::rules::repair::repair;
use crate::diagnose::{Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{ClueKind, DefinedCredentials, RepairKind, Side};

use super::{SIDES, said, unsaid};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "credentials-conflict",
    family: Family::Setup,
    summary: "two definitions set credentials in the same place, and the framework refuses to choose",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/credentials-conflict.md"),
    leads_to: &["start-failed"],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let before = findings.len();
    for said in said(case, |kind| match kind {
        ClueKind::CredentialsConflict(place) => Some(place),
        _ => None,
    }) {
        let place = said.fact;
        let claim = format!("two definitions of {} manifest set `{place}`{}", said.whose(), said.so(case));
        let defined: Vec<_> = defined(case, said.side()).filter(|known| sets(known, place)).collect();
        findings.push(described(case, said.side(), place, &defined, said.finding(case, &RULE, claim)));
    }
    if findings.len() > before {
        return;
    }
    for side in SIDES.into_iter().filter(|side| unsaid(case, *side)) {
        let Some(first) =
            defined(case, side).find(|known| defined(case, side).any(|other| rivals(known, other)))
        else {
            continue;
        };
        let Some(place) = first.place.as_deref() else { continue };
        let all: Vec<_> = defined(case, side).filter(|known| known.place.as_deref() == Some(place)).collect();
        let claim =
            format!("two definitions of {side}'s manifest set the {place}, and {side} sent no request");
        let finding = Finding::new(&RULE, side, claim).confidence(Confidence::Likely);
        findings.push(described(case, side, place, &all, finding));
    }
}

fn defined<'a>(case: &Case<'a>, side: Side) -> impl Iterator<Item = &'a DefinedCredentials> {
    case.capture(side).inputs.manifest.iter().flat_map(|manifest| &manifest.credentials)
}

/// An authenticator and a field or parameter of the same requester that set the same place.
fn rivals(one: &DefinedCredentials, other: &DefinedCredentials) -> bool {
    let requester = |at: &str| {
        at.split("/authenticator").next().and_then(|at| at.split("/request_").next()).map(str::to_owned)
    };
    one.place.is_some()
        && one.place == other.place
        && one.at != other.at
        && one.component.starts_with("request_") != other.component.starts_with("request_")
        && requester(&one.at) == requester(&other.at)
}

fn sets(known: &DefinedCredentials, place: &str) -> bool {
    let name = |place: &str| place.rsplit([' ', '.', '/']).next().unwrap_or(place).to_ascii_lowercase();
    known.place.as_deref().is_some_and(|known| name(known) == name(place))
}

fn described(
    case: &Case<'_>,
    side: Side,
    place: &str,
    defined: &[&DefinedCredentials],
    finding: Finding,
) -> Finding {
    let mut finding = finding.detail("place", place);
    for known in defined {
        finding = finding.related(
            side,
            None,
            Locator::Manifest(known.line),
            format!("{} sets it", known.component),
        );
    }
    let entry = |line: Option<u32>| {
        defined.iter().any(|known| known.component.starts_with("request_") && known.line == line)
    };
    finding.remedy_with(
        "set the credentials once: keep the authenticator and take the field out of `request_headers` (or `request_parameters`)",
        repair(case, side, RepairKind::DropEntry, |known| entry(known.line)),
    )
}
