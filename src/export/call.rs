//! A request in parts: text that was sent, and variables.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::{
    Class, Content, Exchange, FieldValue, Json, Parameter, Part as FormPart, Piece, Request, Secret, Text,
    Token,
};

use super::names::Names;

/// What stands in a query or a form percent-encoded.
const IN_FORM: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What no URL may hold; the rest of a path is kept as it was sent.
const NOT_IN_PATH: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'`').add(b'?').add(b'#').add(b'{').add(b'}');

/// A piece of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// As it was sent.
    Text(String),
    /// The name of a variable.
    Variable(String),
}

/// A value.
pub(super) type Value = Vec<Part>;

/// The content of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sent {
    None,
    /// Its bytes.
    Whole(Value),
    /// Parts of a multipart form: name, file name, content.
    Parts(Vec<(String, Option<String>, Value)>),
    /// The capture does not hold it.
    Elsewhere,
}

/// A request to be written out.
pub(super) struct Call {
    pub(super) method: String,
    pub(super) url: Value,
    /// Fields that the client does not make by itself.
    pub(super) fields: Vec<(String, Value)>,
    /// User and password of Basic.
    pub(super) basic: Option<(Value, Value)>,
    pub(super) content: Sent,
    /// What a reader must know, a line each.
    pub(super) remarks: Vec<String>,
}

/// Fields that any client makes from the rest.
const BY_ITSELF: [&str; 7] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "proxy-connection",
    "proxy-authorization",
    "keep-alive",
    "te",
];

impl Call {
    pub(super) fn of(exchange: &Exchange, names: &mut Names) -> Self {
        let request = &exchange.request;
        let mut call = Self {
            method: request.method.clone(),
            url: Vec::new(),
            fields: Vec::new(),
            basic: None,
            content: Sent::None,
            remarks: Vec::new(),
        };
        call.target(request, names);
        call.content = content(request, names);
        call.remark_on_json(request);
        if call.content == Sent::Elsewhere {
            call.remarks.push(format!(
                "its body ({} bytes) is not in the capture: put it into body.bin",
                request.body.length
            ));
        }
        if !request.body.codings.is_empty() && call.content != Sent::None {
            call.remarks.push(
                "its body was sent under a content coding; it is plain here, without that field".to_owned(),
            );
        }
        let multipart = matches!(call.content, Sent::Parts(_));
        for field in &request.fields {
            let key = field.name.key.as_str();
            let of_coding = key == "content-encoding" && call.content != Sent::None;
            let of_host = key == "host" && says_host(request, &field.value);
            let of_parts = key == "content-type" && multipart;
            if BY_ITSELF.contains(&key) || of_coding || of_host || of_parts || field.name.sent.contains('‹')
            {
                continue;
            }
            call.field(&field.name.sent, &field.value, names);
        }
        call
    }

    fn target(&mut self, request: &Request, names: &mut Names) {
        let target = &request.target;
        let default = if target.scheme == "https" { 443 } else { 80 };
        let port = if target.port == default { String::new() } else { format!(":{}", target.port) };
        push_text(&mut self.url, &format!("{}://", target.scheme));
        if let Some(info) = &target.user_info {
            self.basic = Some((
                names.parts(&info.user, "user_name"),
                info.password.as_ref().map(|password| names.parts(password, "password")).unwrap_or_default(),
            ));
        }
        push_text(&mut self.url, &format!("{}{port}", target.host));
        for part in text(&target.path, "path_segment", names) {
            match part {
                Part::Text(text) => {
                    push_text(&mut self.url, &utf8_percent_encode(&text, NOT_IN_PATH).to_string());
                }
                variable @ Part::Variable(_) => {
                    self.must_be_encoded(&variable);
                    self.url.push(variable);
                }
            }
        }
        if let Some(query) = &target.query {
            push_text(&mut self.url, "?");
            let query = parameters(query, names);
            for part in &query {
                self.must_be_encoded(part);
            }
            append(&mut self.url, query);
        }
    }

