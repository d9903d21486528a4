//! `SHA256SUMS`, as `sha256sum --check` reads it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

/// The digest of a file, in hexadecimal digits.
pub(super) fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A line for each file.
pub(super) fn write<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    files.fold(String::new(), |mut text, (name, bytes)| {
        let _ = writeln!(text, "{}  {name}", digest(bytes));
        text
    })
}

/// Digests by name; `None` where a line is not one.
pub(super) fn read(text: &str) -> Option<BTreeMap<&str, &str>> {
    text.lines().map(|line| line.split_once("  ").map(|(digest, name)| (name, digest))).collect()
}
