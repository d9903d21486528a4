//! Places of credentials, and values, in words.

use crate::compare::{Carried, CredentialPart, Locator};
use crate::diagnose::rules::setup::keys::dotted;
use crate::model::{Class, Reference};

/// The same field, parameter, cookie or member, whichever part or occurrence of it; a cookie is in the field of that name.
pub(super) fn same_place(left: &Locator, right: &Locator) -> bool {
    match (left, right) {
        (Locator::Cookie { .. }, Locator::Field { name, .. })
        | (Locator::Field { name, .. }, Locator::Cookie { .. }) => name == "cookie",
        _ => left.is_same_place(right),
    }
}

/// A place in words: "`Authorization`", "query parameter `api_key`".
pub(super) fn words(at: &Locator) -> String {
    match at {
        Locator::Field { name, .. } => format!("`{}`", field_name(name)),
        Locator::Query { name, .. } => format!("query parameter `{name}`"),
        Locator::Form { name, .. } => format!("form field `{name}`"),
        Locator::Cookie { name } => format!("cookie `{name}`"),
        Locator::Body { pointer } => format!("body member `{}`", dotted(pointer)),
        Locator::Path => "credentials in the path".to_owned(),
        Locator::Config(pointer) => format!("`{}` of the config", dotted(pointer)),
        Locator::Variable(name) => format!("the variable `{name}`"),
        Locator::Named(name) => format!("the secret `{name}`"),
        Locator::UserInfo => "the URL's user information".to_owned(),
        other => format!("`{other}`"),
    }
}

/// Not on the wire: what a request was signed with.
pub(super) fn is_key(at: &Locator) -> bool {
    matches!(at, Locator::Config(_) | Locator::Variable(_) | Locator::Named(_))
}

/// A place as manifests' facts name it: `field authorization`, `query api_key`, `body api_key`.
pub(super) fn key(at: &Locator) -> Option<String> {
    Some(match at {
        Locator::Field { name, .. } => format!("field {name}"),
        Locator::Query { name, .. } => format!("query {name}"),
        Locator::Form { name, .. } => format!("body {name}"),
        Locator::Cookie { name } => format!("cookie {name}"),
        Locator::Body { pointer } => format!("body {}", dotted(pointer)),
        _ => return None,
    })
}

/// What is sent there, in words: `config.api_key`, "a JWT", "a token of 40 chars".
pub(super) fn value(carried: &Carried) -> String {
    let secret = &carried.secret;
    if let Some(relation) = &secret.relation {
        return relation.to_string();
    }
    let kind = match &secret.shape.class {
        Class::Empty => return "nothing".to_owned(),
        Class::Null(text) | Class::Template(text) | Class::Mask(text) => return format!("`{text}`"),
        Class::Withheld => return "a value that its exporter hides".to_owned(),
        Class::SecretReference(kind) => return format!("a reference to a secret ({kind})"),
        Class::Date { .. } => return "a date".to_owned(),
        Class::Timestamp { .. } => return "a timestamp".to_owned(),
        Class::Uuid { .. } => return "a UUID".to_owned(),
        Class::Url => return "a URL".to_owned(),
        Class::Jwt(_) => "JWT",
        _ => match carried.part {
            CredentialPart::Token => "token",
            CredentialPart::User => "user name",
            CredentialPart::Password => "password",
        },
    };
    format!("a {kind} of {}", secret.shape.length)
}

/// The config value that a secret is made of.
pub(super) fn config_pointer(carried: &Carried) -> Option<&str> {
    match &carried.secret.relation.as_ref()?.reference {
        Reference::Config(pointer) => Some(pointer),
        _ => None,
    }
}

/// `x-api-key` as it is usually written.
fn field_name(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
        })
        .collect::<Vec<_>>()
        .join("-")
}
