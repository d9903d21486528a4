//! `JUnit`'s XML, as build servers read it: a test case for the verdict, and one for each finding.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::diagnose::Severity;
use crate::inspect::Inspection;

use super::Report;
use super::alerts::{Alert, Alerts, Outcome};

/// The report as a test suite. Errors among the findings are failures, an inconclusive verdict is an error; warnings and notes pass, with
/// their text as output.
pub fn junit(report: &Report) -> String {
    suite(&Alerts::of_report(report))
}

/// An inspection as a test suite.
pub fn inspection_junit(inspection: &Inspection) -> String {
    suite(&Alerts::of_inspection(inspection))
}

fn suite(all: &Alerts) -> String {
    let tests = all.found.len() + 1;
    let wrong = all.found.iter().filter(|alert| alert.severity == Severity::Error).count();
    let failures = wrong + usize::from(all.outcome == Outcome::Failed);
    let errors = usize::from(all.outcome == Outcome::Open);
    let counts = format!("tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\"");
    let at = all.at.as_ref().map(|at| format!(" timestamp=\"{}\"", escaped(at))).unwrap_or_default();
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a string cannot fail.
    let _ = writeln!(text, "<testsuites name=\"samewire\" {counts}>");
    let _ =
        writeln!(text, "  <testsuite name=\"samewire {}\" {counts} skipped=\"0\" time=\"0\"{at}>", all.task);
    let verdict = match all.outcome {
        Outcome::Passed => ("system-out", ""),
        Outcome::Failed => ("failure", "differs"),
        Outcome::Open => ("error", "inconclusive"),
    };
    case(&mut text, ("samewire", "verdict"), verdict, &all.headline, &[]);
    let mut seen: BTreeMap<&str, u32> = BTreeMap::new();
    for alert in &all.found {
        let times = seen.entry(alert.rule).or_default();
        *times += 1;
        let name = if *times == 1 { alert.rule.to_owned() } else { format!("{} ({times})", alert.rule) };
        let class = format!("samewire.{}", alert.family);
        let element =
            if alert.severity == Severity::Error { ("failure", alert.rule) } else { ("system-out", "") };
        case(&mut text, (&class, &name), element, &alert.claim, &lines(alert));
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

fn lines(alert: &Alert) -> Vec<String> {
    let files = alert.files.iter().map(|spot| {
        let line = spot.line.map(|line| format!(":{line}")).unwrap_or_default();
        format!("{}{line}: {}", spot.file, spot.label)
    });
    files.chain(alert.lines.iter().cloned()).collect()
}

fn case(
    text: &mut String,
    (class, name): (&str, &str),
    (element, kind): (&str, &str),
    message: &str,
    lines: &[String],
) {
    let _ = writeln!(
        text,
        "    <testcase classname=\"{}\" name=\"{}\" time=\"0\">",
        escaped(class),
        escaped(name)
    );
    let mut body = vec![message.to_owned()];
    body.extend_from_slice(lines);
    let body = escaped(&body.join("\n"));
    let _ = if kind.is_empty() {
        writeln!(text, "      <{element}>{body}</{element}>")
    } else {
        let message = escaped(message);
        writeln!(text, "      <{element} message=\"{message}\" type=\"{kind}\">{body}</{element}>")
    };
    text.push_str("    </testcase>\n");
}

/// Text within XML. Line ends stand between our own lines only; in attributes they are references.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            // Not characters to XML 1.0.
            character if (character < ' ') || matches!(character, '\u{fffe}' | '\u{ffff}') => {
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(character));
            }
            character => escaped.push(character),
        }
    }
    escaped
}
