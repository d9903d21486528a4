//! A secret, replaced by facts that can be compared: shape, keyed fingerprint, relation to a named reference.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Relation, Tag};

/// What is kept of a value that must not be shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// What it looks like.
    pub shape: Shape,
    /// Keyed tags that tell equal values, and values that are each other's altered form, from unrelated ones.
    pub fingerprint: Fingerprint,
    /// How it is made of a value that has a name, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub relation: Option<Relation>,
    /// It stands where credentials stand (by the place's name), or it is a value known to be a secret.
    ///
    /// An empty value in such a place is kept as a secret of class [`Class::Empty`], so that it stays visible.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub credential: bool,
}

/// What a value looks like, without a character of an unknown one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shape {
    /// Length in bytes as sent.
    pub length: Length,
    /// What kind of value it is.
    pub class: Class,
    /// White space or invisible characters before the value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leading: Option<Blank>,
    /// The same after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trailing: Option<Blank>,
    /// The same within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inside: Option<Blank>,
    /// The quote character that encloses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotes: Option<char>,
    /// An auth-scheme within the value itself (`Bearer` of `Bearer Bearer x`), as sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// A vendor's public token prefix (`ghp_`, `sk_live_`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public_prefix: Option<String>,
    /// It is base64 of a JSON object (Airbyte's widget token: `{"token": ..., "widgetUrl": ...}`); what is in there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub envelope: Option<Box<Envelope>>,
}

impl Shape {
    /// A plain value: nothing around it, nothing special in it.
    pub fn new(length: Length, class: Class) -> Self {
        Self {
            length,
            class,
            leading: None,
            trailing: None,
            inside: None,
            quotes: None,
            scheme: None,
            public_prefix: None,
            envelope: None,
        }
    }
}

/// What is kept of a JSON object that a value is base64 of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// Names of its members, in order.
    pub members: Vec<String>,
    /// Its `token`, where that is a JSON Web Token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<Jwt>,
}

/// A length in bytes: exact from 16 on, a class below it (a short secret's length tells too much).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Length {
    /// Exactly this many bytes, 16 or more; or 0.
    Exact(u32),
    /// At most `under - 1` bytes: 8 or 16.
    Under {
        /// One more than the longest length of the class.
        under: u32,
    },
}

/// White space and characters that nobody sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blank {
    /// U+0020.
    Space,
    /// U+0009.
    Tab,
    /// CR, LF or both.
    Newline,
    /// U+00A0, as UTF-8 or as the single byte 0xA0.
    NoBreakSpace,
    /// U+200B to U+200F, U+2060, U+FEFF.
    ZeroWidth,
    /// Other control characters (escape sequences, NUL, DEL).
    Control,
}

/// What kind of value it is. Placeholders carry their text, for they are the diagnosis; secrets never do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Nothing.
    Empty,
    /// A language's nothing: `None`, `null`, `undefined`, `nil`, `NaN`, `[object Object]`.
    Null(String),
    /// A template or placeholder that nobody filled in.
    Template(String),
    /// A run of one masking character, or `<redacted>` and the like.
    Mask(String),
    /// Present, and hidden by the program that an import comes from: nothing is known of the value.
    Withheld,
    /// A reference to a secret in some store; `String` names the kind: `airbyte`, `aws`, `gcp`, `azure`, `vault`.
    SecretReference(String),
    /// A date or a date and time.
    Date {
        /// Its format in strftime's words.
        format: String,
        /// Seconds after (negative: before) the start of the request; absent beyond 400 days.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        offset: Option<i64>,
    },
    /// A number of seconds, milliseconds, microseconds or nanoseconds since 1970.
    Timestamp {
        /// Digits after the seconds: 0, 3, 6 or 9.
        digits: u8,
        /// Seconds after (negative: before) the start of the request.
        offset: i64,
    },
    /// A UUID.
    Uuid {
        /// Its version digit.
        version: u8,
    },
    /// A JSON Web Token.
    Jwt(Box<Jwt>),
    /// Hexadecimal digits.
    Hex,
    /// An integer.
    Integer,
    /// Another number (`1.1`, `1e5`, `inf`).
    Number,
    /// Words of letters.
    Words,
    /// An absolute URL.
    Url,
    /// A text that is shown, because the project's reviewed file says that values of this name may be.
    Opened(String),
    /// Anything else that is text.
    Opaque,
    /// Bytes that are not text.
    Binary,
}

