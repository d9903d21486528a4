//! The local page: one person on this machine looks on while both sides are recorded.
//!
//! It is served on loopback, below a path that nobody can guess, and to the browser's own page only: what another site makes a browser ask
//! is refused (`gate`). What is shown was redacted before it reached the disk.

mod answer;
mod board;
mod gate;
mod serve;

pub use board::Board;
pub use serve::{BindError, Server};
