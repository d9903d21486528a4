//! What samewire changes on the wire. Everything it changes is here, for reverse mode in `reverse`, and told in
//! `docs/fidelity.md`; every other byte of a head goes out as it came in.

mod reverse;

use std::fmt;

use bytes::{Bytes, BytesMut};
use hyper::{Request, StatusCode};

use crate::model::Fidelity;

use super::head::{Ambiguous, FieldLine, Framing, Head, Kind};
use super::settings::bare;
use super::upstream::Way;

use reverse::Named;
pub(super) use reverse::{Back, Reverse, recorded};

/// Fields that are between two neighbours only (RFC 9110, section 7.6.1); so are those that `Connection` names.
const HOP_BY_HOP: [&str; 6] = [
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "proxy-authenticate",
    "proxy-authentication-info",
];

/// Fields that stay even where `Connection` names them: without them the message would be another one.
const NEVER_DROPPED: [&str; 4] = ["host", "content-length", "transfer-encoding", "trailer"];

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Authority {
    /// With TLS.
    pub(super) https: bool,
    /// Without brackets, in lower case.
    pub(super) host: String,
    pub(super) port: u16,
}

/// Where a request goes and how it is written there.
pub(super) struct Route {
    pub(super) to: Authority,
    /// The target in origin-form (RFC 9112, section 3.2.1), or as it came inside a tunnel.
    pub(super) target: Bytes,
    /// The authority of an absolute-form target or of the base URL: the value of `Host`, whatever the client wrote there.
    host: Option<Bytes>,
    /// In reverse mode, what the base URL is called on either side.
    named: Option<Named>,
}

/// Why samewire does not forward a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A request to samewire itself.
    NotProxied,
    /// A request as to a proxy, where samewire stands in the place of an API.
    NoProxy,
    /// A request to a base URL without its secret path.
    SecretPath,
    /// CONNECT on a connection that has carried other requests.
    LateConnect,
    /// The target is no URL that samewire can go to.
    Target,
    /// No `Host` in HTTP/1.1 (RFC 9112, section 3.2).
    HostMissing,
    /// More than one `Host`.
    HostTwice,
    /// Neither `:authority` nor `Host` in HTTP/2 (RFC 9113, section 8.3.1).
    AuthorityMissing,
    /// `Host` is not what `:authority` is.
    HostDiffers,
    /// Framing that two readers could understand differently.
    Framing(Ambiguous),
}

impl Refusal {
    /// What the client is answered.
    pub(super) fn status(self) -> StatusCode {
        if self == Self::SecretPath { StatusCode::FORBIDDEN } else { StatusCode::BAD_REQUEST }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotProxied => {
                "this is a recording proxy, and the request was sent to it instead of through it; set it as \
                 HTTP_PROXY and HTTPS_PROXY (samewire env prints what a client needs)"
            }
            Self::NoProxy => {
                "this port is no proxy, it stands in the place of one API (reverse mode); give the client its address as the base URL, \
                 or start samewire proxy without --reverse"
            }
            Self::SecretPath => {
                "this is not the whole base URL; give the client the one that samewire printed, its random path included"
            }
            Self::LateConnect => "CONNECT must be the first request of a connection; open a new one for it",
            Self::Target => {
                "the request's target is neither http://... nor https://... with a host and a port"
            }
            Self::HostMissing => "an HTTP/1.1 request needs a Host field (RFC 9112, section 3.2)",
            Self::HostTwice => "a request may have one Host field only (RFC 9112, section 3.2)",
            Self::AuthorityMissing => {
                "an HTTP/2 request needs :authority or a Host field (RFC 9113, section 8.3.1)"
            }
            Self::HostDiffers => "the Host field differs from :authority (RFC 9113, section 8.3.1)",
            Self::Framing(Ambiguous::ContentLength) => {
                "the Content-Length is no number, or there are several that differ (RFC 9112, section 6.3)"
            }
            Self::Framing(Ambiguous::TransferEncoding) => {
                "the Transfer-Encoding does not end in one `chunked`, or the request is HTTP/1.0 (RFC 9112, \
                 section 6.1)"
            }
        })
    }
}

