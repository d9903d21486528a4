//! `multipart/*` (RFC 2046, section 5.1; RFC 7578).

use crate::model::{OpaqueReason, Part, Text};

use super::super::message::lines;
use super::super::policy::is_sensitive_name;
use super::super::secret::Scope;
use super::super::{forms, words};
use super::{Decoded, MediaType, content, parsed};

/// Most parts of one body.
const MOST: usize = 1_000;

/// Redacts the parts; `None` where the body does not follow its boundary.
pub(super) fn parts(scope: &Scope<'_>, bytes: &[u8], boundary: &str, answer: bool) -> Option<Vec<Part>> {
    let delimiter = format!("--{boundary}");
    let mut rest = after(bytes, delimiter.as_bytes())?;
    let mut parts = Vec::new();
    loop {
        if rest.starts_with(b"--") {
            return Some(parts);
        }
        rest = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n"))?;
        let end = find(rest, delimiter.as_bytes())?;
        parts.push(part(scope, without_line_end(&rest[..end]), answer));
        if parts.len() > MOST {
            return None;
        }
        rest = &rest[end + delimiter.len()..];
    }
}

fn part(scope: &Scope<'_>, bytes: &[u8], answer: bool) -> Part {
    let (head, body) = match (find(bytes, b"\r\n\r\n"), find(bytes, b"\n\n")) {
        _ if bytes.starts_with(b"\r\n") => (&b""[..], &bytes[2..]),
        (Some(at), _) => (&bytes[..at + 2], &bytes[at + 4..]),
        (None, Some(at)) => (&bytes[..=at], &bytes[at + 2..]),
        (None, None) => (bytes, &b""[..]),
    };
    let head = lines(head);
    let field = |key: &str| {
        head.iter()
            .find(|line| line.name.eq_ignore_ascii_case(key.as_bytes()))
            .map(|line| line.value.trim_ascii())
    };
    let disposition = forms::text_of(field("content-disposition").unwrap_or_default()).into_owned();
    let name = parameter(&disposition, "name");
    Part {
        name: name.map(|name| scope.redactor.name(name)),
        file_name: parameter(&disposition, "filename").map(|name| file_name(scope, name)),
        fields: scope.fields(
            &head
                .into_iter()
                .filter(|line| !line.name.eq_ignore_ascii_case(b"content-disposition"))
                .collect::<Vec<_>>(),
        ),
        content: part_content(scope, body, field_type(bytes), name.unwrap_or_default(), answer),
        length: body.len() as u64,
    }
}

/// The Content-Type line of a part, if any.
fn field_type(part: &[u8]) -> Option<&[u8]> {
    lines(part)
        .into_iter()
        .find(|line| line.name.eq_ignore_ascii_case(b"content-type"))
        .map(|line| line.value.trim_ascii())
}

fn part_content(
    scope: &Scope<'_>,
    body: &[u8],
    media_type: Option<&[u8]>,
    name: &str,
    answer: bool,
) -> crate::model::Content {
    use crate::model::Content;
    if body.is_empty() && !is_sensitive_name(name) {
        return Content::Empty;
    }
    if is_sensitive_name(name) {
        return Content::Text(scope.value(name, body));
    }
    match parsed(body, &MediaType::of(media_type)) {
        // A nested multipart is not looked into: nobody sends one, and it could go on for ever.
        Decoded::Multipart(..) => Content::Opaque(OpaqueReason::Malformed),
        Decoded::Text(text) | Decoded::Markup(text) if media_type.is_none() => {
            Content::Text(scope.value(name, text.as_bytes()))
        }
        Decoded::Form(bytes) if media_type.is_none() => Content::Text(scope.value(name, &bytes)),
        other => content(scope, other, answer),
    }
}

fn file_name(scope: &Scope<'_>, name: &str) -> Text {
    if words::is_word(name) && scope.redactor.name(name) == name {
        Text::shown(name)
    } else {
        scope.hidden(name.as_bytes(), false)
    }
}

/// A parameter of a Content-Disposition.
fn parameter<'a>(disposition: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = disposition;
    loop {
        let at = rest.find(';')?;
        rest = rest[at + 1..].trim_start();
        let Some(value) = rest.strip_prefix(wanted).and_then(|after| after.trim_start().strip_prefix('='))
        else {
            continue;
        };
        let value = value.trim_start();
        return Some(match value.strip_prefix('"') {
            Some(quoted) => &quoted[..quoted.find('"').unwrap_or(quoted.len())],
            None => value[..value.find(';').unwrap_or(value.len())].trim_end(),
        });
    }
}

fn after<'a>(bytes: &'a [u8], wanted: &[u8]) -> Option<&'a [u8]> {
    find(bytes, wanted).map(|at| &bytes[at + wanted.len()..])
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

fn without_line_end(bytes: &[u8]) -> &[u8] {
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    bytes.strip_suffix(b"\r").unwrap_or(bytes)
}
