//! What is put around a token by mistake: the brackets of a list, the object that it was a member of, the assignment that it was copied from.

use serde_json::Value;

use super::policy::is_credential_name;
use super::{forms, words};

/// Nobody wraps a token deeper than this.
const DEEPEST: usize = 6;
/// A longer text is no wrapped token.
const LONGEST: usize = 16 << 10;

/// What stands in it, where something is around it that no token begins and ends with.
pub(super) fn unwrapped(text: &str) -> Option<String> {
    let telling = |letter: char| !letter.is_ascii_alphanumeric() && !"-_.~+/=".contains(letter);
    if text.len() > LONGEST || !text.contains(telling) && !text.contains('=') {
        return None;
    }
    let mut value = text.to_owned();
    for _ in 0..DEEPEST {
        match layer(&value) {
            Some(inner) => value = inner,
            None => break,
        }
    }
    (value != text && !value.is_empty()).then_some(value)
}

/// One layer less.
fn layer(text: &str) -> Option<String> {
    let trimmed = text.trim();
    if trimmed.len() < text.len() {
        return Some(trimmed.to_owned());
    }
    member(text).or_else(|| inside(text).map(str::to_owned))
}

fn inside(text: &str) -> Option<&str> {
    if let Some((_, rest)) = forms::unquoted(text).filter(|(quote, rest)| !rest.contains(*quote)) {
        return Some(rest);
    }
    if let Some(rest) = text.strip_suffix([',', ';']).filter(|rest| !rest.is_empty()) {
        return Some(rest);
    }
    for (open, close) in [('<', '>'), ('[', ']'), ('(', ')'), ('{', '}')] {
        if let Some(rest) = text.strip_prefix(open).and_then(|rest| rest.strip_suffix(close)) {
            return Some(rest);
        }
    }
    named(text).or_else(|| called(text))
}

/// The only member of an object, or the one whose name says that it is a credential; as JSON or as Python writes it.
fn member(text: &str) -> Option<String> {
    if !text.starts_with('{') {
        return None;
    }
    let object: Value =
        serde_json::from_str(text).or_else(|_| serde_json::from_str(&text.replace('\'', "\""))).ok()?;
    let members = object.as_object()?;
    let credentials = || members.iter().filter(|(name, _)| is_credential_name(name));
    let (_, value) = match members.len() {
        1 => members.iter().next()?,
        _ => credentials().next()?,
    };
    value.as_str().map(str::to_owned)
}

/// `api_key=x`, `token: x`, `export TOKEN=x`.
fn named(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once(['=', ':'])?;
    let name = name.trim_end();
    let name = name.strip_prefix("export ").unwrap_or(name).trim_matches(['"', '\'']);
    let sound = name.len() <= 40 && words::is_name(name) && is_credential_name(name);
    (sound && !rest.trim_start_matches(['=', ' ']).is_empty()).then(|| rest.trim_start())
}

/// `SecretStr('x')`, `Token(x)`.
fn called(text: &str) -> Option<&str> {
    let (name, rest) = text.split_once('(')?;
    let sound =
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.".contains(&byte));
    rest.strip_suffix(')').filter(|_| sound)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_around_a_token_comes_off() {
        for text in [
            "<k9QxT2vLpR7a>",
            "['k9QxT2vLpR7a']",
            "(\"k9QxT2vLpR7a\",)",
            "{\"token\": \"k9QxT2vLpR7a\"}",
            "{'token': 'k9QxT2vLpR7a'}",
            "{\"id\": \"7\", \"access_token\": \"k9QxT2vLpR7a\"}",
            "{token=k9QxT2vLpR7a}",
            "[b'k9QxT2vLpR7a']",
            "api_key=k9QxT2vLpR7a",
            "export API_KEY='k9QxT2vLpR7a'",
            "\"access_token\": \"k9QxT2vLpR7a\",",
            "SecretStr('k9QxT2vLpR7a')",
            "k9QxT2vLpR7a;",
        ] {
            assert_eq!(unwrapped(text).as_deref(), Some("k9QxT2vLpR7a"), "{text}");
        }
    }

    #[test]
    fn a_token_stays_as_it_is() {
        for text in [
            "k9QxT2vLpR7a",
            "k9QxT2vLpR7a==",
            "12|k9QxT2vLpR7a",
            "123456:k9QxT2vLpR7a",
            "key=",
            "(k9Qx)T2vLpR7a",
            "<",
            "{}",
            "p,a;s",
        ] {
            assert_eq!(unwrapped(text), None, "{text}");
        }
    }
}
