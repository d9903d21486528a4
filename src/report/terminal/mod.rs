//! The report for people, in a terminal: the verdict and its cause first, then each finding as compilers show an error.

mod beside;
mod closing;
mod inspection;
mod page;
mod source;
mod verification;

use std::collections::BTreeSet;

use unicode_width::UnicodeWidthStr as _;

use crate::diagnose::{Confidence, Role, Severity, Verdict};

use super::advice::count;
use super::contract::verdict_word;
use super::evidence::{Group, groups, heading};
use super::excerpt::exit_in_words;
use super::{ConfigToWire, Difference, Differing, Evidence, Finding, Report, RunSummary};

use closing::closing;
use page::{Page, Paint};
use source::Margin;

pub use inspection::inspection;
pub use page::Style;
pub use verification::verification;

/// Places that are shown of one finding; the rest is counted.
const PLACES: usize = 6;
/// Unexplained differences that are shown; the rest is counted.
const UNEXPLAINED: usize = 20;
/// Things not seen of one side that are shown; the rest is counted.
const UNSEEN: usize = 5;
/// The widest that a first line is drawn out to.
const FIRST_LINE: usize = 100;

/// Columns from which on requests are shown side by side.
pub const SIDE_BY_SIDE: usize = 110;

/// The report as text for a terminal, or for a log when `style` has no colour.
pub fn terminal(report: &Report, style: Style) -> String {
    written(report, None, style)
}

/// The same with requests that differ side by side, for a terminal of at least [`SIDE_BY_SIDE`] columns.
pub fn terminal_side_by_side(report: &Report, differing: &Differing, style: Style) -> String {
    written(report, Some(differing), style)
}

fn written(report: &Report, differing: Option<&Differing>, style: Style) -> String {
    let mut page = Page::new(style);
    first_line(&mut page, report);
    for (at, found) in report.findings.iter().enumerate() {
        page.gap();
        let traced = if at == 0 { report.config_to_wire.as_slice() } else { &[] };
        finding(&mut page, found, traced);
    }
    if matches!(report.verdict, Verdict::Inconclusive(_)) {
        inconclusive(&mut page, report);
    }
    if let Some(differing) = differing {
        beside::pairs(&mut page, differing);
    }
    if !report.unexplained.is_empty() {
        unexplained(&mut page, &report.unexplained);
    }
    not_seen(&mut page, report);
    page.gap();
    closing(&mut page, report);
    page.finish()
}

/// One finding as plain text, as formats quote it that have no better form of their own. `traced` as for the root cause.
pub(super) fn finding_in_text(found: &Finding, traced: &[ConfigToWire], width: usize) -> String {
    let mut page = Page::new(Style { width, color: false });
    finding(&mut page, found, traced);
    page.finish()
}

fn first_line(page: &mut Page, report: &Report) {
    let word = verdict_word(&report.verdict);
    let paint = match report.verdict {
        Verdict::Same => Paint::Good,
        Verdict::Differs => Paint::Error,
        Verdict::Inconclusive(_) => Paint::Warning,
    };
    let counts = format!(
        "sandbox {}, runtime {}",
        count(report.sandbox.exchanges, "exchange"),
        count(report.runtime.exchanges, "exchange")
    );
    let taken = word.len() + 2 + report.headline.width();
    let width = page.width().min(FIRST_LINE);
    if taken + 2 + counts.len() <= width {
        let between = " ".repeat(width - taken - counts.len());
        page.line(&[
            (paint, word),
            (Paint::Plain, ": "),
            (Paint::Strong, &report.headline),
            (Paint::Plain, &between),
            (Paint::Faint, &counts),
        ]);
    } else {
        let indent = word.len() + 2;
        page.paragraph(&[(paint, word), (Paint::Plain, ": ")], (Paint::Strong, &report.headline), indent);
        page.paragraph(&[], (Paint::Faint, &counts), 0);
    }
}

/// A finding's first line; gives the paint of what belongs to it.
fn claim(page: &mut Page, severity: Severity, rule: &str, claim: &str) -> Paint {
    let (word, paint) = match severity {
        Severity::Error => ("error", Paint::Error),
        Severity::Warning => ("warning", Paint::Warning),
        Severity::Note => ("note", Paint::Note),
    };
    let title = format!("{word}[{rule}]");
    page.paragraph(&[(paint, &title), (Paint::Strong, ": ")], (Paint::Strong, claim), 2);
    paint
}

/// A finding: in full, or only its claim and place where another one caused it or it is a mere note. `traced` are the config values
/// of the root cause.
fn finding(page: &mut Page, found: &Finding, traced: &[ConfigToWire]) {
    let in_full = found.caused_by.is_none() && found.severity != Severity::Note;
    let paint = claim(page, found.severity, found.rule, &found.claim);

    let groups = groups(&found.evidence);
    let shown = if in_full { PLACES } else { 1 };
    let margin =
        Margin::new(groups.iter().take(shown).filter_map(|group| group.place.excerpt.as_ref()), paint);
    places(page, margin, &groups, shown, in_full);

    match found.confidence {
        Confidence::Certain => {}
        Confidence::Likely => margin.remark(page, "note", "this is likely, not certain"),
        Confidence::Possible => margin.remark(page, "note", "this is one possible cause among several"),
    }
    if let Some(cause) = found.caused_by {
        margin.remark(page, "note", &format!("a consequence of {cause}"));
    }
    if !in_full {
        return;
    }
    if let Some(cause) = found.detail.get("cause").and_then(serde_json::Value::as_str) {
        margin.remark(page, "cause", cause);
    }
    for value in traced.iter().filter(|value| value.root_cause) {
        margin.remark(page, "wire", &value.summary);
    }
    for remedy in &found.remedies {
        margin.remark(page, "fix", &remedy.text);
        if let Some(patch) = &remedy.patch {
            margin.patch(page, patch);
        }
    }
    margin.remark(page, "more", &format!("samewire explain {}", found.rule));
}

