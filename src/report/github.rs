//! Annotations of GitHub's actions: workflow commands, one a line.

use crate::diagnose::Severity;
use crate::inspect::Inspection;

use super::Report;
use super::alerts::{Alert, Alerts, Outcome};

/// The report as workflow commands. Files are named where a manifest's line is known.
pub fn github(report: &Report) -> String {
    commands(&Alerts::of_report(report))
}

/// An inspection as workflow commands.
pub fn inspection_github(inspection: &Inspection) -> String {
    commands(&Alerts::of_inspection(inspection))
}

fn commands(all: &Alerts) -> String {
    let mut text: String = all.found.iter().map(command).collect();
    let word = match all.outcome {
        Outcome::Passed => "notice",
        Outcome::Failed => "error",
        Outcome::Open => "warning",
    };
    text.push_str(&line(word, &[("title", "samewire")], &all.headline));
    text
}

fn command(alert: &Alert) -> String {
    let word = match alert.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let title = format!("samewire: {}", alert.rule);
    let number = alert.files.first().and_then(|spot| spot.line).map(|line| line.to_string());
    let mut properties = vec![("title", title.as_str())];
    properties.extend(alert.files.first().map(|spot| ("file", spot.file.as_str())));
    properties.extend(number.as_deref().map(|number| ("line", number)));
    let lines: Vec<&str> = std::iter::once(&alert.claim).chain(&alert.lines).map(String::as_str).collect();
    line(word, &properties, &lines.join("\n"))
}

/// `::word name=value,name=value::message`. Nothing of a value can end it or begin another one.
fn line(word: &str, properties: &[(&str, &str)], message: &str) -> String {
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", in_property(value))).collect();
    format!("::{word} {}::{}\n", properties.join(","), in_message(message))
}

fn in_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn in_property(text: &str) -> String {
    in_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        let hostile = "a::b,c%0A\r\n::error::x";
        let written = line("error", &[("title", hostile)], hostile);
        assert_eq!(
            written,
            "::error title=a%3A%3Ab%2Cc%250A%0D%0A%3A%3Aerror%3A%3Ax::a::b,c%250A%0D%0A::error::x\n"
        );
        assert_eq!(written.lines().count(), 1);
    }
}
