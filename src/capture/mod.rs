//! Model to disk and back: HAR 1.2 with `_samewire` members.
//!
//! One file a capture, valid after every exchange: see `docs/capture-format.md`.

mod clock;
mod entry;
mod format;
mod glance;
mod har;
mod hold;
mod lines;
mod plain;
mod reader;
mod render;
mod unreadable;
mod upgrade;
mod whole;
mod writer;

pub use entry::{Entry, Frame, Rendered};
pub use format::{FORMAT, Note};
pub use glance::{Glance, glance};
pub use hold::is_written;
pub use plain::plain;
pub use reader::{from_slice, read, read_sharing};
pub use unreadable::{ContentError, ReadError};
pub use whole::{to_vec, write};
pub use writer::{WriteError, Writer};
