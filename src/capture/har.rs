//! The parts of a HAR 1.2 entry (<http://www.softwareishard.com/blog/har-12-spec/>), for other programs to read.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Serialize, Serializer};

use super::{clock, render};
use crate::model::{self, Content, Field, FieldValue, Parameter, Text, Timings};

/// What RFC 3986 does not allow in a URL; a percent sign stands for itself, as shown parts are kept as sent.
const NOT_IN_URL: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Longest text of a body's rendering, in bytes; the facts in `_samewire` have no such limit.
const LONGEST_TEXT: usize = 64 * 1024;

/// HAR's number for "not known".
const UNKNOWN: i8 = -1;

/// HAR's `timings`, in milliseconds. The others are of the connection, not of the exchange.
pub(super) struct Phases {
    send: f64,
    wait: f64,
    receive: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Request<'a> {
    method: &'a str,
    url: String,
    http_version: &'a str,
    cookies: Vec<Cookie<'a>>,
    headers: Vec<Pair<'a>>,
    query_string: Vec<Pair<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    post_data: Option<PostData<'a>>,
    headers_size: i8,
    body_size: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Response<'a> {
    status: u16,
    status_text: String,
    http_version: &'a str,
    cookies: Vec<Cookie<'a>>,
    headers: Vec<Pair<'a>>,
    content: Body,
    #[serde(rename = "redirectURL")]
    redirect_url: String,
    headers_size: i8,
    #[serde(serialize_with = "known_or_unknown")]
    body_size: Option<u64>,
}

#[derive(Serialize)]
struct Pair<'a> {
    name: &'a str,
    value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Cookie<'a> {
    name: &'a str,
    value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    domain: Option<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    http_only: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    secure: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PostData<'a> {
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    params: Option<Vec<Param<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Param<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    content_type: Option<String>,
}

/// HAR's `content`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body {
    size: u64,
    mime_type: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<&'static str>,
}

impl Phases {
    /// An answer may begin before the request has ended, so no phase is counted twice.
    pub(super) fn new(timings: &Timings) -> Self {
        let sent = timings.sent.unwrap_or(0.0).max(0.0);
        let answered = timings.answered.unwrap_or(sent).max(sent);
        let ended = timings.ended.unwrap_or(answered).max(answered);
        let (wait, receive) = match timings.answered {
            Some(_) => (answered - sent, ended - answered),
            None => (ended - sent, 0.0),
        };
        let [wait, receive] = [wait, receive].map(to_the_microsecond);
        Self { send: sent, wait, receive }
    }

    /// Appends them.
    pub(super) fn append_to(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let Self { send, wait, receive } = *self;
        out.extend_from_slice(br#"{"blocked":-1,"dns":-1,"connect":-1,"ssl":-1"#);
        for (name, milliseconds) in [(",\"send\":", send), (",\"wait\":", wait), (",\"receive\":", receive)] {
            out.extend_from_slice(name.as_bytes());
            clock::append_milliseconds(out, milliseconds)?;
        }
        out.push(b'}');
        Ok(())
    }

    /// HAR's `time`: all of them.
    pub(super) fn time(&self) -> f64 {
        to_the_microsecond(self.send + self.wait + self.receive)
    }
}

/// Milliseconds as they are measured: differences and sums of them have digits that nobody has measured.
fn to_the_microsecond(milliseconds: f64) -> f64 {
    (milliseconds * 1000.0).round() / 1000.0
}

impl<'a> Request<'a> {
    pub(super) fn new(request: &'a model::Request) -> Self {
        Self {
            method: &request.method,
            url: utf8_percent_encode(&request.target.url(), NOT_IN_URL).to_string(),
            http_version: &request.version,
            cookies: sent_cookies(&request.fields),
            headers: headers(&request.fields),
            query_string: request.target.query.iter().flatten().map(Pair::new).collect(),
            post_data: PostData::new(request),
            headers_size: UNKNOWN,
            body_size: request.body.length,
        }
    }
}

impl<'a> Response<'a> {
    pub(super) fn new(response: &'a model::Response) -> Self {
        let (text, comment) = shown_content(&response.body.content);
        Self {
            status: response.status,
            status_text: response.reason.to_string(),
            http_version: &response.version,
            cookies: set_cookies(&response.fields),
            headers: headers(&response.fields),
            content: Body {
                size: response.body.length,
                mime_type: value_of(&response.fields, "content-type"),
                text,
                comment,
            },
            redirect_url: value_of(&response.fields, "location"),
            headers_size: UNKNOWN,
            body_size: Some(response.body.length),
        }
    }

