//! The report as Markdown, for an issue or a pull request: verdict, root cause and fix first, the rest folded away.
//!
//! Captured text stands in code only, where sites find no mentions, links, references or markup in it.

mod inline;
mod sheet;

use std::collections::BTreeMap;

use crate::diagnose::{Confidence, Severity, Verdict};

use super::advice::count;
use super::contract::verdict_word;
use super::excerpt::exit_in_words;
use super::reasons::{by_reason, numbered};
use super::terminal::finding_in_text;
use super::{Difference, Finding, Report, RunSummary, Significance};

use inline::{code, prose};
use sheet::{Block, Sheet};

/// The most that is written, in bytes: GitHub takes 65,536 characters, and whoever files the issue has something to say as well.
const LIMIT: usize = 60_000;

/// Columns of quoted findings.
const WIDTH: usize = 96;

/// The report as Markdown, at most 60,000 bytes. What did not fit is named at its end.
pub fn markdown(report: &Report) -> String {
    let mut sheet = Sheet::new(LIMIT);
    first_lines(&mut sheet, report);
    let (causes, others): (Vec<&Finding>, Vec<&Finding>) = report
        .findings
        .iter()
        .partition(|found| found.severity != Severity::Note && found.caused_by.is_none());
    for found in causes {
        let title = format!("{}: {}", severity(found.severity), found.rule);
        sheet.folded("findings", &title, &finding(report, found));
    }
    let traced = report.config_to_wire.iter().map(|one| one.summary.clone()).collect();
    let material: Vec<&Difference> = of(report, Significance::Material).collect();
    sheet.folded(
        "differences",
        &format!("{} (− sandbox, + runtime)", count(material.len(), "difference")),
        &[Block { language: "diff", lines: differences(&material, &report.unexplained) }],
    );
    let texts: Vec<String> = others.iter().map(|found| text_of(report, found)).collect();
    let lines = texts.join("\n").lines().map(str::to_owned).collect();
    sheet.folded("consequences and notes", "Consequences and notes", &[Block { language: "text", lines }]);
    sheet.folded(
        "where the config's values went",
        "Where the config's values went",
        &[Block { language: "text", lines: traced }],
    );
    sheet.folded("what was not seen", "Not seen", &[Block { language: "text", lines: not_seen(report) }]);
    sheet.folded("the runs", "The runs", &[Block { language: "text", lines: runs(report) }]);
    for (significance, word) in [(Significance::Expected, "expected"), (Significance::Cosmetic, "cosmetic")] {
        let found: Vec<&Difference> = of(report, significance).collect();
        let verb = if found.len() == 1 { "does" } else { "do" };
        let summary = format!("{} that {verb} not count", count(found.len(), &format!("{word} difference")));
        let lines = reasons(&found);
        sheet.folded("differences that do not count", &summary, &[Block { language: "text", lines }]);
    }
    let explain = report
        .findings
        .first()
        .map(|first| format!(" `samewire explain {}` tells more of the first finding.", first.rule));
    sheet.finish(&format!(
        "Made by samewire {} from two redacted captures.{}",
        report.version,
        explain.unwrap_or_default()
    ))
}

/// Verdict, root cause, fix.
fn first_lines(sheet: &mut Sheet, report: &Report) {
    sheet.fact("Verdict", &format!("{}: {}", verdict_word(&report.verdict), prose(&report.headline)));
    let cause = report.findings.first().filter(|found| found.severity != Severity::Note);
    if let Some(found) = cause {
        let why = found.detail.get("cause").and_then(serde_json::Value::as_str);
        let sure = match found.confidence {
            Confidence::Certain => String::new(),
            Confidence::Likely => ", likely".to_owned(),
            Confidence::Possible => ", one possible cause among several".to_owned(),
        };
        let text = match why {
            Some(why) if found.claim == report.headline => prose(why),
            Some(why) => format!("{}: {}", prose(&found.claim), prose(why)),
            None => prose(&found.claim),
        };
        sheet.fact("Root cause", &format!("{text} ({}{sure})", code(found.rule)));
        if let [first, rest @ ..] = found.remedies.as_slice() {
            let more = match rest.len() {
                0 => String::new(),
                more => format!(" (and {} below)", count(more, "other step")),
            };
            sheet.fact("Fix", &format!("{}{more}", prose(&first.text)));
        }
    } else if report.verdict == Verdict::Differs {
        sheet.fact("Root cause", "no rule names one; the differences are listed below");
    }
    for step in &report.next {
        sheet.fact("Next", &prose(step));
    }
    if report.verdict == Verdict::Same {
        sheet.fact("Compared", &format!("{} of exchanges", count(report.pairs_compared, "pair")));
    }
    for note in &report.notes {
        sheet.fact("Note", &prose(note));
    }
}

