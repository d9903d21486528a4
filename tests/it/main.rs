//! The one integration binary: a file a room, over real sockets and real processes.
#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, reason = "tests")]

mod architecture;
mod bundle;
mod capture;
pub(crate) mod cli;
mod clients;
mod compare;
mod connector;
mod diagnose;
mod docs;
mod fuzz;
mod import;
mod launch;
mod proxy;
mod record;
mod redact;
mod reliability;
mod report;
mod samples;
mod scratch;
mod supply;
mod ui;
