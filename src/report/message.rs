//! A redacted message written out as source text, with the places in it.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::compare::{FieldPart, Locator};
use crate::model::{
    Body, Content, Credentials, Field, FieldValue, Json, Parameter, Part, Request, Response, Target,
    TargetForm, Text, Token, UserInfo,
};

use super::secret;

/// A message's lines, and where in them its places are.
#[derive(Debug, Default)]
pub(super) struct Message {
    /// The head, the empty line after it, and the content where it was asked for.
    pub(super) lines: Vec<String>,
    /// The number of lines of the head.
    pub(super) head: usize,
    spots: Vec<(Locator, usize, Range<usize>)>,
}

impl Message {
    /// A request: its head, and its content when `with_body`.
    ///
    /// An origin-form target is written out as a whole URL when `with_authority`, for places that only the connection tells.
    pub(super) fn request(request: &Request, with_authority: bool, with_body: bool) -> Self {
        let mut message = Self { lines: vec![String::new()], ..Self::default() };
        message.place(Locator::Method, &request.method);
        message.push(" ");
        message.target(&request.target, with_authority);
        message.push(" ");
        message.place(Locator::Version, &request.version);
        message.fields(&request.fields);
        if with_body {
            message.body(&request.body);
        }
        message
    }

    /// An answer: its head, and its content when `with_body`.
    pub(super) fn response(response: &Response, with_body: bool) -> Self {
        let mut message = Self { lines: vec![String::new()], ..Self::default() };
        message.place(Locator::Version, &response.version);
        message.push(" ");
        let status = message.column();
        message.push(&response.status.to_string());
        if !response.reason.is_empty() {
            message.push(&format!(" {}", response.reason));
        }
        message.spot(Locator::Status, status);
        message.fields(&response.fields);
        if with_body {
            message.body(&response.body);
        }
        message
    }

    /// The line (from 0) and the bytes of a place, if the message has it.
    ///
    /// A part that is not told apart (spacing, order) is found as its whole, and a place that is named by number also without one.
    pub(super) fn find(&self, at: &Locator) -> Option<(usize, Range<usize>)> {
        let exact = self.spots.iter().find(|(place, ..)| place == at);
        let close = || self.spots.iter().find(|(place, ..)| is_within(at, place));
        exact.or_else(close).map(|(_, line, range)| (*line, range.clone()))
    }

    fn target(&mut self, target: &Target, with_authority: bool) {
        let whole = target.form == TargetForm::Absolute && target.user_info.is_some();
        let request = self.column();
        match target.form {
            TargetForm::Authority => {
                self.place(Locator::Host, &target.host);
                self.push(":");
                self.place(Locator::Port, &target.port.to_string());
                return;
            }
            TargetForm::Asterisk => return self.place(Locator::Path, "*"),
            TargetForm::Origin | TargetForm::Absolute | TargetForm::Malformed => {}
        }
        if with_authority || whole {
            self.place(Locator::Scheme, &target.scheme);
            self.push("://");
            if let Some(info) = &target.user_info {
                let start = self.column();
                self.push(&user_info(info));
                self.spot(Locator::UserInfo, start);
                self.push("@");
            }
            self.place(Locator::Host, &target.host);
            self.push(":");
            self.place(Locator::Port, &target.port.to_string());
        }
        self.place(Locator::Path, &secret::text(&target.path));
        if let Some(query) = &target.query {
            self.push("?");
            self.parameters(query, "&", |name, nth| Some(Locator::Query { name, nth }));
        }
        if let Some(fragment) = &target.fragment {
            self.push(&format!("#{fragment}"));
        }
        self.spot(Locator::Request, request);
    }

    fn fields(&mut self, fields: &[Field]) {
        let mut numbers = Numbers::of(fields.iter().map(|field| field.name.key.as_str()));
        for field in fields {
            let name = field.name.key.clone();
            let nth = numbers.next(&name);
            let place = |part| Locator::Field { name: name.clone(), nth, part };
            self.next_line();
            let start = self.column();
            self.place(place(FieldPart::Name), &field.name.sent);
            self.push(":");
            self.push(&field.spacing.before);
            let value = self.column();
            match &field.value {
                FieldValue::Text(text) => self.push(&secret::text(text)),
                FieldValue::Credentials(credentials) => self.credentials(credentials, &place),
                FieldValue::Cookies(cookies) => {
                    self.parameters(cookies, "; ", |name, _| Some(Locator::Cookie { name }));
                }
            }
            self.push(&field.spacing.after);
            // An empty value has no room of its own to be marked.
            let from = if self.column() == value { start } else { value };
            self.spot(place(FieldPart::Whole), from);
        }
        self.head = self.lines.len();
        self.next_line();
    }

