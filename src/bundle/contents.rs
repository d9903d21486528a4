//! What is in a bundle: its files, and what `bundle.json` says of them.

use serde::{Deserialize, Serialize};

use crate::model::Side;

/// The name of this form of the bundle.
pub const SCHEMA: &str = "samewire.bundle/1";

/// What [`SCHEMA`] begins with, whatever the number.
pub(super) const SCHEMA_NAME: &str = "samewire.bundle/";

/// The text of the report that people read first.
pub(super) const TEXT: &str = "README.md";
/// What this file describes.
pub(super) const MANIFEST: &str = "bundle.json";
/// SHA-256 of every other file.
pub(super) const SUMS: &str = "SHA256SUMS";
/// The report's formats.
pub(super) const REPORT: &str = "report";
/// The graph of values.
pub(super) const RELATIONS: &str = "relations.json";
/// Both requests.
pub(super) const REQUESTS: &str = "requests.sh";

/// The name of a side's nth capture, from 0.
pub(super) fn capture_name(side: Side, at: usize) -> String {
    match at {
        0 => format!("captures/{side}.har"),
        at => format!("captures/{side}.{}.har", at + 1),
    }
}

/// `bundle.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) schema: String,
    /// The samewire that made it.
    pub(super) samewire: String,
    /// Where that ran.
    pub(super) platform: String,
    pub(super) sandbox: Recorded,
    pub(super) runtime: Recorded,
    /// How many keys the tags were made under that ordinals stand for: 1, or 2 where the sides could not be compared by tags.
    pub(super) keys: usize,
    /// How many different values have an ordinal.
    pub(super) values: u32,
    /// Host names and addresses are pseudonyms.
    pub(super) pseudonymized_hosts: bool,
    pub(super) scan: Scanned,
}

/// A side of a bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Recorded {
    /// Its captures, the one that is compared first.
    pub(super) captures: Vec<String>,
    /// The samewire that recorded it, and where.
    pub(super) by: String,
    /// Clients and frameworks, with their versions.
    pub(super) clients: Vec<String>,
    /// What a reader must know of captures that are not here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) notes: Vec<String>,
}

/// What the leak scan looked at. It found nothing: otherwise there is no bundle.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scanned {
    /// Who looked.
    pub by: String,
    /// How many files.
    pub files: usize,
    /// How many bytes.
    pub bytes: u64,
    /// How many secrets were known by value and looked for in all their encodings.
    pub known_secrets: usize,
    /// How many were found.
    pub found: usize,
}
