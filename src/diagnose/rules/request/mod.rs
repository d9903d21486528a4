//! Everything else that was sent.
