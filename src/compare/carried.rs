//! The credentials that an exchange carries, wherever they travel.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::side_by_side::Both;
use super::significance::{is_key_id, is_paging, is_per_request, is_signature};
use super::{Carried, CredentialPart, FieldPart, Locator};
use crate::model::{
    Class, Content, Credentials, Exchange, Field, FieldValue, Fingerprint, Json, Length, Parameter, Secret,
    Shape, Tag, Text, Token, UserInfo,
};

/// One secret that an exchange carries, and how its place is named among others.
#[derive(Clone, Debug)]
pub(super) struct Item {
    pub(super) carried: Carried,
    /// The name that stands before it: of the field, the parameter, the JSON key.
    pub(super) name: String,
    /// The parameter of Digest and the like.
    pub(super) parameter: Option<String>,
}

impl Item {
    /// True for two items of one place. An only one is the first of several.
    pub(super) fn same_place(&self, other: &Self) -> bool {
        self.carried.part == other.carried.part
            && self.parameter == other.parameter
            && same_locator(&self.carried.at, &other.carried.at)
    }

    /// JSON's `null` in the place of this one.
    fn null(&self) -> Self {
        let mut null = self.clone();
        null.carried.scheme = None;
        null.carried.secret = Arc::new(Secret {
            shape: Shape::new(Length::Under { under: 8 }, Class::Null("null".to_owned())),
            // No value's tag: placeholders are compared by their text.
            fingerprint: Fingerprint {
                exact: Tag(0),
                forms: BTreeMap::new(),
                prefixes: Vec::new(),
                suffixes: Vec::new(),
            },
            relation: None,
            credential: true,
        });
        null
    }
}

/// Reads what an exchange carries.
pub(super) fn carried(exchange: &Exchange) -> Vec<Item> {
    read(exchange, &[])
}

/// Reads what two exchanges carry. What one of them carries as credentials is that in the other one as well, whatever name it has
/// there, and JSON's `null` in its place is a token too.
pub(super) fn both_carried(both: &Both<'_>) -> [Vec<Item>; 2] {
    let (sandbox, runtime) = (carried(both.sandbox), carried(both.runtime));
    let again = |exchange: &Exchange, own: &[Item], others: &[Item]| match known(others, own) {
        tags if tags.is_empty() || !both.runs.same_key => None,
        tags => Some(read(exchange, &tags)),
    };
    let (one, other) = (again(both.sandbox, &sandbox, &runtime), again(both.runtime, &runtime, &sandbox));
    let ours = nulls(both.sandbox, one.as_ref().unwrap_or(&sandbox), &runtime);
    let theirs = nulls(both.runtime, other.as_ref().unwrap_or(&runtime), &sandbox);
    [(one.unwrap_or(sandbox), ours), (other.unwrap_or(runtime), theirs)].map(|(mut items, nulls)| {
        items.extend(nulls);
        items
    })
}

/// Shorter values may be equal by chance. In bytes.
const TELLING: u32 = 16;

/// The tags of what others carry, and these do not.
fn known(others: &[Item], these: &[Item]) -> Vec<Tag> {
    let tag = |item: &Item| item.carried.secret.fingerprint.exact;
    let telling = |item: &&Item| {
        let shape = &item.carried.secret.shape;
        matches!(shape.length, Length::Exact(length) if length >= TELLING)
            && matches!(shape.class, Class::Opaque | Class::Hex | Class::Jwt(_) | Class::Uuid { .. })
    };
    let own: Vec<Tag> = these.iter().map(tag).collect();
    others.iter().filter(telling).map(tag).filter(|tag| !own.contains(tag)).collect()
}

/// JSON's `null` where others carry a credential.
fn nulls(exchange: &Exchange, own: &[Item], others: &[Item]) -> Vec<Item> {
    let Content::Json(json) = &exchange.request.body.content else { return Vec::new() };
    let is_null = |other: &&Item| match &other.carried.at {
        Locator::Body { pointer } => json.at(pointer) == Some(&Json::Null) && !holds(own, &other.carried.at),
        _ => false,
    };
    others.iter().filter(is_null).map(Item::null).collect()
}

