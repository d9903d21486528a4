//! A file that breaks off anywhere, and one whose last write was cut short.

use std::fs;

use samewire::capture::{self, ContentError, Entry, Writer};
use samewire::model::{Exchange, Tear};
use tempfile::tempdir;

use super::small;

#[test]
fn at_every_byte_all_entries_before_the_tear_are_read() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let whole = small::capture();
    capture::write(&path, false, &whole).unwrap();
    let bytes = fs::read(&path).unwrap();
    // An entry's line is whole with its last brace.
    let starts: Vec<usize> =
        bytes.iter().enumerate().filter(|(_, b)| **b == b'\n').map(|(at, _)| at + 1).collect();
    let (first, second, closing) = (starts[0], starts[1], starts[2]);

    for cut in 0..bytes.len() {
        let read = capture::from_slice(&bytes[..cut]);
        if cut < first - 1 {
            let error = read.unwrap_err();
            assert!(
                matches!(error, ContentError::BrokenOpening { .. } | ContentError::NotJson { .. }),
                "{cut}: {error}"
            );
            continue;
        }
        let read = read.unwrap_or_else(|error| panic!("cut at {cut}: {error}"));
        let entries = usize::from(cut >= second - 1) + usize::from(cut >= closing - 1);
        assert_eq!(read.exchanges, whole.exchanges[..entries], "cut at {cut}");
        assert_eq!(read.inputs, whole.inputs);
        if cut == bytes.len() - 1 {
            assert_eq!(read, whole, "only the last line end is missing");
            continue;
        }
        let Tear { offset, lost } = read.completeness.torn.unwrap_or_else(|| panic!("cut at {cut} not told"));
        assert_eq!(offset + lost, cut as u64);
        let offset = usize::try_from(offset).unwrap();
        let in_part = if cut < second - 1 {
            first
        } else if cut < closing - 1 {
            second
        } else {
            closing
        };
        assert!(offset == in_part.min(cut) || offset == cut, "cut at {cut}: {offset}");
    }
}

/// A kill within a write leaves the first bytes of the new over the old closing part.
#[test]
fn a_write_that_was_cut_short_costs_only_what_it_wrote() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let whole = small::capture();
    let mut writer = Writer::create(&path, false, &whole).unwrap();
    writer.push(&Entry::new(&whole.exchanges[0]).unwrap());
    writer.flush().unwrap();
    let before = fs::read(&path).unwrap();
    writer.push(&Entry::new(&whole.exchanges[1]).unwrap());
    writer.flush().unwrap();
    let after = fs::read(&path).unwrap();

    let same = before.iter().zip(&after).take_while(|(old, new)| old == new).count();
    for written in same..after.len() {
        let mut mixed = after[..written].to_vec();
        mixed.extend_from_slice(before.get(written..).unwrap_or_default());
        let read =
            capture::from_slice(&mixed).unwrap_or_else(|error| panic!("{written} bytes written: {error}"));
        assert_eq!(read.exchanges[0], whole.exchanges[0], "{written} bytes written");
        if read.exchanges.len() == 2 {
            assert_eq!(read.exchanges[1], whole.exchanges[1]);
        } else {
            assert!(read.completeness.torn.is_some() || mixed == before, "{written} bytes written");
        }
    }
}

/// Long enough for several threads.
#[test]
fn a_long_capture_is_read_in_order_up_to_the_tear() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("a.har");
    let mut whole = small::capture();
    let one = whole.exchanges[0].clone();
    whole.exchanges = (1..=1_500).map(|number| Exchange { number, ..one.clone() }).collect();
    capture::write(&path, false, &whole).unwrap();
    assert_eq!(capture::read(&path).unwrap(), whole);

    let bytes = fs::read(&path).unwrap();
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    // Opening, 1,000 entries, half an entry.
    let torn = [lines[..1_001].concat(), lines[1_001][..200].to_vec()].concat();
    let read = capture::from_slice(&torn).unwrap();
    assert_eq!(read.exchanges, whole.exchanges[..1_000]);
    assert_eq!(read.completeness.torn.unwrap().lost, 200);
}
