//! What a user may decide about the data path: each with a `FromStr` for the command line.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use super::{BaseUrl, SharedSurroundings, UpstreamProxy};

/// What a user may decide about the data path.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Reverse mode: every listener stands in the place of this base URL, and is no proxy.
    pub reverse: Option<BaseUrl>,
    /// Only these hosts are opened; all others pass through. Empty: all are opened.
    pub hosts: Vec<HostPattern>,
    /// These hosts pass through unopened.
    pub ignored_hosts: Vec<HostPattern>,
    /// Other addresses for some hosts; the first that fits is taken.
    pub connect_to: Vec<ConnectTo>,
    /// PEM files with certificates that upstream servers may be verified against, besides the system's.
    pub upstream_ca: Vec<PathBuf>,
    /// The proxy that samewire itself goes through.
    pub upstream_proxy: Option<UpstreamProxy>,
    /// What samewire shows to upstream servers that ask for a certificate.
    pub upstream_identity: Option<UpstreamIdentity>,
    /// Names that only the clients' own network knows.
    pub surroundings: Option<SharedSurroundings>,
    /// HTTP/1.1 on both legs, also where client and origin could speak HTTP/2.
    pub http1: bool,
    /// How long to wait.
    pub timeouts: Timeouts,
    /// How much to take.
    pub limits: Limits,
}

/// How long to wait. A slow but living body has no limit.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For an upstream connection, its name lookup and its TLS handshake (each).
    pub connect: Duration,
    /// For the rest of a request's head after its first byte, for a client's TLS handshake, and for a connection's first byte.
    pub head: Duration,
    /// For an answer's head after the request was sent.
    pub answer: Duration,
    /// For the next piece of a body that has begun. None: for ever.
    pub idle: Option<Duration>,
    /// For an `100 Continue` before the body is asked for all the same (RFC 9110, section 10.1.1).
    pub proceed: Duration,
    /// For exchanges that are under way when the proxy is stopped.
    pub grace: Duration,
    /// After which a connection without exchanges gives back its buffers, at least; twice that at most.
    pub rest: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            head: Duration::from_secs(60),
            answer: Duration::from_secs(600),
            idle: Some(Duration::from_secs(600)),
            proceed: Duration::from_secs(1),
            grace: Duration::from_secs(2),
            rest: Duration::from_millis(250),
        }
    }
}

/// How much to take.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of a head. At least 8192; it also bounds the pieces in which a request's body passes.
    pub head: usize,
    /// Field lines of a head.
    pub fields: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 128 * 1024, fields: 100 }
    }
}

/// A certificate chain and its key, both PEM files, possibly the same one (mutual TLS).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UpstreamIdentity {
    /// The certificate, followed by its intermediates.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// One PEM file that holds both.
impl FromStr for UpstreamIdentity {
    type Err = std::convert::Infallible;

    fn from_str(path: &str) -> Result<Self, Self::Err> {
        Ok(Self { certificate: path.into(), key: path.into() })
    }
}

/// A setting that cannot be understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SettingError {
    /// A host pattern is empty or holds something that is no host name.
    #[error("`{0}` is no host pattern: write a host such as `api.example.com`, or `*.example.com`")]
    HostPattern(String),
    /// Not HOST:PORT:ADDR:PORT.
    #[error("`{0}` is not HOST:PORT:ADDR:PORT; leave a part empty to match any host or to keep it")]
    ConnectTo(String),
    /// A base URL that cannot be one. Its text is not shown, it may hold a password.
    #[error("the base URL {0}: write http://HOST[:PORT][/PATH] or https://HOST[:PORT][/PATH]")]
    BaseUrl(&'static str),
    /// An upstream proxy that is not `http://`.
    #[error("cannot use an upstream proxy with scheme `{0}`: samewire speaks to http:// proxies only")]
    ProxyScheme(String),
    /// An upstream proxy that is no URL. Its text is not shown, it may hold a password.
    #[error("the upstream proxy is no URL: write http://[USER:PASSWORD@]HOST:PORT")]
    ProxyUrl,
}

/// Host names: one name, `*.example.com` (any name below it) or `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostPattern {
    labels: Vec<u8>,
    below: bool,
}

impl HostPattern {
    /// True when the host (no port, brackets or not) fits. Case does not count.
    pub fn matches(&self, host: &str) -> bool {
        let host = bare(host).as_bytes();
        if self.below {
            let Some(split) = host.len().checked_sub(self.labels.len()) else { return false };
            let (before, tail) = host.split_at(split);
            tail.eq_ignore_ascii_case(&self.labels) && (!before.is_empty() || self.labels.is_empty())
        } else {
            host.eq_ignore_ascii_case(&self.labels)
        }
    }
}

