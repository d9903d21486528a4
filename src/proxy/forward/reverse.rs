//! What samewire changes besides in reverse mode, where the client was given samewire's address as its base URL: on the way up the
//! request is made one to the API's base URL, on the way down what names the API is made to name samewire, so that the client's
//! next request comes here as well. Told in `docs/fidelity.md`.

use bytes::{Bytes, BytesMut};

use super::super::head::{FieldLine, Head};
use super::super::{BaseUrl, Credential};
use super::{Authority, Refusal, Route, after, push};

/// Reverse mode, as one client connection knows it.
pub(in crate::proxy) struct Reverse {
    base: BaseUrl,
    /// The first segment of every path, where others could use the port: no client sends `Proxy-Authorization` to a base URL.
    secret_path: Option<Credential>,
}

impl Reverse {
    pub(in crate::proxy) fn new(base: BaseUrl, secret_path: Option<Credential>) -> Self {
        Self { base, secret_path }
    }

    pub(in crate::proxy) fn to(&self) -> &Authority {
        &self.base.to
    }

    /// True when the client knows the base URL that samewire printed. `first` is the first head of its connection.
    pub(in crate::proxy) fn admits(&self, first: Option<&Head>) -> bool {
        self.secret_path.is_none() || first.is_some_and(|head| self.below(head.request_line().1).is_some())
    }

    /// What of a target comes after the base URL's own path.
    fn below<'t>(&self, target: &'t [u8]) -> Option<&'t [u8]> {
        let Some(secret) = &self.secret_path else { return Some(target) };
        let target = target.strip_prefix(b"/")?;
        let end = target.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(target.len());
        let (shown, rest) = target.split_at(end);
        secret.is(std::str::from_utf8(shown).ok()?).then_some(rest)
    }

    /// The place below the API's base URL that a request is for.
    pub(super) fn route(&self, head: &Head) -> Result<Route, Refusal> {
        let (_, target) = head.request_line();
        if !target.starts_with(b"/") && target != b"*" {
            return Err(Refusal::NoProxy);
        }
        let below = self.below(target).ok_or(Refusal::SecretPath)?;
        let path = self.base.path().as_bytes();
        let target = match below.first() {
            Some(b'*') => Bytes::from_static(b"*"),
            None | Some(b'?' | b'#') if path.is_empty() => Bytes::from([b"/", below].concat()),
            _ => Bytes::from([path, below].concat()),
        };
        let client = head.field("host").map(|host| self.client_base(host));
        let origin = format!("{}://{}", self.base.scheme(), self.base.host_field());
        Ok(Route {
            to: self.base.to.clone(),
            target,
            host: Some(self.base.host_field().into()),
            named: client.map(|client| Named { client, upstream: (origin + self.base.path()).into() }),
        })
    }

    /// The base URL as the client knows it.
    fn client_base(&self, host: &[u8]) -> Bytes {
        let secret =
            self.secret_path.as_ref().map(|secret| format!("/{}", secret.expose())).unwrap_or_default();
        Bytes::from([b"http://", host, secret.as_bytes()].concat())
    }

    /// The way back for the answer to this request.
    pub(in crate::proxy) fn back(&self, request: &Head) -> Back<'_> {
        let client = request.field("host").map(|host| self.client_base(host)).unwrap_or_default();
        let secret =
            self.secret_path.as_ref().map(|secret| format!("/{}", secret.expose())).unwrap_or_default();
        Back { base: &self.base, client, secret }
    }
}

/// The head as it is recorded: with the target that the API sees, everything else as the client sent it.
pub(in crate::proxy) fn recorded(head: &Head, route: &Route) -> Bytes {
    let (method, target) = head.request_line();
    if route.target == target {
        return head.raw.clone();
    }
    let rest = &head.raw[method.len() + 1 + target.len()..];
    Bytes::from([method, b" ", &route.target, rest].concat())
}

/// The base URL as either side names it, for fields in which a client names where it is.
pub(super) struct Named {
    client: Bytes,
    upstream: Bytes,
}

