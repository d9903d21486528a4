//! What samewire adds to a HAR: the facts that HAR has no place for.
//!
//! The members are made of the model's own serde form. A change of the model that changes what it reads or writes is a
//! change of the format: it takes a new number, a step in `upgrade` and a frozen sample.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::har;
use crate::model::{
    Capture, Clue, Completeness, Connection, Content, Exchange, Exit, Failure, Inputs, OpaqueReason, Outcome,
    Request, Response, Run, Side, Timings,
};

/// The format that this version writes.
pub const FORMAT: u32 = 1;

/// Levels of JSON content that are written; the reader's limit is 128, of which the members around take the rest.
const JSON_DEPTH: usize = 96;

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

/// `_samewire` of an entry: the exchange.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Facts<'a> {
    number: u32,
    connection: u32,
    index: u32,
    started_at: Timestamp,
    timings: Timings,
    request: Cow<'a, Request>,
    #[serde(default, skip_serializing_if = "<[u16]>::is_empty")]
    interim: Cow<'a, [u16]>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    response: Option<Cow<'a, Response>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<Cow<'a, Failure>>,
}

/// An entry as it is read; its HAR members are for other programs.
#[derive(Debug, Deserialize)]
pub(super) struct ReadEntry {
    #[serde(rename = "_samewire")]
    pub(super) facts: Facts<'static>,
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

impl<'a> Facts<'a> {
    pub(super) fn new(exchange: &'a Exchange) -> Self {
        let (response, failure) = match &exchange.outcome {
            Outcome::Answered(response) => (Some(response), None),
            Outcome::Failed { failure, response } => (response.as_deref(), Some(failure)),
            Outcome::Unfinished => (None, None),
        };
        Self {
            number: exchange.number,
            connection: exchange.connection,
            index: exchange.index,
            started_at: exchange.started_at,
            timings: exchange.timings,
            request: Cow::Borrowed(&exchange.request),
            interim: Cow::Borrowed(&exchange.interim),
            response: response.map(Cow::Borrowed),
            failure: failure.map(Cow::Borrowed),
        }
    }
}

impl From<Facts<'_>> for Exchange {
    fn from(facts: Facts<'_>) -> Self {
        let response = facts.response.map(Cow::into_owned);
        let outcome = match (facts.failure, response) {
            (Some(failure), response) => {
                Outcome::Failed { failure: failure.into_owned(), response: response.map(Box::new) }
            }
            (None, Some(response)) => Outcome::Answered(response),
            (None, None) => Outcome::Unfinished,
        };
        Self {
            number: facts.number,
            connection: facts.connection,
            index: facts.index,
            started_at: facts.started_at,
            timings: facts.timings,
            request: facts.request.into_owned(),
            interim: facts.interim.into_owned(),
            outcome,
        }
    }
}

/// An exchange as it will stand in the file: the bytes to check before they are written.
#[derive(Clone)]
pub struct Entry {
    /// A HAR entry without its closing brace, so that a member can follow.
    open: Vec<u8>,
}

impl Entry {
    /// Renders an exchange. JSON content nested too deep to be read back is kept as opaque.
    pub fn new(exchange: &Exchange) -> serde_json::Result<Self> {
        let exchange = shallow(exchange);
        let mut open = serde_json::to_vec(&har::Entry::new(&exchange))?;
        open.pop();
        Ok(Self { open })
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.open
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

impl Entry {
    /// Appends the entry with the notes that came before it.
    pub(super) fn append_to(&self, notes: &Notes, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open);
        notes.append_to(out);
        out.push(b'}');
    }
}

/// The exchange without JSON that is nested deeper than the reader goes.
fn shallow(exchange: &Exchange) -> Cow<'_, Exchange> {
    let request = is_deeper(&exchange.request.body.content, JSON_DEPTH);
    let response = exchange.response().is_some_and(|response| is_deeper(&response.body.content, JSON_DEPTH));
    if !request && !response {
        return Cow::Borrowed(exchange);
    }
    let opaque = Content::Opaque(OpaqueReason::TooLarge);
    let mut exchange = exchange.clone();
    if request {
        exchange.request.body.content = opaque.clone();
    }
    if response {
        match &mut exchange.outcome {
            Outcome::Answered(response) => response.body.content = opaque,
            Outcome::Failed { response: Some(response), .. } => response.body.content = opaque,
            Outcome::Failed { response: None, .. } | Outcome::Unfinished => {}
        }
    }
    Cow::Owned(exchange)
}

fn is_deeper(content: &Content, limit: usize) -> bool {
    match content {
        Content::Json(value) => value.is_deeper_than(limit),
        Content::JsonLines(values) => values.iter().any(|value| value.is_deeper_than(limit)),
        Content::Multipart(parts) => match limit.checked_sub(4) {
            Some(limit) => parts.iter().any(|part| is_deeper(&part.content, limit)),
            None => true,
        },
        Content::Empty | Content::Form(_) | Content::Text(_) | Content::Opaque(_) => false,
    }
}
