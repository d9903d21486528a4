//! Tests of `launch`.
