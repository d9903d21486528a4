//! The report as JSON.

use std::fmt::Write as _;

use serde::Serialize;

use crate::inspect::Inspection;

use super::{Report, Verification, escape};

/// The JSON contract `samewire.report/1`, indented, one newline at its end.
///
/// Characters that could steer a terminal or hide in a line are written as `\u` escapes: the same values to a parser, inert to a reader.
pub fn json(report: &Report) -> String {
    inert_json(report)
}

/// The JSON contract `samewire.inspect/1`, written the same way.
pub fn inspection_json(inspection: &Inspection) -> String {
    inert_json(inspection)
}

/// The JSON contract `samewire.verify/1`, written the same way.
pub fn verification_json(found: &Verification) -> String {
    inert_json(found)
}

pub(super) fn inert_json(report: &impl Serialize) -> String {
    // Only a map with keys that are no strings could fail, and a report has none.
    let text = serde_json::to_string_pretty(report).unwrap_or_default();
    let mut inert = String::with_capacity(text.len() + 1);
    for character in text.chars() {
        // Line breaks stand only between members: within strings the serializer has escaped them.
        if character == '\n' || !escape::is_hazardous(character) {
            inert.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(inert, "\\u{unit:04x}");
        }
    }
    inert.push('\n');
    inert
}
