//! One header line as sent.

use std::borrow::Cow;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Credentials, Text, known_json};

/// A field line that several messages may share. Changing it changes it for the one message alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Field(Arc<FieldLine>);

impl Field {
    /// A line of these parts.
    pub fn new(name: FieldName, spacing: Spacing, value: FieldValue) -> Self {
        Self::from(FieldLine { name, spacing, value })
    }

    /// True for two that are held once, and therefore equal.
    pub fn is_shared_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<FieldLine> for Field {
    fn from(line: FieldLine) -> Self {
        Self(Arc::new(line))
    }
}

impl Deref for Field {
    type Target = FieldLine;

    fn deref(&self) -> &FieldLine {
        &self.0
    }
}

impl DerefMut for Field {
    fn deref_mut(&mut self) -> &mut FieldLine {
        Arc::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        known_json::field(deserializer)
    }
}

/// A field line (RFC 9110, section 5): name, spacing and value as sent. Its order is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Field")]
pub struct FieldLine {
    /// Its name.
    pub name: FieldName,
    /// White space around the value, where it is not one space before it and nothing after.
    #[serde(default, skip_serializing_if = "Spacing::is_usual")]
    pub spacing: Spacing,
    /// Its value.
    pub value: FieldValue,
}

/// A field name, as sent and as compared. A name that does not look like one is a tag in both.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldName {
    /// As sent.
    pub sent: String,
    /// In lower case.
    pub key: String,
}

impl FieldName {
    /// A name whose letters are safe to show.
    pub fn new(sent: impl Into<String>) -> Self {
        let sent = sent.into();
        let key = sent.to_ascii_lowercase();
        Self { sent, key }
    }
}

/// White space between colon and value, and after a value that is no credential.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spacing {
    /// Between colon and value.
    pub before: Cow<'static, str>,
    /// After the value.
    pub after: Cow<'static, str>,
}

impl Default for Spacing {
    fn default() -> Self {
        Self { before: Cow::Borrowed(" "), after: Cow::Borrowed("") }
    }
}

impl Spacing {
    /// One space before, nothing after.
    pub fn is_usual(&self) -> bool {
        self.before == " " && self.after.is_empty()
    }
}

/// The value of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldValue {
    /// Text, shown where the field is on the allow-list.
    Text(Text),
    /// Credentials: `Authorization`, and fields whose name says that they carry a token.
    Credentials(Box<Credentials>),
    /// `Cookie`: its pairs. `Set-Cookie`: the pair, then its attributes.
    Cookies(Vec<Parameter>),
}

/// A named value: of a query, a form, a cookie, a Digest header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// Its name, decoded; a tag where it does not look like a name.
    pub name: String,
    /// Its value, decoded; absent where there was no `=`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
}
