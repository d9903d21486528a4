//! Times as an entry shows them. Each holds seven numbers and two dates, measured to the microsecond; to write them in the general way
//! takes a tenth of the recorder's time where the messages were seen before.

use std::io::Write as _;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::Timings;

/// Appends a number of milliseconds as `serde_json` writes it.
pub(super) fn append_milliseconds(out: &mut Vec<u8>, milliseconds: f64) -> serde_json::Result<()> {
    let Some(micros) = whole_micros(milliseconds) else {
        return serde_json::to_writer(out, &milliseconds);
    };
    serde_json::to_writer(&mut *out, &(micros / 1000))?;
    let point = out.len();
    // Three digits, zeros in front included: a one before them, where the point belongs.
    serde_json::to_writer(&mut *out, &(1000 + micros % 1000))?;
    out[point] = b'.';
    while out.len() > point + 2 && out.ends_with(b"0") {
        out.pop();
    }
    Ok(())
}

/// The microseconds, where there is no other part.
fn whole_micros(milliseconds: f64) -> Option<u32> {
    let micros = Duration::try_from_secs_f64(milliseconds / 1000.0).ok()?.as_micros();
    let micros = u32::try_from(micros).ok()?;
    (milliseconds.to_bits() == (f64::from(micros) / 1000.0).to_bits()).then_some(micros)
}

/// Appends what an entry's facts say of its times.
pub(super) fn append_timings(out: &mut Vec<u8>, timings: &Timings) -> serde_json::Result<()> {
    let Timings { sent, answered, ended } = *timings;
    let mut before = b'{';
    for (name, milliseconds) in [("\"sent\":", sent), ("\"answered\":", answered), ("\"ended\":", ended)] {
        if let Some(milliseconds) = milliseconds {
            out.push(before);
            before = b',';
            out.extend_from_slice(name.as_bytes());
            append_milliseconds(out, milliseconds)?;
        }
    }
    if before == b'{' {
        out.push(before);
    }
    out.push(b'}');
    Ok(())
}

/// A point in time as text (RFC 3339), without the `Z` that ends it.
pub(super) struct Written {
    /// To the nanosecond: all digits after the point are there.
    text: Vec<u8>,
    /// Where the point is.
    point: usize,
}

impl Written {
    pub(super) fn new(at: Timestamp) -> Self {
        let mut text = Vec::with_capacity(40);
        // Writing to a Vec cannot fail.
        let _ = write!(text, "{at:.9}");
        text.truncate(text.len() - usize::from(text.ends_with(b"Z")));
        let point = memchr::memchr(b'.', &text).unwrap_or(text.len());
        Self { text, point }
    }

    /// To the millisecond, as HAR readers expect it.
    pub(super) fn to_the_millisecond(&self) -> &[u8] {
        &self.text[..self.text.len().min(self.point + 4)]
    }

    /// With all digits that are not zero, as `serde` writes it.
    pub(super) fn whole(&self) -> &[u8] {
        let zeros = self.text.iter().rev().take_while(|digit| **digit == b'0').count();
        let end = self.text.len() - zeros;
        &self.text[..if end == self.point + 1 { self.point } else { end }]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(milliseconds: f64) -> String {
        let mut out = Vec::new();
        append_milliseconds(&mut out, milliseconds).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn same(milliseconds: f64) {
        assert_eq!(written(milliseconds), serde_json::to_string(&milliseconds).unwrap());
    }

    #[test]
    fn odd_numbers_are_as_serde_writes_them() {
        let large = f64::from(u32::MAX) / 1000.0;
        for milliseconds in
            [0.0, -0.0, 0.001, 0.01, 0.1, 1.0, 1.05, 10.0, 100.0, -1.5, 1e300, f64::NAN, large, large + 0.001]
        {
            same(milliseconds);
        }
    }

    #[test]
    fn only_what_is_known_of_the_times_is_there() {
        for timings in [
            Timings::default(),
            Timings { sent: Some(0.5), ..Timings::default() },
            Timings { ended: Some(12.0), ..Timings::default() },
            Timings { sent: Some(0.0), answered: Some(0.827), ended: Some(0.879) },
        ] {
            let mut out = Vec::new();
            append_timings(&mut out, &timings).unwrap();
            assert_eq!(String::from_utf8(out).unwrap(), serde_json::to_string(&timings).unwrap());
        }
    }

    proptest! {
        #[test]
        fn numbers_are_as_serde_writes_them(micros: u32, any: f64) {
            same(f64::from(micros) / 1000.0);
            same(f64::from(micros % 100_000) / 1000.0);
            same(any);
        }

        #[test]
        fn dates_are_as_jiff_writes_them(second in -377_705_023_201_i64..=253_402_207_200, part in prop_oneof![
            Just(0), 0..1_000_000_000_i32, (0..1_000_000_i32).prop_map(|micros| micros * 1000),
        ]) {
            let Ok(at) = Timestamp::new(second, part) else { return Ok(()) };
            let written = Written::new(at);
            prop_assert_eq!([written.to_the_millisecond(), b"Z"].concat(), format!("{at:.3}").into_bytes());
            prop_assert_eq!([written.whole(), b"Z"].concat(), at.to_string().into_bytes());
        }
    }
}