impl FromStr for HostPattern {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (below, rest) = match text.strip_prefix('*') {
            Some(rest) => (true, rest),
            None => (false, bare(text)),
        };
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
        let dotted = !below || rest.is_empty() || (rest.starts_with('.') && rest.len() > 1);
        if (rest.is_empty() && !below) || !dotted || !rest.bytes().all(fits) {
            return Err(SettingError::HostPattern(text.to_owned()));
        }
        Ok(Self { labels: rest.as_bytes().to_vec(), below })
    }
}

/// Connects to another address than the name says, as curl's `--connect-to HOST:PORT:ADDR:PORT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTo {
    host: Option<String>,
    port: Option<u16>,
    to_host: Option<String>,
    to_port: Option<u16>,
}

impl ConnectTo {
    /// It leads this host elsewhere, on some port.
    pub fn covers(&self, host: &str) -> bool {
        self.host.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(bare(host))) && self.to_host.is_some()
    }

    /// Where to connect for this host and port, when it fits them.
    pub fn apply<'a>(&'a self, host: &'a str, port: u16) -> Option<(&'a str, u16)> {
        let fits = self.host.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(bare(host)))
            && self.port.is_none_or(|own| own == port);
        fits.then(|| (self.to_host.as_deref().unwrap_or(host), self.to_port.unwrap_or(port)))
    }
}

impl FromStr for ConnectTo {
    type Err = SettingError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || SettingError::ConnectTo(text.to_owned());
        let mut rest = text;
        let mut parts = [""; 4];
        for (at, part) in parts.iter_mut().enumerate() {
            // An IPv6 address stands in brackets, because it has colons itself.
            let end = match rest.strip_prefix('[') {
                Some(inner) => inner.find(']').map(|at| at + 2).ok_or_else(error)?,
                None => rest.find(':').unwrap_or(rest.len()),
            };
            let (own, after) = rest.split_at(end);
            *part = own;
            rest = if at < 3 { after.strip_prefix(':').ok_or_else(error)? } else { after };
        }
        if !rest.is_empty() {
            return Err(error());
        }
        let host = |part: &str| (!part.is_empty()).then(|| bare(part).to_owned());
        let port = |part: &str| match part {
            "" => Ok(None),
            digits => digits.parse().map(Some).map_err(|_| error()),
        };
        Ok(Self {
            host: host(parts[0]),
            port: port(parts[1])?,
            to_host: host(parts[2]),
            to_port: port(parts[3])?,
        })
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.below { "*" } else { "" }, String::from_utf8_lossy(&self.labels))
    }
}

/// A host without the brackets of an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_names_and_names_below() {
        let one: HostPattern = "API.example.com".parse().unwrap();
        assert!(one.matches("api.example.com") && !one.matches("x.api.example.com"));
        let below: HostPattern = "*.example.com".parse().unwrap();
        assert!(below.matches("a.b.example.com") && !below.matches("example.com"));
        assert!(!below.matches("badexample.com"));
        let any: HostPattern = "*".parse().unwrap();
        assert!(any.matches("anything"));
        assert!("[::1]".parse::<HostPattern>().unwrap().matches("[::1]"));
        for bad in ["", "a b", "*x", "*.", "a/b"] {
            assert!(bad.parse::<HostPattern>().is_err(), "{bad}");
        }
    }

    #[test]
    fn connect_to_reads_as_curl_does() {
        let to: ConnectTo = "api.example.com:443:127.0.0.1:8443".parse().unwrap();
        assert_eq!(to.apply("API.example.com", 443), Some(("127.0.0.1", 8443)));
        assert_eq!(to.apply("api.example.com", 80), None);
        assert!(to.covers("Api.example.com") && !to.covers("x.example.com"));
        let any: ConnectTo = "::[::1]:".parse().unwrap();
        assert!(any.covers("x") && !"x:80::81".parse::<ConnectTo>().unwrap().covers("x"));
        assert_eq!(any.apply("x", 80), Some(("::1", 80)));
        for bad in ["", "x::::", "a:1:b", "a:x:b:1", "a:1:b:70000", "[::1:1:b:2"] {
            assert!(bad.parse::<ConnectTo>().is_err(), "{bad}");
        }
    }
}
