//! Older formats, read as the present one: a table of steps, each from one number to the next.

use serde_json::Value;

/// What one step changes; each function gets the member's value of the older format.
pub(super) struct Step {
    /// The format it reads; it makes the next one.
    pub(super) from: u32,
    /// `log._samewire`.
    pub(super) opening: fn(&mut Value),
    /// A whole entry.
    pub(super) entry: fn(&mut Value),
    /// The log's members after the entries.
    pub(super) closing: fn(&mut Value),
}

/// The parts of a capture file that a step changes one by one.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Opening,
    Entry,
    Closing,
}

/// Steps in order. Format 1 is the first.
pub(super) const STEPS: &[Step] = &[];

/// Takes a part of a file of format `from` through every step from there on.
pub(super) fn upgrade(steps: &[Step], from: u32, part: Part, value: &mut Value) {
    for step in steps.iter().filter(|step| step.from >= from) {
        let change = match part {
            Part::Opening => step.opening,
            Part::Entry => step.entry,
            Part::Closing => step.closing,
        };
        change(value);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn push(value: &mut Value, word: &str) {
        value.as_array_mut().unwrap().push(json!(word));
    }

    const TWO: &[Step] = &[
        Step { from: 1, opening: |v| push(v, "o1"), entry: |v| push(v, "e1"), closing: |v| push(v, "c1") },
        Step { from: 2, opening: |v| push(v, "o2"), entry: |v| push(v, "e2"), closing: |v| push(v, "c2") },
    ];

    #[test]
    fn every_step_from_the_files_number_on_is_taken_in_order() {
        let upgraded = |from, part| {
            let mut value = json!([]);
            upgrade(TWO, from, part, &mut value);
            value
        };
        assert_eq!(upgraded(1, Part::Entry), json!(["e1", "e2"]));
        assert_eq!(upgraded(2, Part::Opening), json!(["o2"]));
        assert_eq!(upgraded(3, Part::Closing), json!([]));
    }

    #[test]
    fn the_steps_lead_to_the_present_format() {
        let from: Vec<u32> = STEPS.iter().map(|step| step.from).collect();
        assert_eq!(from, (1..super::super::FORMAT).collect::<Vec<_>>());
    }
}
