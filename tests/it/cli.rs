//! The commands as a user runs them.

mod archive;
mod bad_input;
mod commands;
mod completions;
mod expected;
mod export;
mod help;
mod inspect;
mod key;
mod man;
pub(crate) mod memory;
mod progress;
mod quiet;
mod repairs;
mod repeat;
mod reverse;
pub(crate) mod terminal;
mod verify;
