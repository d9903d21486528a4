//! Findings as the page shows them.

use std::collections::BTreeSet;

use crate::diagnose::{Confidence, Role, Severity};
use crate::report::escape;
use crate::report::evidence::{groups, heading};
use crate::report::{Evidence, Finding, Page, Report};

/// Places that are shown of one finding; the rest is counted.
const PLACES: usize = 12;

/// A finding.
pub(super) struct FindingView<'a> {
    pub(super) number: usize,
    pub(super) rule: &'static str,
    pub(super) severity: &'static str,
    pub(super) side: Option<&'static str>,
    /// Where it is not certain: how sure it is.
    pub(super) doubt: Option<&'static str>,
    pub(super) claim: Vec<Word<'a>>,
    pub(super) cause: Option<Vec<Word<'a>>>,
    /// What became of the config values that it is about.
    pub(super) traced: Vec<&'a str>,
    pub(super) places: Vec<PlaceView>,
    pub(super) more: usize,
    pub(super) caused_by: Option<(&'static str, Option<usize>)>,
    pub(super) remedies: Vec<(Vec<Word<'a>>, Vec<PatchLine<'a>>)>,
}

/// A stretch of a sentence.
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    /// It stands in backticks or is a hidden value.
    pub(super) code: bool,
}

/// A line of a patch.
pub(super) struct PatchLine<'a> {
    pub(super) class: &'static str,
    pub(super) text: &'a str,
}

/// A place that proves a finding.
pub(super) struct PlaceView {
    pub(super) heading: String,
    /// Where on the page it is.
    pub(super) link: Option<String>,
    pub(super) primary: bool,
    pub(super) line: Option<u32>,
    pub(super) before: String,
    pub(super) marked: String,
    pub(super) after: String,
    pub(super) label: String,
    pub(super) others: Option<String>,
}

impl PlaceView {
    /// The marked text says by itself what the label would, be it shortened.
    pub(super) fn is_said(&self) -> bool {
        let begun = self.label.trim_end_matches(['.', '…']);
        self.marked.contains(&self.label)
            || (begun.len() < self.label.len() && self.marked.starts_with(begun))
    }
}

/// All findings, in the report's order.
pub(super) fn findings<'a>(report: &'a Report, page: &Page) -> Vec<FindingView<'a>> {
    report.findings.iter().enumerate().map(|(at, found)| finding(report, page, at, found)).collect()
}

fn finding<'a>(report: &'a Report, page: &Page, at: usize, found: &'a Finding) -> FindingView<'a> {
    let groups = groups(&found.evidence);
    let links = page.evidence.get(at);
    let told = BTreeSet::new();
    let places: Vec<PlaceView> = groups
        .iter()
        .take(PLACES)
        .map(|group| {
            let link = links.and_then(|links| links.get(group.at).cloned().flatten());
            PlaceView { others: group.others(), ..place(group.place, &heading(group.place, &told), link) }
        })
        .collect();
    FindingView {
        number: at + 1,
        rule: found.rule,
        severity: severity(found.severity),
        side: found.side,
        doubt: match found.confidence {
            Confidence::Certain => None,
            Confidence::Likely => Some("likely, not certain"),
            Confidence::Possible => Some("one possible cause among several"),
        },
        claim: words(&found.claim),
        cause: found.detail.get("cause").and_then(serde_json::Value::as_str).map(words),
        traced: report
            .config_to_wire
            .iter()
            .filter(|value| at == 0 && value.root_cause)
            .map(|value| value.summary.as_str())
            .collect(),
        more: groups.len() - places.len(),
        places,
        caused_by: found
            .caused_by
            .map(|rule| (rule, report.findings.iter().position(|other| other.rule == rule).map(|at| at + 1))),
        remedies: found
            .remedies
            .iter()
            .map(|remedy| (words(&remedy.text), patch(remedy.patch.as_deref().unwrap_or_default())))
            .collect(),
    }
}

fn place(evidence: &Evidence, heading: &str, link: Option<String>) -> PlaceView {
    let (number, (before, marked, after)) = match &evidence.excerpt {
        Some(excerpt) => {
            let (text, start, end) = escape::inert_line(&excerpt.text, excerpt.start, excerpt.end);
            let (rest, after) = text.split_at(end);
            let (before, marked) = rest.split_at(start);
            (excerpt.line, (before.to_owned(), marked.to_owned(), after.to_owned()))
        }
        None => (None, Default::default()),
    };
    PlaceView {
        heading: heading.replace("  ", " ").replace("->", "→"),
        link,
        primary: evidence.role == Role::Primary,
        line: number,
        before,
        marked,
        after,
        label: evidence.label.replace("->", "→"),
        others: None,
    }
}

pub(super) fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

fn patch(text: &str) -> Vec<PatchLine<'_>> {
    text.lines()
        .map(|text| PatchLine {
            class: match text.as_bytes().first() {
                Some(b'+') => "plus",
                Some(b'-') => "minus",
                _ => "",
            },
            text,
        })
        .collect()
}

/// A sentence, with what stands in backticks or in `‹›` as code.
pub(super) fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(open) = rest.find(['`', '‹']) {
        let quoted = if rest[open..].starts_with('`') {
            rest[open + 1..].find('`').map(|end| (&rest[open + 1..open + 1 + end], open + end + 2))
        } else {
            rest[open..].find('›').map(|end| {
                let end = open + end + '›'.len_utf8();
                (&rest[open..end], end)
            })
        };
        let Some((inner, end)) = quoted else { break };
        if open > 0 {
            words.push(Word { text: &rest[..open], code: false });
        }
        words.push(Word { text: inner, code: true });
        rest = &rest[end..];
    }
    if !rest.is_empty() {
        words.push(Word { text: rest, code: false });
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_becomes_code() {
        let shown = |text| -> String {
            words(text)
                .iter()
                .map(|word| if word.code { format!("[{}]", word.text) } else { word.text.to_owned() })
                .collect()
        };
        assert_eq!(shown("sends `Bearer`, then ‹a 40 chars›."), "sends [Bearer], then [‹a 40 chars›].");
        assert_eq!(shown("`a``b` ` ‹ c"), "[a][b] ` ‹ c");
        assert_eq!(shown(""), "");
    }
}
