//! What keeps a connector from asking at all.
