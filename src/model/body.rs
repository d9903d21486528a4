//! The content of a message.

use serde::{Deserialize, Serialize};

use super::{Field, Json, JsonContent, Parameter, Tag, Text};

/// A message body, redacted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Bytes on the wire, chunk framing not counted, content coding still applied.
    pub length: u64,
    /// Keyed tag of these bytes; absent for an empty body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Tag>,
    /// How its end was told.
    pub framing: Framing,
    /// False where it ended before its framing said so.
    pub complete: bool,
    /// Content codings in the order applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codings: Vec<Coding>,
    /// What is in it.
    pub content: Content,
    /// Trailer fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trailers: Vec<Field>,
}

/// A content coding (RFC 9110, section 8.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or bare RFC 1951 as some servers send it.
    Deflate,
    /// RFC 7932.
    Brotli,
    /// RFC 8878.
    Zstd,
    /// Any other.
    Unknown,
}

/// How the end of a body was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Framing {
    /// There is none, or HTTP/2 frames it by itself.
    None,
    /// `Content-Length`.
    ContentLength,
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// The connection's end.
    UntilClose,
}

/// What a body holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Content {
    /// Nothing.
    Empty,
    /// One JSON value, shared by the bodies that hold the same.
    Json(JsonContent),
    /// JSON values, one a line.
    JsonLines(Vec<Json>),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<Parameter>),
    /// `multipart/*`.
    Multipart(Vec<Part>),
    /// Text, XML and HTML included.
    Text(Text),
    /// Not looked into.
    Opaque(OpaqueReason),
}

/// Why a body was not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpaqueReason {
    /// It is not text.
    Binary,
    /// It is longer than the limit.
    TooLarge,
    /// It is not what its media type says.
    Malformed,
    /// Its content coding is unknown, broken or too deep.
    Coding,
    /// It broke off.
    Truncated,
    /// An import does not tell it.
    NotTold,
}

impl OpaqueReason {
    /// Why the content is neither in the capture nor in a report.
    pub fn words(self) -> &'static str {
        match self {
            Self::Binary => "not kept: binary",
            Self::TooLarge => "not kept: longer than --body-limit, or nested too deep",
            Self::Malformed => "not kept: not what its media type says",
            Self::Coding => "not kept: its content coding could not be undone",
            Self::Truncated => "not kept: it broke off",
            Self::NotTold => "not told by the import",
        }
    }
}

/// One part of a multipart body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// `name` of its Content-Disposition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// `filename` of its Content-Disposition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<Text>,
    /// Its fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<Field>,
    /// What is in it.
    pub content: Content,
    /// Its length in bytes.
    pub length: u64,
}

impl From<Json> for Content {
    fn from(json: Json) -> Self {
        Self::Json(JsonContent::from(json))
    }
}

impl Body {
    /// A message without content.
    pub fn none() -> Self {
        Self {
            length: 0,
            digest: None,
            framing: Framing::None,
            complete: true,
            codings: Vec::new(),
            content: Content::Empty,
            trailers: Vec::new(),
        }
    }
}
