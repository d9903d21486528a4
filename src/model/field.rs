//! One header line as sent.

use serde::{Deserialize, Serialize};

use super::{Credentials, Text};

/// A field line (RFC 9110, section 5): name, spacing and value as sent. Its order is its place in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
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
    pub before: String,
    /// After the value.
    pub after: String,
}

impl Default for Spacing {
    fn default() -> Self {
        Self { before: " ".to_owned(), after: String::new() }
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
