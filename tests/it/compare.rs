//! Tests of `compare`.

mod answers;
mod credentials;
pub(crate) mod kit;
mod pairing;
mod places;
mod properties;
mod redacted;
