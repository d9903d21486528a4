//! What the answers of a run told: cursors, ids and tokens that a later request of the same run may carry.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use crate::model::{Capture, Class, Content, FieldValue, Json, Piece, Secret, Text, Token};

/// Shortest shown text that is taken for something an answer issued; shorter ones occur by chance.
const SHORTEST: usize = 4;

/// Values of answers, each with the first exchange whose answer held it.
#[derive(Default)]
pub(super) struct Issued {
    first: HashMap<u64, u32>,
}

impl Issued {
    /// Reads the answers of a capture.
    pub(super) fn read(capture: &Capture) -> Self {
        let mut issued = Self::default();
        for exchange in &capture.exchanges {
            let Some(response) = exchange.response() else { continue };
            for field in &response.fields {
                match &field.value {
                    FieldValue::Text(text) => issued.add_text(text, exchange.number),
                    FieldValue::Cookies(cookies) => {
                        cookies.iter().filter_map(|cookie| cookie.value.as_ref()).for_each(|value| {
                            issued.add_text(value, exchange.number);
                        });
                    }
                    FieldValue::Credentials(credentials) => {
                        if let Token::Opaque(secret) = &credentials.token {
                            issued.add(of_secret(secret), exchange.number);
                        }
                    }
                }
            }
            issued.add_content(&response.body.content, exchange.number);
        }
        issued
    }

    /// True where an answer before this exchange held every hidden piece of a text, or the whole of a shown one.
    pub(super) fn before(&self, exchange: u32, text: &Text) -> bool {
        let known = |hash: Option<u64>| {
            hash.and_then(|hash| self.first.get(&hash)).is_some_and(|first| *first < exchange)
        };
        match text.as_shown() {
            Some(shown) => known(of_shown(shown)),
            None => text.secrets().all(|secret| known(of_secret(secret))),
        }
    }

    /// True where an answer before this exchange held a secret.
    pub(super) fn secret_before(&self, exchange: u32, secret: &Secret) -> bool {
        of_secret(secret).and_then(|hash| self.first.get(&hash)).is_some_and(|first| *first < exchange)
    }

    fn add(&mut self, hash: Option<u64>, exchange: u32) {
        if let Some(hash) = hash {
            self.first.entry(hash).or_insert(exchange);
        }
    }

    fn add_text(&mut self, text: &Text, exchange: u32) {
        for piece in &text.pieces {
            let hash = match piece {
                Piece::Shown(shown) => of_shown(shown),
                Piece::Hidden(secret) => of_secret(secret),
            };
            self.add(hash, exchange);
        }
    }

    fn add_content(&mut self, content: &Content, exchange: u32) {
        match content {
            Content::Json(json) => self.add_json(json, exchange),
            Content::JsonLines(lines) => lines.iter().for_each(|line| self.add_json(line, exchange)),
            Content::Form(parameters) => {
                parameters.iter().filter_map(|parameter| parameter.value.as_ref()).for_each(|value| {
                    self.add_text(value, exchange);
                });
            }
            Content::Text(text) => self.add_text(text, exchange),
            Content::Multipart(parts) => {
                parts.iter().for_each(|part| self.add_content(&part.content, exchange))
            }
            Content::Empty | Content::Opaque(_) => {}
        }
    }

    fn add_json(&mut self, json: &Json, exchange: u32) {
        match json {
            Json::Number(text) | Json::String(text) => self.add_text(text, exchange),
            Json::Embedded(inner) => self.add_json(inner, exchange),
            Json::Array(items) => items.iter().for_each(|item| self.add_json(item, exchange)),
            Json::Object(members) => members.iter().for_each(|(_, member)| self.add_json(member, exchange)),
            Json::Null | Json::Bool(_) => {}
        }
    }
}

fn of_shown(text: &str) -> Option<u64> {
    (text.len() >= SHORTEST).then(|| {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    })
}

/// Placeholders are nobody's answer.
fn of_secret(secret: &Secret) -> Option<u64> {
    let placeholder =
        matches!(secret.shape.class, Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_));
    (!placeholder).then_some(secret.fingerprint.exact.0)
}
