//! Messages of the Airbyte protocol, one JSON object a line.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{Said, calls, text};
use crate::model::ClueKind;
use crate::redact::Redactor;

/// What a message says.
pub(super) struct Message {
    pub(super) said: Vec<Said>,
    /// Its words for people, where it has any.
    pub(super) words: Option<String>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(default)]
    log: Option<Log>,
    #[serde(default)]
    trace: Option<Trace>,
    #[serde(default, rename = "connectionStatus")]
    status: Option<Status>,
    #[serde(default, borrow)]
    record: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Log {
    #[serde(default)]
    message: String,
    /// The CDK puts it here, other SDKs into the message.
    #[serde(default)]
    stack_trace: Option<String>,
}

#[derive(Deserialize)]
struct Trace {
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    internal_message: Option<String>,
    #[serde(default, alias = "stacktrace")]
    stack_trace: Option<String>,
}

#[derive(Deserialize)]
struct Status {
    #[serde(default)]
    status: String,
    #[serde(default)]
    message: Option<String>,
}

/// The Connector Builder's result: the last record's data.
#[derive(Deserialize)]
struct Read {
    logs: Vec<Failure>,
    slices: Vec<Slice>,
    #[serde(default)]
    auxiliary_requests: Vec<Page>,
}

#[derive(Deserialize)]
struct Slice {
    #[serde(default)]
    pages: Vec<Page>,
    #[serde(default)]
    auxiliary_requests: Option<Vec<Page>>,
}

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    records: Vec<serde::de::IgnoredAny>,
    #[serde(default)]
    request: Option<Request>,
    #[serde(default)]
    response: Option<Response>,
}

#[derive(Deserialize)]
struct Request {
    #[serde(default)]
    url: String,
}

#[derive(Deserialize)]
struct Response {
    #[serde(default)]
    status: u16,
}

#[derive(Deserialize)]
struct Record {
    data: Read,
}

/// Reads a line, where it is a JSON object: of other objects nothing is said, they are an API's answers mostly.
pub(super) fn read(line: &str, redactor: &Redactor) -> Option<Message> {
    if !line.trim_start().starts_with('{') {
        return None;
    }
    let silent = Message { said: Vec::new(), words: None };
    let Ok(envelope) = serde_json::from_str::<Envelope<'_>>(line) else {
        return other(line, redactor);
    };
    let mut failures = Vec::new();
    let mut said = Vec::new();
    match (&*envelope.kind, envelope.log, envelope.trace, envelope.status) {
        ("LOG", Some(log), ..) => failures.push(Failure {
            message: Some(log.message),
            internal_message: None,
            stack_trace: log.stack_trace,
        }),
        ("TRACE", _, trace, _) => failures.extend(trace.and_then(|trace| trace.error)),
        ("CONNECTION_STATUS", _, _, Some(status)) => {
            let succeeded = status.status == "SUCCEEDED";
            let words = format!("CONNECTION_STATUS {}", if succeeded { "SUCCEEDED" } else { "FAILED" });
            said.push(Said::sure(ClueKind::CheckStatus { succeeded }, &words));
            let message = status.message.map(|message| text::unquoted(&message).to_owned());
            failures.push(Failure { message, internal_message: None, stack_trace: None });
        }
        ("RECORD", ..) => {
            let record = envelope.record.map(RawValue::get).unwrap_or_default();
            match serde_json::from_str::<Record>(record) {
                Ok(record) => return Some(builder(record.data, redactor)),
                Err(_) => said.push(Said::sure(ClueKind::Records, "RECORD")),
            }
        }
        _ => return Some(silent),
    }
    let mut words = None;
    for failure in failures {
        said.extend(failed(&failure, redactor));
        words = words.or(failure.message.or(failure.internal_message));
    }
    let words = words.map(|words| sentence(&words).to_owned());
    Some(Message { said, words })
}

/// A message without the traceback that the CDK puts right behind it.
fn sentence(message: &str) -> &str {
    message.split("Error traceback:").next().unwrap_or_default().lines().next().unwrap_or_default()
}

fn failed(failure: &Failure, redactor: &Redactor) -> Vec<Said> {
    [&failure.message, &failure.internal_message, &failure.stack_trace]
        .into_iter()
        .flatten()
        .flat_map(|words| text::message(words, redactor))
        .collect()
}

/// A test read: its logs hold the failures, its pages the requests as they were prepared.
fn builder(read: Read, redactor: &Redactor) -> Message {
    let mut said: Vec<Said> = read.logs.iter().flat_map(|log| failed(log, redactor)).collect();
    let pages =
        read.slices.iter().flat_map(|slice| slice.auxiliary_requests.iter().flatten().chain(&slice.pages));
    for page in read.auxiliary_requests.iter().chain(pages) {
        if let (Some(request), Some(response)) = (&page.request, &page.response) {
            let status = Some(response.status).filter(|status| *status > 0);
            let words = format!("test read: {}", calls::without_query(&request.url));
            said.push(Said::sure(calls::called(&request.url, status, redactor), &words));
        }
        if !page.records.is_empty() {
            said.push(Said::sure(ClueKind::Records, "test read: records"));
        }
    }
    let words = read.logs.into_iter().find_map(|log| log.message);
    Message { said, words }
}

/// A JSON object that is no message: a line of a structured log is read as text, anything else is not.
fn other(line: &str, redactor: &Redactor) -> Option<Message> {
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(line).ok()?;
    let text = |key: &str| object.get(key).and_then(serde_json::Value::as_str);
    let is_log =
        ["level", "levelname", "severity", "lvl", "log.level"].iter().any(|key| object.contains_key(*key));
    let words: Vec<&str> =
        ["msg", "message", "event", "error", "err", "exception", "exc_info", "stack", "stack_trace"]
            .into_iter()
            .filter_map(text)
            .filter(|_| is_log)
            .collect();
    let said = words.iter().flat_map(|words| text::message(words, redactor)).collect();
    Some(Message { said, words: Some(words.first().map_or(line, |words| *words).to_owned()) })
}
