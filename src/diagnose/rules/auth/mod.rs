//! The credentials on the wire.
