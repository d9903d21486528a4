//! What samewire adds to a HAR: the facts that HAR has no place for.
//!
//! The members are made of the model's own serde form. A change of the model that changes what it reads or writes is a
//! change of the format: it takes a new number, a step in `upgrade` and a frozen sample.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Capture, Clue, Completeness, Connection, Exchange, Exit, Failure, Inputs, Outcome, Request, Response,
    Run, Side, Tag, Timings,
};

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// `log._samewire`: what is known when recording starts.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Opening<'a> {
    pub(super) format: u32,
    pub(super) side: Side,
    pub(super) key_id: Cow<'a, str>,
    pub(super) run: Cow<'a, Run>,
    pub(super) inputs: Cow<'a, Inputs>,
}

/// `log._samewire_closing`: what changes until recording ends.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Closing {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit: Option<Exit>,
    #[serde(default)]
    pub(super) completeness: Completeness,
}

/// `_samewire_since`, of an entry and of the log: what was learned besides exchanges since the entry before.
///
/// A connection may come again with more facts; the last one counts.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    pub(super) connections: Vec<Connection>,
    #[serde(default)]
    pub(super) clues: Vec<Clue>,
}

/// `_samewire` of an entry: the exchange. `Entry` writes it.
#[derive(Debug, Deserialize)]
pub(super) struct Facts {
    number: u32,
    connection: u32,
    index: u32,
    started_at: Timestamp,
    timings: Timings,
    request: Request,
    #[serde(default)]
    interim: Vec<u16>,
    #[serde(default)]
    response: Option<Response>,
    #[serde(default)]
    failure: Option<Failure>,
}

/// An entry as it is read; its HAR members are for other programs.
#[derive(Debug, Deserialize)]
pub(super) struct ReadEntry {
    #[serde(rename = "_samewire")]
    pub(super) facts: Facts,
    #[serde(rename = "_samewire_since", default)]
    pub(super) since: Since,
}

impl<'a> Opening<'a> {
    pub(super) fn new(capture: &'a Capture) -> Self {
        Self {
            format: FORMAT,
            side: capture.side,
            key_id: Cow::Borrowed(&capture.key_id),
            run: Cow::Owned(Run { ended_at: None, exit: None, ..capture.run.clone() }),
            inputs: Cow::Borrowed(&capture.inputs),
        }
    }
}

impl Opening<'static> {
    /// The capture that begins so: nothing in it yet.
    pub(super) fn begun(self) -> Capture {
        // Captures of before tags had letters alone name their key in the letters of then.
        let key_id = match self.key_id.parse::<Tag>() {
            Ok(tag) => tag.to_string(),
            Err(_) => self.key_id.into_owned(),
        };
        Capture {
            side: self.side,
            run: self.run.into_owned(),
            inputs: self.inputs.into_owned(),
            key_id,
            connections: Vec::new(),
            exchanges: Vec::new(),
            clues: Vec::new(),
            completeness: Completeness::default(),
        }
    }
}

impl From<Facts> for Exchange {
    fn from(facts: Facts) -> Self {
        let outcome = match (facts.failure, facts.response) {
            (Some(failure), response) => Outcome::Failed { failure, response: response.map(Box::new) },
            (None, Some(response)) => Outcome::Answered(response),
            (None, None) => Outcome::Unfinished,
        };
        Self {
            number: facts.number,
            connection: facts.connection,
            index: facts.index,
            started_at: facts.started_at,
            timings: facts.timings,
            request: facts.request,
            interim: facts.interim,
            outcome,
        }
    }
}

/// Something learned besides exchanges, as it will stand in the file: the bytes to check before they are written.
#[derive(Clone)]
pub struct Note {
    json: Vec<u8>,
    kind: NoteKind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum NoteKind {
    Connection,
    Clue,
}

impl Note {
    /// Facts about a connection. A later note about the same connection replaces it.
    pub fn connection(connection: &Connection) -> serde_json::Result<Self> {
        Ok(Self { json: serde_json::to_vec(connection)?, kind: NoteKind::Connection })
    }

    /// A clue.
    pub fn clue(clue: &Clue) -> serde_json::Result<Self> {
        Ok(Self { json: serde_json::to_vec(clue)?, kind: NoteKind::Clue })
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.json
    }
}

/// Notes that wait for the next entry, as the lists that they will be.
#[derive(Clone, Default)]
pub(super) struct Notes {
    connections: Vec<u8>,
    clues: Vec<u8>,
}

impl Notes {
    pub(super) fn push(&mut self, note: &Note) {
        let list = match note.kind {
            NoteKind::Connection => &mut self.connections,
            NoteKind::Clue => &mut self.clues,
        };
        if !list.is_empty() {
            list.push(b',');
        }
        list.extend_from_slice(&note.json);
    }

    /// Bytes they take.
    pub(super) fn len(&self) -> usize {
        self.connections.len() + self.clues.len()
    }

    /// Appends `,"_samewire_since":{...}`, or nothing when there is none.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) {
        if self.len() == 0 {
            return;
        }
        out.extend_from_slice(br#","_samewire_since":{"connections":["#);
        out.extend_from_slice(&self.connections);
        out.extend_from_slice(br#"],"clues":["#);
        out.extend_from_slice(&self.clues);
        out.extend_from_slice(b"]}");
    }
}
