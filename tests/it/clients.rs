//! End to end with real clients: the binary, real processes, real sockets.

mod airbyte;
mod api;
mod bench;
mod languages;
