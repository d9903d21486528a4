//! An inspection for people, in a terminal.

use crate::diagnose::{Confidence, Role, Severity};
use crate::inspect::{Finding, Inspection, Spot};
use crate::report::Excerpt;
use crate::report::advice::count;

use super::claim;
use super::page::{Page, Paint, Style};
use super::source::Margin;

/// Places that are shown of one finding; the rest is counted.
const PLACES: usize = 6;

/// An inspection as text for a terminal, or for a log when `style` has no colour.
pub fn inspection(inspection: &Inspection, style: Style) -> String {
    let mut page = Page::new(style);
    first_line(&mut page, inspection);
    for found in &inspection.findings {
        page.gap();
        finding(&mut page, found);
    }
    page.gap();
    closing(&mut page, inspection);
    page.finish()
}

fn number(inspection: &Inspection, severity: Severity) -> usize {
    inspection.findings.iter().filter(|finding| finding.severity == severity).count()
}

fn first_line(page: &mut Page, inspection: &Inspection) {
    let (errors, warnings) = (number(inspection, Severity::Error), number(inspection, Severity::Warning));
    let first = inspection.findings.first().filter(|finding| finding.severity > Severity::Note);
    let (paint, word) = match (errors, warnings) {
        (0, 0) => (Paint::Good, "sound"),
        (0, _) => (Paint::Warning, "sound but"),
        _ => (Paint::Error, "faulty"),
    };
    let text = first
        .map_or("nothing in its files keeps this connector from asking", |finding| finding.claim.as_str());
    page.paragraph(&[(paint, word), (Paint::Plain, ": ")], (Paint::Strong, text), word.len() + 2);
    let kind = match inspection.connector {
        "airbyte-low-code" => "an Airbyte low-code connector",
        "airbyte-python" => "an Airbyte connector in Python",
        _ => "a Lakeflow community connector",
    };
    let framework =
        inspection.framework.as_ref().map(|text| format!(", airbyte-cdk {text}")).unwrap_or_default();
    let facts = format!("{}: {kind} ({}{framework})", inspection.target, inspection.form);
    page.paragraph(&[], (Paint::Faint, &facts), 0);
}

fn finding(page: &mut Page, found: &Finding) {
    let in_full = found.severity != Severity::Note;
    let paint = claim(page, found.severity, found.rule, &found.claim);

    let shown = if in_full { PLACES } else { 1 };
    let excerpts: Vec<Option<Excerpt>> = found.evidence.iter().take(shown).map(excerpt).collect();
    let margin = Margin::new(excerpts.iter().flatten(), paint);
    let mut before: Option<&str> = None;
    for (spot, excerpt) in found.evidence.iter().zip(&excerpts) {
        if before != Some(spot.file.as_str()) {
            let line = spot.line.map(|line| format!(":{line}")).unwrap_or_default();
            margin.heading(page, before.is_none(), &format!("{}{line}", spot.file));
        }
        if in_full {
            if before.is_none() {
                margin.bar(page);
            }
            match excerpt {
                Some(excerpt) => margin.excerpt(page, excerpt, spot.role, &spot.label),
                None => margin.label(page, &spot.label),
            }
        }
        before = Some(&spot.file);
    }
    if in_full && found.evidence.len() > shown {
        let hidden = count(found.evidence.len() - shown, "more place");
        margin.remark(page, "also", &format!("{hidden}; --format json lists all"));
    }
    match found.confidence {
        Confidence::Certain => {}
        Confidence::Likely => margin.remark(page, "note", "this is likely, not certain"),
        Confidence::Possible => margin.remark(page, "note", "this is one possible cause among several"),
    }
    if !in_full {
        return;
    }
    for remedy in &found.remedies {
        margin.remark(page, "fix", &remedy.text);
        if let Some(patch) = &remedy.patch {
            margin.patch(page, patch);
        }
    }
    margin.remark(page, "more", &format!("samewire explain {}", found.rule));
}

/// The line, marked as a whole.
fn excerpt(spot: &Spot) -> Option<Excerpt> {
    let text = spot.text.clone()?;
    // A related line is shown for comparison: it needs no long mark.
    let end = if spot.role == Role::Primary { text.len() } else { text.len().min(1) };
    let end = (end..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    Some(Excerpt { line: spot.line, text, start: 0, end })
}

fn closing(page: &mut Page, inspection: &Inspection) {
    for note in &inspection.notes {
        page.paragraph(&[(Paint::Note, "note"), (Paint::Plain, ": ")], (Paint::Plain, note), 2);
    }
    let files: Vec<String> =
        inspection.files.iter().map(|file| format!("{} {}", file.role, file.path)).collect();
    let judged = if files.is_empty() { String::new() } else { format!("Judged {}. ", files.join(", ")) };
    let text = format!(
        "{judged}{}, {}. Nothing was run.",
        count(number(inspection, Severity::Error), "error"),
        count(number(inspection, Severity::Warning), "warning"),
    );
    page.paragraph(&[], (Paint::Faint, &text), 0);
}
