//! What kind of value stands at a place. It tells a value that changes by itself from a fault in the place of one.

use std::collections::BTreeSet;

use super::{FieldPart, Locator};
use crate::model::{
    Class, Content, Exchange, Field, FieldValue, Json, Parameter, Piece, Reference, Secret, Text,
};

/// The kinds of what stands at a place, and whether any of it is secret by its place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) all: BTreeSet<(Form, Kind)>,
    /// It stands where credentials stand.
    pub(super) sensitive: bool,
}

/// JSON's types, and what has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    Text,
    Number,
    Bool,
    Null,
    Embedded,
    Array,
    Object,
    Bytes,
}

/// Kinds of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Empty.
    Nothing,
    /// `None`, a template, a mask, a reference to a secret.
    Placeholder,
    /// A value of the config, or any other that has a name.
    Named,
    /// With quotes or white space around it that should not be there.
    Wrapped,
    /// A date or a time.
    Time,
    /// A JSON Web Token.
    Jwt,
    /// Anything else.
    Plain,
}

/// The kinds of what an exchange's request has at a place; `None` where it has nothing there, or where values are no matter of kind.
pub(super) fn kinds(exchange: &Exchange, at: &Locator) -> Option<Kinds> {
    let request = &exchange.request;
    let mut kinds = Kinds::default();
    match at {
        Locator::Path => kinds.text(Form::Text, &request.target.path),
        Locator::Query { name, nth } => {
            kinds.parameter(named(request.target.query.as_deref().unwrap_or_default(), name, *nth)?);
        }
        Locator::Field { name, nth, part: FieldPart::Whole } => {
            let mut same = request.fields.iter().filter(|field| field.name.key == *name);
            kinds.field(same.nth(index(*nth))?);
        }
        Locator::Cookie { name } => {
            let cookies = request.fields.iter().filter_map(|field| match &field.value {
                FieldValue::Cookies(cookies) => Some(cookies),
                _ => None,
            });
            let cookies: Vec<&Parameter> = cookies.flatten().filter(|cookie| cookie.name == *name).collect();
            if cookies.is_empty() {
                return None;
            }
            for cookie in cookies {
                kinds.parameter(cookie);
            }
        }
        Locator::Form { name, nth } => match &request.body.content {
            Content::Form(form) => kinds.parameter(named(form, name, *nth)?),
            Content::Multipart(parts) => {
                let mut same = parts.iter().filter(|part| part.name.as_deref().unwrap_or_default() == name);
                kinds.content(&same.nth(index(*nth))?.content);
            }
            _ => return None,
        },
        Locator::Body { pointer } => match &request.body.content {
            Content::Empty => return None,
            Content::Json(json) => kinds.json(json.at(pointer)?),
            Content::JsonLines(lines) => {
                let (line, pointer) = pointer.strip_prefix('/')?.split_once('/').map_or_else(
                    || (pointer.trim_start_matches('/'), String::new()),
                    |(line, rest)| (line, format!("/{rest}")),
                );
                kinds.json(lines.get(line.parse::<usize>().ok()?)?.at(&pointer)?);
            }
            content => kinds.content(content),
        },
        _ => return None,
    }
    Some(kinds)
}

/// The nth parameter of a name; an only one is the first.
fn named<'p>(parameters: &'p [Parameter], name: &str, nth: u32) -> Option<&'p Parameter> {
    parameters.iter().filter(|parameter| parameter.name == name).nth(index(nth))
}

fn index(nth: u32) -> usize {
    usize::try_from(nth.max(1) - 1).unwrap_or(usize::MAX)
}

impl Kinds {
    fn add(&mut self, form: Form, kind: Kind) {
        self.all.insert((form, kind));
    }

    fn text(&mut self, form: Form, text: &Text) {
        if text.is_empty() {
            self.add(form, Kind::Nothing);
        }
        for piece in &text.pieces {
            match piece {
                Piece::Shown(shown) => {
                    self.add(form, if shown.is_empty() { Kind::Nothing } else { Kind::Plain });
                }
                Piece::Hidden(secret) => {
                    self.sensitive |= secret.credential;
                    self.add(form, kind(secret));
                }
            }
        }
    }

    fn parameter(&mut self, parameter: &Parameter) {
        match &parameter.value {
            Some(value) => self.text(Form::Text, value),
            None => self.add(Form::Text, Kind::Nothing),
        }
    }

    fn field(&mut self, field: &Field) {
        match &field.value {
            FieldValue::Text(text) => self.text(Form::Text, text),
            FieldValue::Cookies(cookies) => cookies.iter().for_each(|cookie| self.parameter(cookie)),
            FieldValue::Credentials(_) => self.sensitive = true,
        }
    }

    fn content(&mut self, content: &Content) {
        match content {
            Content::Empty => self.add(Form::Bytes, Kind::Nothing),
            Content::Text(text) => self.text(Form::Text, text),
            Content::Json(json) => self.json(json),
            Content::JsonLines(lines) => lines.iter().for_each(|line| self.json(line)),
            Content::Form(form) => form.iter().for_each(|parameter| self.parameter(parameter)),
            Content::Multipart(parts) => parts.iter().for_each(|part| self.content(&part.content)),
            Content::Opaque(_) => self.add(Form::Bytes, Kind::Plain),
        }
    }

    fn json(&mut self, json: &Json) {
        match json {
            Json::Null => self.add(Form::Null, Kind::Nothing),
            Json::Bool(_) => self.add(Form::Bool, Kind::Plain),
            Json::Number(text) => self.text(Form::Number, text),
            Json::String(text) => self.text(Form::Text, text),
            Json::Embedded(inner) => {
                self.add(Form::Embedded, Kind::Plain);
                self.json(inner);
            }
            Json::Array(items) => {
                self.add(Form::Array, Kind::Plain);
                for item in items {
                    self.json(item);
                }
            }
            Json::Object(members) => {
                self.add(Form::Object, Kind::Plain);
                for (_, member) in members {
                    self.json(member);
                }
            }
        }
    }
}

fn kind(secret: &Secret) -> Kind {
    let shape = &secret.shape;
    let named = secret
        .relation
        .as_ref()
        .is_some_and(|relation| !matches!(relation.reference, Reference::Issued { .. }));
    match &shape.class {
        Class::Empty => Kind::Nothing,
        Class::Null(_) | Class::Template(_) | Class::Mask(_) | Class::SecretReference(_) => Kind::Placeholder,
        _ if named => Kind::Named,
        _ if shape.leading.is_some() || shape.trailing.is_some() || shape.quotes.is_some() => Kind::Wrapped,
        Class::Date { .. } | Class::Timestamp { .. } => Kind::Time,
        Class::Jwt(_) => Kind::Jwt,
        _ => Kind::Plain,
    }
}
