//! Heads of HTTP/2: how they are recorded, and what samewire changes in them. What it changes is here and told in
//! `docs/fidelity.md`.

use bytes::{Bytes, BytesMut};
use http::header::{COOKIE, HOST, HeaderMap, HeaderName};
use http::uri::{Authority, Scheme};
use http::{Method, Request, Response, Uri, Version, request, response};

use crate::proxy::Limits;
use crate::proxy::forward::Refusal;

/// Fields that are between two neighbours only. Those that `Connection` would name cannot come (RFC 9113,
/// section 8.2.2): the library refuses them.
const HOP_BY_HOP: [&str; 3] = ["proxy-authorization", "proxy-authenticate", "proxy-authentication-info"];

/// Why a request is not forwarded.
pub(super) enum Refused {
    By(Refusal),
    /// A limit is exceeded.
    TooLarge,
}

/// The head as it is recorded: in the form of HTTP/1.1, which redaction reads, `:authority` as the first field.
pub(super) fn recorded_request(parts: &request::Parts) -> Bytes {
    let mut head = BytesMut::with_capacity(512);
    let authority = parts.uri.authority().map(Authority::as_str);
    let target = if parts.method == Method::CONNECT {
        authority.unwrap_or_default()
    } else {
        parts.uri.path_and_query().map_or("", |target| target.as_str())
    };
    for part in [parts.method.as_str(), " ", target, " HTTP/2\r\n"] {
        head.extend_from_slice(part.as_bytes());
    }
    if let Some(authority) = authority {
        push(&mut head, &HOST, authority.as_bytes());
    }
    for (name, value) in &parts.headers {
        if name != HOST || authority.is_none_or(|authority| authority.as_bytes() != value.as_bytes()) {
            push(&mut head, name, value.as_bytes());
        }
    }
    head.extend_from_slice(b"\r\n");
    head.freeze()
}

/// The same for an answer.
pub(super) fn recorded_response(parts: &response::Parts) -> Bytes {
    let mut head = BytesMut::with_capacity(512);
    head.extend_from_slice(b"HTTP/2 ");
    head.extend_from_slice(parts.status.as_str().as_bytes());
    head.extend_from_slice(b"\r\n");
    head.extend_from_slice(&lines(&parts.headers));
    head.extend_from_slice(b"\r\n");
    head.freeze()
}

/// Fields as lines, each with its line end.
pub(super) fn lines(fields: &HeaderMap) -> Bytes {
    let mut lines = BytesMut::new();
    for (name, value) in fields {
        push(&mut lines, name, value.as_bytes());
    }
    lines.freeze()
}

fn push(lines: &mut BytesMut, name: &HeaderName, value: &[u8]) {
    for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
        lines.extend_from_slice(part);
    }
}

/// Refuses what could be understood in two ways, and what is too large.
pub(super) fn check(parts: &request::Parts, head: &Bytes, limits: &Limits) -> Result<(), Refused> {
    if parts.method == Method::CONNECT {
        return Err(Refused::By(Refusal::LateConnect));
    }
    let mut hosts = parts.headers.get_all(HOST).iter();
    match (parts.uri.authority(), hosts.next(), hosts.next()) {
        (None, None, _) => return Err(Refused::By(Refusal::AuthorityMissing)),
        (_, Some(_), Some(_)) => return Err(Refused::By(Refusal::HostTwice)),
        (Some(authority), Some(host), None)
            if !host.as_bytes().eq_ignore_ascii_case(authority.as_str().as_bytes()) =>
        {
            return Err(Refused::By(Refusal::HostDiffers));
        }
        _ => {}
    }
    // Cookies may come in as many fields as there are (RFC 9113, section 8.2.3).
    let crumbs = parts.headers.get_all(COOKIE).iter().count().saturating_sub(1);
    if head.len() > limits.head || parts.headers.len() - crumbs > limits.fields {
        return Err(Refused::TooLarge);
    }
    Ok(())
}

