//! Tests of `compare`.

mod answers;
mod credentials;
mod expected;
mod http2;
pub(crate) mod kit;
mod learned;
mod pairing;
mod places;
mod planted;
pub(crate) mod properties;
mod redacted;
mod renewed;
mod visitors;
