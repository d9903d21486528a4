//! Messages: the head, byte-true, to start line and fields.

use crate::model::{
    Body, Field, FieldName, Parameter, Request, Response, Target, TargetForm, Text, UserInfo,
};

use super::body;
use super::secret::{Scope, name_tag};
use super::{RawExchange, RawMessage, forms, policy, words};

/// Methods of IANA's registry that clients use, and what some servers add.
const METHODS: &[&str] = &[
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "CONNECT",
    "OPTIONS",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
    "QUERY",
    "PURGE",
    "LINK",
    "UNLINK",
    "PRI",
];

/// A head in its parts, every byte of it in one of them.
pub(super) struct Head<'a> {
    pub(super) start: &'a [u8],
    pub(super) lines: Vec<Line<'a>>,
}

/// A field line: name and everything between the colon and the line's end, folded lines (RFC 9112, section 5.2) included.
pub(super) struct Line<'a> {
    pub(super) name: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> Head<'a> {
    /// Lines end with LF, with or without CR. A line without a colon is a name without a value.
    pub(super) fn parse(bytes: &'a [u8]) -> Self {
        let mut rest = bytes;
        let start = take_line(&mut rest);
        Self { start, lines: lines(rest) }
    }

    /// The value of the first field of this name (in lower case), without blanks around it.
    pub(super) fn field(&self, key: &str) -> Option<&'a [u8]> {
        self.lines
            .iter()
            .find(|line| line.name.eq_ignore_ascii_case(key.as_bytes()))
            .map(|line| line.value.trim_ascii())
    }
}

/// Field lines up to a blank one.
pub(super) fn lines(bytes: &[u8]) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let whole = rest;
        let mut line = take_line(&mut rest);
        if line.is_empty() {
            break;
        }
        while rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\t')) {
            take_line(&mut rest);
            let length = whole.len() - rest.len();
            line = without_end(&whole[..length]);
        }
        let colon = line.iter().position(|byte| *byte == b':');
        lines.push(match colon {
            Some(at) => Line { name: &line[..at], value: &line[at + 1..] },
            None => Line { name: line, value: b"" },
        });
    }
    lines
}

fn take_line<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
    let (line, after) = rest.split_at(end);
    *rest = after;
    without_end(line)
}

fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Redacts the request of an exchange.
pub(super) fn request(scope: &Scope<'_>, raw: &RawExchange) -> Request {
    let head = Head::parse(&raw.request.head);
    let (method, target, version) = start_parts(head.start);
    Request {
        method: scope.method(&forms::text_of(method)),
        target: scope.target(&forms::text_of(target), &forms::text_of(method), raw, &head),
        version: scope.version(&forms::text_of(version)),
        fields: scope.fields(&head.lines),
        body: message_body(scope, &raw.request, &head, false),
        fidelity: scope.redactor.fidelity(&raw.fidelity),
    }
}

/// Redacts an answer.
pub(super) fn response(scope: &Scope<'_>, raw: &RawMessage) -> Response {
    let head = Head::parse(&raw.head);
    let (version, rest) = split_blank(head.start);
    let (status, reason) = split_blank(rest);
    Response {
        version: scope.version(&forms::text_of(version)),
        status: std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()).unwrap_or_default(),
        reason: scope.prose(&forms::text_of(reason)),
        fields: scope.fields(&head.lines),
        body: message_body(scope, raw, &head, true),
        websocket: None,
    }
}

fn message_body(scope: &Scope<'_>, raw: &RawMessage, head: &Head<'_>, answer: bool) -> Body {
    let trailers = lines(&raw.body.trailers);
    let mut body = body::body(scope, &raw.body, head, answer);
    body.trailers = scope.fields(&trailers);
    body
}

fn split_blank(text: &[u8]) -> (&[u8], &[u8]) {
    match text.iter().position(|byte| *byte == b' ') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => (text, b""),
    }
}

/// Method, target and version. The target is everything between the first and the last blank.
fn start_parts(line: &[u8]) -> (&[u8], &[u8], &[u8]) {
    let (method, rest) = split_blank(line);
    match rest.iter().rposition(|byte| *byte == b' ') {
        Some(at) => (method, &rest[..at], &rest[at + 1..]),
        None => (method, rest, b""),
    }
}