impl Authority {
    /// Reads `host:port`, the port possibly left out, user information before it passed over.
    pub(super) fn parse(text: &[u8], https: Option<bool>) -> Option<Self> {
        let text = std::str::from_utf8(text).ok()?;
        let text = text.rsplit_once('@').map_or(text, |(_, rest)| rest);
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (text, ""),
        };
        let port = match (port, https) {
            ("", Some(https)) => {
                if https {
                    443
                } else {
                    80
                }
            }
            (digits, _) if digits.bytes().all(|byte| byte.is_ascii_digit()) => digits.parse().ok()?,
            _ => return None,
        };
        let bracketed = bare(host) != host;
        let fits =
            |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=".contains(&byte) || bracketed;
        let sound = !host.is_empty() && host.bytes().all(fits);
        sound.then(|| Self { https: https.unwrap_or(true), host: bare(host).to_ascii_lowercase(), port })
    }

    /// `host:port`, an IPv6 address in brackets.
    pub(super) fn to_text(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Decides where a request goes; `around` is the CONNECT that it came in.
pub(super) fn route(
    head: &Head,
    around: Option<&Authority>,
    reverse: Option<&Reverse>,
) -> Result<Route, Refusal> {
    head.framing.map_err(Refusal::Framing)?;
    let (method, target) = head.request_line();
    let hosts = head.fields().filter(|field| field.is("host")).count();
    match hosts {
        0 if !head.is_http10 => return Err(Refusal::HostMissing),
        0 | 1 => {}
        _ => return Err(Refusal::HostTwice),
    }
    if let Some(reverse) = reverse {
        return reverse.route(head);
    }
    if method == b"CONNECT" {
        return Err(Refusal::LateConnect);
    }
    if let Some(to) = around {
        return Ok(Route { to: to.clone(), target: head.raw.slice_ref(target), host: None, named: None });
    }
    if target.starts_with(b"/") || target == b"*" {
        return Err(Refusal::NotProxied);
    }
    let (https, rest) = if let Some(rest) = after(target, b"http://") {
        (false, rest)
    } else {
        (true, after(target, b"https://").ok_or(Refusal::Target)?)
    };
    let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let to = Authority::parse(authority, Some(https)).ok_or(Refusal::Target)?;
    let host = authority.rsplit(|byte| *byte == b'@').next().unwrap_or(authority);
    let target = match path.first() {
        Some(b'/') => head.raw.slice_ref(path),
        // A server as a whole (RFC 9112, section 3.2.4).
        None if method == b"OPTIONS" => Bytes::from_static(b"*"),
        _ => Bytes::from([b"/", path].concat()),
    };
    Ok(Route { to, target, host: Some(head.raw.slice_ref(host)), named: None })
}

/// The lines of a request as they go to the origin, or to an upstream proxy.
pub(super) fn request_lines(head: &Head, route: &Route, way: &Way) -> BytesMut {
    let (method, _) = head.request_line();
    let version = head.start_line().rsplit(|byte| *byte == b' ').next().unwrap_or(b"HTTP/1.1");
    let mut lines = BytesMut::with_capacity(head.raw.len() + 128);
    push(&mut lines, &[method, b" "]);
    if let Way::Proxy(_) = way {
        push(&mut lines, &[b"http://", route.to.to_text().as_bytes()]);
    }
    push(&mut lines, &[&route.target, b" ", version, b"\r\n"]);
    if let Some(host) = route.host.as_ref().filter(|_| head.field("host").is_none()) {
        push(&mut lines, &[b"Host: ", host, b"\r\n"]);
    }
    let upgrade = upgrades(head);
    let hops = Hops::of(head);
    let mut lengths = 0;
    for field in head.fields() {
        if field.is("content-length") {
            lengths += 1;
            if lengths > 1 || head.framing == Ok(Framing::Chunked) {
                continue;
            }
        } else if field.is("host") {
            if let Some(host) =
                route.host.as_ref().filter(|host| !same_host(field.value, host, route.to.https))
            {
                push(&mut lines, &[field.name, b": ", host, b"\r\n"]);
                continue;
            }
        } else if let Some(value) = route.named.as_ref().and_then(|named| named.field(&field)) {
            push(&mut lines, &[field.name, b": ", &value, b"\r\n"]);
            continue;
        } else if field.is("te") {
            if !field.lists("trailers") {
                continue;
            }
            if field.value.len() > "trailers".len() {
                push(&mut lines, &[field.name, b": trailers\r\n"]);
                continue;
            }
        } else if field.is("connection") && upgrade && field.lists("upgrade") {
            push(&mut lines, &[field.name, b": Upgrade\r\n"]);
            continue;
        } else if (field.is("upgrade") && !upgrade) || (!field.is("upgrade") && hops.drop(&field)) {
            continue;
        }
        push(&mut lines, &[field.whole, b"\r\n"]);
    }
    if let Way::Proxy(Some(credentials)) = way {
        push(&mut lines, &[b"Proxy-Authorization: ", credentials.as_bytes(), b"\r\n"]);
    }
    lines
}

/// The lines of an answer as they go to the client; `http10` when it speaks HTTP/1.0 and knows no chunks.
pub(super) fn response_lines(head: &Head, http10: bool, back: Option<&Back<'_>>, lines: &mut BytesMut) {
    let switching = head.status() == 101;
    push(lines, &[head.start_line(), b"\r\n"]);
    let hops = Hops::of(head);
    for field in head.fields() {
        let keep = if field.is("content-length") {
            head.framing != Ok(Framing::Chunked)
        } else if field.is("transfer-encoding") {
            !(http10 && head.framing == Ok(Framing::Chunked))
        } else if field.is("upgrade") || (switching && field.is("connection")) {
            true
        } else {
            !hops.drop(&field)
        };
        if keep && !back.is_some_and(|back| back.replace(&field, lines)) {
            unfolded(field.whole, lines);
            push(lines, &[b"\r\n"]);
        }
    }
}

/// True when the client asks for another protocol that samewire lets it have. Not `h2c`: what it would carry
/// are requests that samewire is to record, and the origin may always answer in HTTP/1.1 instead.
pub(super) fn upgrades(head: &Head) -> bool {
    !head.is_http10
        && head.lists("connection", "upgrade")
        && head.field("upgrade").is_some()
        && !head.lists("upgrade", "h2c")
}

/// The fields that `Connection` names.
struct Hops<'a>(Vec<&'a [u8]>);

