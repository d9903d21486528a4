//! The last lines of a comparison's report: what was compared, and the ledger of all that is not shown.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::diagnose::Verdict;
use crate::model::Side;
use crate::model::WebSocket;
use crate::report::advice::count;
use crate::report::excerpt::exit_in_words;
use crate::report::{Difference, Expectation, ExpectationState, Report, Significance, WebSockets};

use super::page::{Page, Paint};

/// Names that are given for one reason not to show a difference.
const NAMES: usize = 3;
/// What is compared of a pair.
const COMPARED: &str = "method, target, fields, credentials, content, and the answer's status";

pub(super) fn closing(page: &mut Page, report: &Report) {
    for note in &report.notes {
        page.paragraph(&[(Paint::Note, "note"), (Paint::Plain, ": ")], (Paint::Plain, note), 2);
    }
    for entry in &report.expectations {
        reviewed(page, entry);
    }
    let compared = match report.pairs_compared {
        0 => String::new(),
        pairs if report.verdict == Verdict::Same => {
            format!("Compared {} of exchanges: {COMPARED}. ", count(pairs, "pair"))
        }
        pairs => format!("Compared {} of exchanges. ", count(pairs, "pair")),
    };
    let text = [
        compared,
        not_shown(&report.differences, Significance::Expected, "expected"),
        learned(report),
        not_shown(&report.differences, Significance::Cosmetic, "cosmetic"),
        format!("{} unexplained.", report.unexplained.len()),
    ]
    .concat();
    page.paragraph(&[], (Paint::Faint, &text), 0);
    let exits: Vec<String> = [("sandbox", report.sandbox.exit), ("runtime", report.runtime.exit)]
        .into_iter()
        .filter_map(|(side, exit)| Some(format!("{side} {}", exit_in_words(exit?))))
        .collect();
    // An inconclusive report has said so above.
    if !exits.is_empty() && report.verdict_reason.is_none() {
        page.line(&[
            (Paint::Faint, "The commands ended: "),
            (Paint::Faint, &exits.join(", ")),
            (Paint::Faint, "."),
        ]);
    }
    let sockets: Vec<String> =
        [("sandbox", report.sandbox.websockets), ("runtime", report.runtime.websockets)]
            .into_iter()
            .filter_map(|(side, sockets)| Some(format!("{side} {}", sockets_in_words(&sockets?))))
            .collect();
    if !sockets.is_empty() {
        // Their content is not kept, so it is not compared either.
        let text = format!("WebSocket messages are counted, not compared: {}.", sockets.join("; "));
        page.paragraph(&[], (Paint::Faint, &text), 0);
    }
}

/// `3 sent (120 bytes), 4 received (98 bytes) on 1 connection`
fn sockets_in_words(sockets: &WebSockets) -> String {
    let WebSockets { connections, messages: WebSocket { sent, received } } = sockets;
    let [sent, received] = [sent, received].map(|way| {
        let bytes = usize::try_from(way.bytes).unwrap_or(usize::MAX);
        (way.messages, count(bytes, "byte"))
    });
    format!(
        "{} sent ({}), {} received ({}) on {}",
        sent.0,
        sent.1,
        received.0,
        received.1,
        count(*connections, "connection")
    )
}

/// A reviewed entry and what came of it.
fn reviewed(page: &mut Page, entry: &Expectation) {
    let Expectation { at, why, .. } = entry;
    let differences = count(entry.silenced, "difference");
    let (paint, word) = match entry.state {
        ExpectationState::Used if !entry.credentials && entry.remarks.is_empty() => (Paint::Note, "expected"),
        ExpectationState::Used if entry.credentials => (Paint::Warning, "expected"),
        ExpectationState::Used | ExpectationState::Unused => (Paint::Note, "note"),
        ExpectationState::Expired | ExpectationState::Withheld => (Paint::Warning, "warning"),
    };
    let rules = match entry.rules.as_slice() {
        [] => String::new(),
        rules => format!(", {}", rules.join(", ")),
    };
    let what = match entry.state {
        ExpectationState::Used if entry.credentials => {
            format!("credentials at {at} ({differences} not shown{rules}): {why}")
        }
        ExpectationState::Used => format!("{at} ({differences} not shown{rules}): {why}"),
        ExpectationState::Unused => {
            format!("no difference fits {at}; take the entry out if it is not needed ({why})")
        }
        ExpectationState::Expired => {
            let until = entry.until.as_deref().unwrap_or_default();
            if entry.silenced == 0 {
                format!("expired on {until}, and no difference fits {at}; take the entry out ({why})")
            } else {
                format!("expired on {until}: {differences} at {at} counted again ({why})")
            }
        }
        ExpectationState::Withheld => format!("silences nothing: {at} ({why})"),
    };
    let lead = [(paint, word), (Paint::Plain, ": "), (Paint::Strong, &*entry.entry), (Paint::Plain, " ")];
    page.paragraph(&lead, (Paint::Plain, &what), 2);
    for remark in &entry.remarks {
        page.paragraph(&[(Paint::Plain, "  ")], (Paint::Plain, remark), 4);
    }
}

/// `2 differences not shown: learned from 3 runs of the sandbox (x-step, /at). `, or nothing.
fn learned(report: &Report) -> String {
    let mut text = String::new();
    for side in [Side::Sandbox, Side::Runtime] {
        let learned: Vec<&Difference> =
            report.differences.iter().filter(|one| one.learned_from == Some(side)).collect();
        let Some(runs) = report.learned.iter().find(|place| place.side == side).map(|place| place.runs)
        else {
            continue;
        };
        if learned.is_empty() {
            continue;
        }
        let names: BTreeSet<&str> = learned.iter().map(|one| short_name(&one.at)).collect();
        let _ = write!(
            text,
            "{} not shown: learned from {runs} runs of the {side} ({}). ",
            count(learned.len(), "difference"),
            some_of(&names)
        );
    }
    text
}

/// The first names, and how many more.
fn some_of(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().copied().take(NAMES).collect();
    let more = names.len() - shown.len();
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{tail}", shown.join(", "))
}

/// `2 expected differences not shown: Inicio, Fim (moves with the clock). `, or nothing.
fn not_shown(differences: &[Difference], significance: Significance, word: &str) -> String {
    let mut reasons: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut number = 0;
    let elsewhere = |one: &Difference| one.learned_from.is_some() || one.expected_by.is_some();
    let counted = |one: &&Difference| one.significance == significance && !elsewhere(one);
    for one in differences.iter().filter(counted) {
        number += 1;
        reasons.entry(one.why.as_deref().unwrap_or_default()).or_default().insert(short_name(&one.at));
    }
    if number == 0 {
        return String::new();
    }
    let reasons: Vec<String> =
        reasons.iter().map(|(why, names)| format!("{} ({why})", some_of(names))).collect();
    format!("{} not shown: {}. ", count(number, &format!("{word} difference")), reasons.join("; "))
}

/// The name in a locator's brackets, or the locator without the word `request`.
fn short_name(at: &str) -> &str {
    match at.split_once('[') {
        Some((_, rest)) => rest.split_once(']').map_or(rest, |(name, _)| name),
        None => at.strip_prefix("request.").unwrap_or(at),
    }
}