/// What is kept of a JSON Web Token (RFC 7519).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Jwt {
    /// `alg` of its header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg: Option<String>,
    /// `typ` of its header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typ: Option<String>,
    /// Names of its claims, in order.
    #[serde(default)]
    pub claims: Vec<String>,
    /// Seconds from the start of the request to `exp`; negative: it had expired.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in: Option<i64>,
    /// Seconds from the start of the request to `nbf`, or to `iat` where that is later; negative: it was valid already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub starts_in: Option<i64>,
    /// Seconds between `iat` and `exp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lifetime: Option<i64>,
    /// Tags of the claims' values, but for iat, nbf, exp and jti.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, Tag>,
}

/// Seconds by which two clocks, or two lifetimes, may differ and still be called equal.
const SKEW: i64 = 60;

impl Jwt {
    /// For how many seconds it was not valid yet when it was sent: `nbf` or `iat` lies ahead of the request, by more than clocks differ.
    pub fn early(&self) -> Option<i64> {
        let issued_in = || Some(self.expires_in?.saturating_sub(self.lifetime?));
        self.starts_in.or_else(issued_in).filter(|ahead| *ahead > SKEW)
    }

    /// Both live equally long, or that is not known.
    pub fn lives_as_long_as(&self, other: &Self) -> bool {
        self.lifetime
            .zip(other.lifetime)
            .is_none_or(|(one, other)| one.abs_diff(other) <= SKEW.unsigned_abs())
    }
}

/// Tags of a value and of its decoded normal forms, so that an altered value is known again.
///
/// All tags but those of prefixes and suffixes are of one domain: `base64` of one value can be compared with `exact` of another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// The value as sent.
    pub exact: Tag,
    /// Normal forms that differ from the value as sent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub forms: BTreeMap<Form, Tag>,
    /// The first 16, 32, 48 ... bytes of a long opaque value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<Tag>,
    /// The last 16, 32, 48 ... bytes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suffixes: Vec<Tag>,
}

/// A normal form of a value: what remains when one kind of change is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Without white space and invisible characters.
    Trimmed,
    /// Without enclosing quotes.
    Unquoted,
    /// Without an auth-scheme before it.
    Unschemed,
    /// Taken out of what was put around it: brackets, an object's member, a name and `=`, a comma.
    Unwrapped,
    /// Percent-decoded.
    PercentDecoded,
    /// Decoded from base64 of either alphabet.
    Base64Decoded,
    /// Decoded from hexadecimal digits.
    HexDecoded,
    /// JSON's escapes undone.
    JsonUnescaped,
    /// In lower case.
    Lowercase,
    /// All of the above undone, again and again, until nothing changes, then in lower case.
    Core,
    /// The value that a template language makes of it when it reads it as a literal (`1.10` to `1.1`).
    Cast,
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(length) => write!(f, "{length} chars"),
            Self::Under { under } => write!(f, "under {under} chars"),
        }
    }
}

/// Placeholders as they were sent; everything else as `‹config.api_key 40 chars kQqB.HJfT.mKxd›`.
impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match &self.shape.class {
            Class::Empty => return Ok(()),
            Class::Null(text) | Class::Template(text) | Class::Mask(text) | Class::Opened(text) => {
                return f.write_str(text);
            }
            Class::Withheld => return f.write_str("‹hidden by its exporter›"),
            Class::SecretReference(kind) => format!("{kind} secret reference"),
            Class::Date { format, offset: Some(offset) } => format!("date {format} {}", span(*offset)),
            Class::Date { format, offset: None } => format!("date {format}"),
            Class::Timestamp { offset, .. } => format!("timestamp {}", span(*offset)),
            Class::Uuid { version } => format!("uuid v{version}"),
            Class::Jwt(_) => "jwt".to_owned(),
            Class::Hex => "hex".to_owned(),
            Class::Integer => "integer".to_owned(),
            Class::Number => "number".to_owned(),
            Class::Words => "words".to_owned(),
            Class::Url => "url".to_owned(),
            Class::Opaque => String::new(),
            Class::Binary => "binary".to_owned(),
        };
        f.write_str("‹")?;
        if let Some(relation) = &self.relation {
            write!(f, "{relation} ")?;
        } else if !kind.is_empty() {
            write!(f, "{kind} ")?;
        }
        write!(f, "{} {}›", self.shape.length, self.fingerprint.exact)
    }
}

fn span(seconds: i64) -> String {
    let word = if seconds < 0 { "before" } else { "after" };
    let amount = seconds.unsigned_abs();
    let text = match amount {
        0..=119 => format!("{amount} s"),
        120..=7_199 => format!("{} min", amount / 60),
        7_200..=172_799 => format!("{} h", amount / 3_600),
        _ => format!("{} d", amount / 86_400),
    };
    format!("{text} {word} the request")
}
