//! The rules, a folder a family, a file a rule.

pub(super) mod auth;
pub(super) mod network;
pub(super) mod request;
pub(super) mod setup;

mod refusal;
mod repair;
mod span;