    fn remark_on_json(&mut self, request: &Request) {
        let is_json = matches!(request.body.content, Content::Json(_) | Content::JsonLines(_));
        let has_variable = |value: &Value| value.iter().any(|part| matches!(part, Part::Variable(_)));
        if is_json && matches!(&self.content, Sent::Whole(value) if has_variable(value)) {
            let remark =
                "in the JSON body, quotes and backslashes of what you fill in need a backslash before them";
            self.remarks.push(remark.to_owned());
        }
    }

    fn must_be_encoded(&mut self, part: &Part) {
        if let Part::Variable(name) = part {
            let remark = format!("{name} stands in the URL: fill it in percent-encoded");
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
    }

    fn field(&mut self, name: &str, value: &FieldValue, names: &mut Names) {
        let value = match value {
            FieldValue::Text(shown) => text(shown, name, names),
            FieldValue::Cookies(cookies) => {
                let mut value = Value::new();
                for (at, cookie) in cookies.iter().enumerate() {
                    push_text(&mut value, if at == 0 { "" } else { "; " });
                    push_text(&mut value, &cookie.name);
                    if let Some(shown) = &cookie.value {
                        push_text(&mut value, "=");
                        append(&mut value, text(shown, &cookie.name, names));
                    }
                }
                value
            }
            FieldValue::Credentials(credentials) => {
                let scheme = credentials.scheme.as_deref().unwrap_or_default();
                let place = if name.eq_ignore_ascii_case("authorization") { "token" } else { name };
                let mut value = Value::new();
                push_text(&mut value, &format!("{scheme}{}", credentials.separator));
                match &credentials.token {
                    Token::Basic(info) if name.eq_ignore_ascii_case("authorization") => {
                        self.basic = Some((
                            secret(&info.user, "user_name", names),
                            info.password
                                .as_ref()
                                .map(|password| secret(password, "password", names))
                                .unwrap_or_default(),
                        ));
                        return;
                    }
                    Token::Basic(info) => append(&mut value, secret(&info.user, place, names)),
                    Token::Opaque(one) => append(&mut value, secret(one, place, names)),
                    Token::Parameters(parameters) => {
                        for (at, parameter) in parameters.iter().enumerate() {
                            push_text(&mut value, if at == 0 { "" } else { ", " });
                            push_text(&mut value, &parameter.name);
                            if let Some(shown) = &parameter.value {
                                push_text(&mut value, "=\"");
                                append(&mut value, text(shown, &parameter.name, names));
                                push_text(&mut value, "\"");
                            }
                        }
                    }
                }
                value
            }
        };
        self.fields.push((name.to_owned(), value));
    }

    /// The value of a field, where it was sent.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|(known, _)| known.eq_ignore_ascii_case(name))
    }
}

fn says_host(request: &Request, value: &FieldValue) -> bool {
    let FieldValue::Text(text) = value else { return false };
    let target = &request.target;
    text.as_shown().is_some_and(|host| {
        host.eq_ignore_ascii_case(&target.host) || host.eq_ignore_ascii_case(&target.authority())
    })
}

fn content(request: &Request, names: &mut Names) -> Sent {
    let body = &request.body;
    match &body.content {
        Content::Empty if body.length == 0 => Sent::None,
        Content::Empty | Content::Opaque(_) => Sent::Elsewhere,
        Content::Json(value) => {
            let mut out = Value::new();
            json(value, "", &mut out, names);
            Sent::Whole(out)
        }
        Content::JsonLines(values) => {
            let mut out = Value::new();
            for value in values {
                json(value, "", &mut out, names);
                push_text(&mut out, "\n");
            }
            Sent::Whole(out)
        }
        Content::Form(form) => Sent::Whole(parameters(form, names)),
        Content::Text(shown) => Sent::Whole(text(shown, "body", names)),
        Content::Multipart(parts) => Sent::Parts(parts.iter().map(|part| form_part(part, names)).collect()),
    }
}

fn form_part(part: &FormPart, names: &mut Names) -> (String, Option<String>, Value) {
    let name = part.name.clone().unwrap_or_default();
    let file = part.file_name.as_ref().map(|name| name.as_shown().unwrap_or("file").to_owned());
    let value = match &part.content {
        Content::Text(shown) => text(shown, &name, names),
        Content::Json(value) => {
            let mut out = Value::new();
            json(value, &name, &mut out, names);
            out
        }
        Content::Form(form) => parameters(form, names),
        _ => Value::new(),
    };
    (name, file, value)
}