/// A finding in full, and its patches as such, ready to be copied.
fn finding(report: &Report, found: &Finding) -> Vec<Block> {
    let lines = text_of(report, found).lines().map(str::to_owned).collect();
    let mut blocks = vec![Block { language: "text", lines }];
    for patch in found.remedies.iter().filter_map(|remedy| remedy.patch.as_ref()) {
        blocks.push(Block { language: "diff", lines: patch.lines().map(str::to_owned).collect() });
    }
    blocks
}

/// A finding as a terminal shows it, without its patches.
fn text_of(report: &Report, found: &Finding) -> String {
    let first = report.findings.first().is_some_and(|first| std::ptr::eq(first, found));
    let traced = if first { report.config_to_wire.as_slice() } else { &[] };
    let mut found = found.clone();
    for remedy in &mut found.remedies {
        remedy.patch = None;
    }
    finding_in_text(&found, traced, WIDTH)
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn of(report: &Report, significance: Significance) -> impl Iterator<Item = &Difference> {
    report.differences.iter().filter(move |one| one.significance == significance)
}

/// As a diff from sandbox to runtime; what several pairs share stands there once.
fn differences(all: &[&Difference], unexplained: &[Difference]) -> Vec<String> {
    let mut groups: Vec<(&Difference, Vec<usize>)> = Vec::new();
    let mut known = BTreeMap::new();
    for one in all {
        let key = (&one.at, &one.change.sandbox, &one.change.runtime);
        let at = *known.entry(key).or_insert(groups.len());
        match groups.get_mut(at) {
            Some((_, pairs)) => pairs.push(one.pair),
            None => groups.push((one, vec![one.pair])),
        }
    }
    let mut lines = Vec::new();
    for (one, pairs) in groups {
        let how = one.change.how.map(|how| format!(", {how}")).unwrap_or_default();
        let rule = match one.explained_by {
            Some(rule) => format!(", {rule}"),
            None if unexplained.contains(one) => ", unexplained".to_owned(),
            None => String::new(),
        };
        lines.push(format!("@@ {} @@ {}{how}{rule}", one.at, numbered(&pairs)));
        for (sign, value) in [('-', &one.change.sandbox), ('+', &one.change.runtime)] {
            match value.as_deref() {
                Some("") => lines.push(format!("{sign} (empty)")),
                Some(value) => lines.push(format!("{sign} {value}")),
                None => {}
            }
        }
    }
    lines
}

/// Places, under the reason why they do not count.
fn reasons(all: &[&Difference]) -> Vec<String> {
    let mut lines = Vec::new();
    for (why, places) in by_reason(all.iter().copied()) {
        lines.push(format!("{why}:"));
        lines.extend(places.iter().map(|(at, pairs)| format!("  {at} ({})", numbered(pairs))));
    }
    lines
}

fn not_seen(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    for (side, run) in [("sandbox", &report.sandbox), ("runtime", &report.runtime)] {
        for unseen in &run.coverage.unseen {
            lines.push(format!("{side}: {}", unseen.text));
            lines.extend(unseen.remedy.as_ref().map(|remedy| format!("  fix: {remedy}")));
        }
    }
    lines
}

fn runs(report: &Report) -> Vec<String> {
    [("sandbox", &report.sandbox), ("runtime", &report.runtime)]
        .into_iter()
        .flat_map(|(side, run)| run_in_lines(side, run))
        .collect()
}

fn run_in_lines(side: &str, run: &RunSummary) -> Vec<String> {
    let answers = run.answers;
    let came: Vec<String> = [
        (answers.succeeded, "succeeded"),
        (answers.refused, "refused"),
        (answers.failed, "failed"),
        (answers.unfinished, "unfinished"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    let came = if came.is_empty() { String::new() } else { format!(" ({})", came.join(", ")) };
    let mut lines = vec![format!("{side}: {}{came}", count(run.exchanges, "exchange"))];
    if !run.command.is_empty() {
        lines.push(format!("  command: {}", run.command.join(" ")));
    }
    lines.extend(run.exit.map(|exit| format!("  ended with {}", exit_in_words(exit))));
    if !run.clients.is_empty() {
        let clients: Vec<String> =
            run.clients.iter().map(|client| format!("{} {}", client.name, client.version)).collect();
        lines.push(format!("  clients: {}", clients.join(", ")));
    }
    lines.push(format!("  recorded by samewire {}", run.samewire));
    lines
}
