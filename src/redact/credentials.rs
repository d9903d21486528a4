//! Field values, and the credentials among them.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::model::{Credentials, FieldValue, Parameter, Secret, Spacing, Text, Token, UserInfo};

use super::clock::Clock;
use super::policy::{Kind, field_kind, is_credential_name, is_protocol_word};
use super::secret::{Scope, name_tag};
use super::{blank, dates, forms, schemes, words};

const BASIC: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Scope<'_> {
    /// The spacing and value of a field. `key` is its name in lower case, `raw` everything after the colon.
    pub(super) fn field_value(&self, key: &str, raw: &[u8]) -> (Spacing, FieldValue) {
        let kind = field_kind(key);
        if matches!(kind, Kind::Authorization | Kind::Token) {
            let start = raw.iter().position(|byte| !matches!(byte, b' ' | b'\t')).unwrap_or(raw.len());
            let has_scheme = scheme_and_rest(&forms::text_of(&raw[start..])).is_some();
            // Blanks before a scheme are the field's; before a token alone one blank is, any other one is the token's.
            let (before, value) = match raw.first() {
                _ if has_scheme => raw.split_at(start),
                Some(b' ' | b'\t') => raw.split_at(1),
                _ => (&b""[..], raw),
            };
            let spacing =
                Spacing { before: forms::text_of(before).into_owned().into(), ..Spacing::default() };
            return (spacing, FieldValue::Credentials(Box::new(self.credentials(value))));
        }
        let value = raw.trim_ascii();
        let start = raw.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(raw.len());
        let spacing = Spacing {
            before: visible_blanks(&raw[..start]).into(),
            after: visible_blanks(&raw[(start + value.len()).min(raw.len())..]).into(),
        };
        let text = forms::text_of(value);
        let value = match kind {
            Kind::Cookie => FieldValue::Cookies(self.cookies(&text)),
            Kind::SetCookie => FieldValue::Cookies(self.set_cookie(&text)),
            Kind::Challenge => FieldValue::Text(self.challenge(&text)),
            Kind::Url => FieldValue::Text(self.url(&text)),
            Kind::Host => FieldValue::Text(Text::shown(self.authority(&text))),
            Kind::Date if dates::date(&text, &Clock::default()).is_some() => {
                FieldValue::Text(Text::shown(&*text))
            }
            Kind::Listed | Kind::Date => FieldValue::Text(self.listed(&text)),
            _ => FieldValue::Text(self.other_field(key, value)),
        };
        (spacing, value)
    }

    fn other_field(&self, key: &str, value: &[u8]) -> Text {
        let text = forms::text_of(value);
        // JSON in a field, a query in a field: parts are hidden one by one.
        if text.starts_with('/') && text.contains(['?', '/']) {
            self.url(&text)
        } else {
            self.value(key, value)
        }
    }

    /// Scheme and token, or a token alone.
    pub(super) fn credentials(&self, value: &[u8]) -> Credentials {
        let text = forms::text_of(value);
        let Some((scheme, separator, rest)) = scheme_and_rest(&text) else {
            return Credentials {
                scheme: None,
                separator: String::new(),
                token: opaque(self.secret(value, true)),
            };
        };
        // The bytes of the rest: a scheme and its separator are ASCII.
        let rest_bytes = &value[scheme.len() + separator.len()..];
        let token = if plain(scheme).eq_ignore_ascii_case("basic") {
            self.basic(rest).map(|user_info| Token::Basic(Box::new(user_info)))
        } else if schemes::has_parameters(plain(scheme)) && rest.contains('=') || looks_like_parameters(rest)
        {
            Some(Token::Parameters(self.auth_parameters(rest)))
        } else {
            None
        };
        Credentials {
            scheme: Some(scheme.to_owned()),
            separator: separator.to_owned(),
            token: token.unwrap_or_else(|| opaque(self.secret(rest_bytes, true))),
        }
    }

    /// RFC 7617: base64 of `user:password`.
    fn basic(&self, token: &str) -> Option<UserInfo> {
        let (before, inner, after) = blank::split(token);
        let decoded = BASIC.decode(inner.as_bytes()).ok().filter(|_| !inner.is_empty())?;
        let colon = decoded.iter().position(|byte| *byte == b':');
        let mut user = self.secret(&decoded[..colon.unwrap_or(decoded.len())], true);
        let mut password = colon.map(|colon| self.secret(&decoded[colon + 1..], true));
        user.shape.leading = user.shape.leading.or_else(|| blank::telling(before));
        if let Some(last) = password.as_mut() {
            last.shape.trailing = last.shape.trailing.or_else(|| blank::telling(after));
        }
        Some(UserInfo { user, password })
    }

    /// `name=value, name="value"` of Digest, OAuth 1, AWS.
    fn auth_parameters(&self, text: &str) -> Vec<Parameter> {
        pairs(text)
            .into_iter()
            .map(|(name, value)| match value {
                Some(value) => Parameter {
                    name: self.redactor.name(name),
                    value: Some(self.auth_parameter(name, value)),
                },
                // Not a name, but a token or a part of one.
                None => Parameter { name: name_tag(name, &self.redactor.tagger), value: None },
            })
            .collect()
    }

    fn auth_parameter(&self, name: &str, value: &str) -> Text {
        let decoded = forms::percent_decoded(value, false);
        let value = decoded.as_deref().unwrap_or(value);
        if is_protocol_word(name)
            || ["signedheaders", "headers"].iter().any(|list| name.eq_ignore_ascii_case(list))
        {
            return self.listed(value);
        }
        match value.split_once('/') {
            // SigV4's scope: the key's id, then day, region, service.
            Some((id, scope)) if name.eq_ignore_ascii_case("credential") => {
                let mut text = self.hidden(id.as_bytes(), true);
                text.push_shown("/");
                text.push(self.path(scope));
                text
            }
            _ => self.hidden(value.as_bytes(), true),
        }
    }

    fn cookies(&self, text: &str) -> Vec<Parameter> {
        text.split(';').map(str::trim).filter(|pair| !pair.is_empty()).map(|pair| self.cookie(pair)).collect()
    }

    fn cookie(&self, pair: &str) -> Parameter {
        let (name, value) = pair.split_once('=').map_or((pair, None), |(name, value)| (name, Some(value)));
        self.parameter(name, value.map(str::as_bytes))
    }

    /// The pair, then its attributes (RFC 6265, section 4.1).
    fn set_cookie(&self, text: &str) -> Vec<Parameter> {
        let mut parts = text.split(';').map(str::trim);
        let pair = parts.next().map(|pair| self.cookie(pair));
        let attributes = parts.filter(|part| !part.is_empty()).map(|attribute| {
            let (name, value) =
                attribute.split_once('=').map_or((attribute, None), |(name, value)| (name, Some(value)));
            let value = value.map(|value| match name.to_ascii_lowercase().as_str() {
                "path" => self.path(value),
                "domain" => Text::shown(self.host(value)),
                "expires" if dates::date(&value.replace('-', " "), &Clock::default()).is_some() => {
                    Text::shown(value)
                }
                "samesite" | "priority" | "max-age" => self.listed(value),
                _ => self.value(name, value.as_bytes()),
            });
            Parameter { name: self.redactor.name(name), value }
        });
        pair.into_iter().chain(attributes).collect()
    }

    /// `Bearer realm="x", error="invalid_token"`: schemes and names are shown, values as prose.
    fn challenge(&self, text: &str) -> Text {
        let mut shown = Text::default();
        let mut rest = text;
        let known = self.redactor.places(text);
        // A value ends no sooner than a known secret in it.
        let value_end = |rest: &str, end: usize| {
            let at = text.len() - rest.len();
            known.across(at..at + end).map_or(end, |place| place.end - at)
        };
        while !rest.is_empty() {
            let Some(equals) = rest.find('=') else {
                shown.push(self.listed(rest));
                break;
            };
            shown.push(self.listed(&rest[..equals]));
            shown.push_shown("=");
            rest = &rest[equals + 1..];
            if let Some(quoted) = rest.strip_prefix('"') {
                let end = value_end(quoted, quoted.find('"').unwrap_or(quoted.len()));
                shown.push_shown("\"");
                shown.push(self.prose(&quoted[..end]));
                let closing = &quoted[end..];
                shown.push_shown(&closing[..closing.len().min(1)]);
                rest = closing.get(1..).unwrap_or_default();
            } else {
                let end = value_end(rest, unquoted_end(rest));
                shown.push(self.prose(&rest[..end]));
                rest = &rest[end..];
            }
        }
        shown
    }
}

