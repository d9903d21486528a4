//! Databricks Lakeflow community connectors.

use super::package::Files;

/// What the files say of a Lakeflow connector.
pub struct Lakeflow {}

/// Reads it, where it is one.
pub(super) fn read(_files: &Files) -> Option<Lakeflow> {
    None
}
