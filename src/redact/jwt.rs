//! JSON Web Tokens (RFC 7519): what is kept of one.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};

use crate::model::Jwt;

use super::clock::Clock;
use super::fingerprint::Tagger;
use super::words;

/// Claims that are other in each token: their tags would tell nothing.
const VOLATILE: &[&str] = &["iat", "nbf", "exp", "jti"];

/// What is kept of a JWT; `None` where the text is none.
pub(super) fn facts(text: &str, clock: &Clock, tagger: &Tagger) -> Option<Jwt> {
    let mut parts = text.split('.');
    let (header, claims, _signature) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || !header.starts_with("ey") {
        return None;
    }
    let header = object(header)?;
    let claims = object(claims)?;
    let word = |name: &str| {
        header
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| text.len() <= 12 && words::is_name(text))
            .map(str::to_owned)
    };
    let number =
        |name: &str| claims.get(name).and_then(|value| value.as_i64().or_else(|| float_second(value)));
    let expires = number("exp");
    let from_now = |second: i64| Some(second.saturating_sub(clock.now()?.as_second()));
    Some(Jwt {
        alg: word("alg"),
        typ: word("typ"),
        claims: claims.keys().map(|name| shown_name(name, tagger)).collect(),
        expires_in: expires.and_then(from_now),
        starts_in: number("nbf").max(number("iat")).and_then(from_now),
        lifetime: expires.zip(number("iat")).map(|(expires, issued)| expires.saturating_sub(issued)),
        tags: claims
            .iter()
            .filter(|(name, _)| !VOLATILE.contains(&name.as_str()))
            .map(|(name, value)| (shown_name(name, tagger), tagger.value(claim_text(value).as_bytes())))
            .chain(header.get("kid").map(|kid| ("kid".to_owned(), tagger.value(claim_text(kid).as_bytes()))))
            .collect(),
    })
}

fn object(part: &str) -> Option<Map<String, Value>> {
    let bytes = URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok()?;
    match serde_json::from_slice(&bytes).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a date; as saturates")]
fn float_second(value: &Value) -> Option<i64> {
    value.as_f64().map(|seconds| seconds as i64)
}

fn claim_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Claims may be named by URLs and domains (`io.airbyte.auth.workspace_scope`).
pub(super) fn shown_name(name: &str, tagger: &Tagger) -> String {
    let plain = name.trim_start_matches("https://").trim_start_matches("http://");
    if plain.split('/').filter(|part| !part.is_empty()).all(words::is_name) {
        name.to_owned()
    } else {
        super::secret::name_tag(name, tagger)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn token(header: &str, claims: &str) -> String {
        format!(
            "{}.{}.c2lnbmF0dXJlLXNpZ25hdHVyZQ",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(claims)
        )
    }

    #[test]
    fn times_and_names_are_kept() {
        let tagger = Tagger::new(&[1; 32]);
        let text = token(
            r#"{"alg":"HS256","typ":"JWT","kid":"k1"}"#,
            r#"{"sub":"user-x9f","exp":1000,"iat":400,"io.airbyte.auth.workspace_scope":{"a":1},"k9QxT2vLpR7aWzY3":1}"#,
        );
        let jwt = facts(&text, &Clock::at(Timestamp::from_second(900).ok()), &tagger).unwrap();
        assert_eq!((jwt.alg.as_deref(), jwt.typ.as_deref()), (Some("HS256"), Some("JWT")));
        assert_eq!((jwt.expires_in, jwt.lifetime), (Some(100), Some(600)));
        assert_eq!(jwt.claims[..4], ["sub", "exp", "iat", "io.airbyte.auth.workspace_scope"]);
        assert!(!jwt.claims[4].contains("k9Q"));
        assert!(
            jwt.tags.contains_key("sub") && jwt.tags.contains_key("kid") && !jwt.tags.contains_key("exp")
        );
    }

    #[test]
    fn a_token_begins_with_the_later_of_its_dates() {
        let tagger = Tagger::new(&[1; 32]);
        let clock = Clock::at(Timestamp::from_second(900).ok());
        let early = |claims: &str| {
            let jwt = facts(&token(r#"{"alg":"HS256"}"#, claims), &clock, &tagger).unwrap();
            (jwt.starts_in, jwt.early())
        };
        assert_eq!(early(r#"{"nbf":1900,"iat":800,"exp":9000}"#), (Some(1000), Some(1000)));
        assert_eq!(early(r#"{"iat":1900}"#), (Some(1000), Some(1000)));
        assert_eq!(early(r#"{"nbf":950}"#), (Some(50), None), "clocks differ");
        assert_eq!(early(r#"{"exp":9000}"#), (None, None));
    }

    #[test]
    fn other_texts_are_none() {
        let tagger = Tagger::new(&[1; 32]);
        for text in ["a.b.c", "ey.ey.ey", "www.example.com", ""] {
            assert_eq!(facts(text, &Clock::default(), &tagger), None, "{text}");
        }
    }
}