/// Where a value without quotes ends: at a comma, or before the next name. It has no blanks where it follows RFC 9110, but may be a
/// secret that has some.
fn unquoted_end(text: &str) -> usize {
    let text = &text[..text.find(',').unwrap_or(text.len())];
    let next = text.find('=').and_then(|equals| text[..equals].rfind(' '));
    next.unwrap_or(text.len())
}

fn opaque(secret: Secret) -> Token {
    Token::Opaque(Box::new(secret))
}

/// White space as it was sent; anything else that counts as such is folded to a blank.
fn visible_blanks(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| if matches!(byte, b' ' | b'\t') { char::from(*byte) } else { ' ' }).collect()
}

/// `Bearer x`, `Bearer ` and `Bearer`, and what is sent by mistake: `Bearer: x`, `Authorization: Bearer x`. Not `x y`, where the first
/// word may be half of a secret.
fn scheme_and_rest(text: &str) -> Option<(&str, &str, &str)> {
    let start = copied_name(text);
    let end = text[start..].find([' ', '\t']).map_or(text.len(), |blank| start + blank);
    let (word, end) = match glued(&text[start..end]) {
        Some(word) => (word, start + word.len() + 1),
        None => (&text[start..end], end),
    };
    let word = if end < text.len() { word.strip_suffix(':').unwrap_or(word) } else { word };
    let vendors = || {
        start == 0
            && end < text.len()
            && word.len() >= 3
            && word.contains('-')
            && words::is_word(word)
            && is_credential_name(word)
    };
    if !(schemes::is_known(word) || vendors()) {
        return None;
    }
    let blank = text[end..].starts_with([' ', '\t']);
    let separator = &text[end..end + usize::from(blank)];
    Some((&text[..end], separator, &text[end + separator.len()..]))
}

