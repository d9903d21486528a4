//! An exchange as it will stand in the file.
//!
//! It is put together from its messages' renderings: clients send the same bytes again and again, and what was rendered
//! once need not be rendered again.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;

use super::format::Notes;
use super::{clock, har};
use crate::model::{Content, Exchange, Failure, OpaqueReason, Outcome, Request, Response, Timings};

/// Levels of JSON content that are written; the reader's limit is 128, of which the members around take the rest.
const JSON_DEPTH: usize = 96;

/// An exchange as it will stand in the file: the bytes to check before they are written.
#[derive(Clone)]
pub struct Entry {
    /// A HAR entry without its closing brace, so that a member can follow.
    open: Vec<u8>,
}

/// A message as an entry holds it: once for other programs, once with all facts.
#[derive(Clone)]
pub struct Rendered {
    har: Vec<u8>,
    facts: Vec<u8>,
}

/// What an entry says besides its messages.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// As of the exchange, like all others.
    pub number: u32,
    /// Number of the connection.
    pub connection: u32,
    /// Place on the connection.
    pub index: u32,
    /// When it started.
    pub started_at: Timestamp,
    /// How long its parts took.
    pub timings: &'a Timings,
    /// Interim answers.
    pub interim: &'a [u16],
}

impl Rendered {
    /// Renders a request. JSON content nested too deep to be read back is kept as opaque.
    pub fn request(request: &Request) -> serde_json::Result<Self> {
        let request = if is_deeper(&request.body.content, JSON_DEPTH) {
            let mut request = request.clone();
            request.body.content = Content::Opaque(OpaqueReason::TooLarge);
            Cow::Owned(request)
        } else {
            Cow::Borrowed(request)
        };
        Ok(Self {
            har: serde_json::to_vec(&har::Request::new(&request))?,
            facts: serde_json::to_vec(&*request)?,
        })
    }

    /// Renders an answer, in the same way.
    pub fn response(response: &Response) -> serde_json::Result<Self> {
        let response = if is_deeper(&response.body.content, JSON_DEPTH) {
            let mut response = response.clone();
            response.body.content = Content::Opaque(OpaqueReason::TooLarge);
            Cow::Owned(response)
        } else {
            Cow::Borrowed(response)
        };
        Ok(Self {
            har: serde_json::to_vec(&har::Response::new(&response))?,
            facts: serde_json::to_vec(&*response)?,
        })
    }

    /// True where a check passes all that is written of it.
    pub fn is_clean(&self, mut check: impl FnMut(&[u8]) -> bool) -> bool {
        check(&self.har) && check(&self.facts)
    }

    /// Bytes it takes.
    pub fn size(&self) -> usize {
        self.har.len() + self.facts.len()
    }
}

/// What came of the request, rendered.
struct Came<'a> {
    /// HAR's response; a request that got no whole answer has one too.
    har: &'a [u8],
    comment: Option<String>,
    response: Option<&'a [u8]>,
    failure: Option<&'a Failure>,
}

impl Entry {
    /// Renders an exchange.
    pub fn new(exchange: &Exchange) -> serde_json::Result<Self> {
        let frame = Frame {
            number: exchange.number,
            connection: exchange.connection,
            index: exchange.index,
            started_at: exchange.started_at,
            timings: &exchange.timings,
            interim: &exchange.interim,
        };
        let request = Rendered::request(&exchange.request)?;
        let response = exchange.response().map(Rendered::response).transpose()?;
        if let (Outcome::Answered(_), Some(response)) = (&exchange.outcome, &response) {
            return Self::answered(&frame, &request, response);
        }
        let failure = match &exchange.outcome {
            Outcome::Failed { failure, .. } => Some(failure),
            Outcome::Answered(_) | Outcome::Unfinished => None,
        };
        let comment = match failure {
            Some(Failure { leg, phase, kind, .. }) => format!("failed on the {leg} leg, {phase}: {kind}"),
            None => "unfinished: the recording ended first".to_owned(),
        };
        let none = serde_json::to_vec(&har::Response::none(&exchange.request))?;
        let response = response.as_ref().map(|response| response.facts.as_slice());
        let came = Came { har: &none, comment: Some(comment), response, failure };
        let mut open = Vec::new();
        put_together(&mut open, &frame, &request, &came)?;
        Ok(Self { open })
    }

    /// Puts an exchange together that got a whole answer.
    pub fn answered(frame: &Frame<'_>, request: &Rendered, response: &Rendered) -> serde_json::Result<Self> {
        let mut open = Vec::new();
        append_answered(&mut open, frame, request, response)?;
        Ok(Self { open })
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.open
    }

    /// Appends the entry with the notes that came before it.
    pub(super) fn append_to(&self, notes: &Notes, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.open);
        notes.append_to(out);
        out.push(b'}');
    }
}

/// Appends an exchange that got a whole answer, without its closing brace.
pub(super) fn append_answered(
    out: &mut Vec<u8>,
    frame: &Frame<'_>,
    request: &Rendered,
    response: &Rendered,
) -> serde_json::Result<()> {
    let Rendered { har, facts } = response;
    put_together(out, frame, request, &Came { har, comment: None, response: Some(facts), failure: None })
}

fn put_together(
    out: &mut Vec<u8>,
    frame: &Frame<'_>,
    request: &Rendered,
    came: &Came<'_>,
) -> serde_json::Result<()> {
    let Came { har, comment, response, failure } = came;
    let phases = har::Phases::new(frame.timings);
    out.reserve(request.size() + har.len() + response.map_or(0, <[u8]>::len) + 640);
    let started_at = clock::Written::new(frame.started_at);
    instant(out, "{\"startedDateTime\":\"", started_at.to_the_millisecond());
    out.extend_from_slice(b",\"time\":");
    clock::append_milliseconds(out, phases.time())?;
    raw(out, ",\"request\":", &request.har);
    raw(out, ",\"response\":", har);
    out.extend_from_slice(b",\"cache\":{},\"timings\":");
    phases.append_to(out)?;
    member(out, ",\"connection\":\"", &frame.connection)?;
    out.push(b'"');
    if let Some(comment) = comment {
        member(out, ",\"comment\":", comment)?;
    }
    // Last, so that a member can be put after it.
    member(out, ",\"_samewire\":{\"number\":", &frame.number)?;
    member(out, ",\"connection\":", &frame.connection)?;
    member(out, ",\"index\":", &frame.index)?;
    instant(out, ",\"started_at\":\"", started_at.whole());
    out.extend_from_slice(b",\"timings\":");
    clock::append_timings(out, frame.timings)?;
    raw(out, ",\"request\":", &request.facts);
    if !frame.interim.is_empty() {
        member(out, ",\"interim\":", frame.interim)?;
    }
    if let Some(response) = response {
        raw(out, ",\"response\":", response);
    }
    if let Some(failure) = failure {
        member(out, ",\"failure\":", failure)?;
    }
    out.push(b'}');
    Ok(())
}

fn instant(out: &mut Vec<u8>, before: &str, written: &[u8]) {
    raw(out, before, written);
    out.extend_from_slice(b"Z\"");
}

fn member<T: Serialize + ?Sized>(out: &mut Vec<u8>, name: &str, value: &T) -> serde_json::Result<()> {
    out.extend_from_slice(name.as_bytes());
    serde_json::to_writer(out, value)
}

fn raw(out: &mut Vec<u8>, name: &str, json: &[u8]) {
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(json);
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
