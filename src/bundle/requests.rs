//! `requests.sh`: a request as a curl line. What is hidden is a variable of the shell, named by its ordinal.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::model::{
    Class, Content, Credentials, Exchange, Field, FieldValue, Json, Parameter, Piece, Secret, Text, Token,
    UserInfo,
};

/// What a query or a form may hold as it is.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The request of an exchange.
pub(super) fn curl(exchange: &Exchange) -> String {
    let mut line = Line::default();
    let request = &exchange.request;
    let mut url = Word::default();
    url.shown(&format!("{}://", request.target.scheme));
    if let Some(info) = &request.target.user_info {
        url.user_info(info);
        url.shown("@");
    }
    url.shown(&request.target.host);
    if !matches!((request.target.scheme.as_str(), request.target.port), ("http", 80) | ("https", 443)) {
        url.shown(&format!(":{}", request.target.port));
    }
    url.text(&request.target.path);
    for (at, parameter) in request.target.query.iter().flatten().enumerate() {
        url.shown(if at == 0 { "?" } else { "&" });
        url.parameter(parameter, true);
    }
    if request.method != "GET" {
        line.option("--request", Word::of(&request.method));
    }
    line.argument(url);
    for field in request.fields.iter().filter(|field| !curls_own(field)) {
        line.option("--header", header(field));
    }
    content(&request.body.content, request.body.length, &mut line);
    line.finish()
}

/// What curl sends by itself, rightly.
fn curls_own(field: &Field) -> bool {
    matches!(field.name.key.as_str(), "host" | "content-length" | "connection" | "proxy-connection")
        || field.name.key == "transfer-encoding"
}

fn header(field: &Field) -> Word {
    let mut word = Word::of(&field.name.sent);
    let mut value = Word::default();
    match &field.value {
        FieldValue::Text(text) => value.text(text),
        FieldValue::Cookies(pairs) => value.joined(pairs, "; "),
        FieldValue::Credentials(credentials) => {
            let Credentials { scheme, separator, token } = &**credentials;
            value.shown(scheme.as_deref().unwrap_or_default());
            value.shown(separator);
            match token {
                Token::Opaque(secret) => value.secret(secret),
                Token::Parameters(all) => value.joined(all, ", "),
                Token::Basic(info) => value.basic(info),
            }
        }
    }
    // curl takes `Name:` as "do not send it"; `Name;` sends it empty.
    word.shown(if value.parts.is_empty() { ";" } else { ": " });
    word.append(value);
    word
}

fn content(content: &Content, length: u64, line: &mut Line) {
    let mut word = Word::default();
    match content {
        Content::Empty => return,
        Content::Json(json) => word.json(json),
        Content::JsonLines(all) => {
            for json in all {
                word.json(json);
                word.shown("\n");
            }
        }
        Content::Form(all) => {
            for (at, parameter) in all.iter().enumerate() {
                word.shown(if at == 0 { "" } else { "&" });
                word.parameter(parameter, true);
            }
        }
        Content::Text(text) => word.text(text),
        Content::Multipart(parts) => {
            for part in parts {
                let mut form = Word::of(part.name.as_deref().unwrap_or_default());
                form.shown("=");
                match &part.content {
                    Content::Text(text) => form.text(text),
                    Content::Json(json) => form.json(json),
                    _ => form.shown(&format!("({} bytes that were not kept)", part.length)),
                }
                line.option("--form-string", form);
            }
            return;
        }
        Content::Opaque(_) => {
            return line.remarks.push(format!("its content of {length} bytes was not kept"));
        }
    }
    line.option("--data-binary", word);
}

/// A command line.
#[derive(Default)]
struct Line {
    words: Vec<String>,
    hidden: BTreeMap<String, String>,
    remarks: Vec<String>,
}

impl Line {
    fn option(&mut self, name: &str, word: Word) {
        self.words.push(format!("{name} {}", word.quoted()));
        self.hidden.extend(word.hidden);
    }

    fn argument(&mut self, word: Word) {
        self.words.push(word.quoted());
        self.hidden.extend(word.hidden);
    }

    /// With what must be known of the variables before it.
    fn finish(self) -> String {
        let mut text = String::new();
        for (name, shown) in &self.hidden {
            let _ = writeln!(text, "# ${name}: {shown}");
        }
        for remark in &self.remarks {
            let _ = writeln!(text, "# {remark}");
        }
        let _ = writeln!(text, "curl {}", self.words.join(" \\\n  "));
        text
    }
}

/// One word of a command line, in the making.
#[derive(Default)]
struct Word {
    parts: Vec<Part>,
    hidden: Vec<(String, String)>,
}

enum Part {
    Shown(String),
    /// The name of a variable.
    Hidden(String),
}

impl Word {
    fn of(text: &str) -> Self {
        let mut word = Self::default();
        word.shown(text);
        word
    }