    /// Browsers write a request that got no whole answer with status 0.
    pub(super) fn none(request: &'a model::Request) -> Self {
        Self {
            status: 0,
            status_text: String::new(),
            http_version: &request.version,
            cookies: Vec::new(),
            headers: Vec::new(),
            content: Body { size: 0, mime_type: "x-unknown".to_owned(), text: None, comment: None },
            redirect_url: String::new(),
            headers_size: UNKNOWN,
            body_size: None,
        }
    }
}

impl<'a> Pair<'a> {
    fn new(parameter: &'a Parameter) -> Self {
        Self {
            name: &parameter.name,
            value: parameter.value.as_ref().map(Text::to_string).unwrap_or_default(),
        }
    }
}

impl<'a> PostData<'a> {
    fn new(request: &'a model::Request) -> Option<Self> {
        if request.body.length == 0 && request.body.content == Content::Empty {
            return None;
        }
        let params = match &request.body.content {
            Content::Form(parameters) => Some(parameters.iter().map(Param::of_form).collect()),
            Content::Multipart(parts) => Some(parts.iter().map(Param::of_part).collect()),
            _ => None,
        };
        // HAR wants either params or text.
        let (text, comment) = if params.is_some() {
            (None, None)
        } else {
            let (text, comment) = shown_content(&request.body.content);
            (Some(text.unwrap_or_default()), comment)
        };
        Some(Self { mime_type: value_of(&request.fields, "content-type"), params, text, comment })
    }
}

impl<'a> Param<'a> {
    fn of_form(parameter: &'a Parameter) -> Self {
        let value = parameter.value.as_ref().map(Text::to_string);
        Self { name: &parameter.name, value, file_name: None, content_type: None }
    }

    fn of_part(part: &'a model::Part) -> Self {
        let content_type = value_of(&part.fields, "content-type");
        Self {
            name: part.name.as_deref().unwrap_or_default(),
            value: shown_content(&part.content).0,
            file_name: part.file_name.as_ref().map(Text::to_string),
            content_type: Some(content_type).filter(|value| !value.is_empty()),
        }
    }
}

/// The content as text, or why there is none.
fn shown_content(content: &Content) -> (Option<String>, Option<&'static str>) {
    match content {
        Content::Empty => (None, None),
        Content::Opaque(reason) => (None, Some(reason.words())),
        _ => {
            let text = render::content(content);
            if text.len() > LONGEST_TEXT { (None, Some("left out here: long")) } else { (Some(text), None) }
        }
    }
}

fn headers(fields: &[Field]) -> Vec<Pair<'_>> {
    fields
        .iter()
        .map(|field| Pair { name: &field.name.sent, value: render::field_value(&field.value) })
        .collect()
}

/// The value of the first field of this name.
fn value_of(fields: &[Field], key: &str) -> String {
    let field = fields.iter().find(|field| field.name.key == key);
    field.map(|field| render::field_value(&field.value)).unwrap_or_default()
}

fn cookie_lists<'a>(fields: &'a [Field], key: &'static str) -> impl Iterator<Item = &'a [Parameter]> {
    fields.iter().filter(move |field| field.name.key == key).filter_map(|field| match &field.value {
        FieldValue::Cookies(pairs) => Some(pairs.as_slice()),
        FieldValue::Text(_) | FieldValue::Credentials(_) => None,
    })
}

fn sent_cookies(fields: &[Field]) -> Vec<Cookie<'_>> {
    cookie_lists(fields, "cookie").flatten().map(|pair| Cookie::new(pair, &[])).collect()
}

fn set_cookies(fields: &[Field]) -> Vec<Cookie<'_>> {
    cookie_lists(fields, "set-cookie")
        .filter_map(|pairs| pairs.split_first())
        .map(|(pair, attributes)| Cookie::new(pair, attributes))
        .collect()
}

impl<'a> Cookie<'a> {
    fn new(pair: &'a Parameter, attributes: &[Parameter]) -> Self {
        let attribute = |name: &str| attributes.iter().find(|one| one.name.eq_ignore_ascii_case(name));
        let text = |name| attribute(name).and_then(|one| one.value.as_ref()).map(Text::to_string);
        Self {
            name: &pair.name,
            value: pair.value.as_ref().map(Text::to_string).unwrap_or_default(),
            path: text("path"),
            domain: text("domain"),
            http_only: attribute("httponly").is_some(),
            secure: attribute("secure").is_some(),
        }
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
fn known_or_unknown<S: Serializer>(size: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match size {
        Some(size) => serializer.serialize_u64(*size),
        None => serializer.serialize_i8(UNKNOWN),
    }
}
