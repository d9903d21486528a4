//! The base URL that reverse mode stands in the place of.

use std::fmt;
use std::str::FromStr;

use super::SettingError;
use super::forward::Authority;

/// The base URL of an API: scheme, host, port, and a path that is put before that of each request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    pub(super) to: Authority,
    /// Empty, or beginning with `/` and not ending with one.
    path: String,
}

impl BaseUrl {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        if self.to.https { "https" } else { "http" }
    }

    /// `host:port`, an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        self.to.to_text()
    }

    /// Empty, or beginning with `/` and not ending with one.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The value of `Host`: a default port is left out (RFC 9110, section 4.2.3).
    pub(super) fn host_field(&self) -> String {
        let authority = self.to.to_text();
        let default = if self.to.https { ":443" } else { ":80" };
        authority.strip_suffix(default).unwrap_or(&authority).to_owned()
    }
}

/// The URL, a default port left out.
impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme(), self.host_field(), self.path)
    }
}

impl FromStr for BaseUrl {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = |what| SettingError::BaseUrl(what);
        let url: http::Uri = text.parse().map_err(|_| error("is no URL"))?;
        let https = match url.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(error("begins with neither http:// nor https://")),
        };
        let authority = url.authority().map(http::uri::Authority::as_str).unwrap_or_default();
        // The client sends its own credentials; these would silently join them or be lost.
        if authority.contains('@') {
            return Err(error("holds a user or a password, which the client is to send itself"));
        }
        if url.query().is_some() || text.contains('#') {
            return Err(error("holds a query or a fragment"));
        }
        let to =
            Authority::parse(authority.as_bytes(), Some(https)).ok_or(error("has no sound host and port"))?;
        Ok(Self { to, path: url.path().trim_end_matches('/').to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_has_a_scheme_an_authority_and_perhaps_a_path() {
        for (text, shown, authority) in [
            ("https://api.example.com", "https://api.example.com", "api.example.com:443"),
            ("http://API.example.com:8080/v2/", "http://api.example.com:8080/v2", "api.example.com:8080"),
            ("http://[::1]:80/", "http://[::1]", "[::1]:80"),
        ] {
            let base: BaseUrl = text.parse().unwrap();
            assert_eq!((base.to_string().as_str(), base.authority().as_str()), (shown, authority));
        }
        for text in [
            "",
            "api.example.com",
            "/v2",
            "ftp://api.example.com",
            "https://",
            "https://me:pw@api.example.com",
            "https://api.example.com/?key=1",
            "https://api.example.com/#a",
            "https://api.example.com:99999",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
        let refused = "https://me:pw@api.example.com".parse::<BaseUrl>().unwrap_err();
        assert!(!refused.to_string().contains("pw"), "a password is not repeated");
    }
}