impl Scope<'_> {
    fn method(&self, method: &str) -> String {
        if METHODS.contains(&method) { method.to_owned() } else { self.redactor.name(method) }
    }

    fn version(&self, version: &str) -> String {
        let sound = version.strip_prefix("HTTP/").is_some_and(|number| {
            number.len() <= 3 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        });
        if sound || version.is_empty() { version.to_owned() } else { self.redactor.name(version) }
    }

    pub(super) fn fields(&self, lines: &[Line<'_>]) -> Vec<Field> {
        lines
            .iter()
            .map(|line| {
                let sent = forms::text_of(line.name);
                let name = sent.trim_end();
                let shown = if policy::is_vendors_field(name)
                    || words::is_name(name) && self.redactor.name(name) == name
                {
                    FieldName::new(&*sent)
                } else {
                    // Case is no part of a name (RFC 9110, section 5.1).
                    let tag = |name: &str| name_tag(name, &self.redactor.tagger);
                    FieldName { sent: tag(&sent), key: tag(&name.to_ascii_lowercase()) }
                };
                let key = sent.trim_end().to_ascii_lowercase();
                let (spacing, value) = self.field_value(&key, line.value);
                Field::new(shown, spacing, value)
            })
            .collect()
    }

    fn target(&self, target: &str, method: &str, raw: &RawExchange, head: &Head<'_>) -> Target {
        if method == "CONNECT" || target.is_empty() {
            return self.bare_target(target, method, raw, head);
        }
        if target == "*" {
            return Target {
                form: TargetForm::Asterisk,
                path: Text::shown("*"),
                ..self.bare_target(target, method, raw, head)
            };
        }
        let (form, scheme, authority, rest) = match target.split_once("://") {
            Some((scheme, rest))
                if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") =>
            {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                (TargetForm::Absolute, scheme.to_ascii_lowercase(), Some(&rest[..end]), &rest[end..])
            }
            _ if target.starts_with('/') => (TargetForm::Origin, raw.scheme.to_owned(), None, target),
            _ => {
                let mut malformed = self.bare_target("", method, raw, head);
                malformed.form = TargetForm::Malformed;
                malformed.path = self.hidden(target.as_bytes(), false);
                return malformed;
            }
        };
        let (user_info, authority) = match authority
            .map(|text| text.rsplit_once('@').map_or((None, text), |(user, host)| (Some(user), host)))
        {
            Some((user, host)) => (user, host.to_owned()),
            None => (None, connected_to(raw, head)),
        };
        let (host, port) = host_and_port(&authority, &scheme);
        let (rest, fragment) =
            rest.split_once('#').map_or((rest, None), |(rest, fragment)| (rest, Some(fragment)));
        let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
        Target {
            form,
            scheme,
            host: self.host(host),
            port,
            user_info: user_info.map(|user| self.user_info(user)),
            path: self.path(path),
            query: query.map(|query| self.query(query)),
            fragment: fragment.map(|fragment| self.fragment(fragment)),
        }
    }

    /// A URL that samewire itself was given, in its parts.
    pub(super) fn base_url(&self, scheme: &str, authority: &str, path: &str) -> Target {
        let (host, port) = host_and_port(authority, scheme);
        Target {
            form: TargetForm::Absolute,
            scheme: scheme.to_owned(),
            host: self.host(host),
            port,
            user_info: None,
            path: self.path(path),
            query: None,
            fragment: None,
        }
    }

    fn query(&self, query: &str) -> Vec<Parameter> {
        self.parameters(query.as_bytes())
    }

    /// A target without a path: `host:port` of CONNECT, or nothing at all.
    fn bare_target(&self, target: &str, method: &str, raw: &RawExchange, head: &Head<'_>) -> Target {
        let is_authority = method == "CONNECT";
        let authority = if is_authority { target.to_owned() } else { connected_to(raw, head) };
        let (host, port) = host_and_port(&authority, raw.scheme);
        Target {
            form: if is_authority { TargetForm::Authority } else { TargetForm::Malformed },
            scheme: raw.scheme.to_owned(),
            host: self.host(host),
            port,
            user_info: None::<UserInfo>,
            path: Text::default(),
            query: None,
            fragment: None,
        }
    }
}

/// `host:port` of the CONNECT around a request, else of its Host field.
fn connected_to(raw: &RawExchange, head: &Head<'_>) -> String {
    raw.authority.clone().unwrap_or_else(|| {
        head.field("host").map(|host| forms::text_of(host).into_owned()).unwrap_or_default()
    })
}

fn host_and_port<'a>(authority: &'a str, scheme: &str) -> (&'a str, u16) {
    let default = if scheme == "https" { 443 } else { 80 };
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().unwrap_or(default)),
        _ => (authority, default),
    }
}
