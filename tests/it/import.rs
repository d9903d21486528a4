//! Tests of `import`: what other programs write is read, what they do not tell stays unknown, and nothing hostile gets far.

mod certainty;
mod hostile;
mod sources;

use std::path::PathBuf;

/// A file that was written by hand after a program's documented form. No value in it is real.
fn fixture(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests/imports", name].iter().collect();
    path.to_str().unwrap().to_owned()
}
