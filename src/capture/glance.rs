//! What a capture is, without its exchanges: how many there are is counted by lines, so that a folder of large captures is listed at once.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use super::format::Opening;
use super::unreadable::ReadError;
use super::upgrade::{Part, STEPS, upgrade};
use super::{lines, reader};
use crate::model::{Capture, Tear};

/// Longest opening line, in bytes. One of samewire's holds the inputs, and no more.
const LONGEST_OPENING: u64 = 16 << 20;

/// A capture without its exchanges.
#[derive(Clone, Debug, PartialEq)]
pub struct Glance {
    /// What stands in the file besides; its exchanges, connections and clues are left out.
    pub capture: Capture,
    /// How many exchanges there are.
    pub exchanges: usize,
}

/// Looks at a capture; `None` for a file that is none. A file that another program has laid out anew is read as a whole.
pub fn glance(path: &Path) -> Result<Option<Glance>, ReadError> {
    match by_lines(path) {
        Some(glance) => Ok(Some(glance)),
        None => match reader::read(path) {
            Ok(mut capture) => {
                let exchanges = capture.exchanges.len();
                capture.exchanges.clear();
                Ok(Some(Glance { capture, exchanges }))
            }
            Err(ReadError::Content { .. }) => Ok(None),
            Err(other) => Err(other),
        },
    }
}

/// The layout that samewire writes, of a file that can be read at all.
fn by_lines(path: &Path) -> Option<Glance> {
    if !std::fs::symlink_metadata(path).ok()?.is_file() {
        return None;
    }
    let mut file = BufReader::with_capacity(1 << 18, File::open(path).ok()?);
    let mut line = Vec::new();
    std::io::Read::take(&mut file, LONGEST_OPENING).read_until(b'\n', &mut line).ok()?;
    let head = lines::opening(&line)?;
    let mut offset = line.len() as u64;
    let mut capture = opened(&[head, b"]}}"].concat())?;
    let mut exchanges = 0;
    let mut whole = true;
    let mut closed = false;
    let mut torn_at = offset;
    loop {
        line.clear();
        let length = file.read_until(b'\n', &mut line).ok()?;
        if length == 0 {
            break;
        }
        if let Some(object) = lines::closing(&line) {
            closed = close(&mut capture, &object);
            torn_at = offset;
            break;
        }
        // A line that was cut short is no entry.
        whole = line.trim_ascii_end().ends_with(b"}");
        exchanges += usize::from(whole);
        torn_at = if whole { offset + length as u64 } else { offset };
        offset += length as u64;
    }
    if !closed || !whole {
        let length = file.get_ref().metadata().ok()?.len();
        capture.completeness.torn = Some(Tear { offset: torn_at, lost: length.saturating_sub(torn_at) });
    }
    Some(Glance { capture, exchanges })
}

fn opened(whole: &[u8]) -> Option<Capture> {
    let document: serde_json::Value = serde_json::from_slice(whole).ok()?;
    let mut opening = document.get("log")?.get("_samewire")?.clone();
    let format = u32::try_from(opening.get("format")?.as_u64()?).ok()?;
    if format > super::FORMAT {
        return None;
    }
    if format < super::FORMAT {
        upgrade(STEPS, format, Part::Opening, &mut opening);
    }
    let opening: Opening<'static> = serde_json::from_value(opening).ok()?;
    Some(opening.begun())
}

/// Takes over what the closing part says; false where it is cut short.
fn close(capture: &mut Capture, object: &[u8]) -> bool {
    let Ok(tail) = serde_json::from_slice::<reader::Tail>(object) else { return false };
    capture.run.ended_at = tail.closing.ended_at;
    capture.run.exit = tail.closing.exit;
    capture.completeness = tail.closing.completeness;
    true
}
