//! What lies between the client and the API.

pub(in crate::diagnose) mod blocked_by_edge;
pub(in crate::diagnose) mod ca_rejected;
pub(in crate::diagnose) mod egress_blocked;
pub(in crate::diagnose) mod proxy_bypassed;
pub(in crate::diagnose) mod rate_limited;
pub(in crate::diagnose) mod retry_storm;
pub(in crate::diagnose) mod upstream_tls_failed;
pub(in crate::diagnose) mod upstream_unreachable;

mod clients;
mod direct;
mod edge;
mod unanswered;

pub(super) use direct::went_past;
pub(super) use edge::edge;
pub(super) use unanswered::is_network_failure;

use crate::diagnose::host_of;
