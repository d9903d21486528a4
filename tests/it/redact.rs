//! Tests of `redact`: nothing leaks, wherever a secret stands; and what is kept tells how values relate.

mod corpus;
mod leaks;
mod relations;

use samewire::model::Fidelity;
use samewire::model::Timings;
use samewire::redact::{Key, RawBody, RawExchange, RawMessage, RawOutcome, Redactor};

/// A redactor under a fixed key.
fn redactor() -> Redactor {
    Redactor::new(Key::from_bytes([9; 32]))
}

/// A message of a head and a whole body.
fn message(head: impl Into<Vec<u8>>, body: impl Into<Vec<u8>>) -> RawMessage {
    let body = body.into();
    RawMessage {
        head: head.into().into(),
        body: RawBody {
            length: body.len() as u64,
            bytes: body.into(),
            digest: None,
            complete: true,
            ..RawBody::default()
        },
    }
}

/// An exchange that was answered.
fn exchange(number: u32, request: RawMessage, answer: RawMessage) -> RawExchange {
    RawExchange {
        number,
        connection: 1,
        index: number,
        started_at: "2026-11-22T09:00:00Z".parse().unwrap(),
        timings: Timings::default(),
        scheme: "https",
        authority: Some("api.example.com:443".into()),
        fidelity: Fidelity::Wire,
        request,
        interim: Vec::new(),
        websocket: None,
        outcome: RawOutcome::Answered(answer),
    }
}

/// A GET with these field lines.
fn get(target: &str, fields: &str) -> RawMessage {
    message(format!("GET {target} HTTP/1.1\r\nHost: api.example.com\r\n{fields}\r\n"), "")
}

/// An answer without content.
fn ok() -> RawMessage {
    message("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "")
}
