//! The Airbyte Connector Builder's test read: as the Builder's backend prints it (an Airbyte message whose record holds it), as the
//! manifest-server answers it, or as the data alone.
//!
//! It is made of prepared requests, not of what was on the wire: no `Host`, of a redirect only the last hop, no order in time, and secrets
//! as `****` wherever their letters occur.

use std::collections::BTreeSet;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::model::{Imported, Lack, Stream};
use crate::redact::{Output, RawBody, RawExchange, RawMessage};

use super::limits::{LONGEST_FIELDS, MOST_EXCHANGES, MOST_OBJECTS};
use super::message::{self, Pair, body};
use super::target::{self, Url};
use super::{ContentError, Source, Survey, Told, json};

/// A line of the backend's output: an Airbyte message.
#[derive(Deserialize)]
#[serde(expecting = "an Airbyte message or a test read")]
struct Message {
    #[serde(default)]
    record: Option<Record>,
    #[serde(default)]
    data: Option<TestRead>,
    #[serde(default)]
    slices: Option<Vec<Slice>>,
    #[serde(default)]
    logs: Option<Vec<Log>>,
    #[serde(default)]
    auxiliary_requests: Option<Vec<Auxiliary>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a record with `data`")]
struct Record {
    #[serde(default)]
    data: Option<TestRead>,
    /// Milliseconds since 1970.
    #[serde(default)]
    emitted_at: Option<i64>,
}

/// The test read itself.
#[derive(Deserialize)]
#[serde(expecting = "a test read with `slices`")]
struct TestRead {
    #[serde(default)]
    slices: Option<Vec<Slice>>,
    #[serde(default)]
    logs: Option<Vec<Log>>,
    #[serde(default)]
    auxiliary_requests: Option<Vec<Auxiliary>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a slice with `pages`")]
struct Slice {
    #[serde(default)]
    pages: Option<Vec<Page>>,
    #[serde(default)]
    auxiliary_requests: Option<Vec<Auxiliary>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a page with `request` and `response`")]
struct Page {
    #[serde(default)]
    request: Option<Box<Request>>,
    #[serde(default)]
    response: Option<Box<Response>>,
}

/// A request for a token, or of a parent stream.
#[derive(Deserialize)]
#[serde(expecting = "a request with `request` and `response`")]
struct Auxiliary {
    #[serde(default)]
    request: Option<Box<Request>>,
    #[serde(default)]
    response: Option<Box<Response>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a request with `url`")]
struct Request {
    url: String,
    #[serde(default, alias = "method")]
    http_method: Option<String>,
    #[serde(default)]
    headers: Option<Box<RawValue>>,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an answer with `status`")]
struct Response {
    #[serde(default)]
    status: Option<i64>,
    #[serde(default)]
    headers: Option<Box<RawValue>>,
    #[serde(default)]
    body: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(expecting = "a log line with `message`")]
struct Log {
    #[serde(default)]
    level: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    internal_message: Option<String>,
}

/// Everything of a source, in order.
struct Everything {
    exchanges: Vec<RawExchange>,
    logs: Vec<u8>,
    skipped: u32,
}

pub(super) fn survey(source: &Source) -> Result<Survey, ContentError> {
    let everything = everything(source)?;
    if everything.exchanges.is_empty() && everything.logs.is_empty() {
        return Err(ContentError::NoRequest {
            hint: "its `slices` are empty and its `logs` say nothing; run the test read again and save its whole answer",
        });
    }
    let times = || everything.exchanges.iter().map(|exchange| exchange.started_at);
    Ok(Survey {
        program: None,
        is_known_program: false,
        lacks: lacks(),
        exchanges: u32::try_from(everything.exchanges.len()).unwrap_or(u32::MAX),
        skipped: everything.skipped,
        began: times().min(),
        ended: times().max(),
        numbers: Vec::new(),
    })
}

pub(super) fn read(source: &Source, take: &mut dyn FnMut(Told)) -> Result<(), ContentError> {
    let everything = everything(source)?;
    for exchange in everything.exchanges {
        take(Told::Exchange(Box::new(exchange)));
    }
    if !everything.logs.is_empty() {
        take(Told::Output(Output { stream: Stream::Stdout, data: everything.logs.into() }));
    }
    Ok(())
}

fn lacks() -> BTreeSet<Lack> {
    [Lack::Time, Lack::Requests].into()
}

fn everything(source: &Source) -> Result<Everything, ContentError> {
    let bytes = source.whole()?;
    // An object in memory takes more than its two braces.
    if memchr::memchr_iter(b'{', &bytes).count() > MOST_OBJECTS {
        let place = "the whole".to_owned();
        return Err(ContentError::TooMany { place, what: "objects", limit: MOST_OBJECTS });
    }
    let mut found = Everything { exchanges: Vec::new(), logs: Vec::new(), skipped: 0 };
    let mut started_at = source.changed_at().unwrap_or_else(Timestamp::now);
    let documents = serde_json::Deserializer::from_slice(&bytes).into_iter::<Message>();
    let mut any = false;
    for (at, document) in (1_u32..).zip(documents) {
        let message = document.map_err(|problem| json::error(&format!("message {at}"), &problem))?;
        if let Some(sent) = message.record.as_ref().and_then(|record| record.emitted_at) {
            started_at = Timestamp::from_millisecond(sent).unwrap_or(started_at);
        }
        let Message { record, data, slices, logs, auxiliary_requests } = message;
        let own = TestRead { slices, logs, auxiliary_requests };
        let inner = record.and_then(|record| record.data).or(data);
        for read in [Some(own), inner].into_iter().flatten() {
            any |= read.slices.is_some() || read.logs.is_some();
            found.add(read, started_at)?;
        }
    }
    if !any {
        return Err(ContentError::Unknown {
            hint: "it is JSON and neither a HAR nor a test read of the Airbyte Builder (`slices` with `pages`): see docs/import.md",
        });
    }
    Ok(found)
}

impl Everything {
    fn add(&mut self, read: TestRead, started_at: Timestamp) -> Result<(), ContentError> {
        for (at, auxiliary) in (1..).zip(read.auxiliary_requests.into_iter().flatten()) {
            let place = format!("auxiliary request {at}");
            self.request(auxiliary.request.as_deref(), auxiliary.response.as_deref(), started_at, &place)?;
        }
        for (number, slice) in (1..).zip(read.slices.into_iter().flatten()) {
            for (at, auxiliary) in (1..).zip(slice.auxiliary_requests.into_iter().flatten()) {
                let place = format!("slice {number}, auxiliary request {at}");
                self.request(
                    auxiliary.request.as_deref(),
                    auxiliary.response.as_deref(),
                    started_at,
                    &place,
                )?;
            }
            for (at, page) in (1..).zip(slice.pages.into_iter().flatten()) {
                let place = format!("slice {number}, page {at}");
                self.request(page.request.as_deref(), page.response.as_deref(), started_at, &place)?;
            }
        }
        for log in read.logs.into_iter().flatten() {
            self.log(&log);
        }
        Ok(())
    }