impl<'a> Hops<'a> {
    fn of(head: &'a Head) -> Self {
        let mut named = Vec::new();
        for field in head.fields().filter(|field| field.is("connection")) {
            named.extend(field.tokens());
        }
        named.retain(|name| !name.eq_ignore_ascii_case(b"keep-alive"));
        Self(named)
    }

    fn drop(&self, field: &FieldLine<'_>) -> bool {
        HOP_BY_HOP.iter().any(|name| field.is(name))
            || (self.0.iter().any(|name| field.name.eq_ignore_ascii_case(name))
                && !NEVER_DROPPED.iter().any(|name| field.is(name)))
    }
}

/// Whether hyper reads the head as it stands there.
pub(super) fn fidelity<B>(head: &Head, request: &Request<B>) -> Fidelity {
    let (method, target) = head.request_line();
    let version = if head.is_http10 { hyper::Version::HTTP_10 } else { hyper::Version::HTTP_11 };
    let desync = |what: &str| Fidelity::Desync(format!("the HTTP library reads another {what}"));
    if request.method().as_str().as_bytes() != method {
        return desync("method");
    }
    if request.version() != version {
        return desync("version");
    }
    let before_fragment = target.split(|byte| *byte == b'#').next().unwrap_or(target);
    let read = request.uri().path_and_query().map_or("", |target| target.as_str());
    let target_agrees = match request.uri().authority() {
        None => before_fragment == read.as_bytes(),
        Some(authority) => {
            let written = after(target, b"http://").or_else(|| after(target, b"https://")).unwrap_or(target);
            written.starts_with(authority.as_str().as_bytes())
        }
    };
    if !target_agrees {
        return desync("target");
    }
    let ours = || head.fields().filter(|field| !field.is("content-length"));
    let theirs = || {
        let fields = request.headers().iter();
        fields
            .filter(|(name, _)| *name != "content-length")
            .map(|(name, value)| (name.as_str(), value.as_bytes()))
    };
    // Nearly always both are in the same order; hyper groups fields of one name only where there are several.
    let mut theirs_in_order = theirs();
    let in_order = ours()
        .all(|own| theirs_in_order.next().is_some_and(|(name, value)| own.is(name) && own.value == value));
    if in_order && theirs_in_order.next().is_none() {
        return Fidelity::Wire;
    }
    let mut ours: Vec<_> = ours().map(|own| (own.name.to_ascii_lowercase(), own.value)).collect();
    let mut theirs: Vec<_> = theirs().map(|(name, value)| (name.as_bytes().to_vec(), value)).collect();
    ours.sort_unstable();
    theirs.sort_unstable();
    if ours == theirs { Fidelity::Wire } else { desync("set of fields") }
}

/// A head as hyper reads it, for where the wire's cannot be had or trusted.
pub(super) fn rendered<B>(request: &Request<B>) -> Head {
    let mut raw = BytesMut::with_capacity(512);
    let version: &[u8] =
        if request.version() == hyper::Version::HTTP_10 { b" HTTP/1.0\r\n" } else { b" HTTP/1.1\r\n" };
    push(
        &mut raw,
        &[request.method().as_str().as_bytes(), b" ", request.uri().to_string().as_bytes(), version],
    );
    for (name, value) in request.headers() {
        push(&mut raw, &[name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"]);
    }
    push(&mut raw, &[b"\r\n"]);
    Head::new(raw.freeze(), Kind::Request)
}

/// True when `Host` says what the target says; a default port may be left out.
fn same_host(value: &[u8], host: &[u8], https: bool) -> bool {
    let suffix: &[u8] = if https { b":443" } else { b":80" };
    let [value, host] = [value, host].map(|text| text.strip_suffix(suffix).unwrap_or(text));
    value.eq_ignore_ascii_case(host)
}

/// A line, an obsolete folding in it replaced by a space (RFC 9112, section 5.2).
fn unfolded(line: &[u8], lines: &mut BytesMut) {
    for (at, part) in line.split(|byte| *byte == b'\n').enumerate() {
        if at == 0 {
            push(lines, &[part.strip_suffix(b"\r").unwrap_or(part)]);
        } else {
            push(lines, &[b" ", part.trim_ascii()]);
        }
    }
}

fn after<'a>(target: &'a [u8], scheme: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = target.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn push(lines: &mut BytesMut, parts: &[&[u8]]) {
    for part in parts {
        lines.extend_from_slice(part);
    }
}
