//! Credentials: auth-scheme and token (RFC 9110, section 11.4), wherever they travel.

use serde::{Deserialize, Serialize};

use super::{Parameter, Secret, UserInfo};

/// What a field that carries credentials says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// The auth-scheme as sent (`Bearer`, `bearer`); absent where the field holds a bare token (`X-API-Key`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<String>,
    /// What stood between scheme and token, normally one space; empty without a scheme.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub separator: String,
    /// The token, white space after it included.
    pub token: Token,
}

/// What follows the scheme.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Token {
    /// One value.
    Opaque(Box<Secret>),
    /// RFC 7617, decoded: user and password are two secrets.
    Basic(Box<UserInfo>),
    /// Named parameters: Digest, OAuth 1, `AWS4-HMAC-SHA256`.
    Parameters(Vec<Parameter>),
}