fn read(exchange: &Exchange, also: &[Tag]) -> Vec<Item> {
    let mut items = Items { found: Vec::new(), also };
    let request = &exchange.request;
    for (at, field) in request.fields.iter().enumerate() {
        if field.name.key != "proxy-authorization" {
            items.field(field, nth_field(&request.fields, at));
        }
    }
    if let Some(info) = &request.target.user_info {
        items.user_info(info, &Locator::UserInfo, None, "userinfo");
    }
    items.text(&request.target.path, &Locator::Path, "path");
    let query = request.target.query.as_deref().unwrap_or_default();
    for (at, parameter) in query.iter().enumerate() {
        items.parameter(parameter, || Locator::Query {
            name: parameter.name.clone(),
            nth: nth_parameter(query, at),
        });
    }
    items.content(&request.body.content);
    items.found
}

/// True where a place is one of those that carry credentials.
pub(super) fn holds(items: &[Item], at: &Locator) -> bool {
    items.iter().any(|item| same_locator(&item.carried.at, at))
}

/// True where a field of this name carries credentials.
pub(super) fn holds_field(items: &[Item], key: &str) -> bool {
    items.iter().any(|item| matches!(&item.carried.at, Locator::Field { name, .. } if name == key))
}

/// Which of several parameters of its name one is, from 1; 0 for the only one.
pub(super) fn nth_parameter(parameters: &[Parameter], at: usize) -> u32 {
    let name = parameters.get(at).map(|parameter| parameter.name.as_str());
    nth(parameters.iter().map(|parameter| Some(parameter.name.as_str()) == name), at)
}

/// Which of several fields of its name one is, from 1; 0 for the only one.
pub(super) fn nth_field(fields: &[Field], at: usize) -> u32 {
    let key = fields.get(at).map(|field| field.name.key.as_str());
    nth(fields.iter().map(|field| Some(field.name.key.as_str()) == key), at)
}

fn nth(same_name: impl Iterator<Item = bool>, at: usize) -> u32 {
    let (mut before, mut all) = (0, 0);
    for (index, same) in same_name.enumerate() {
        all += u32::from(same);
        before += u32::from(same && index <= at);
    }
    if all > 1 { before } else { 0 }
}

/// Equal places; an only one is the first of several.
fn same_locator(one: &Locator, other: &Locator) -> bool {
    match (one, other) {
        (Locator::Field { name: a, nth: m, .. }, Locator::Field { name: b, nth: n, .. })
        | (Locator::Query { name: a, nth: m }, Locator::Query { name: b, nth: n })
        | (Locator::Form { name: a, nth: m }, Locator::Form { name: b, nth: n }) => {
            a == b && (*m).max(1) == (*n).max(1)
        }
        _ => one == other,
    }
}

struct Items<'t> {
    found: Vec<Item>,
    /// Tags of values that are credentials wherever they stand.
    also: &'t [Tag],
}

