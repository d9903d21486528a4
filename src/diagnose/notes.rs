//! What a reader must know of the captures themselves before trusting the comparison.

use crate::model::{Fidelity, Side};

use super::{Case, told};

/// Notes about the two captures, redacted.
pub(super) fn notes(case: &Case<'_>) -> Vec<String> {
    let mut notes = Vec::new();
    if case.sandbox.side == case.runtime.side {
        let side = case.sandbox.side;
        notes.push(format!(
            "both captures are of the {side} side; the first is taken for the sandbox, the second for the runtime"
        ));
    }
    if !case.comparison.same_key {
        notes.push(different_keys(case).to_owned());
    }
    for side in [Side::Sandbox, Side::Runtime] {
        notes.extend(told::note(side, case.capture(side)));
        of_side(case, side, &mut notes);
    }
    for varying in &case.comparison.varying {
        notes.push(format!(
            "the {}'s own answers to {} differ from run to run: {} ({} runs)",
            varying.side,
            varying.request,
            varying.answers.join(", "),
            varying.runs
        ));
    }
    notes
}

/// Ordinals of a bundle compare with those of the same bundle only, and no key changes that.
fn different_keys(case: &Case<'_>) -> &'static str {
    let of_bundle = |side: Side| case.capture(side).key_id.starts_with("bundle.");
    match (of_bundle(Side::Sandbox), of_bundle(Side::Runtime)) {
        (false, false) => {
            "the captures were made under different keys: tags cannot be compared, shapes and relations can; record both sides on one \
             machine for a full comparison, or give both machines one key (`samewire key export`, `samewire key pair`) and record again"
        }
        _ => {
            "a side is a bundle's, whose values have no tags to compare with others: names, shapes, relations and placeholders are compared"
        }
    }
}

fn of_side(case: &Case<'_>, side: Side, notes: &mut Vec<String>) {
    let capture = case.capture(side);
    let completeness = &capture.completeness;
    if let Some(upstream) = capture.run.interception.upstream() {
        notes.push(format!(
            "the {side} was recorded in reverse mode: its client names samewire in Host, and only requests to {} were seen",
            upstream.url()
        ));
    }
    if let Some(tear) = &completeness.torn {
        notes.push(format!(
            "the {side} capture is torn: read up to byte {}, {} bytes after it are lost",
            tear.offset, tear.lost
        ));
    }
    if let Some(why) = &completeness.stopped {
        notes.push(format!("recording of the {side} stopped before the run did: {why}"));
    } else if capture.run.ended_at.is_none() && completeness.torn.is_none() && !completeness.growing {
        notes.push(format!("recording of the {side} did not end in order; later exchanges may be missing"));
    }
    if completeness.withheld > 0 {
        notes.push(format!(
            "{} of the {side}'s exchanges withheld by the self-check, as a known secret was found in them",
            completeness.withheld
        ));
    }
    if completeness.rejected > 0 {
        let number = match completeness.rejected {
            1 => "1 connection".to_owned(),
            many => format!("{many} connections"),
        };
        let why = match capture.run.interception.upstream() {
            Some(_) => "the client does not know the whole base URL that samewire printed",
            None => {
                "the client showed no password or a wrong one: a proxy URL of another run is written down somewhere"
            }
        };
        notes.push(format!("{number} of the {side} turned away, because {why}"));
    }
    if !completeness.ignored.is_empty() {
        let hosts: Vec<String> =
            completeness.ignored.iter().map(|(host, times)| format!("{host} ({times})")).collect();
        notes.push(format!(
            "connections of the {side} that were passed through unopened: {}; `--host` names the hosts to open (`--host '*'`: all, telemetry too)",
            hosts.join(", ")
        ));
    }
    for connection in &capture.connections {
        for refused in &connection.refused {
            notes.push(format!("{side}, connection {}: {refused}", connection.number));
        }
    }
    for exchange in &capture.exchanges {
        if let Fidelity::Desync(how) = &exchange.request.fidelity {
            notes.push(format!(
                "{side} #{}: the bytes on the wire and the HTTP library's reading of them differ: {how}",
                exchange.number
            ));
        }
    }
}
