//! Raw bytes to model values: the only door. What leaves this room holds no secret in plain text.

mod raw;

pub use raw::{Output, RawBody, RawConnection, RawExchange, RawFailure, RawKind, RawMessage, RawOutcome};
