//! SARIF 2.1.0, as code scanning reads it: rules from the catalogue, results at the manifest's lines where they are known.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use crate::diagnose::Severity;
use crate::inspect::Inspection;

use super::Report;
use super::alerts::{Alert, Alerts, Outcome, Spot};

/// What does not stand in the path of a URI as it is.
const IN_PATH: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The report as a SARIF log.
pub fn sarif(report: &Report) -> String {
    log(&Alerts::of_report(report), report.version)
}

/// An inspection as a SARIF log.
pub fn inspection_sarif(inspection: &Inspection) -> String {
    log(&Alerts::of_inspection(inspection), inspection.version)
}

fn log(all: &Alerts, version: &str) -> String {
    let mut rules: Vec<&Alert> = Vec::new();
    for alert in &all.found {
        if !rules.iter().any(|known| known.rule == alert.rule) {
            rules.push(alert);
        }
    }
    let place = |alert: &Alert| rules.iter().position(|known| known.rule == alert.rule);
    let results: Vec<Value> = all.found.iter().map(|alert| result(alert, place(alert))).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "samewire",
                "semanticVersion": version,
                "rules": rules.iter().map(|alert| rule(alert)).collect::<Vec<_>>(),
            }},
            "automationDetails": {"id": format!("samewire/{}/", all.task)},
            "invocations": [{
                "executionSuccessful": all.outcome != Outcome::Open,
                "toolExecutionNotifications": [{
                    "level": if all.outcome == Outcome::Open { "warning" } else { "note" },
                    "message": {"text": all.headline},
                }],
            }],
            "results": results,
        }],
    });
    super::json::inert_json(&log)
}

fn rule(alert: &Alert) -> Value {
    let (summary, page) = alert.page();
    json!({
        "id": alert.rule,
        "shortDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
        "properties": {"tags": [alert.family]},
    })
}

fn result(alert: &Alert, rule: Option<usize>) -> Value {
    let level = match alert.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let text: Vec<&str> = std::iter::once(&alert.claim).chain(&alert.lines).map(String::as_str).collect();
    let mut location = alert.files.first().map_or_else(|| json!({}), physical);
    if !alert.places.is_empty() {
        let names = alert.places.iter().map(|name| json!({"fullyQualifiedName": name}));
        location["logicalLocations"] = names.collect();
    }
    let related: Vec<Value> = alert
        .files
        .iter()
        .skip(1)
        .map(|spot| {
            let mut location = physical(spot);
            location["message"] = json!({"text": spot.label});
            location
        })
        .collect();
    let mut result = json!({
        "ruleId": alert.rule,
        "ruleIndex": rule,
        "level": level,
        "message": {"text": text.join("\n")},
        "locations": [location],
    });
    if !related.is_empty() {
        result["relatedLocations"] = related.into();
    }
    result
}

/// A place in a file: relative to the folder that samewire ran in, or by its full path.
fn physical(spot: &Spot) -> Value {
    let path = utf8_percent_encode(&spot.file, IN_PATH).to_string();
    let uri = if path.starts_with('/') { format!("file://{path}") } else { path };
    let mut place = json!({"artifactLocation": {"uri": uri}});
    if let Some(line) = spot.line {
        place["region"] = json!({"startLine": line});
    }
    json!({"physicalLocation": place})
}
