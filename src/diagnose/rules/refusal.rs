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

fn content_blames(content: &Content) -> bool {
    match content {
        Content::Json(value) => json_blames(value),
        Content::JsonLines(values) => values.iter().any(json_blames),
        Content::Text(text) => text_blames(text),
        _ => false,
    }
}

fn json_blames(value: &Json) -> bool {
    match value {
        Json::String(text) => text_blames(text),
        Json::Embedded(value) => json_blames(value),
        Json::Array(values) => values.iter().any(json_blames),
        Json::Object(members) => members.iter().any(|(_, value)| json_blames(value)),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

fn text_blames(text: &Text) -> bool {
    text.pieces.iter().any(|piece| match piece {
        Piece::Shown(shown) => shown
            .split(|letter: char| !letter.is_ascii_alphabetic())
            .any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))),
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
        assert!(text_blames(&Text::shown("Malformed or unknown token")));
        assert!(text_blames(&Text::shown("Invalid API key provided")));
        assert!(!text_blames(&Text::shown("Your address is not on the allow-list")));
        assert!(!text_blames(&Text::shown("monkey business is not allowed")));
    }
}
