//! `proxy-bypassed`.

use crate::compare::Locator;
use crate::diagnose::{Blame, Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Clue, ClueKind, Exit, Side};

use super::super::setup::{SIDES, names_a_cause, shortened};
use super::host_of;

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "proxy-bypassed",
    family: Family::Network,
    summary: "the command says that it called the API, and that call did not come through the proxy",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/proxy-bypassed.md"),
    leads_to: &[],
    check,
};

fn check(case: &Case<'_>, findings: &mut Findings) {
    let bypassed: Vec<(Side, Vec<&Clue>)> =
        SIDES.into_iter().filter_map(|side| signs(case, side).map(|signs| (side, signs))).collect();
    match bypassed.as_slice() {
        [(side, signs), (other, others)] if signs.is_empty() == others.is_empty() => {
            let claim = words("both sides", signs);
            let finding = evidence(Finding::new(&RULE, Blame::Both, claim), *side, signs);
            findings.push(weighed(evidence(finding, *other, others), signs));
        }
        sides => findings.extend(sides.iter().map(|(side, signs)| {
            let finding = evidence(Finding::new(&RULE, *side, words(side.as_str(), signs)), *side, signs);
            weighed(with_partner(case, *side, finding), signs)
        })),
    }
}

/// The lines that tell of a call that did not come through; none of them for a run that succeeded without any sign of a call.
fn signs<'a>(case: &Case<'a>, side: Side) -> Option<Vec<&'a Clue>> {
    let capture = case.capture(side);
    if capture.exchanges.is_empty() {
        // Something came, and other rules tell what became of it; or the user chose not to look.
        if !capture.connections.is_empty() || !capture.completeness.ignored.is_empty() {
            return None;
        }
        let signs: Vec<&Clue> = case.clues(side).filter(|clue| tells_of_a_call(&clue.kind)).take(3).collect();
        return (!signs.is_empty() || ended_well(case, side)).then_some(signs);
    }
    let elsewhere: Vec<&Clue> =
        case.clues(side).filter(|clue| called_unseen(case, side, &clue.kind)).take(3).collect();
    (!elsewhere.is_empty()).then_some(elsewhere)
}

fn tells_of_a_call(kind: &ClueKind) -> bool {
    matches!(
        kind,
        ClueKind::CheckStatus { succeeded: true }
            | ClueKind::Records
            | ClueKind::Called { status: Some(_), .. }
    )
}

/// It ended with 0, said nothing that names a failure, and called nothing: nobody can tell.
fn ended_well(case: &Case<'_>, side: Side) -> bool {
    let fails = |kind: &ClueKind| {
        names_a_cause(kind)
            || matches!(
                kind,
                ClueKind::Exception(_)
                    | ClueKind::ModuleMissing(_)
                    | ClueKind::CommandMissing(_)
                    | ClueKind::CheckStatus { succeeded: false }
            )
    };
    let capture = case.capture(side);
    let records_a_command = capture.run.exit.is_some_and(Exit::succeeded);
    records_a_command && !case.clues(side).any(|clue| fails(&clue.kind))
}

/// It says that it called a host of which this side has nothing, and the other side calls that host.
fn called_unseen(case: &Case<'_>, side: Side, kind: &ClueKind) -> bool {
    let ClueKind::Called { host: Some(host), status: Some(_), .. } = kind else { return false };
    let capture = case.capture(side);
    let seen = capture.exchanges.iter().any(|exchange| exchange.request.target.host == *host)
        || capture
            .connections
            .iter()
            .any(|known| known.authority.as_deref().map(host_of) == Some(host.as_str()))
        || capture.completeness.ignored.contains_key(host);
    !seen && case.capture(side.other()).exchanges.iter().any(|exchange| exchange.request.target.host == *host)
}

fn words(who: &str, signs: &[&Clue]) -> String {
    let host = signs.iter().find_map(|clue| match &clue.kind {
        ClueKind::Called { host: Some(host), .. } => Some(host.as_str()),
        _ => None,
    });
    match (signs, host) {
        ([], _) => format!("{who} succeeded without a sign of any call: nothing came through the proxy"),
        (_, Some(host)) => format!("{who} called {host}, and the call did not come through the proxy"),
        (_, None) => format!("{who} called the API, and nothing of it came through the proxy"),
    }
}

fn evidence(mut finding: Finding, side: Side, signs: &[&Clue]) -> Finding {
    for clue in signs {
        let at = Locator::Output(clue.stream, clue.line);
        finding = finding.primary(side, None, at, shortened(&clue.text));
    }
    if signs.is_empty() {
        finding = finding.primary(side, None, Locator::Exit, "succeeded, and nothing was captured");
    }
    finding
}

fn with_partner(case: &Case<'_>, side: Side, finding: Finding) -> Finding {
    match case.capture(side.other()).exchanges.first() {
        Some(seen) => {
            let label = format!("{} came through here", seen.request.target.host);
            finding.related(side.other(), Some(seen.number), Locator::Request, label)
        }
        None => finding,
    }
}

/// A call that the command tells of is an error; mere silence is a note.
fn weighed(finding: Finding, signs: &[&Clue]) -> Finding {
    let certain = signs.iter().any(|clue| !matches!(clue.kind, ClueKind::Called { host: None, .. }));
    let finding = match (signs.is_empty(), certain) {
        (true, _) => finding.severity(Severity::Note).confidence(Confidence::Possible),
        (false, true) => finding.confidence(Confidence::Certain),
        (false, false) => finding.confidence(Confidence::Likely),
    };
    finding
        .remedy("take NO_PROXY, no_proxy and `trust_env=False` out of the command and its scripts; samewire can only clear what it passes on itself")
        .remedy("make the client read the proxy variables: aiohttp with `trust_env=True`, Node 24 or newer, a Go program only for targets that are not loopback")
        .remedy("for a command that runs elsewhere (a container, a worker) start `samewire proxy` and set the variables there: `samewire env runtime --format docker`")
}
