//! Everything else that was sent.

pub(in crate::diagnose) mod body_differs;
pub(in crate::diagnose) mod field_differs;
pub(in crate::diagnose) mod field_missing;
pub(in crate::diagnose) mod host_differs;
pub(in crate::diagnose) mod media_type_differs;
pub(in crate::diagnose) mod method_differs;
pub(in crate::diagnose) mod path_differs;
pub(in crate::diagnose) mod protocol_differs;
pub(in crate::diagnose) mod query_differs;
pub(in crate::diagnose) mod redirect_differs;
pub(in crate::diagnose) mod request_missing;
pub(in crate::diagnose) mod request_unexpected;
pub(in crate::diagnose) mod response_differs;
pub(in crate::diagnose) mod user_agent_differs;

pub(in crate::diagnose::rules) mod from_config;
mod hop;
mod lonely;
mod part;
mod remains;

pub(in crate::diagnose) use lonely::NOISE;
use part::{Part, Stated, state};
pub(in crate::diagnose::rules) use part::{Seen, contrast, unrendered};
