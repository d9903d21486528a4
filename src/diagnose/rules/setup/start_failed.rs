//! `start-failed`.

use crate::compare::Locator;
use crate::diagnose::{
    Blame, Case, Confidence, Family, Finding, Findings, Rule, Severity, Standing, standing,
};
use crate::model::{Clue, ClueKind, Exit, ManifestState, Side};

use super::super::auth::unsent::unsent;
use super::super::network::went_past;
use super::{SIDES, came_to_nothing, names_a_cause, shortened};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "start-failed",
    family: Family::Setup,
    summary: "the command ended before its first request, and nothing else says why",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/start-failed.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let failed: Vec<(Side, String)> = SIDES
        .into_iter()
        .filter(|side| never_started(case, *side) && unsent(case, *side).is_none())
        .map(|side| (side, reason(case, side)))
        .collect();
    match failed.as_slice() {
        [(side, why), (other, same)] if why == same => {
            let claim = format!("both commands ended before their first request{why}");
            findings.push(described(case, &[*side, *other], Finding::new(&RULE, Blame::Both, claim)));
        }
        failed => findings.extend(failed.iter().map(|(side, why)| {
            let claim = format!("{side}'s command ended before its first request{why}");
            described(case, &[*side], Finding::new(&RULE, *side, claim))
        })),
    }
}

/// It sent nothing and connected nowhere, and said that it failed, but none of the things that other rules know.
pub(in crate::diagnose::rules) fn never_started(case: &Case<'_>, side: Side) -> bool {
    let capture = case.capture(side);
    let manifest_is_sound =
        capture.inputs.manifest.as_ref().is_none_or(|manifest| manifest.state == ManifestState::Read);
    standing(case, side) == Standing::Silent
        && came_to_nothing(case, side)
        && capture.connections.is_empty()
        && manifest_is_sound
        && !went_past(case, side)
        && !case
            .clues(side)
            .any(|clue| names_a_cause(&clue.kind) || is_own_code(&clue.kind) || tells_an_answer(&clue.kind))
        && (failed_exit(case, side).is_some() || case.clues(side).any(|clue| says_failure(&clue.kind)))
}

/// What was answered had started.
fn tells_an_answer(kind: &ClueKind) -> bool {
    matches!(kind, ClueKind::Called { status: Some(_), .. })
}

fn is_own_code(kind: &ClueKind) -> bool {
    matches!(kind, ClueKind::ModuleMissing(module) if module.split('.').any(|part| part == "components"))
}

fn says_failure(kind: &ClueKind) -> bool {
    matches!(
        kind,
        ClueKind::ModuleMissing(_)
            | ClueKind::CommandMissing(_)
            | ClueKind::ImageMissing
            | ClueKind::Exception(_)
            | ClueKind::CheckStatus { succeeded: false }
    )
}

fn failed_exit(case: &Case<'_>, side: Side) -> Option<Exit> {
    case.capture(side).run.exit.filter(|exit| !exit.succeeded())
}

fn reason(case: &Case<'_>, side: Side) -> String {
    let telling = case.clues(side).find_map(|clue| match &clue.kind {
        ClueKind::CommandMissing(name) => Some(format!(": the command `{name}` is not there")),
        ClueKind::ModuleMissing(name) => Some(format!(": the module `{name}` is not there")),
        ClueKind::ImageMissing => Some(": the container engine cannot get its image".to_owned()),
        ClueKind::Exception(class) => Some(format!(": {class}")),
        _ => None,
    });
    telling.unwrap_or_else(|| match failed_exit(case, side) {
        // What shells, `env` and container engines end with (POSIX, 2.8.2).
        Some(Exit::Code(127)) => ": exit code 127, there is no such command".to_owned(),
        Some(Exit::Code(126)) => ": exit code 126, the command's file cannot be executed".to_owned(),
        Some(Exit::Code(code)) => format!(": exit code {code}"),
        Some(Exit::Signal(number)) => format!(": signal {number}"),
        None => ": its check failed".to_owned(),
    })
}

fn described(case: &Case<'_>, sides: &[Side], finding: Finding) -> Finding {
    let mut finding = finding;
    let mut certain = false;
    for side in sides.iter().copied() {
        let told: Vec<&Clue> = case.clues(side).filter(|clue| says_failure(&clue.kind)).take(3).collect();
        certain |= told.iter().any(|clue| {
            matches!(
                clue.kind,
                ClueKind::ModuleMissing(_) | ClueKind::CommandMissing(_) | ClueKind::ImageMissing
            )
        });
        for clue in &told {
            finding =
                finding.primary(side, None, Locator::Output(clue.stream, clue.line), shortened(&clue.text));
        }
        if told.is_empty() {
            let exit = match failed_exit(case, side) {
                Some(Exit::Signal(number)) => format!("signal {number}"),
                Some(Exit::Code(code)) => format!("exit code {code}"),
                None => "no request".to_owned(),
            };
            finding = finding.primary(side, None, Locator::Exit, exit);
        }
        let shown =
            |clue: &Clue| told.iter().any(|told| (told.stream, told.line) == (clue.stream, clue.line));
        for clue in case.clues(side).filter(|clue| clue.kind == ClueKind::LastWords && !shown(clue)) {
            finding =
                finding.related(side, None, Locator::Output(clue.stream, clue.line), shortened(&clue.text));
        }
        finding = remedies(case, side, finding);
    }
    finding.confidence(if certain { Confidence::Certain } else { Confidence::Likely })
}

fn remedies(case: &Case<'_>, side: Side, finding: Finding) -> Finding {
    let remedy = case.clues(side).find_map(|clue| match &clue.kind {
        ClueKind::CommandMissing(name) => Some(format!("install `{name}` where {side} runs, or give its full path")),
        ClueKind::ModuleMissing(name) => Some(format!(
            "install the package of `{name}` in {side}'s environment, or run the command from the connector's own folder"
        )),
        ClueKind::ImageMissing => Some(format!(
            "build or pull the image where {side} runs, under the name that its command has; a private registry wants a login first"
        )),
        _ => None,
    });
    finding
        .remedy(remedy.unwrap_or_else(|| format!("run {side}'s command by itself and read its last lines")))
}
