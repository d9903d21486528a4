//! A capture as a HAR 1.2 without members of samewire's own, for programs that know no others.

use serde_json::{Map, Value, json};

use super::Entry;
use crate::model::{Capture, Exchange};

/// Renders these exchanges of a capture.
pub fn plain(capture: &Capture, exchanges: &[&Exchange]) -> serde_json::Result<Vec<u8>> {
    let entries: Vec<Value> = exchanges.iter().map(|exchange| entry(exchange)).collect::<Result<_, _>>()?;
    let document = json!({"log": {
        "version": "1.2",
        "creator": {"name": "samewire", "version": capture.run.version},
        "entries": entries,
        "comment": "values in angle quotes were secret: they are facts about what was sent, not what was sent",
    }});
    let mut out = serde_json::to_vec_pretty(&document)?;
    out.push(b'\n');
    Ok(out)
}

fn entry(exchange: &Exchange) -> serde_json::Result<Value> {
    let whole = [Entry::new(exchange)?.as_bytes(), b"}"].concat();
    let mut members: Map<String, Value> = serde_json::from_slice(&whole)?;
    members.shift_remove("_samewire");
    Ok(Value::Object(members))
}
