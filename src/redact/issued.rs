//! Tokens that an answer issues: what the next request carries.

use zeroize::Zeroizing;

use super::body::{self, Decoded, json::Node};
use super::message::Head;
use super::policy::is_credential_name;
use super::{RawMessage, forms};

/// Shorter values are no tokens.
const SHORTEST: usize = 8;
/// Most tokens of one answer.
const MOST: usize = 16;

/// A token and where it stood in the answer.
pub(super) struct Issued {
    /// JSON pointer, or the name of a cookie, field or parameter.
    pub(super) at: String,
    pub(super) value: Zeroizing<String>,
}

/// The tokens that an answer issues: credentials by their name and, in the answer to a login, every long value without blanks.
pub(super) fn tokens(request: &RawMessage, answer: &RawMessage) -> Vec<Issued> {
    let head = Head::parse(&answer.head);
    let mut found = Vec::new();
    for line in &head.lines {
        let name = forms::text_of(line.name).to_ascii_lowercase();
        let value = forms::text_of(line.value.trim_ascii());
        if name == "set-cookie" {
            let pair = value.split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                take(&mut found, name.trim(), value.trim().trim_matches('"'));
            }
        } else if is_credential_name(&name)
            && !matches!(name.as_str(), "www-authenticate" | "proxy-authenticate")
        {
            take(&mut found, &name, &value);
        }
    }
    let login = is_login(&request.head);
    match body::decoded(&answer.body, &head) {
        Decoded::Json(values) | Decoded::JsonLines(values) => {
            for value in &values {
                walk(&mut found, value, "", "", login);
            }
        }
        Decoded::Form(bytes) => {
            for pair in bytes.split(|byte| *byte == b'&') {
                let pair = forms::text_of(pair);
                if let Some((name, value)) =
                    pair.split_once('=').filter(|(name, _)| login || is_credential_name(name))
                {
                    let value = forms::percent_decoded(value, true).unwrap_or_else(|| value.to_owned());
                    take(&mut found, name, &value);
                }
            }
        }
        _ => {}
    }
    found.truncate(MOST);
    found
}

fn walk(found: &mut Vec<Issued>, node: &Node, name: &str, pointer: &str, login: bool) {
    if found.len() >= MOST {
        return;
    }
    match node {
        Node::String(text) if is_credential_name(name) || (login && is_opaque(text)) => {
            take(found, pointer, text);
        }
        Node::Array(items) => {
            for (at, item) in items.iter().enumerate().take(MOST) {
                walk(found, item, name, &format!("{pointer}/{at}"), login);
            }
        }
        Node::Object(members) => {
            for (key, value) in members {
                walk(
                    found,
                    value,
                    key,
                    &format!("{pointer}/{}", key.replace('~', "~0").replace('/', "~1")),
                    login,
                );
            }
        }
        _ => {}
    }
}

fn take(found: &mut Vec<Issued>, at: &str, value: &str) {
    if value.len() >= SHORTEST && !value.contains(char::is_whitespace) && value.len() <= 8 << 10 {
        found.push(Issued { at: at.to_owned(), value: Zeroizing::new(value.to_owned()) });
    }
}

/// A request to a path that speaks of tokens or logins.
pub(super) fn is_login(head: &[u8]) -> bool {
    let line = head.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = forms::text_of(line).to_ascii_lowercase();
    let path = line.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default();
    path.split(|letter: char| !letter.is_ascii_alphabetic()).any(|word| {
        matches!(
            word,
            "login"
                | "token"
                | "tokens"
                | "oauth"
                | "auth"
                | "authorize"
                | "session"
                | "sessions"
                | "signin"
                | "authenticate"
        )
    })
}

fn is_opaque(text: &str) -> bool {
    text.len() >= 20
        && !text.contains(char::is_whitespace)
        && text.contains(|letter: char| letter.is_ascii_digit())
        && !text.contains("://")
}
