//! Events of the data path to exchanges, redacted and appended one by one.

mod event;

pub use event::{ConnectionId, Event, EventSender, ExchangeId};
