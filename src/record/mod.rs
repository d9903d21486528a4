//! Events of the data path to exchanges, redacted and appended one by one.

mod assembler;
mod environment;
mod event;
mod inputs;
mod memo;
mod observer;
mod passing;
mod queue;
mod recorder;

pub use environment::environment;
pub use event::{ConnectionId, Event, ExchangeId};
pub use inputs::inputs;
pub use observer::{Came, Observer, Seen};
pub(crate) use passing::Passing;
pub use passing::Whole;
pub(crate) use queue::Taken;
pub use queue::{Ended, EventSender, Events, queue};
pub use recorder::{ClueReader, Recorder, Setup, StartError, Summary, start};