/// The length of a field's name that was copied along with its value, `Authorization: `.
fn copied_name(text: &str) -> usize {
    const NAMES: [&str; 2] = ["authorization", "proxy-authorization"];
    let name = text.split_once(": ").map(|(name, _)| name);
    name.filter(|name| NAMES.contains(&name.to_ascii_lowercase().as_str())).map_or(0, |name| name.len() + 2)
}

/// The scheme of `Bearer:x` and `Bearer=x`.
fn glued(word: &str) -> Option<&str> {
    let (scheme, rest) = word.split_once([':', '='])?;
    let usual = ["bearer", "basic"].contains(&scheme.to_ascii_lowercase().as_str());
    (usual && !rest.is_empty()).then_some(scheme)
}

/// The registered name in a scheme as sent.
fn plain(scheme: &str) -> &str {
    scheme.trim_end_matches([':', '=']).rsplit(' ').next().unwrap_or(scheme)
}

/// `name="value"` at the start.
fn looks_like_parameters(text: &str) -> bool {
    text.split_once("=\"").is_some_and(|(name, rest)| {
        rest.contains('"') && name.len() <= 32 && words::is_name(name) && !name.contains(' ')
    })
}

/// Splits `a=b, c="d, e"` at its commas.
fn pairs(text: &str) -> Vec<(&str, Option<&str>)> {
    let mut pairs = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                pairs.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pairs.push(&text[start..]);
    pairs
        .into_iter()
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| match pair.split_once('=') {
            Some((name, value)) => {
                let value = value.trim();
                let inner =
                    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
                (name.trim(), Some(inner))
            }
            None => (pair, None),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_told_with_what_was_copied_along() {
        for (text, scheme, rest) in [
            ("Bearer x", "Bearer", "x"),
            ("Bearer", "Bearer", ""),
            ("Bearer: x", "Bearer:", "x"),
            ("Bearer:x", "Bearer:", "x"),
            ("Basic=x", "Basic=", "x"),
            ("Authorization: Bearer x", "Authorization: Bearer", "x"),
            ("authorization: Bearer: x", "authorization: Bearer:", "x"),
            ("api-key x", "api-key", "x"),
        ] {
            let found = scheme_and_rest(text);
            assert_eq!(found.map(|(scheme, _, rest)| (scheme, rest)), Some((scheme, rest)), "{text}");
        }
        for text in ["x y", "x", "key=x", "token:x", "Authorization: x", "k9QxT2vL: Bearer x", "Bearer:", ""]
        {
            let found = scheme_and_rest(text).map(|(scheme, ..)| scheme);
            assert!(found.is_none() || text == "Bearer:", "{text}: {found:?}");
        }
    }
}