impl Named {
    /// `Origin` and `Referer` as the API expects them; `None` where they name some other place.
    pub(super) fn field(&self, field: &FieldLine<'_>) -> Option<Vec<u8>> {
        let origin = |url: &[u8]| {
            let from = url.windows(3).position(|window| window == b"://").map_or(0, |at| at + 3);
            url[from..].iter().position(|byte| *byte == b'/').map_or(url.len(), |at| from + at)
        };
        if field.is("origin") {
            let (client, upstream) =
                (&self.client[..origin(&self.client)], &self.upstream[..origin(&self.upstream)]);
            return field.value.eq_ignore_ascii_case(client).then(|| upstream.to_vec());
        }
        if !field.is("referer") {
            return None;
        }
        let rest = field.value.strip_prefix(&*self.client)?;
        is_boundary(rest).then(|| [&self.upstream, rest].concat())
    }
}

/// What becomes of an answer's fields that name the API.
pub(in crate::proxy) struct Back<'a> {
    base: &'a BaseUrl,
    /// The base URL as the client knows it; empty where its request had no `Host`.
    client: Bytes,
    /// `/SECRET`, or nothing.
    secret: String,
}

impl Back<'_> {
    /// Writes what the client gets in place of a field; false where it gets the field as it is.
    pub(super) fn replace(&self, field: &FieldLine<'_>, lines: &mut BytesMut) -> bool {
        // Another way to the API leads around samewire (RFC 7838).
        if field.is("alt-svc") {
            return true;
        }
        let value = if field.is("location") || field.is("content-location") {
            self.reference(field.value)
        } else if field.is("link") {
            self.link(field.value)
        } else if field.is("set-cookie") {
            self.cookie(field.value)
        } else {
            None
        };
        let Some(value) = value else { return false };
        push(lines, &[field.name, b": ", &value, b"\r\n"]);
        true
    }

    /// A URL or a reference to one; `None` where it means the same to the client as it does to the API's own clients.
    fn reference(&self, reference: &[u8]) -> Option<Vec<u8>> {
        let scheme = self.base.scheme().as_bytes();
        if let Some(rest) = reference.strip_prefix(b"//") {
            let absolute = [scheme, b"://", rest].concat();
            return Some(self.absolute(&absolute).unwrap_or(absolute));
        }
        if reference.starts_with(b"/") {
            return match self.below(reference) {
                Some(_) if self.secret.is_empty() && self.base.path().is_empty() => None,
                Some(rest) => Some([self.secret.as_bytes(), slashed(rest), rest].concat()),
                // Beside the base URL, where only the API itself has something.
                None => Some([scheme, b"://", self.base.host_field().as_bytes(), reference].concat()),
            };
        }
        self.absolute(reference)
    }

    fn absolute(&self, url: &[u8]) -> Option<Vec<u8>> {
        let (https, rest) = match after(url, b"https://") {
            Some(rest) => (true, rest),
            None => (false, after(url, b"http://")?),
        };
        let end = rest.iter().position(|byte| matches!(byte, b'/' | b'?' | b'#')).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains(&b'@') || Authority::parse(authority, Some(https))? != self.base.to {
            return None;
        }
        let rest = self.below(path)?;
        // A client that sent no Host knows where it is; the path tells it the rest.
        let start = if self.client.is_empty() { self.secret.as_bytes() } else { &self.client };
        Some([start, slashed(rest), rest].concat())
    }

    /// What of a path comes after the base URL's.
    fn below<'p>(&self, path: &'p [u8]) -> Option<&'p [u8]> {
        path.strip_prefix(self.base.path().as_bytes()).filter(|rest| is_boundary(rest))
    }

    /// The targets of links (RFC 8288), which clients follow from page to page.
    fn link(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut out = Vec::with_capacity(value.len());
        let (mut rest, mut changed) = (value, false);
        while let Some(start) = rest.iter().position(|byte| *byte == b'<') {
            let Some(length) = rest[start..].iter().position(|byte| *byte == b'>') else { break };
            let target = &rest[start + 1..start + length];
            out.extend_from_slice(&rest[..=start]);
            match self.reference(target) {
                Some(reference) => {
                    out.extend_from_slice(&reference);
                    changed = true;
                }
                None => out.extend_from_slice(target),
            }
            rest = &rest[start + length..];
        }
        out.extend_from_slice(rest);
        changed.then_some(out)
    }

    /// A cookie that a client of the API would keep is made one that a client of samewire keeps: over plain HTTP, for another host.
    fn cookie(&self, value: &[u8]) -> Option<Vec<u8>> {
        let mut parts = value.split(|byte| *byte == b';');
        let mut out = parts.next().unwrap_or_default().to_vec();
        let mut changed = false;
        for part in parts {
            let (name, value) = match part.iter().position(|byte| *byte == b'=') {
                Some(at) => (part[..at].trim_ascii(), part[at + 1..].trim_ascii()),
                None => (part.trim_ascii(), &b""[..]),
            };
            let path = name.eq_ignore_ascii_case(b"path").then(|| self.cookie_path(value)).flatten();
            let dropped = (name.eq_ignore_ascii_case(b"domain") && self.is_in_domain(value))
                || (name.eq_ignore_ascii_case(b"secure") && self.base.to.https);
            changed |= dropped || path.is_some();
            if let Some(path) = path {
                out.extend_from_slice(b"; Path=");
                out.extend_from_slice(&path);
            } else if !dropped {
                out.push(b';');
                out.extend_from_slice(part);
            }
        }
        changed.then_some(out)
    }

    fn cookie_path(&self, path: &[u8]) -> Option<Vec<u8>> {
        let base = self.base.path().as_bytes();
        if let Some(rest) = self.below(path).filter(|_| path.starts_with(b"/")) {
            let whole = [self.secret.as_bytes(), rest].concat();
            return (whole != path).then(|| if whole.is_empty() { b"/".to_vec() } else { whole });
        }
        // It covers the whole base URL.
        let path = path.strip_suffix(b"/").unwrap_or(path);
        let covers = base.strip_prefix(path).is_some_and(is_boundary);
        (covers && !path.is_empty()).then(|| b"/".to_vec())
    }

    /// RFC 6265, section 5.1.3.
    fn is_in_domain(&self, domain: &[u8]) -> bool {
        let domain = domain.strip_prefix(b".").unwrap_or(domain).to_ascii_lowercase();
        let rest = self.base.to.host.as_bytes().strip_suffix(&*domain);
        !domain.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.ends_with(b"."))
    }
}

