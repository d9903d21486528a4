//! Where a request goes.

use serde::{Deserialize, Serialize};

use super::{Parameter, Secret, Text};

/// The target of a request (RFC 9112, section 3.2), joined with what the connection says of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// How it was written.
    pub form: TargetForm,
    /// `http` or `https`.
    pub scheme: String,
    /// Host without port, in lower case, IPv6 in brackets.
    pub host: String,
    /// Port, the scheme's default included.
    pub port: u16,
    /// User information of an absolute URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_info: Option<UserInfo>,
    /// Path, percent-encoding as sent in shown parts.
    pub path: Text,
    /// Query parameters in the order sent; absent where there is no `?`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<Vec<Parameter>>,
    /// Fragment, which no client should send.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fragment: Option<Text>,
}

/// The forms of a request target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetForm {
    /// `/path?query`.
    Origin,
    /// `http://host/path?query`, as clients write it to a proxy.
    Absolute,
    /// `host:port`, of CONNECT.
    Authority,
    /// `*`, of OPTIONS.
    Asterisk,
    /// None of them.
    Malformed,
}

/// `user:password@` of a URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// Before the colon.
    pub user: Secret,
    /// After it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Secret>,
}

impl Target {
    /// `host:port`.
    pub fn authority(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// The URL as a person reads it, redacted, the default port left out.
    pub fn url(&self) -> String {
        use std::fmt::Write as _;
        let default = match self.scheme.as_str() {
            "https" => 443,
            _ => 80,
        };
        let mut url = format!("{}://{}", self.scheme, self.host);
        if self.port != default {
            let _ = write!(url, ":{}", self.port);
        }
        let _ = write!(url, "{}", self.path);
        for (at, parameter) in self.query.iter().flatten().enumerate() {
            let _ = write!(url, "{}{}", if at == 0 { '?' } else { '&' }, parameter.name);
            if let Some(value) = &parameter.value {
                let _ = write!(url, "={value}");
            }
        }
        url
    }
}
