//! `proxy-bypassed`.

use crate::compare::Locator;
use crate::connector::{Client, TRANSPARENT};
use crate::diagnose::unseen::{came_through, direct_in_words};
use crate::diagnose::{Blame, Case, Confidence, Family, Finding, Findings, Rule, Severity};
use crate::model::{Capture, Clue, ClueKind, Direct, Exit, GapKind, Side, Tool};

use super::super::setup::{SIDES, names_a_cause, shortened};
use super::clients::{aiohttp, foreseen_remedies, of_run};
use super::direct::{Bypass, bypass};

pub(in crate::diagnose) static RULE: Rule = Rule {
    name: "proxy-bypassed",
    family: Family::Network,
    summary: "the command called the API, and that call did not come through the proxy",
    severity: Severity::Error,
    since: "0.1.0",
    docs: include_str!("../../../../docs/rules/proxy-bypassed.md"),
    leads_to: &[],
    check,
};

/// What tells of calls of a side that did not come through. Nothing at all: it succeeded without a sign of any call.
struct Signs<'a> {
    side: Side,
    clues: Vec<&'a Clue>,
    bypass: Option<Bypass<'a>>,
}

fn check(case: &Case<'_>, findings: &mut Findings) {
    let bypassed: Vec<Signs<'_>> = SIDES.into_iter().filter_map(|side| signs(case, side)).collect();
    match bypassed.as_slice() {
        [one, other] if one.is_empty() == other.is_empty() => {
            let finding = Finding::new(&RULE, Blame::Both, one.claim("both sides"));
            let finding = other.evidence(one.evidence(finding));
            findings.push(remedies(case, one.side, one, one.weighed(finding)));
        }
        sides => findings.extend(sides.iter().map(|signs| {
            let finding = Finding::new(&RULE, signs.side, signs.claim(signs.side.as_str()));
            let finding = with_partner(case, signs.side, signs.evidence(finding));
            remedies(case, signs.side, signs, signs.weighed(finding))
        })),
    }
}

/// What tells of calls that did not come through; `None` where nothing hints at one.
fn signs<'a>(case: &Case<'a>, side: Side) -> Option<Signs<'a>> {
    let capture = case.capture(side);
    let bypass = bypass(case, side);
    if capture.exchanges.is_empty() {
        // Something came, and other rules tell what became of it; or the user chose not to look.
        if !capture.connections.is_empty() || !capture.completeness.ignored.is_empty() {
            return bypass.map(|bypass| Signs { side, clues: Vec::new(), bypass: Some(bypass) });
        }
        let clues: Vec<&Clue> = case.clues(side).filter(|clue| tells_of_a_call(&clue.kind)).take(3).collect();
        let told = !clues.is_empty() || bypass.is_some() || ended_well(case, side);
        return told.then_some(Signs { side, clues, bypass });
    }
    let clues: Vec<&Clue> =
        case.clues(side).filter(|clue| called_unseen(case, side, &clue.kind)).take(3).collect();
    (!clues.is_empty() || bypass.is_some()).then_some(Signs { side, clues, bypass })
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
                    | ClueKind::ImageMissing
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
    !came_through(case.capture(side), host)
        && case.capture(side.other()).exchanges.iter().any(|exchange| exchange.request.target.host == *host)
}

impl<'a> Signs<'a> {
    fn is_empty(&self) -> bool {
        self.clues.is_empty() && self.bypass.is_none()
    }

    fn direct(&self) -> &[&'a Direct] {
        self.bypass.as_ref().map_or(&[], |bypass| &bypass.connections)
    }

    fn claim(&self, who: &str) -> String {
        let host = self.clues.iter().find_map(|clue| match &clue.kind {
            ClueKind::Called { host: Some(host), .. } => Some(host.as_str()),
            _ => None,
        });
        let seen = self.direct().first().map(|direct| {
            let program = direct.program.as_deref().unwrap_or("a program");
            format!("{program} connected to {} itself", direct.remote)
        });
        match (host, seen) {
            (Some(host), None) => format!("{who} called {host}, and the call did not come through the proxy"),
            (Some(host), Some(seen)) => format!("{who} called {host} past the proxy: {seen}"),
            (None, Some(seen)) => format!("{who} went past the proxy: {seen}"),
            (None, None) if self.clues.is_empty() => {
                format!("{who} succeeded without a sign of any call: nothing came through the proxy")
            }
            (None, None) => format!("{who} called the API, and nothing of it came through the proxy"),
        }
    }

    fn evidence(&self, mut finding: Finding) -> Finding {
        for clue in &self.clues {
            let at = Locator::Output(clue.stream, clue.line);
            finding = finding.primary(self.side, None, at, shortened(&clue.text));
        }
        for direct in self.direct().iter().take(3) {
            finding = finding.primary(self.side, None, Locator::Sampled, direct_in_words(direct));
        }
        if self.is_empty() {
            finding = finding.primary(self.side, None, Locator::Exit, "succeeded, and nothing was captured");
        }
        finding
    }

    /// A call that the command tells of, or a connection that was seen, is an error; mere silence is a note.
    fn weighed(&self, finding: Finding) -> Finding {
        let said = self.clues.iter().any(|clue| !matches!(clue.kind, ClueKind::Called { host: None, .. }));
        let same_address = self.bypass.as_ref().is_some_and(|bypass| bypass.same_address);
        if self.is_empty() {
            return finding.severity(Severity::Note).confidence(Confidence::Possible);
        }
        finding.confidence(if said || same_address { Confidence::Certain } else { Confidence::Likely })
    }
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

/// What to do, for the client that it was.
fn remedies(case: &Case<'_>, side: Side, signs: &Signs<'_>, finding: Finding) -> Finding {
    let capture = case.capture(side);
    let about = |kind: &GapKind| !matches!(kind, GapKind::TrustReplaced(_) | GapKind::TrustUnreadable);
    let (mut finding, foreseen) = foreseen_remedies(capture, finding, about);
    let own = own_remedies(capture, signs);
    for remedy in &own {
        finding = add(finding, remedy);
    }
    if own.is_empty() && !foreseen {
        finding = finding
            .remedy("take NO_PROXY, no_proxy and `trust_env=False` out of the command and its scripts; samewire can only clear what it passes on itself")
            .remedy("make the client read the proxy variables: aiohttp with `trust_env=True`, Node 24 or newer, a Go program only for targets that are not loopback");
    }
    let run = &capture.run;
    // The networks of Compose's services are Compose's own.
    let of_compose =
        capture.inputs.image.is_some() && run.command.iter().any(|word| word.to_string().contains("compose"));
    let reachable = run.tool == Tool::Record && run.platform.starts_with("linux") && !of_compose;
    if reachable && signs.bypass.is_some() {
        finding = finding.remedy(TRANSPARENT);
    }
    finding.remedy(
        "for a command that runs elsewhere (a container, a worker) start `samewire proxy` and set the variables there: `samewire env runtime --format docker`",
    )
}

fn own_remedies(capture: &Capture, signs: &Signs<'_>) -> Vec<&'static str> {
    let clients: Vec<&'static Client> = of_run(capture, signs.direct());
    let mut remedies = Vec::new();
    for known in clients {
        if known.name == "python" {
            remedies.extend(aiohttp(capture).map(|client| client.proxy_remedy));
        }
        remedies.push(known.proxy_remedy);
    }
    remedies
}

fn add(finding: Finding, remedy: &str) -> Finding {
    if finding.remedies.iter().any(|known| known.text == remedy) {
        return finding;
    }
    finding.remedy(remedy)
}