impl Items<'_> {
    fn is_credential(&self, secret: &Secret) -> bool {
        secret.credential || self.also.contains(&secret.fingerprint.exact)
    }

    fn field(&mut self, field: &Field, nth: u32) {
        let at = |part| Locator::Field { name: field.name.key.clone(), nth, part };
        match &field.value {
            FieldValue::Credentials(credentials) => {
                if !is_per_request(&field.name.key) {
                    self.credentials(credentials, &at(FieldPart::Token), &field.name.key);
                }
            }
            FieldValue::Text(text) => self.text(text, &at(FieldPart::Whole), &field.name.key),
            FieldValue::Cookies(cookies) => {
                for cookie in cookies {
                    self.parameter(cookie, || Locator::Cookie { name: cookie.name.clone() });
                }
            }
        }
    }

    fn credentials(&mut self, credentials: &Credentials, at: &Locator, name: &str) {
        let scheme = credentials.scheme.clone();
        match &credentials.token {
            Token::Opaque(secret) => self.add(at, scheme, CredentialPart::Token, secret, name, None),
            Token::Basic(info) => self.user_info(info, at, scheme.as_deref(), name),
            Token::Parameters(parameters) => {
                for parameter in parameters {
                    let told = |secret: &Secret| {
                        secret.credential || is_signature(&parameter.name) || is_key_id(&parameter.name)
                    };
                    if is_per_request(&parameter.name) {
                        continue;
                    }
                    for secret in parameter.value.iter().flat_map(Text::secrets).filter(|secret| told(secret))
                    {
                        self.add(
                            at,
                            scheme.clone(),
                            CredentialPart::Token,
                            secret,
                            &parameter.name,
                            Some(&parameter.name),
                        );
                    }
                }
            }
        }
    }

    fn user_info(&mut self, info: &UserInfo, at: &Locator, scheme: Option<&str>, name: &str) {
        self.add(at, scheme.map(str::to_owned), CredentialPart::User, &info.user, name, None);
        if let Some(password) = &info.password {
            self.add(at, scheme.map(str::to_owned), CredentialPart::Password, password, name, None);
        }
    }

    fn parameter(&mut self, parameter: &Parameter, at: impl Fn() -> Locator) {
        if let Some(value) = &parameter.value
            && value.secrets().any(|secret| self.is_credential(secret))
        {
            self.text(value, &at(), &parameter.name);
        }
    }

    /// The secrets of a text; a shown word before the only one is its scheme (`?token=Bearer x`).
    fn text(&mut self, text: &Text, at: &Locator, name: &str) {
        if is_per_request(name) || is_paging(name) {
            return;
        }
        let also = self.also;
        let scheme = match text.pieces.as_slice() {
            [crate::model::Piece::Shown(word), crate::model::Piece::Hidden(_)] if *at != Locator::Path => {
                word.strip_suffix(' ')
                    .filter(|word| word.chars().all(char::is_alphanumeric))
                    .map(str::to_owned)
            }
            _ => None,
        };
        for secret in
            text.secrets().filter(|secret| secret.credential || also.contains(&secret.fingerprint.exact))
        {
            self.add(at, scheme.clone(), CredentialPart::Token, secret, name, None);
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Json(json) => self.json(json, &mut String::new(), ""),
            Content::JsonLines(lines) => {
                for (at, line) in lines.iter().enumerate() {
                    self.json(line, &mut format!("/{at}"), "");
                }
            }
            Content::Form(parameters) => {
                for (at, parameter) in parameters.iter().enumerate() {
                    self.parameter(parameter, || Locator::Form {
                        name: parameter.name.clone(),
                        nth: nth_parameter(parameters, at),
                    });
                }
            }
            Content::Multipart(parts) => {
                for part in parts {
                    let name = part.name.clone().unwrap_or_default();
                    if let Content::Text(text) = &part.content {
                        self.text(text, &Locator::Form { name: name.clone(), nth: 0 }, &name);
                    }
                }
            }
            Content::Text(text) => self.text(text, &Locator::Body { pointer: String::new() }, "body"),
            Content::Empty | Content::Opaque(_) => {}
        }
    }

    fn json(&mut self, json: &Json, pointer: &mut String, name: &str) {
        match json {
            Json::Number(text) | Json::String(text) => {
                if text.secrets().any(|secret| self.is_credential(secret)) {
                    self.text(text, &Locator::Body { pointer: pointer.clone() }, name);
                }
            }
            Json::Embedded(inner) => self.json(inner, pointer, name),
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    within(pointer, &at.to_string(), |pointer| self.json(item, pointer, name));
                }
            }
            Json::Object(members) => {
                for (key, member) in members {
                    within(pointer, key, |pointer| self.json(member, pointer, key));
                }
            }
            Json::Null | Json::Bool(_) => {}
        }
    }

    fn add(
        &mut self,
        at: &Locator,
        scheme: Option<String>,
        part: CredentialPart,
        secret: &Secret,
        name: &str,
        parameter: Option<&str>,
    ) {
        let carried = Carried { at: at.clone(), scheme, part, secret: Arc::new(secret.clone()) };
        self.found.push(Item { carried, name: name.to_owned(), parameter: parameter.map(str::to_owned) });
    }
}

/// Goes one step down in a JSON pointer (RFC 6901).
pub(super) fn within(pointer: &mut String, key: &str, inner: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    if key.contains(['~', '/']) {
        pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
    } else {
        pointer.push_str(key);
    }
    inner(pointer);
    pointer.truncate(length);
}
