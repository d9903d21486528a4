//! Tests of `proxy`: a raw-byte client, a raw-byte origin, real sockets.

mod bodies;
mod failures;
mod forwarding;
mod heads;
mod http2;
mod http2_faults;
mod http2_refused;
mod odd;
mod reverse;
pub(crate) mod rig;
mod routes;
pub(crate) mod secure;
mod tunnels;
