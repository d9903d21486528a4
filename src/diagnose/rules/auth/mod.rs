//! The credentials on the wire.

pub(in crate::diagnose) mod airbyte;
mod branch;
mod from_config;
mod lookalike;
mod origin;
mod place;
mod placeholder;
mod redirect;
mod same;
mod suspect;
pub(super) mod unsent;

pub(crate) mod credentials_duplicated;
pub(crate) mod credentials_leaked_on_redirect;
pub(crate) mod credentials_lost_on_redirect;
pub(crate) mod credentials_moved;
pub(crate) mod credentials_overridden;
pub(crate) mod scheme_differs;
pub(crate) mod scheme_doubled;
pub(crate) mod scheme_missing;
pub(crate) mod secret_unresolved;
pub(crate) mod template_unrendered;
pub(crate) mod token_altered;
pub(crate) mod token_cast;
pub(crate) mod token_differs;
pub(crate) mod token_empty;
pub(crate) mod token_expired;
pub(crate) mod token_kind_wrong;
pub(crate) mod token_masked;
pub(crate) mod token_missing;
pub(crate) mod token_null;
pub(crate) mod token_refresh_failed;
pub(crate) mod token_swapped;