/// A placeholder is what was sent; anything else that is hidden is a variable.
fn secret(secret: &Secret, place: &str, names: &mut Names) -> Value {
    match &secret.shape.class {
        Class::Empty => Value::new(),
        Class::Null(text) | Class::Template(text) | Class::Mask(text) | Class::Opened(text)
            if !text.contains('…') =>
        {
            vec![Part::Text(text.clone())]
        }
        _ => names.parts(secret, place),
    }
}

pub(super) fn text(shown: &Text, place: &str, names: &mut Names) -> Value {
    let nameless = shown.secrets().filter(|secret| secret.relation.is_none() && !secret.credential).count();
    if nameless > 1 && nameless == shown.secrets().count() {
        return vec![names.words(shown, place)];
    }
    let mut value = Value::new();
    for piece in &shown.pieces {
        match piece {
            Piece::Shown(text) => push_text(&mut value, text),
            Piece::Hidden(hidden) => append(&mut value, secret(hidden, place, names)),
        }
    }
    value
}

/// `name=value&...`, text encoded; variables are to be filled in encoded.
fn parameters(parameters: &[Parameter], names: &mut Names) -> Value {
    let encoded = |text: &str| utf8_percent_encode(text, IN_FORM).to_string();
    let mut value = Value::new();
    for (at, parameter) in parameters.iter().enumerate() {
        push_text(&mut value, if at == 0 { "" } else { "&" });
        push_text(&mut value, &encoded(&parameter.name));
        let Some(shown) = &parameter.value else { continue };
        push_text(&mut value, "=");
        for part in text(shown, &parameter.name, names) {
            match part {
                Part::Text(text) => push_text(&mut value, &encoded(&text)),
                variable @ Part::Variable(_) => value.push(variable),
            }
        }
    }
    value
}

fn json(value: &Json, name: &str, out: &mut Value, names: &mut Names) {
    match value {
        Json::Null => push_text(out, "null"),
        Json::Bool(flag) => push_text(out, if *flag { "true" } else { "false" }),
        Json::Number(shown) => append(out, text(shown, name, names)),
        Json::String(shown) => {
            push_text(out, "\"");
            for part in text(shown, name, names) {
                match part {
                    Part::Text(text) => push_text(out, &escaped(&text)),
                    variable @ Part::Variable(_) => out.push(variable),
                }
            }
            push_text(out, "\"");
        }
        Json::Embedded(inner) => {
            let mut within = Value::new();
            json(inner, name, &mut within, names);
            push_text(out, "\"");
            for part in within {
                match part {
                    Part::Text(text) => push_text(out, &escaped(&text)),
                    variable @ Part::Variable(_) => out.push(variable),
                }
            }
            push_text(out, "\"");
        }
        Json::Array(items) => {
            push_text(out, "[");
            for (at, item) in items.iter().enumerate() {
                push_text(out, if at == 0 { "" } else { "," });
                json(item, name, out, names);
            }
            push_text(out, "]");
        }
        Json::Object(members) => {
            push_text(out, "{");
            for (at, (key, member)) in members.iter().enumerate() {
                push_text(out, if at == 0 { "\"" } else { ",\"" });
                push_text(out, &escaped(key));
                push_text(out, "\":");
                json(member, key, out, names);
            }
            push_text(out, "}");
        }
    }
}

/// A JSON string's inside.
fn escaped(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

fn push_text(value: &mut Value, text: &str) {
    if text.is_empty() {
        return;
    }
    match value.last_mut() {
        Some(Part::Text(last)) => last.push_str(text),
        _ => value.push(Part::Text(text.to_owned())),
    }
}

fn append(value: &mut Value, more: Value) {
    for part in more {
        match part {
            Part::Text(text) => push_text(value, &text),
            variable @ Part::Variable(_) => value.push(variable),
        }
    }
}
