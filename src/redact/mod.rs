//! Raw bytes to model values: the only door. What leaves this room holds no secret in plain text.

mod fingerprint;
mod key;
mod raw;
mod redactor;

pub use fingerprint::Digest;
pub use key::{Key, KeyError};
pub use raw::{Output, RawBody, RawConnection, RawExchange, RawFailure, RawKind, RawMessage, RawOutcome};
pub use redactor::{Known, Leak, Redactor};

/// True where a name says that its value is a secret (`api_key`, `clientSecret`, `X-Auth-Token`, `senha`).
pub fn is_sensitive_name(name: &str) -> bool {
    let name = name.to_lowercase();
    ["token", "secret", "passw", "key", "auth", "session", "sig"].iter().any(|word| name.contains(word))
}
