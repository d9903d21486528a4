//! TLS on both legs.

mod authority;
mod client;
mod server;

pub use authority::{Authority, AuthorityError};
pub use client::TrustError;

pub(super) use client::Client;
pub(super) use server::{Hello, accept, read_hello};
