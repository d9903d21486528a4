//! The one integration binary.
#![allow(missing_docs, reason = "tests")]
