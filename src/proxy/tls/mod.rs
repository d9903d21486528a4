//! TLS on both legs.

mod alpn;
mod authority;
mod client;
mod hello;
mod server;

pub use authority::{Authority, AuthorityError};
pub use client::TrustError;
pub use hello::client_hello;

pub(super) use alpn::{Agreed, Protocol};
pub(super) use client::Client;
pub(super) use hello::{Facts, HelloReader, Progress};
pub(super) use server::{Hello, accept, read_hello};
