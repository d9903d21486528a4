//! A URL in the parts that a head needs.

use super::limits::LONGEST_URL;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// `http` or `https`.
    pub(super) scheme: &'static str,
    /// `host:port`.
    pub(super) authority: String,
    /// As it stands in the start line: origin-form, or absolute where there is user information.
    pub(super) target: String,
}

/// What a URL is.
pub(super) enum Url {
    /// Of the web.
    Web(Place),
    /// Never on the wire: `data:`, `blob:`, an extension's.
    Other,
}

/// Reads a URL. A WebSocket's begins as a request over HTTP.
pub(super) fn read(url: &str, scheme_by_default: Option<&'static str>) -> Result<Url, &'static str> {
    if url.len() > LONGEST_URL {
        return Err("the URL is longer than 1 MiB");
    }
    if url.chars().any(char::is_control) {
        return Err("the URL holds a control character");
    }
    let (scheme, rest) = match url.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme.to_ascii_lowercase(), rest),
        _ if never_sent(url) => return Ok(Url::Other),
        _ => (scheme_by_default.ok_or("the URL is not absolute")?.to_owned(), url),
    };
    let scheme = match scheme.as_str() {
        "http" | "ws" => "http",
        "https" | "wss" => "https",
        _ => return Ok(Url::Other),
    };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    if host.is_empty() || host.starts_with(':') || host.contains([' ', '\\']) {
        return Err("the URL names no host");
    }
    let with_port = match host.rsplit_once(':') {
        Some((_, port)) if !port.ends_with(']') => {
            port.parse::<u16>().map_err(|_| "the URL's port is no port")?;
            host.to_owned()
        }
        _ => format!("{host}:{}", if scheme == "https" { 443 } else { 80 }),
    };
    // A fragment is never sent.
    let rest = rest.split_once('#').map_or(rest, |(rest, _)| rest);
    let path = if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") };
    let path = path.replace(' ', "%20");
    let target = if host.len() == authority.len() {
        path
    } else {
        format!("{scheme}://{authority}{path}").replace(' ', "%20")
    };
    Ok(Url::Web(Place { scheme, authority: with_port, target }))
}

fn is_scheme(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 32
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

fn never_sent(url: &str) -> bool {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme).to_ascii_lowercase();
    ["data", "blob", "about", "file", "javascript", "mailto"].contains(&scheme.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn web(url: &str) -> Place {
        match read(url, None) {
            Ok(Url::Web(place)) => place,
            _ => panic!("{url}"),
        }
    }

    #[test]
    fn parts_of_a_url() {
        let place = web("https://api.example.com/v1/lots?page=1#top");
        assert_eq!(
            (place.scheme, place.authority.as_str(), place.target.as_str()),
            ("https", "api.example.com:443", "/v1/lots?page=1")
        );
        assert_eq!(web("http://[::1]:8080").authority, "[::1]:8080");
        assert_eq!(web("http://[::1]").authority, "[::1]:80");
        assert_eq!(web("wss://x.example?q").target, "/?q");
        assert_eq!(web("https://u:p@x.example/a b").target, "https://u:p@x.example/a%20b");
        assert!(matches!(read("data:text/plain,x", None), Ok(Url::Other)));
        assert!(matches!(read("chrome-extension://abc/x", None), Ok(Url::Other)));
        for wrong in ["/v1", "https://", "http://x:99999/", "https://a\nb/", "http://:80/"] {
            assert!(read(wrong, None).is_err(), "{wrong}");
        }
        assert!(matches!(read("x.example/a", Some("http")), Ok(Url::Web(_))));
    }
}
