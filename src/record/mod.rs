//! Events of the data path to exchanges, redacted and appended one by one.

mod assembler;
mod environment;
mod event;
mod inputs;
mod recorder;

pub use environment::environment;
pub use event::{ConnectionId, Event, EventSender, ExchangeId};
pub use inputs::inputs;
pub use recorder::{ClueReader, Observer, Recorder, Setup, StartError, Summary, start};
