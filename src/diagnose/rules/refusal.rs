//! What a refusal says of its reason, in the server's own words.

use crate::model::{Content, Exchange, Json, Piece, Text};

/// The answer blames the credentials: by 401 (RFC 9110, section 15.5.2), by a challenge, or in words.
///
/// Many APIs answer 403 to a token that they do not know, so the status alone is no witness there.
pub(super) fn blames_credentials(exchange: &Exchange) -> bool {
    let Some(response) = exchange.response() else { return false };
    response.status == 401
        || response.fields.iter().any(|field| field.name.key == "www-authenticate")
        || content_blames(&response.body.content)
}

/// The answer's own words have one of these in them.
pub(super) fn speaks_of(exchange: &Exchange, words: &[&str]) -> bool {
    exchange.response().is_some_and(|response| content_speaks(&response.body.content, words))
}

fn content_blames(content: &Content) -> bool {
    content_speaks(content, &WORDS)
}

fn content_speaks(content: &Content, words: &[&str]) -> bool {
    match content {
        Content::Json(value) => json_speaks(value, words),
        Content::JsonLines(values) => values.iter().any(|value| json_speaks(value, words)),
        Content::Text(text) => text_speaks(text, words),
        _ => false,
    }
}

fn json_speaks(value: &Json, words: &[&str]) -> bool {
    match value {
        Json::String(text) => text_speaks(text, words),
        Json::Embedded(value) => json_speaks(value, words),
        Json::Array(values) => values.iter().any(|value| json_speaks(value, words)),
        Json::Object(members) => members.iter().any(|(_, value)| json_speaks(value, words)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

fn text_speaks(text: &Text, words: &[&str]) -> bool {
    text.pieces.iter().any(|piece| match piece {
        Piece::Shown(shown) => shown
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .any(|word| words.iter().any(|known| word.eq_ignore_ascii_case(known))),
        Piece::Hidden(_) => false,
    })
}

/// Words in which servers speak of credentials.
const WORDS: [&str; 17] = [
    "apikey",
    "authenticate",
    "authenticated",
    "authentication",
    "bearer",
    "credential",
    "credentials",
    "jwt",
    "key",
    "login",
    "password",
    "secret",
    "signature",
    "token",
    "tokens",
    "unauthenticated",
    "unauthorized",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_refusal() {
        let blames = |text: &str| text_speaks(&Text::shown(text), &WORDS);
        assert!(blames("Malformed or unknown token"));
        assert!(blames("Invalid API key provided"));
        assert!(!blames("Your address is not on the allow-list"));
        assert!(!blames("monkey business is not allowed"));
    }
}
