//! The first line of a report, and what to do where the verdict is inconclusive.

use crate::diagnose::{Inconclusive, Severity, Verdict};

use super::{Finding, Report, RunSummary};

/// The file of reviewed entries.
const FILE: &str = "samewire.toml";

/// One sentence: the root cause, or what the verdict rests on.
pub(super) fn headline(report: &Report) -> String {
    let cause = report.findings.first().filter(|found| found.severity != Severity::Note).map(first_clause);
    match (&report.verdict, cause) {
        // What was found is then not why.
        (Verdict::Inconclusive(reason @ (Inconclusive::KeysDiffer | Inconclusive::CaptureTorn)), _) => {
            because(*reason, report)
        }
        (Verdict::Same, Some(cause)) => format!("no difference between the runs, but {cause}"),
        (Verdict::Same, None) if reviewed(report) > 0 => {
            format!("no difference but {} that {FILE} expects", reviewed(report))
        }
        (Verdict::Same, None) => "sandbox and runtime put the same requests on the wire".to_owned(),
        (Verdict::Differs | Verdict::Inconclusive(_), Some(cause)) => cause.to_owned(),
        (Verdict::Differs, None) => match report.unexplained.as_slice() {
            [] => report.findings.first().map_or("the runs are not equal", first_clause).to_owned(),
            [one] => format!("one difference that no rule explains, at {}", one.at),
            [first, ..] => {
                format!(
                    "{} differences that no rule explains, first at {}",
                    report.unexplained.len(),
                    first.at
                )
            }
        },
        (Verdict::Inconclusive(reason), None) => because(*reason, report),
    }
}

/// How many differences a reviewed entry silences.
fn reviewed(report: &Report) -> usize {
    report.differences.iter().filter(|one| one.expected_by.is_some()).count()
}

/// What to do next, best first; empty unless the verdict is inconclusive and no finding says it better.
pub(super) fn next(report: &Report) -> Vec<String> {
    let Verdict::Inconclusive(reason) = report.verdict else { return Vec::new() };
    let named = report.findings.iter().any(|found| found.severity != Severity::Note);
    match reason {
        Inconclusive::NothingCaptured | Inconclusive::OneSideOnly if named => Vec::new(),
        Inconclusive::NothingCaptured | Inconclusive::OneSideOnly => silent_sides(report),
        Inconclusive::KeysDiffer => vec![
            "record both sides on one machine and under one account, so that both captures are made under the same key".to_owned(),
            "where that cannot be, give both machines one key and record again: `samewire key export | ssh OTHER samewire key pair`"
                .to_owned(),
        ],
        Inconclusive::CaptureTorn => vec!["record the side of the torn capture again".to_owned()],
    }
}

fn because(reason: Inconclusive, report: &Report) -> String {
    match reason {
        Inconclusive::NothingCaptured => "neither side has an exchange that could be compared".to_owned(),
        Inconclusive::OneSideOnly if report.sandbox.exchanges == 0 => {
            "nothing was captured of the sandbox".to_owned()
        }
        Inconclusive::OneSideOnly if report.runtime.exchanges == 0 => {
            "nothing was captured of the runtime".to_owned()
        }
        Inconclusive::OneSideOnly => "one side has no exchange that could be compared".to_owned(),
        Inconclusive::KeysDiffer => {
            "the captures were made under different keys, and what can still be compared does not decide"
                .to_owned()
        }
        Inconclusive::CaptureTorn => "a capture is torn where it matters".to_owned(),
    }
}

fn silent_sides(report: &Report) -> Vec<String> {
    let mut advice = Vec::new();
    for (side, run) in [("sandbox", &report.sandbox), ("runtime", &report.runtime)] {
        if run.exchanges == 0 {
            advice.push(silent_side(side, run));
        }
    }
    advice.push(
        "a client that knows no proxy variables must be told of the proxy itself: `samewire env` lists what each client needs"
            .to_owned(),
    );
    advice
}

fn silent_side(side: &str, run: &RunSummary) -> String {
    let ignored: u32 = run.ignored.values().sum();
    if ignored > 0 {
        return format!(
            "{side}: {} passed through unopened because of --host or --ignore-host; open that host, then record again",
            count(ignored as usize, "connection")
        );
    }
    if let Some(upstream) = &run.reverse_of {
        return format!(
            "{side}: give the client the base URL that `samewire proxy --reverse` printed in place of {upstream}, with http:// and not https://"
        );
    }
    if run.connections > 0 {
        return format!(
            "{side}: {} came without a request that could be read; look whether the client trusts the CA (`--ca-cert FILE` writes it)",
            count(run.connections, "connection")
        );
    }
    format!(
        "{side}: no connection came; look whether the command calls the API at all, and whether NO_PROXY or its own settings lead around the proxy"
    )
}

/// `1 exchange`, `2 exchanges`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// What one side does, without what the other does.
fn first_clause(finding: &Finding) -> &str {
    let claim = finding.claim.as_str();
    claim.split_once("; ").or_else(|| claim.split_once(", while ")).map_or(claim, |(clause, _)| clause)
}
