//! Who gets in, and what for. A page on loopback can be reached by every site that a browser visits: by its address, or by a name of theirs
//! that leads to it (DNS rebinding). So `Host` must name this machine, `Origin` and `Sec-Fetch-Site` must not name another site, and the path
//! begins with this run's token.

use http::header::{HOST, HeaderName, ORIGIN};
use http::{HeaderMap, Method, Request, StatusCode, Uri};

use crate::proxy::Credential;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// The whole page.
    Page,
    /// What a page of this version lacks.
    Changes { since: u64 },
    /// To hear of changes.
    Events,
    /// To be led to the page, by a code that is good for once.
    Opening,
}

/// Lets a request in, or says with which status it is refused.
pub(super) fn admit<B>(request: &Request<B>, token: &Credential) -> Result<Wanted, StatusCode> {
    let host = named_host(request.headers(), request.uri()).ok_or(StatusCode::MISDIRECTED_REQUEST)?;
    if is_of_another_site(request.headers(), host) {
        return Err(StatusCode::FORBIDDEN);
    }
    if request.method() != Method::GET {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    wanted(request.uri(), token).ok_or(StatusCode::NOT_FOUND)
}

/// `Host`, where it names this machine. Its port may be another one: that of a tunnel from the machine with the browser.
fn named_host<'a>(fields: &'a HeaderMap, target: &Uri) -> Option<&'a str> {
    let mut hosts = fields.get_all(HOST).iter();
    let host = hosts.next()?.to_str().ok()?;
    let authority: http::uri::Authority = host.parse().ok()?;
    let is_local = ["127.0.0.1", "[::1]", "localhost"].contains(&authority.host());
    let is_plain = hosts.next().is_none() && target.authority().is_none() && !host.contains('@');
    (is_local && is_plain).then_some(host)
}

/// A browser says for whom it asks: in `Origin`, or in `Sec-Fetch-Site`, where going to a page by a link is no harm.
fn is_of_another_site(fields: &HeaderMap, host: &str) -> bool {
    const SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
    const MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");
    let own = format!("http://{host}");
    let foreign_origin = fields.get_all(ORIGIN).iter().any(|origin| origin.as_bytes() != own.as_bytes());
    let is = |name: HeaderName, values: &[&str]| {
        fields
            .get_all(name)
            .iter()
            .all(|value| values.iter().any(|known| value.as_bytes() == known.as_bytes()))
    };
    let navigates = fields.contains_key(MODE) && is(MODE, &["navigate"]);
    foreign_origin || !(is(SITE, &["same-origin", "none"]) || navigates)
}

fn wanted(target: &Uri, token: &Credential) -> Option<Wanted> {
    let path = target.path().strip_prefix('/')?;
    let Some((shown, rest)) = path.split_once('/') else { return Some(Wanted::Opening) };
    if !token.is(shown) {
        return None;
    }
    match (rest, target.query()) {
        ("", None) => Some(Wanted::Page),
        ("events", None) => Some(Wanted::Events),
        ("changes", Some(query)) => {
            Some(Wanted::Changes { since: query.strip_prefix("since=")?.parse().ok()? })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(method: &str, target: &str, fields: &[(&str, &str)], token: &Credential) -> Result<Wanted, u16> {
        let mut request = Request::builder().method(method).uri(target);
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        admit(&request.body(()).unwrap(), token).map_err(|status| status.as_u16())
    }

    #[test]
    fn only_this_machine_s_own_page_gets_in() {
        let token = Credential::random().unwrap();
        let page = format!("/{}/", token.expose());
        let here = ("host", "127.0.0.1:4000");
        let page = page.as_str();
        let navigate = ("sec-fetch-mode", "navigate");
        let get = |fields: &[(&str, &str)]| asked("GET", page, fields, &token);
        for fields in [
            &[here][..],
            &[("host", "localhost:1")][..],
            &[("host", "[::1]:4000")][..],
            &[here, ("origin", "http://127.0.0.1:4000")][..],
            &[here, ("sec-fetch-site", "cross-site"), navigate][..],
            &[here, ("sec-fetch-site", "same-origin")][..],
        ] {
            assert_eq!(get(fields), Ok(Wanted::Page), "{fields:?}");
        }
        for (fields, status) in [
            (&[][..], 421),
            (&[("host", "evil.example")][..], 421),
            (&[("host", "127.0.0.1.evil.example:4000")][..], 421),
            (&[("host", "evil@127.0.0.1:4000")][..], 421),
            (&[here, ("host", "evil.example")][..], 421),
            (&[here, ("origin", "http://evil.example")][..], 403),
            (&[here, ("origin", "null")][..], 403),
            (&[here, ("origin", "http://127.0.0.1:4001")][..], 403),
            (&[here, ("sec-fetch-site", "cross-site")][..], 403),
        ] {
            assert_eq!(get(fields), Err(status), "{fields:?}");
        }
        for target in ["//", "/AAAAAAAAAAAAAAAAAAAAAA/"] {
            assert_eq!(asked("GET", target, &[here], &token), Err(404), "{target}");
        }
        for method in ["POST", "HEAD", "OPTIONS", "DELETE"] {
            assert_eq!(asked(method, page, &[here], &token), Err(405), "{method}");
        }
        assert_eq!(asked("GET", "http://evil.example/", &[here], &token), Err(421));
    }

    #[test]
    fn below_the_token_there_are_three_things() {
        let token = Credential::random().unwrap();
        let get = |rest: &str| {
            asked("GET", &format!("/{}/{rest}", token.expose()), &[("host", "localhost:1")], &token)
        };
        assert_eq!(get("events"), Ok(Wanted::Events));
        assert_eq!(get("changes?since=12"), Ok(Wanted::Changes { since: 12 }));
        for rest in ["changes", "changes?since=x", "changes?since=-1", "events/", "../", "captures/", "?x"] {
            assert_eq!(get(rest), Err(404), "{rest}");
        }
    }
}
