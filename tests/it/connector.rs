//! Tests of `connector`.