    fn shown(&mut self, text: &str) {
        match self.parts.last_mut() {
            _ if text.is_empty() => {}
            Some(Part::Shown(before)) => before.push_str(text),
            _ => self.parts.push(Part::Shown(text.to_owned())),
        }
    }

    fn append(&mut self, other: Self) {
        for part in other.parts {
            match part {
                Part::Shown(shown) => self.shown(&shown),
                hidden @ Part::Hidden(_) => self.parts.push(hidden),
            }
        }
        self.hidden.extend(other.hidden);
    }

    fn secret(&mut self, secret: &Secret) {
        match &secret.shape.class {
            Class::Empty => {}
            Class::Null(text) | Class::Template(text) | Class::Mask(text) | Class::Opened(text) => {
                self.shown(text);
            }
            _ => {
                let name = secret.fingerprint.exact.to_string().replace('.', "_");
                self.hidden.push((name.clone(), crate::report::inert(&secret.to_string())));
                self.parts.push(Part::Hidden(name));
            }
        }
    }

    fn text(&mut self, text: &Text) {
        self.pieces(text, str::to_owned);
    }

    fn pieces(&mut self, text: &Text, written: impl Fn(&str) -> String) {
        for piece in &text.pieces {
            match piece {
                Piece::Shown(shown) => self.shown(&written(shown)),
                Piece::Hidden(secret) => self.secret(secret),
            }
        }
    }

    fn user_info(&mut self, info: &UserInfo) {
        self.secret(&info.user);
        if let Some(password) = &info.password {
            self.shown(":");
            self.secret(password);
        }
    }

    /// Basic credentials are base64 of both, which a shell can make.
    fn basic(&mut self, info: &UserInfo) {
        let mut inner = Self::default();
        inner.user_info(info);
        self.parts.push(Part::Hidden(format!("(printf %s {} | base64 -w0)", inner.quoted())));
        self.hidden.extend(inner.hidden);
    }

    fn parameter(&mut self, parameter: &Parameter, escaped: bool) {
        let written = |text: &str| {
            if escaped { utf8_percent_encode(text, ESCAPED).to_string() } else { text.to_owned() }
        };
        self.shown(&written(&parameter.name));
        if let Some(value) = &parameter.value {
            self.shown("=");
            self.pieces(value, written);
        }
    }

    fn joined(&mut self, parameters: &[Parameter], between: &str) {
        for (at, parameter) in parameters.iter().enumerate() {
            self.shown(if at == 0 { "" } else { between });
            self.parameter(parameter, false);
        }
    }

    fn json(&mut self, json: &Json) {
        match json {
            Json::Null => self.shown("null"),
            Json::Bool(value) => self.shown(&value.to_string()),
            Json::Number(text) => self.text(text),
            Json::String(text) => {
                self.shown("\"");
                self.pieces(text, inside_quotes);
                self.shown("\"");
            }
            Json::Embedded(inner) => {
                let mut word = Self::default();
                word.json(inner);
                self.shown("\"");
                for part in word.parts {
                    match part {
                        Part::Shown(shown) => self.shown(&inside_quotes(&shown)),
                        hidden @ Part::Hidden(_) => self.parts.push(hidden),
                    }
                }
                self.hidden.extend(word.hidden);
                self.shown("\"");
            }
            Json::Array(items) => {
                self.shown("[");
                for (at, item) in items.iter().enumerate() {
                    self.shown(if at == 0 { "" } else { "," });
                    self.json(item);
                }
                self.shown("]");
            }
            Json::Object(members) => {
                self.shown("{");
                for (at, (name, member)) in members.iter().enumerate() {
                    self.shown(if at == 0 { "\"" } else { ",\"" });
                    self.shown(&inside_quotes(name));
                    self.shown("\":");
                    self.json(member);
                }
                self.shown("}");
            }
        }
    }

    /// As a POSIX shell reads it; `$'...'` of bash and zsh where it holds what no terminal should see.
    fn quoted(&self) -> String {
        if self.parts.is_empty() {
            return "''".to_owned();
        }
        let parts = self.parts.iter().map(|part| match part {
            Part::Shown(text) => quoted(text),
            Part::Hidden(name) => format!("\"${name}\""),
        });
        parts.collect()
    }
}

fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._/:%+-".contains(&byte);
    if text.bytes().all(plain) {
        return text.to_owned();
    }
    if *crate::report::inert(text) == *text {
        return format!("'{}'", text.replace('\'', r"'\''"));
    }
    let mut out = String::from("$'");
    for letter in text.chars() {
        let _ = match letter {
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\'' | '\\' => write!(out, "\\{letter}"),
            ' '..='~' => write!(out, "{letter}"),
            letter => {
                letter.encode_utf8(&mut [0; 4]).bytes().try_for_each(|byte| write!(out, "\\x{byte:02x}"))
            }
        };
    }
    out.push('\'');
    out
}

/// With JSON's escapes, without the quotes.
fn inside_quotes(text: &str) -> String {
    let quoted = serde_json::Value::from(text).to_string();
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}
