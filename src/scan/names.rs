//! What a name says of the value that stands under it.

use std::collections::HashMap;

use super::vendors;
use crate::redact;

/// What a name says of its value.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing.
    Plain,
    /// It is one half of a pair; the other half tells.
    Pair,
    /// A field of a message's head whose whole line is read.
    Field,
    /// It is a secret.
    Secret {
        /// One that people choose.
        password: bool,
        /// Beyond doubt; `key`, `code` or `session` alone name much else.
        strong: bool,
    },
}

impl Meaning {
    fn of(name: &str) -> Self {
        if is_head_field(name) {
            Self::Field
        } else if name == "value" || name == "Value" {
            Self::Pair
        } else if redact::is_credential_name(name) && !is_public(name) {
            Self::Secret { password: redact::is_password_name(name), strong: is_strong(name) }
        } else if vendors::is_vendor(name) {
            Self::Secret { password: false, strong: false }
        } else {
            Self::Plain
        }
    }
}

/// What the names of a text mean: there are few of them, each many times.
#[derive(Default)]
pub(super) struct Meanings<'a>(HashMap<&'a str, Meaning, foldhash::fast::RandomState>);

impl<'a> Meanings<'a> {
    pub(super) fn of(&mut self, name: &'a str) -> Meaning {
        *self.0.entry(name).or_insert_with(|| Meaning::of(name))
    }
}

/// Fields whose whole line is read.
fn is_head_field(name: &str) -> bool {
    ["authorization", "proxy-authorization", "cookie", "set-cookie"]
        .iter()
        .any(|field| name.eq_ignore_ascii_case(field))
}

fn is_strong(name: &str) -> bool {
    const STRONG: [&str; 9] =
        ["token", "secret", "passw", "pwd", "apikey", "accesskey", "privatekey", "credential", "bearer"];
    let joined: String = name
        .bytes()
        .filter(u8::is_ascii_alphanumeric)
        .map(|byte| char::from(byte.to_ascii_lowercase()))
        .collect();
    STRONG.iter().any(|word| joined.contains(word))
}

/// What is meant to be seen by everybody.
fn is_public(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_hash =
        ["sha1", "sha256", "sha384", "sha512", "md5", "blake3"].iter().any(|hash| lower.ends_with(hash));
    is_hash
        || [
            "public",
            "publishable",
            "pubkey",
            "integrity",
            "checksum",
            "digest",
            "fingerprint",
            "tokenizer",
            "csrf",
            "xsrf",
            "keyid",
            "key_id",
            "key-id",
        ]
        .iter()
        .any(|word| lower.contains(word))
}