/// The head as it goes to the origin. `None` where `Host` is no authority.
pub(super) fn to_origin(parts: &request::Parts, scheme: Scheme) -> Option<Request<()>> {
    let mut request = Request::new(());
    *request.method_mut() = parts.method.clone();
    *request.version_mut() = Version::HTTP_2;
    *request.uri_mut() = if parts.uri.authority().is_some() {
        parts.uri.clone()
    } else {
        // The library wants `:authority`, which a gateway from HTTP/1.1 may leave out.
        let host = parts.headers.get(HOST)?.as_bytes();
        let mut uri = http::uri::Parts::default();
        uri.scheme = Some(scheme);
        uri.authority = Some(Authority::try_from(host).ok()?);
        uri.path_and_query = parts.uri.path_and_query().cloned();
        Uri::from_parts(uri).ok()?
    };
    *request.headers_mut() = end_to_end(&parts.headers);
    Some(request)
}

/// The head as it goes to the client.
pub(super) fn to_client(parts: &response::Parts) -> Response<()> {
    let mut response = Response::new(());
    *response.status_mut() = parts.status;
    *response.version_mut() = Version::HTTP_2;
    *response.headers_mut() = end_to_end(&parts.headers);
    response
}

/// Fields without those that are for the next hop only, order kept.
fn end_to_end(fields: &HeaderMap) -> HeaderMap {
    if !HOP_BY_HOP.iter().any(|name| fields.contains_key(*name)) {
        return fields.clone();
    }
    let kept = fields.iter().filter(|(name, _)| !HOP_BY_HOP.contains(&name.as_str()));
    let mut rest = HeaderMap::with_capacity(fields.len());
    for (name, value) in kept {
        rest.append(name.clone(), value.clone());
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(uri: &str, fields: &[(&'static str, &str)]) -> request::Parts {
        let mut request = Request::builder().uri(uri).version(Version::HTTP_2);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    fn refusal(parts: &request::Parts) -> Option<Refusal> {
        match check(parts, &recorded_request(parts), &Limits::default()) {
            Err(Refused::By(refusal)) => Some(refusal),
            Err(Refused::TooLarge) => panic!("too large"),
            Ok(()) => None,
        }
    }

    #[test]
    fn authority_is_recorded_as_host_and_once() {
        let both = parts("https://api.test/v1?q=1", &[("x-a", "1"), ("host", "api.test"), ("x-b", "2 ")]);
        assert_eq!(
            recorded_request(&both),
            "GET /v1?q=1 HTTP/2\r\nhost: api.test\r\nx-a: 1\r\nx-b: 2 \r\n\r\n"
        );
        assert_eq!(refusal(&both), None);
    }

    #[test]
    fn two_hosts_are_refused() {
        assert_eq!(refusal(&parts("https://a.test/", &[("host", "b.test")])), Some(Refusal::HostDiffers));
        assert_eq!(refusal(&parts("/", &[("host", "b.test"), ("host", "b.test")])), Some(Refusal::HostTwice));
        assert_eq!(refusal(&parts("/", &[])), Some(Refusal::AuthorityMissing));
        assert_eq!(refusal(&parts("/", &[("host", "b.test")])), None);
    }

    #[test]
    fn cookies_in_pieces_are_one_field() {
        let crumbs: Vec<_> = (0..150).map(|_| ("cookie", "a=b")).collect();
        assert_eq!(refusal(&parts("https://a.test/", &crumbs)), None);
        let fields: Vec<_> = (0..101).map(|_| ("x-a", "b")).collect();
        let many = parts("https://a.test/", &fields);
        let checked = check(&many, &recorded_request(&many), &Limits::default());
        assert!(matches!(checked, Err(Refused::TooLarge)));
    }

    #[test]
    fn only_fields_for_the_next_hop_are_left_out() {
        let request =
            parts("/x", &[("host", "a.test"), ("proxy-authorization", "Basic x"), ("te", "trailers")]);
        let sent = to_origin(&request, Scheme::HTTPS).unwrap();
        assert_eq!(sent.uri(), "https://a.test/x");
        let names: Vec<_> = sent.headers().keys().map(HeaderName::as_str).collect();
        assert_eq!(names, ["host", "te"]);
    }
}
