//! Tests of `record`: what reaches the disk, when, and whatever happens to the recorder.

mod killed;
mod recording;

use std::path::Path;

use bytes::Bytes;
use jiff::Timestamp;
use samewire::capture::Writer;
use samewire::model::{Completeness, Fidelity, Inputs};
use samewire::record::{ConnectionId, Event, EventSender, ExchangeId, Setup};
use samewire::redact::{Key, Redactor};

use crate::capture::small;

fn setup(path: &Path) -> Setup {
    let redactor = Redactor::new(Key::from_bytes([7; 32]));
    let mut opening = small::capture();
    opening.inputs = Inputs::default();
    redactor.key_id().clone_into(&mut opening.key_id);
    opening.completeness = Completeness::default();
    let writer = Writer::create(path, false, &opening).unwrap();
    Setup { writer, redactor, clues: None, body_limit: 4096, observer: None }
}

async fn send(events: &EventSender, event: Event) {
    assert!(events.send(event).await.is_ok(), "the recorder has ended");
}

async fn open(events: &EventSender, connection: u64) {
    send(events, Event::Opened { connection: ConnectionId(connection), at: Timestamp::now() }).await;
}

/// A request and its answer, with these bodies.
async fn exchange(events: &EventSender, connection: u64, id: u64, body: &'static [u8]) {
    begin(events, connection, id, body).await;
    let exchange = ExchangeId(id);
    let head = Bytes::from(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()));
    send(events, Event::Response { exchange, at: Timestamp::now(), head }).await;
    send(events, Event::ResponseData { exchange, data: Bytes::from_static(body) }).await;
    send(events, Event::ResponseEnd { exchange, at: Timestamp::now(), trailers: Bytes::new() }).await;
}

/// A request without an answer.
async fn begin(events: &EventSender, connection: u64, id: u64, body: &'static [u8]) {
    let exchange = ExchangeId(id);
    let head = format!(
        "POST /v1/lots/{id} HTTP/1.1\r\nHost: api.example.com\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let request = Event::Request {
        exchange,
        connection: ConnectionId(connection),
        at: Timestamp::now(),
        head: Bytes::from(head),
        scheme: "http",
        authority: None,
        fidelity: Fidelity::Wire,
    };
    send(events, request).await;
    send(events, Event::RequestData { exchange, data: Bytes::from_static(body) }).await;
    send(events, Event::RequestEnd { exchange, at: Timestamp::now(), trailers: Bytes::new() }).await;
}
