//! Tests of `proxy`: a raw-byte client, a raw-byte origin, real sockets.

mod bodies;
mod failures;
mod forwarding;
mod heads;
mod http2;
mod http2_faults;
mod reverse;
mod rig;
mod routes;
mod secure;
mod tunnels;
