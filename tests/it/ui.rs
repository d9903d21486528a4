//! Tests of `ui`: over real sockets, and in a real browser while real recordings run.

mod browser;
mod sockets;
