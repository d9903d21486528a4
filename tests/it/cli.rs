//! The commands as a user runs them.

mod bad_input;
mod commands;
mod help;
mod kill;
mod repeat;
mod reverse;
