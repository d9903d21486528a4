//! Lakeflow community connectors.

use super::look::Look;

pub(super) fn check(_look: &mut Look<'_>) {}
