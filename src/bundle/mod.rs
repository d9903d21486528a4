//! Both captures and their report as one file for a public bug report, and back.
//!
//! A bundle needs no key: ordinals stand for tags, and whoever reads it finds what the key's owner finds. See `docs/bundle.md`.
//!
//! | part | what it does |
//! |---|---|
//! | `make` | captures to a bundle: checks that it says the same, lets it be scanned, refuses |
//! | `walk`, `ordinals`, `hosts` | every tag and string of a capture; tags to ordinals; host names to pseudonyms |
//! | `essence` | what of a report must stay |
//! | `relations`, `text` | the graph of values, the text of the bug report |
//! | `contents`, `sums` | which files are in it, and what it says of itself |
//! | `read`, `unreadable` | a stranger's bundle to captures, within limits |

mod contents;
mod essence;
mod hosts;
mod make;
mod ordinals;
mod read;
mod relations;
mod sums;
mod text;
mod unreadable;
mod walk;

pub use contents::{SCHEMA, Scanned};
pub use make::{Bundle, Hit, MakeError, Making, Scanner, make, place_of};
pub use read::{Contents, Runs, from_slice, is_bundle, read};
pub use unreadable::{ContentError, ReadError};