    fn credentials(&mut self, credentials: &Credentials, place: &impl Fn(FieldPart) -> Locator) {
        let start = self.column();
        if let Some(scheme) = &credentials.scheme {
            self.place(place(FieldPart::Scheme), scheme);
        }
        self.push(&credentials.separator);
        let token = self.column();
        match &credentials.token {
            Token::Opaque(token) => self.push(&secret::secret(token)),
            Token::Basic(info) => self.push(&user_info(info)),
            Token::Parameters(parameters) => self.parameters(parameters, ", ", |_, _| None),
        }
        let from = if self.column() == token { start } else { token };
        self.spot(place(FieldPart::Token), from);
    }

    fn parameters(
        &mut self,
        parameters: &[Parameter],
        between: &str,
        place: impl Fn(String, u32) -> Option<Locator>,
    ) {
        let mut numbers = Numbers::of(parameters.iter().map(|parameter| parameter.name.as_str()));
        for (at, parameter) in parameters.iter().enumerate() {
            if at > 0 {
                self.push(between);
            }
            let start = self.column();
            self.push(&parameter.name);
            if let Some(value) = &parameter.value {
                self.push(&format!("={}", secret::text(value)));
            }
            let nth = numbers.next(&parameter.name);
            if let Some(at) = place(parameter.name.clone(), nth) {
                self.spot(at, start);
            }
        }
    }

    fn body(&mut self, body: &Body) {
        self.next_line();
        match &body.content {
            Content::Empty => self.push("(no content)"),
            Content::Json(value) => self.json(value, "", 0),
            Content::JsonLines(values) => {
                for (at, value) in values.iter().enumerate() {
                    if at > 0 {
                        self.next_line();
                    }
                    self.json(value, &format!("/{at}"), 0);
                }
            }
            Content::Form(parameters) => {
                self.parameters(parameters, "&", |name, nth| Some(Locator::Form { name, nth }));
            }
            Content::Multipart(parts) => {
                let name = |part: &Part| part.name.clone().unwrap_or_default();
                let names: Vec<String> = parts.iter().map(name).collect();
                let mut numbers = Numbers::of(names.iter().map(String::as_str));
                for (at, (part, name)) in parts.iter().zip(&names).enumerate() {
                    if at > 0 {
                        self.next_line();
                    }
                    let start = self.column();
                    self.push(&format!("{name}: {}", content_in_short(&part.content, part.length)));
                    let nth = numbers.next(name);
                    self.spot(Locator::Form { name: name.clone(), nth }, start);
                }
            }
            Content::Text(text) => self.text(text),
            content @ Content::Opaque(_) => self.push(&content_in_short(content, body.length)),
        }
        self.spot(Locator::Body { pointer: String::new() }, 0);
    }

    fn text(&mut self, text: &Text) {
        let text = secret::text(text);
        for (at, line) in text.split('\n').enumerate() {
            if at > 0 {
                self.next_line();
            }
            self.push(line);
        }
    }

    fn json(&mut self, value: &Json, pointer: &str, depth: usize) {
        let start = self.column();
        let line = self.lines.len();
        match value {
            Json::Array(items) if !items.is_empty() => {
                let members = items.iter().enumerate().map(|(at, item)| (None, at.to_string(), item));
                self.members('[', members, ']', pointer, depth);
            }
            Json::Object(members) if !members.is_empty() => {
                let members = members.iter().map(|(name, value)| (Some(name.as_str()), name.clone(), value));
                self.members('{', members, '}', pointer, depth);
            }
            Json::Embedded(inner) => {
                self.push("\"");
                self.json(inner, pointer, depth);
                self.push("\"");
            }
            scalar => self.push(&json_in_short(scalar)),
        }
        if line == self.lines.len() {
            self.spot(Locator::Body { pointer: pointer.to_owned() }, start);
        }
    }