/// True for what may follow a path that ends with a whole segment.
fn is_boundary(rest: &[u8]) -> bool {
    matches!(rest.first(), None | Some(b'/' | b'?' | b'#'))
}

/// The slash that a path needs before what is left of it.
fn slashed(rest: &[u8]) -> &'static [u8] {
    if rest.starts_with(b"/") { b"" } else { b"/" }
}

#[cfg(test)]
mod tests {
    use super::super::super::head::Kind;
    use super::*;

    /// What the client gets for a field of an answer.
    fn got(base: &str, secret: bool, line: &str) -> String {
        let credential = secret.then(|| Credential::random().unwrap());
        let shown = credential.as_ref().map(|credential| credential.expose().to_owned()).unwrap_or_default();
        let reverse = Reverse::new(base.parse().unwrap(), credential);
        let request = Head::new(Bytes::from_static(b"GET / HTTP/1.1\r\nHost: me:1\r\n\r\n"), Kind::Request);
        let answer = Head::new(
            format!("HTTP/1.1 302 Found\r\n{line}\r\n\r\n").into(),
            Kind::Response { to_head: false },
        );
        let mut lines = BytesMut::new();
        let field = answer.fields().next().unwrap();
        if !reverse.back(&request).replace(&field, &mut lines) {
            push(&mut lines, &[field.whole, b"\r\n"]);
        }
        let text = String::from_utf8(lines.to_vec()).unwrap();
        let text = if secret { text.replace(&shown, "S") } else { text };
        text.trim_end().to_owned()
    }

