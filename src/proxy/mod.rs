//! The data path: accept, sniff, open TLS, tap, forward.
