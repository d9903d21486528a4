//! Model values as the plain strings that HAR members hold. What is hidden shows as `‹...›`.

use std::fmt::{self, Display, Write as _};

use crate::model::{Content, Credentials, FieldValue, Json, Parameter, Token};

/// Joins what is displayed.
struct Joined<'a, T>(&'a [T], &'static str, fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result);

impl<T> Display for Joined<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(items, separator, show) = self;
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                f.write_str(separator)?;
            }
            show(item, f)?;
        }
        Ok(())
    }
}

/// `name=value`, or the name alone where there was no `=`.
fn pair(parameter: &Parameter, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&parameter.name)?;
    match &parameter.value {
        Some(value) => write!(f, "={value}"),
        None => Ok(()),
    }
}

/// A field's value as one string.
pub(super) fn field_value(value: &FieldValue) -> String {
    match value {
        FieldValue::Text(text) => text.to_string(),
        FieldValue::Credentials(credentials) => credentials_text(credentials),
        FieldValue::Cookies(pairs) => Joined(pairs, "; ", pair).to_string(),
    }
}

fn credentials_text(credentials: &Credentials) -> String {
    let mut text = format!("{}{}", credentials.scheme.as_deref().unwrap_or_default(), credentials.separator);
    // Writing to a String cannot fail.
    let _ = match &credentials.token {
        Token::Opaque(secret) => write!(text, "{secret}"),
        Token::Basic(user_info) => match &user_info.password {
            Some(password) => write!(text, "{}:{password}", user_info.user),
            None => write!(text, "{}", user_info.user),
        },
        Token::Parameters(parameters) => write!(text, "{}", Joined(parameters, ", ", pair)),
    };
    text
}

/// Content as one string; empty where there is none to show.
pub(super) fn content(content: &Content) -> String {
    match content {
        Content::Empty | Content::Opaque(_) => String::new(),
        Content::Json(value) => Shown(value).to_string(),
        Content::JsonLines(values) => {
            Joined(values, "\n", |value, f: &mut fmt::Formatter<'_>| Shown(value).fmt(f)).to_string()
        }
        Content::Form(parameters) => Joined(parameters, "&", pair).to_string(),
        Content::Text(text) => text.to_string(),
        Content::Multipart(parts) => Joined(parts, "\n", |part, f: &mut fmt::Formatter<'_>| {
            let name = part.name.as_deref().unwrap_or_default();
            write!(f, "{name}={}", self::content(&part.content))
        })
        .to_string(),
    }
}

/// JSON as JSON, hidden values as strings.
struct Shown<'a>(&'a Json);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => value.fmt(f),
            Json::Number(text) => match text.as_shown() {
                Some(number) => f.write_str(number),
                None => quoted(&text.to_string(), f),
            },
            Json::String(text) => quoted(&text.to_string(), f),
            Json::Embedded(value) => quoted(&Shown(value).to_string(), f),
            Json::Array(values) => {
                f.write_char('[')?;
                Joined(values, ",", |value, f: &mut fmt::Formatter<'_>| Shown(value).fmt(f)).fmt(f)?;
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                Joined(members, ",", |(name, value), f: &mut fmt::Formatter<'_>| {
                    quoted(name, f)?;
                    f.write_char(':')?;
                    Shown(value).fmt(f)
                })
                .fmt(f)?;
                f.write_char('}')
            }
        }
    }
}

fn quoted(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str(&serde_json::to_string(text).map_err(|_| fmt::Error)?)
}