    /// A line of the log, as the command's own output would say it.
    fn log(&mut self, log: &Log) {
        let level = log.level.as_deref().unwrap_or("INFO");
        for text in [&log.message, &log.internal_message].into_iter().flatten() {
            let line = serde_json::json!({"type": "LOG", "log": {"level": level, "message": text}});
            self.logs.extend_from_slice(line.to_string().as_bytes());
            self.logs.push(b'\n');
        }
    }

    fn request(
        &mut self,
        request: Option<&Request>,
        response: Option<&Response>,
        started_at: Timestamp,
        place: &str,
    ) -> Result<(), ContentError> {
        let Some(request) = request else { return Ok(()) };
        if self.exchanges.len() == MOST_EXCHANGES {
            let place = place.to_owned();
            return Err(ContentError::TooMany { place, what: "requests", limit: MOST_EXCHANGES });
        }
        let number = u32::try_from(self.exchanges.len() + 1).unwrap_or(u32::MAX);
        match exchange(request, response, number, started_at) {
            Ok(Some(exchange)) => self.exchanges.push(exchange),
            Ok(None) => self.skipped += 1,
            Err(problem) => return Err(problem.within(place)),
        }
        Ok(())
    }
}

fn exchange(
    request: &Request,
    response: Option<&Response>,
    number: u32,
    started_at: Timestamp,
) -> Result<Option<RawExchange>, ContentError> {
    let place = match target::read(&request.url, None) {
        Ok(Url::Web(place)) => place,
        Ok(Url::Other) => return Ok(None),
        Err(reason) => return Err(ContentError::value("request.url", reason)),
    };
    let fields = pairs("request", request.headers.as_deref())?;
    let method = request.http_method.as_deref().unwrap_or("GET");
    let head = message::request_head(method, &place.target, "", &fields)?;
    let told = Imported { lacks: lacks(), ..Imported::default() };
    let sent = message::message(head, content(request.body.as_deref())?);
    let answer = response.map(answer).transpose()?;
    Ok(Some(message::exchange(number, started_at, place, told, sent, answer)))
}

fn answer(response: &Response) -> Result<RawMessage, ContentError> {
    let status = response.status.unwrap_or_default();
    let status = u16::try_from(status).ok().filter(|status| (100..1000).contains(status));
    let status = status.ok_or_else(|| ContentError::value("response.status", "it is no status code"))?;
    let head: Bytes =
        message::response_head("", status, "", &pairs("response", response.headers.as_deref())?)?;
    Ok(message::message(head, content(response.body.as_deref())?))
}

/// Values of fields are strings; anything else is shown as its JSON.
fn pairs(whole: &str, fields: Option<&RawValue>) -> Result<Vec<Pair>, ContentError> {
    let Some(fields) = fields else { return Ok(Vec::new()) };
    let place = || format!("{whole}.headers");
    if fields.get().len() > LONGEST_FIELDS {
        return Err(ContentError::value(place(), "they take more than 1 MiB"));
    }
    let fields: Option<Map<String, Value>> =
        serde_json::from_str(fields.get()).map_err(|_| ContentError::value(place(), "they are no object"))?;
    let value = |value: Value| match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    };
    Ok(fields.into_iter().flatten().map(|(name, one)| (name, value(one))).collect())
}

/// A body is a string; newer versions tell JSON as JSON.
fn content(told: Option<&RawValue>) -> Result<RawBody, ContentError> {
    match told.map(RawValue::get) {
        None | Some("null") => Ok(RawBody { complete: true, ..RawBody::default() }),
        Some(text) if text.starts_with('"') => {
            let text: String = serde_json::from_str(text)
                .map_err(|_| ContentError::value("its body", "it holds what is no text"))?;
            Ok(body(text.into_bytes()))
        }
        Some(json) => Ok(body(json.as_bytes().to_vec())),
    }
}