fn places(page: &mut Page, margin: Margin, groups: &[Group<'_>], shown: usize, in_full: bool) {
    let mut before: Option<&Evidence> = None;
    let mut told = BTreeSet::new();
    for group in groups.iter().take(shown) {
        let place = group.place;
        let source = |place: &Evidence| {
            (place.side, place.exchange, place.exchange.is_none().then(|| place.at.clone()))
        };
        if before.is_none_or(|before| source(before) != source(place)) {
            margin.heading(page, before.is_none(), &heading(place, &told));
            told.extend(place.request.as_deref());
        }
        if in_full {
            if before.is_none() {
                margin.bar(page);
            }
            match &place.excerpt {
                Some(excerpt) => margin.excerpt(page, excerpt, place.role, &place.label),
                None => margin.label(page, &place.label),
            }
        }
        before = Some(place);
    }
    for group in groups.iter().take(shown).filter(|group| group.place.role == Role::Primary) {
        if let Some(others) = group.others() {
            margin.remark(page, "also", &others);
        }
    }
    if in_full && groups.len() > shown {
        let hidden = count(groups.len() - shown, "more place");
        margin.remark(page, "also", &format!("{hidden}; --format json lists all"));
    }
}

fn inconclusive(page: &mut Page, report: &Report) {
    page.gap();
    for (side, run) in [("sandbox", &report.sandbox), ("runtime", &report.runtime)] {
        page.paragraph(&[(Paint::Strong, side), (Paint::Plain, ": ")], (Paint::Plain, &run_in_words(run)), 2);
    }
    for step in &report.next {
        page.paragraph(&[(Paint::Note, "next"), (Paint::Plain, ": ")], (Paint::Plain, step), 2);
    }
}

fn run_in_words(run: &RunSummary) -> String {
    let mut parts = run.outcomes();
    parts.push(count(run.connections, "connection"));
    let ignored: u32 = run.ignored.values().sum();
    if ignored > 0 {
        parts.push(format!("{ignored} passed through unopened"));
    }
    parts.extend(run.exit.map(exit_in_words));
    parts.join(", ")
}

/// What is known not to be in a capture, where no finding says it.
fn not_seen(page: &mut Page, report: &Report) {
    for (side, run) in [("sandbox", &report.sandbox), ("runtime", &report.runtime)] {
        let told = report.findings.iter().any(|found| {
            found.rule == "proxy-bypassed"
                && found.severity != Severity::Note
                && found.side.is_none_or(|at| at == side || at == "both")
        });
        if told || run.coverage.unseen.is_empty() {
            continue;
        }
        page.gap();
        let title = format!("not seen of {side}:");
        page.paragraph(&[], (Paint::Strong, &title), 2);
        for unseen in run.coverage.unseen.iter().take(UNSEEN) {
            page.paragraph(&[], (Paint::Plain, &format!("  {}", unseen.text)), 6);
            if let Some(remedy) = &unseen.remedy {
                page.paragraph(&[], (Paint::Plain, &format!("    fix: {remedy}")), 9);
            }
        }
        if run.coverage.unseen.len() > UNSEEN {
            let rest = run.coverage.unseen.len() - UNSEEN;
            page.paragraph(&[], (Paint::Plain, &format!("  and {rest} more; --format json lists all")), 2);
        }
    }
}

fn unexplained(page: &mut Page, differences: &[Difference]) {
    page.gap();
    let title = format!("{} that no rule explains:", count(differences.len(), "difference"));
    page.paragraph(&[], (Paint::Strong, &title), 2);
    for one in differences.iter().take(UNEXPLAINED) {
        let value = |value: &Option<String>| match value.as_deref() {
            None => "nothing".to_owned(),
            Some("") => "an empty value".to_owned(),
            Some(value) => value.to_owned(),
        };
        let number = |side: &str, number: Option<u32>| number.map(|number| format!("{side} #{number}"));
        let exchanges: Vec<String> =
            [number("sandbox", one.sandbox), number("runtime", one.runtime)].into_iter().flatten().collect();
        let how = one.change.how.map(|how| format!(", {how}")).unwrap_or_default();
        let text = format!(
            ": sandbox has {}, runtime has {}{how} ({})",
            value(&one.change.sandbox),
            value(&one.change.runtime),
            exchanges.join(", ")
        );
        page.paragraph(&[(Paint::Plain, "  "), (Paint::Strong, &one.at)], (Paint::Plain, &text), 6);
    }
    if differences.len() > UNEXPLAINED {
        let rest = format!("  and {} more; --format json lists all", differences.len() - UNEXPLAINED);
        page.paragraph(&[], (Paint::Plain, &rest), 2);
    }
}
