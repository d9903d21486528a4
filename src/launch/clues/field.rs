//! Sentences in which an HTTP client refuses to send a field.

use super::Said;
use super::text::{Sentence, quoted};
use crate::model::ClueKind;

/// Words before the refused value, where the client shows it: requests, httpx (h11), http.client, Java.
const WITH_VALUE: &[&str] = &[
    "character(s) in header value: ",
    "Illegal header value ",
    "Invalid header value ",
    "invalid header value: ",
    "Illegal character(s) in message header value: ",
    "in header value: ",
];

/// Words without it: older requests, Node, undici, Go, Python's http.client for names.
const WITHOUT: &[&str] = &[
    "Invalid return character or leading space in header",
    "ERR_INVALID_CHAR",
    "Invalid character in header content",
    "is an invalid header value",
    "invalid header field value",
    "Invalid header name",
    "Illegal header name",
    "Header value must be str or bytes",
];

/// Reads one sentence.
pub(super) fn read(sentence: &Sentence<'_>) -> Option<Said> {
    let refused = |why: &str| ClueKind::FieldRefused(why.into());
    // requests and http.client encode fields as Latin-1, httpx as ASCII; print() says the same of ASCII.
    let encoding =
        sentence.has("can't encode character") || sentence.has("Cannot convert argument to a ByteString");
    if encoding {
        let latin = sentence.has("latin-1") || sentence.has("ByteString");
        let field = latin || (sentence.has("'ascii'") && sentence.follows(&["header", "httpx"]));
        return field.then(|| Said::sure(refused("not-latin-1"), sentence.text));
    }
    if sentence.has("Potential header injection attack") {
        return Some(Said::sure(refused("newline"), sentence.text));
    }
    if let Some(value) =
        WITH_VALUE.iter().find_map(|words| sentence.text.split_once(words).map(|(_, value)| value))
    {
        let said = match why(value) {
            Some(why) => Said::sure(refused(why), sentence.text),
            None => Said::doubtful(refused("illegal"), sentence.text),
        };
        return Some(said);
    }
    sentence.has_any(WITHOUT).then(|| Said::doubtful(refused("illegal"), sentence.text))
}

/// What is wrong with a value as Python's `repr` shows it. `None` where it is masked or ends unseen.
fn why(value: &str) -> Option<&'static str> {
    let value = value.trim_start_matches('b');
    let inner = quoted(value).unwrap_or(value);
    let breaks = ["\\n", "\\r", "\n", "\r"].iter().any(|end| value.contains(end));
    let blank = |letter: char| letter.is_whitespace();
    if breaks {
        Some("newline")
    } else if inner.starts_with(blank) || inner.starts_with("\\t") {
        Some("leading-space")
    } else if inner.ends_with(blank) || inner.ends_with("\\t") {
        Some("trailing-space")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shown_value_tells_why() {
        assert_eq!(why(r"'Bearer planted\n'"), Some("newline"));
        assert_eq!(why(r"b'Bearer planted\n'"), Some("newline"));
        assert_eq!(why(r"' planted'"), Some("leading-space"));
        assert_eq!(why(r"b'planted '"), Some("trailing-space"));
        assert_eq!(why("'****'"), None);
    }
}
