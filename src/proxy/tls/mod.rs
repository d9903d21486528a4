//! TLS on both legs.

mod authority;
mod client;

pub use authority::{Authority, AuthorityError};
pub use client::TrustError;

pub(super) use client::Client;
