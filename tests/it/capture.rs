//! Tests of `capture`: what is written reads back equal, whatever happens to the file.

mod disk;
mod format;
pub(crate) mod models;
pub(crate) mod small;
mod torn;
