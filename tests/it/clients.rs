//! End to end with real clients: the binary, real processes, real sockets.

mod agent;
mod airbyte;
mod airbyte_container;
pub(crate) mod api;
pub(crate) mod bench;
mod bypass;
mod container;
mod container_compose;
mod container_ends;
mod container_reach;
mod container_run;
mod container_transparent;
mod embedded;
pub(crate) mod engine;
mod http2;
mod matrix;
mod own_image;
mod podman;
mod readers;
mod told_engines;
pub(crate) mod transparent;
mod transparent_volume;
mod trust;
