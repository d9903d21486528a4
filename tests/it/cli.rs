//! The commands as a user runs them.

mod archive;
mod bad_input;
mod commands;
mod expected;
mod export;
mod help;
mod inspect;
mod key;
mod kill;
pub(crate) mod memory;
mod repairs;
mod repeat;
mod reverse;
mod verify;
