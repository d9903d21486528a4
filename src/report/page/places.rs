//! The places of an exchange, in the order in which a person reads them.

use std::collections::BTreeMap;

use crate::compare::{FieldPart, Locator};
use crate::model::{
    Body, Content, Credentials, Exchange, Field, FieldValue, Json, Outcome, Parameter, Request, Response,
    Target, Token,
};
use crate::report::message::{content_in_short, json_in_short, user_info};
use crate::report::{excerpt, secret};

/// Leaves of one body that are listed.
const LEAVES: usize = 2_000;

/// A place and what stands there.
#[derive(Clone, Debug)]
pub(super) struct Place {
    /// The part of the exchange that it is in: an index into [`PARTS`].
    pub(super) part: usize,
    /// Its name for people.
    pub(super) name: String,
    /// Its locators, the one that tells it from others first.
    pub(super) at: Vec<Locator>,
    /// What stands there.
    pub(super) value: String,
    /// It carries credentials.
    pub(super) credential: bool,
}

/// The parts of an exchange.
pub(super) const PARTS: [&str; 7] =
    ["Request", "Query", "Fields", "Cookies", "Content", "Answer", "Content of the answer"];

/// Every place of an exchange.
pub(super) fn places(exchange: &Exchange) -> Vec<Place> {
    let mut all = Places::default();
    all.start_line(&exchange.request);
    all.parameters(1, exchange.request.target.query.as_deref().unwrap_or_default(), &|name, nth| {
        Locator::Query { name, nth }
    });
    all.fields(2, &exchange.request.fields, &|at| at);
    all.body(4, &exchange.request.body, &|at| at);
    if let Some(response) = exchange.response() {
        all.answer(response);
    }
    if !matches!(exchange.outcome, Outcome::Answered(_)) {
        let at = vec![Locator::Outcome, Locator::Status];
        all.add(5, "outcome", at, excerpt::outcome_in_words(exchange));
    }
    all.0
}

/// A locator of a message as one of its exchange.
type Within<'a> = &'a dyn Fn(Locator) -> Locator;

#[derive(Default)]
struct Places(Vec<Place>);

impl Places {
    fn add(&mut self, part: usize, name: impl Into<String>, at: Vec<Locator>, value: String) {
        self.0.push(Place { part, name: name.into(), at, value, credential: false });
    }

    fn start_line(&mut self, request: &Request) {
        self.add(0, "method", vec![Locator::Method], request.method.clone());
        let origin = vec![Locator::Host, Locator::Scheme, Locator::Port];
        self.add(0, "origin", origin, origin_of(&request.target));
        if let Some(info) = &request.target.user_info {
            self.add(0, "user info", vec![Locator::UserInfo], user_info(info));
        }
        let path = format!(
            "{}{}",
            secret::text(&request.target.path),
            request
                .target
                .fragment
                .as_ref()
                .map(|text| format!("#{}", secret::text(text)))
                .unwrap_or_default()
        );
        self.add(0, "path", vec![Locator::Path], path);
        self.add(0, "version", vec![Locator::Version], request.version.clone());
    }

    fn answer(&mut self, response: &Response) {
        let reason = if response.reason.is_empty() { String::new() } else { format!(" {}", response.reason) };
        let at = vec![Locator::Status, Locator::Outcome];
        self.add(5, "status", at, format!("{}{reason}", response.status));
        let within = |at| Locator::Response(Box::new(at));
        self.fields(5, &response.fields, &within);
        self.body(6, &response.body, &within);
    }

    fn fields(&mut self, part: usize, fields: &[Field], within: Within<'_>) {
        let mut seen = Seen::default();
        for field in fields {
            let nth = seen.next(&field.name.key);
            let at = within(Locator::Field { name: field.name.key.clone(), nth, part: FieldPart::Whole });
            if let (FieldValue::Cookies(cookies), 2) = (&field.value, part) {
                self.parameters(3, cookies, &|name, _| Locator::Cookie { name });
                continue;
            }
            let (value, credential) = match &field.value {
                FieldValue::Text(text) => {
                    (secret::text(text), text.secrets().any(|secret| secret.credential))
                }
                FieldValue::Credentials(credentials) => (in_words(credentials), true),
                FieldValue::Cookies(cookies) => (joined(cookies, "; "), false),
            };
            let before = if field.spacing.before == " " { "" } else { &field.spacing.before };
            let value = format!("{before}{value}{}", field.spacing.after);
            self.0.push(Place { part, name: field.name.sent.clone(), at: vec![at], value, credential });
        }
    }