    #[test]
    fn references_to_the_api_become_references_to_samewire() {
        for (base, secret, from, to) in [
            ("https://api.test", false, "https://api.test/a?b#c", "http://me:1/a?b#c"),
            ("https://api.test", false, "https://API.test:443", "http://me:1/"),
            ("https://api.test", false, "//api.test/a", "http://me:1/a"),
            // Where it does not lead to samewire it must not change its meaning.
            ("https://api.test", false, "//other.test/a", "https://other.test/a"),
            ("https://api.test", false, "http://api.test/a", "http://api.test/a"),
            ("https://api.test", false, "https://api.test:444/a", "https://api.test:444/a"),
            ("https://api.test", false, "https://api.test.evil/a", "https://api.test.evil/a"),
            ("https://api.test", false, "https://me@api.test/a", "https://me@api.test/a"),
            ("https://api.test", false, "/a", "/a"),
            ("https://api.test", false, "a", "a"),
            ("https://api.test", false, "", ""),
            ("https://api.test/v2", false, "https://api.test/v2", "http://me:1/"),
            ("https://api.test/v2", false, "https://api.test/v2?a", "http://me:1/?a"),
            ("https://api.test/v2", false, "https://api.test/v22", "https://api.test/v22"),
            ("https://api.test/v2", false, "/v2/a", "/a"),
            ("https://api.test/v2", false, "/login", "https://api.test/login"),
            ("https://api.test/v2", true, "/v2/a", "/S/a"),
            ("https://api.test", true, "/a", "/S/a"),
            ("https://api.test", true, "https://api.test/a", "http://me:1/S/a"),
        ] {
            assert_eq!(
                got(base, secret, &format!("Location: {from}")),
                format!("Location: {to}").trim_end(),
                "{base} {from}"
            );
        }
        assert_eq!(
            got("https://api.test", false, "link:<https://api.test/?p=2>; rel=\"a<b\" , <https://x.test>"),
            "link: <http://me:1/?p=2>; rel=\"a<b\" , <https://x.test>"
        );
        assert_eq!(
            got("https://api.test", false, "Content-Location: https://api.test/a"),
            "Content-Location: http://me:1/a"
        );
        assert_eq!(
            got("https://api.test", false, "Refresh: 0;url=https://api.test/"),
            "Refresh: 0;url=https://api.test/"
        );
        assert_eq!(got("https://api.test", false, "alt-svc: h3=\":443\""), "");
    }

    #[test]
    fn cookies_of_the_api_are_kept_by_clients_of_samewire() {
        for (base, secret, from, to) in [
            ("https://api.test", false, "a=b; Secure; HttpOnly", "a=b; HttpOnly"),
            ("http://api.test", false, "a=b; Secure", "a=b; Secure"),
            ("https://api.test", false, "a=b;domain=.TEST;Path=/x", "a=b;Path=/x"),
            ("https://api.test", false, "a=b; Domain=other.test", "a=b; Domain=other.test"),
            ("https://api.test", false, "a=b; Domain=pi.test", "a=b; Domain=pi.test"),
            ("https://api.test", false, "a=\"x; y\"", "a=\"x; y\""),
            ("https://api.test/v2", false, "a=b; Path=/v2/x", "a=b; Path=/x"),
            ("https://api.test/v2", false, "a=b; Path=/v2", "a=b; Path=/"),
            ("https://api.test/v2/x", false, "a=b; Path=/v2/", "a=b; Path=/"),
            ("https://api.test/v2", false, "a=b; Path=/", "a=b; Path=/"),
            ("https://api.test/v2", false, "a=b; Path=/v1", "a=b; Path=/v1"),
            ("https://api.test/v2", true, "a=b; Path=/v2/x", "a=b; Path=/S/x"),
            ("https://api.test", true, "a=b; Path=/x", "a=b; Path=/S/x"),
        ] {
            let got = got(base, secret, &format!("Set-Cookie: {from}"));
            assert_eq!(got, format!("Set-Cookie: {to}"), "{base} {from}");
        }
    }
}
