//! Model to disk and back: HAR 1.2 with `_samewire` members.