    fn parameters(&mut self, part: usize, parameters: &[Parameter], at: &dyn Fn(String, u32) -> Locator) {
        let mut seen = Seen::default();
        for parameter in parameters {
            let nth = seen.next(&parameter.name);
            let value = parameter.value.as_ref().map(secret::text).unwrap_or_default();
            let credential =
                parameter.value.as_ref().is_some_and(|text| text.secrets().any(|secret| secret.credential));
            let at = vec![at(parameter.name.clone(), nth)];
            self.0.push(Place { part, name: parameter.name.clone(), at, value, credential });
        }
    }

    fn body(&mut self, part: usize, body: &Body, within: Within<'_>) {
        let whole = || within(Locator::Body { pointer: String::new() });
        match &body.content {
            Content::Empty => {}
            Content::Json(value) => self.json(part, value, &mut String::new(), within),
            Content::JsonLines(lines) => {
                for (at, value) in lines.iter().enumerate() {
                    self.json(part, value, &mut format!("/{at}"), within);
                }
            }
            Content::Form(parameters) => {
                self.parameters(part, parameters, &|name, nth| within(Locator::Form { name, nth }));
            }
            Content::Multipart(parts) => {
                let mut seen = Seen::default();
                for one in parts {
                    let name = one.name.clone().unwrap_or_default();
                    let at = within(Locator::Form { nth: seen.next(&name), name: name.clone() });
                    self.add(part, name, vec![at], content_in_short(&one.content, one.length));
                }
            }
            content @ (Content::Text(_) | Content::Opaque(_)) => {
                self.add(part, "(the whole)", vec![whole()], content_in_short(content, body.length));
            }
        }
        if !body.trailers.is_empty() {
            let mut seen = Seen::default();
            for field in &body.trailers {
                let nth = seen.next(&field.name.key);
                let at = within(Locator::Field { name: field.name.key.clone(), nth, part: FieldPart::Whole });
                let value = match &field.value {
                    FieldValue::Text(text) => secret::text(text),
                    FieldValue::Credentials(credentials) => in_words(credentials),
                    FieldValue::Cookies(cookies) => joined(cookies, "; "),
                };
                self.add(part, format!("trailer {}", field.name.sent), vec![at], value);
            }
        }
    }

    /// The leaves of a JSON value, each under its pointer.
    fn json(&mut self, part: usize, value: &Json, pointer: &mut String, within: Within<'_>) {
        let children: Vec<(String, &Json)> = match value {
            Json::Array(items) => items.iter().enumerate().map(|(at, item)| (at.to_string(), item)).collect(),
            Json::Object(members) => members
                .iter()
                .map(|(name, member)| (name.replace('~', "~0").replace('/', "~1"), member))
                .collect(),
            Json::Embedded(inner) => return self.json(part, inner, pointer, within),
            _ => Vec::new(),
        };
        if children.is_empty() {
            if self.0.len() < LEAVES {
                let name = excerpt::dotted(pointer);
                let at = vec![within(Locator::Body { pointer: pointer.clone() })];
                let credential = match value {
                    Json::String(text) | Json::Number(text) => text.secrets().any(|secret| secret.credential),
                    _ => false,
                };
                self.0.push(Place { part, name, at, value: json_in_short(value), credential });
            }
            return;
        }
        let length = pointer.len();
        for (key, child) in children {
            pointer.push('/');
            pointer.push_str(&key);
            self.json(part, child, pointer, within);
            pointer.truncate(length);
        }
    }
}

/// `https://api.example.com`, the scheme's own port left out.
fn origin_of(target: &Target) -> String {
    let usual = matches!((target.scheme.as_str(), target.port), ("https", 443) | ("http", 80));
    let port = if usual { String::new() } else { format!(":{}", target.port) };
    format!("{}://{}{port}", target.scheme, target.host)
}

fn in_words(credentials: &Credentials) -> String {
    let token = match &credentials.token {
        Token::Opaque(token) => secret::secret(token),
        Token::Basic(info) => user_info(info),
        Token::Parameters(parameters) => joined(parameters, ", "),
    };
    format!("{}{}{token}", credentials.scheme.as_deref().unwrap_or_default(), credentials.separator)
}

fn joined(parameters: &[Parameter], between: &str) -> String {
    let one = |parameter: &Parameter| match &parameter.value {
        Some(value) => format!("{}={}", parameter.name, secret::text(value)),
        None => parameter.name.clone(),
    };
    parameters.iter().map(one).collect::<Vec<_>>().join(between)
}

/// Numbers occurrences of a name, from 1.
#[derive(Default)]
struct Seen(BTreeMap<String, u32>);

impl Seen {
    fn next(&mut self, name: &str) -> u32 {
        let seen = self.0.entry(name.to_owned()).or_default();
        *seen += 1;
        *seen
    }
}
