//! What keeps a connector from asking at all. The command's own words decide, and what is known of its config, spec and manifest.

pub(in crate::diagnose) mod authenticator_misconfigured;
pub(in crate::diagnose) mod config_invalid;
pub(in crate::diagnose) mod config_key_missing;
pub(in crate::diagnose) mod config_path_undefined;
pub(in crate::diagnose) mod credentials_conflict;
pub(in crate::diagnose) mod custom_code_refused;
pub(in crate::diagnose) mod default_not_applied;
pub(in crate::diagnose) mod field_refused;
pub(in crate::diagnose) mod manifest_missing;
pub(in crate::diagnose) mod manifest_rejected;
pub(in crate::diagnose) mod spec_missing;
pub(in crate::diagnose) mod start_failed;
pub(in crate::diagnose) mod template_error;

pub(in crate::diagnose::rules) mod keys;
mod said;

pub(super) use said::{SIDES, came_to_nothing, names_a_cause, said, shortened, unsaid};
