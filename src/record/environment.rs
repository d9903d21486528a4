//! What the command's environment holds under names of secrets, redacted. Its values become references on the way.

use crate::model::{Reference, Variable};
use crate::redact::{Known, Redactor, is_sensitive_name, is_wordlike};

/// Shorter values name relations only: masking them everywhere would hide what is no secret.
const LONG: usize = 8;

/// Variables of desktops, shells and agents whose names sound like secrets and whose values are sockets, numbers and paths.
const PLUMBING: [&str; 9] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "DESKTOP_SESSION",
    "GDMSESSION",
    "SESSION_MANAGER",
    "SSH_AUTH_SOCK",
    "XAUTHORITY",
    "XDG_SESSION_CLASS",
    "XDG_SESSION_ID",
    "XDG_SESSION_TYPE",
];

/// Makes the values of variables with names of secrets known to the redactor, after those of the config, and tells their facts.
pub fn environment(
    variables: impl IntoIterator<Item = (String, String)>,
    redactor: &mut Redactor,
) -> Vec<Variable> {
    let mut kept: Vec<(String, String)> = variables
        .into_iter()
        .filter(|(name, value)| {
            is_sensitive_name(name) && !PLUMBING.contains(&name.as_str()) && !is_path(value)
        })
        .collect();
    kept.sort();
    for (name, value) in &kept {
        let known = if value.len() >= LONG && is_random(value) { Known::Secret } else { Known::Value };
        redactor.refer(Reference::Environment(redactor.name(name)), value, known);
    }
    kept.iter()
        .map(|(name, value)| Variable { name: redactor.name(name), value: redactor.named(name, value) })
        .collect()
}

/// `/run/secrets/key`, not base64 that begins with a slash.
fn is_path(value: &str) -> bool {
    value.starts_with('/') && value.split('/').all(|segment| segment.is_empty() || is_wordlike(segment))
}

/// Not a word or a sentence: a value that is worth hiding wherever it stands.
fn is_random(value: &str) -> bool {
    value.bytes().any(|byte| byte.is_ascii_digit()) || value.len() >= 2 * LONG
}

#[cfg(test)]
mod tests {
    use crate::redact::Key;

    use super::*;

    #[test]
    fn names_of_secrets_are_kept_and_values_are_not() {
        let mut redactor = Redactor::new(Key::from_bytes([1; 32]));
        let variables = [
            ("PATH", "/usr/bin"),
            ("SSH_AUTH_SOCK", "/tmp/agent"),
            ("API_TOKEN", "tok_9fK2mQ7xW4vB8nR3sL6yT1zH5cJ0dGpA"),
            ("EMPTY_KEY", ""),
            ("SIGNING_KEY", "/9fK2mQ7xW4vB8nR3/sL6yT1zH5cJ0dGpA"),
            ("HOME_KEYS", "/root/keys"),
        ];
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kept = environment(owned, &mut redactor);
        let names: Vec<_> = kept.iter().map(|variable| variable.name.as_str()).collect();
        assert_eq!(names, ["API_TOKEN", "EMPTY_KEY", "SIGNING_KEY"]);
        let secret = kept[0].value.as_secret().unwrap();
        let relation = secret.relation.as_ref().unwrap();
        assert_eq!(relation.reference, Reference::Environment("API_TOKEN".to_owned()));
        assert!(!format!("{kept:?}").contains("9fK2"));
    }
}