    fn members<'a>(
        &mut self,
        open: char,
        members: impl Iterator<Item = (Option<&'a str>, String, &'a Json)>,
        close: char,
        pointer: &str,
        depth: usize,
    ) {
        let start = self.column();
        self.push(open.encode_utf8(&mut [0; 4]));
        self.spot(Locator::Body { pointer: pointer.to_owned() }, start);
        for (at, (name, key, value)) in members.enumerate() {
            if at > 0 {
                self.push(",");
            }
            self.next_line();
            self.push(&"  ".repeat(depth + 1));
            if let Some(name) = name {
                self.push(&format!("\"{name}\": "));
            }
            let key = key.replace('~', "~0").replace('/', "~1");
            self.json(value, &format!("{pointer}/{key}"), depth + 1);
        }
        self.next_line();
        self.push(&"  ".repeat(depth));
        self.push(close.encode_utf8(&mut [0; 4]));
    }

    fn column(&self) -> usize {
        self.lines.last().map_or(0, String::len)
    }

    fn next_line(&mut self) {
        self.lines.push(String::new());
    }

    fn push(&mut self, text: &str) {
        if let Some(line) = self.lines.last_mut() {
            line.push_str(text);
        }
    }

    fn place(&mut self, at: Locator, text: &str) {
        let start = self.column();
        self.push(text);
        self.spot(at, start);
    }

    fn spot(&mut self, at: Locator, start: usize) {
        self.spots.push((at, self.lines.len().saturating_sub(1), start.min(self.column())..self.column()));
    }
}

/// True where `place` is `at`, seen less closely.
fn is_within(at: &Locator, place: &Locator) -> bool {
    use Locator::{Field, Form, Query};
    let same = |one: u32, other: u32| one == other || one == 0 || other == 0;
    match (at, place) {
        (Field { name, nth, .. }, Field { name: other, nth: number, part: FieldPart::Whole }) => {
            name == other && same(*nth, *number)
        }
        (Query { name, nth }, Query { name: other, nth: number })
        | (Form { name, nth }, Form { name: other, nth: number }) => name == other && same(*nth, *number),
        _ => false,
    }
}

pub(super) fn user_info(info: &UserInfo) -> String {
    match &info.password {
        Some(password) => format!("{}:{}", secret::secret(&info.user), secret::secret(password)),
        None => secret::secret(&info.user),
    }
}

pub(super) fn json_in_short(value: &Json) -> String {
    match value {
        Json::Null => "null".to_owned(),
        Json::Bool(value) => value.to_string(),
        Json::Number(text) => text.to_string(),
        Json::String(text) => format!("\"{}\"", secret::text(text)),
        Json::Embedded(value) => format!("\"{}\" (JSON in a string)", json_in_short(value)),
        Json::Array(items) if items.is_empty() => "[]".to_owned(),
        Json::Array(items) => format!("[{} items]", items.len()),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Object(members) => format!("{{{} members}}", members.len()),
    }
}

pub(super) fn content_in_short(content: &Content, length: u64) -> String {
    match content {
        Content::Empty => "(nothing)".to_owned(),
        Content::Json(value) => json_in_short(value),
        Content::JsonLines(lines) => format!("({} lines of JSON)", lines.len()),
        Content::Form(parameters) => format!("({} form fields)", parameters.len()),
        Content::Multipart(parts) => format!("({} parts)", parts.len()),
        Content::Text(text) => secret::text(text),
        Content::Opaque(reason) => format!("({length} bytes, {})", reason.words()),
    }
}

/// Numbers occurrences of a name as locators do: from 1, and 0 for the only one.
struct Numbers {
    total: BTreeMap<String, u32>,
    seen: BTreeMap<String, u32>,
}

impl Numbers {
    fn of<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let mut total = BTreeMap::new();
        for name in names {
            *total.entry(name.to_owned()).or_default() += 1;
        }
        Self { total, seen: BTreeMap::new() }
    }

    fn next(&mut self, name: &str) -> u32 {
        let seen = self.seen.entry(name.to_owned()).or_default();
        *seen += 1;
        if self.total.get(name).copied().unwrap_or_default() > 1 { *seen } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OpaqueReason;

    #[test]
    fn a_body_that_was_too_long_names_the_option() {
        let shown = content_in_short(&Content::Opaque(OpaqueReason::TooLarge), 1_048_577);
        assert_eq!(shown, "(1048577 bytes, not kept: longer than --body-limit, or nested too deep)");
    }
}
