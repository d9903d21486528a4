//! JSON content that many bodies may share, and that is read when somebody looks into it.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use super::told::{self, Told};
use super::{Json, Text};

/// What stands for content that is JSON, and still is not as samewire writes it. No writer of samewire's makes such a one.
const UNREADABLE: &str = "‹unreadable: not written by samewire›";

/// One JSON value, held once for all bodies that hold the same.
///
/// Most answers of a capture are never looked into, as both sides got the same: what was read from a file is text until it is asked for.
#[derive(Clone)]
pub struct JsonContent(Arc<Shared>);

struct Shared {
    /// As it stands in the file; empty where it comes from no file.
    text: Box<str>,
    value: OnceLock<Json>,
}

impl JsonContent {
    /// Content that is read from this text when it is first asked for.
    pub(super) fn unread(text: &str) -> Self {
        Self(Arc::new(Shared { text: text.into(), value: OnceLock::new() }))
    }

    /// Its text in the file; empty where it comes from no file.
    pub(super) fn text(&self) -> &str {
        &self.0.text
    }

    /// Tells every string and number in it, piece by piece. What is still text stays text: nothing is built.
    pub fn tell(&self, tell: &mut dyn FnMut(Told<'_>)) {
        match self.0.value.get() {
            Some(value) => value.tell(tell),
            None => told::text(&self.0.text, tell),
        }
    }

    /// Changes the value, for this body alone.
    pub fn change(&mut self, change: impl FnOnce(&mut Json)) {
        let mut value = Json::clone(self);
        change(&mut value);
        *self = Self::from(value);
    }

    /// True for two that are held once.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

fn parse(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(Text::shown(UNREADABLE)))
}

impl From<Json> for JsonContent {
    fn from(value: Json) -> Self {
        Self(Arc::new(Shared { text: Box::default(), value: OnceLock::from(value) }))
    }
}

impl Deref for JsonContent {
    type Target = Json;

    fn deref(&self) -> &Json {
        self.0.value.get_or_init(|| parse(&self.0.text))
    }
}

impl PartialEq for JsonContent {
    fn eq(&self, other: &Self) -> bool {
        self.is_shared_with(other)
            || !self.text().is_empty() && self.text() == other.text()
            || **self == **other
    }
}

impl Eq for JsonContent {}

impl fmt::Debug for JsonContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
