//! Tokens in an envelope: base64 of a JSON object with the token in it, as Airbyte's widget tokens are.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::model::Envelope;

use super::clock::Clock;
use super::fingerprint::Tagger;
use super::jwt;

/// Longer texts are not looked into, in bytes.
const LONGEST: usize = 16 * 1024;
/// Members that are told; the rest is left out.
const MOST: usize = 16;

/// What is in the object that a text is base64 of; `None` where it is none.
pub(super) fn facts(text: &str, clock: &Clock, tagger: &Tagger) -> Option<Envelope> {
    // Base64 of `{"` or of `{` and white space; a JSON Web Token begins so too, and has dots.
    let begins = ["eyJ", "ewo", "ew0", "eyA"].iter().any(|start| text.starts_with(start));
    if !begins || text.len() > LONGEST || text.contains('.') {
        return None;
    }
    let plain = text.trim_end_matches('=');
    let bytes = STANDARD_NO_PAD.decode(plain).or_else(|_| URL_SAFE_NO_PAD.decode(plain)).ok()?;
    let Value::Object(members) = serde_json::from_slice(&bytes).ok()? else { return None };
    let token = members.get("token").and_then(Value::as_str);
    Some(Envelope {
        members: members.keys().take(MOST).map(|name| jwt::shown_name(name, tagger)).collect(),
        token: token.and_then(|token| jwt::facts(token, clock, tagger)),
    })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn names_and_the_token_inside_are_kept_and_no_value() {
        let tagger = Tagger::new(&[1; 32]);
        let part = |json: &str| URL_SAFE_NO_PAD.encode(json);
        let token = format!(
            "{}.{}.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
            part(r#"{"alg":"HS256"}"#),
            part(r#"{"exp":1000,"iat":0,"io.airbyte.auth.workspace_scope":{"workspaceId":"w-4711"}}"#)
        );
        let json = format!(r#"{{"token":"{token}","widgetUrl":"https://cloud.example.com/w?id=w-4711"}}"#);
        let facts =
            facts(&STANDARD.encode(json), &Clock::at(Timestamp::from_second(400).ok()), &tagger).unwrap();
        assert_eq!(facts.members, ["token", "widgetUrl"]);
        assert_eq!(facts.token.as_ref().and_then(|token| token.expires_in), Some(600));
        assert!(!format!("{facts:?}").contains("4711"));
    }

    #[test]
    fn other_texts_are_none() {
        let tagger = Tagger::new(&[1; 32]);
        for text in ["eyJhbGciOiJIUzI1NiJ9.e30.x", "eyJ", "eyJub3Q", "tok_1234"] {
            assert_eq!(facts(text, &Clock::default(), &tagger), None, "{text}");
        }
    }
}
