//! A capture that is there as a whole, to its file's bytes.

use std::io::Write as _;
use std::path::Path;

use super::entry::Entry;
use super::format::{Closing, Note, Notes};
use super::writer::{WriteError, append_closing, append_opening, create_file};
use crate::model::Capture;

/// The bytes of a capture's file, as a [`Writer`](super::Writer) writes them that learns all but the exchanges first.
pub fn to_vec(capture: &Capture) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::new();
    append_opening(&mut out, capture)?;
    let mut notes = Notes::default();
    for connection in &capture.connections {
        notes.push(&Note::connection(connection)?);
    }
    for clue in &capture.clues {
        notes.push(&Note::clue(clue)?);
    }
    for (at, exchange) in capture.exchanges.iter().enumerate() {
        out.extend_from_slice(if at == 0 { b"\n" } else { b"\n," });
        Entry::new(exchange)?.append_to(&std::mem::take(&mut notes), &mut out);
    }
    let closing = Closing {
        ended_at: capture.run.ended_at,
        exit: capture.run.exit,
        completeness: capture.completeness.clone(),
    };
    append_closing(&mut out, &closing, &notes)?;
    Ok(out)
}

/// Writes a whole capture at once.
pub fn write(path: &Path, force: bool, capture: &Capture) -> Result<(), WriteError> {
    let bytes = to_vec(capture).map_err(|source| WriteError::Render { path: path.to_owned(), source })?;
    let mut file = create_file(path, force)?;
    file.write_all(&bytes).map_err(|source| WriteError::Append { path: path.to_owned(), offset: 0, source })
}
