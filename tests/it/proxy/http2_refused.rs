//! Requests that the HTTP/2 library refuses by itself: a raw-byte client, and the record that is left of them.

use h2::Reason;
use http::Response;
use samewire::model::{FailureKind, Leg, Phase};
use samewire::record::Event;
use samewire::redact::RawFailure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::client::TlsStream;

use super::http2::{Call, Origin, secured};
use super::rig::{Rig, start_with, told};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const WHOLE: u8 = END_STREAM | END_HEADERS;

/// `:method: GET`, `:scheme: https`, `:path: /` of the static table (RFC 7541, appendix A), and `:authority: localhost`.
const GOOD: &[u8] = b"\x82\x87\x84\x01\x09localhost";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// A field that is in no table, as it is.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let length = |text: &str| [u8::try_from(text.len()).unwrap()];
    [&[0], &length(name)[..], name.as_bytes(), &length(value), value.as_bytes()].concat()
}

fn with(field: &[u8]) -> Vec<u8> {
    [GOOD, field].concat()
}

/// A client that has said the preface and empty settings.
struct Client(TlsStream<TcpStream>);

impl Client {
    async fn start(rig: &Rig, origin: &Origin) -> Self {
        let mut stream = secured(rig, origin.address, &["h2"]).await;
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
        Self(stream)
    }

    async fn send(&mut self, frames: &[u8]) {
        self.0.write_all(frames).await.unwrap();
        self.0.flush().await.unwrap();
    }

    /// Reads up to a frame of this type; its stream and its payload.
    async fn wait_for(&mut self, kind: u8) -> (u32, Vec<u8>) {
        loop {
            let mut header = [0; 9];
            self.0.read_exact(&mut header).await.expect("the frame comes");
            let [a, b, c, found, _, stream @ ..] = header;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            self.0.read_exact(&mut payload).await.unwrap();
            if found == kind {
                return (u32::from_be_bytes(stream), payload);
            }
        }
    }

    async fn reset(&mut self) -> (u32, Reason) {
        let (stream, payload) = self.wait_for(RST_STREAM).await;
        (stream, u32::from_be_bytes(payload.try_into().unwrap()).into())
    }

    /// The code of a GOAWAY.
    async fn gone(&mut self) -> Reason {
        let (_, payload) = self.wait_for(GOAWAY).await;
        u32::from_be_bytes(payload[4..8].try_into().unwrap()).into()
    }
}

async fn origin() -> Origin {
    Origin::start(|(_, mut respond): Call| async move {
        respond.send_response(Response::new(()), true).unwrap();
    })
    .await
}

/// An origin that tells when a request has come, and does not answer.
async fn silent() -> (Origin, mpsc::UnboundedReceiver<()>) {
    let (came, calls) = mpsc::unbounded_channel();
    let origin = Origin::start(move |call: Call| {
        let _ = came.send(());
        async move {
            std::future::pending::<()>().await;
            drop(call);
        }
    })
    .await;
    (origin, calls)
}

/// Stream and reason of the requests that were not taken.
fn refused(events: &[Event]) -> Vec<(u32, &RawFailure)> {
    let refused = |event| match event {
        &Event::Refused { stream, ref failure, .. } => Some((stream, failure)),
        _ => None,
    };
    events.iter().filter_map(refused).collect()
}

fn check(failure: &RawFailure, kind: FailureKind, words: &str) {
    assert_eq!((failure.leg, failure.phase, failure.kind), (Leg::Client, Phase::Head, kind));
    assert!(failure.message.contains(words), "{}", failure.message);
    assert!(!failure.message.contains("hunter2"), "no value is told: {}", failure.message);
}

/// There is one, on this stream.
fn only(events: &[Event], stream: u32, kind: FailureKind, words: &str) {
    let refused = refused(events);
    assert_eq!((refused.len(), refused[0].0), (1, stream));
    check(refused[0].1, kind, words);
}

#[tokio::test]
async fn a_head_that_breaks_the_protocol_is_recorded_and_others_go_on() {
    let origin = origin().await;
    let heads = [
        with(&literal("connection", "hunter2")),
        [GOOD, &literal("x", "hunter2"), &[0x84]].concat(),
        b"\x82\x87\x01\x09localhost".to_vec(),
        with(&literal("transfer-encoding", "hunter2")),
    ];
    for head in heads {
        let rig = origin.rig().await;
        let mut client = Client::start(&rig, &origin).await;
        client.send(&frame(HEADERS, WHOLE, 1, &head)).await;
        assert_eq!(client.reset().await, (1, Reason::PROTOCOL_ERROR), "{head:?}");
        client.send(&frame(HEADERS, WHOLE, 3, GOOD)).await;
        assert_eq!(client.wait_for(HEADERS).await.0, 3);
        drop(client);
        let events = rig.finish().await;
        only(&events, 1, FailureKind::Malformed, "PROTOCOL_ERROR");
        let told = told(&events);
        assert!(told.len() == 1 && told[0].failure.is_none() && told[0].ended);
    }
}

#[tokio::test]
async fn a_head_that_is_too_large_for_the_library_is_recorded() {
    let origin = origin().await;
    let value = "v".repeat(4000);
    // A field of 4,000 bytes once, and then again and again by its number in the table.
    let field = [&b"\x40\x01x\x7f\xa1\x1e"[..], value.as_bytes()].concat();
    let head = |times: usize| [GOOD, &field, &vec![0xbe; times]].concat();
    let mut settings = origin.settings();
    settings.limits.head = 8192;

    let rig = start_with(settings.clone(), 4096).await;
    let mut client = Client::start(&rig, &origin).await;
    client.send(&frame(HEADERS, WHOLE, 1, &head(5))).await;
    // 431, as the library says by itself.
    assert_eq!(client.wait_for(HEADERS).await.0, 1);
    drop(client);
    only(&rig.finish().await, 1, FailureKind::TooLarge, "too large");

    let rig = start_with(settings, 4096).await;
    let mut client = Client::start(&rig, &origin).await;
    client.send(&frame(HEADERS, WHOLE, 1, &head(1000))).await;
    assert_eq!(client.gone().await, Reason::ENHANCE_YOUR_CALM);
    drop(client);
    only(&rig.finish().await, 1, FailureKind::TooLarge, "ENHANCE_YOUR_CALM for the whole");
}

#[tokio::test]
async fn a_refused_connection_tells_of_the_request_that_it_ended_with() {
    let (origin, mut calls) = silent().await;
    // A name in upper case, a pseudo-header field that there is not, an entry of the table that is not there.
    for head in [literal("X-Upper", "hunter2"), literal(":unknown", "hunter2"), vec![0xfe]] {
        let rig = origin.rig().await;
        let mut client = Client::start(&rig, &origin).await;
        client.send(&frame(HEADERS, WHOLE, 1, GOOD)).await;
        calls.recv().await.unwrap();
        client.send(&frame(HEADERS, WHOLE, 3, &with(&head))).await;
        assert_eq!(client.gone().await, Reason::PROTOCOL_ERROR);
        drop(client);
        let events = rig.finish().await;
        only(&events, 3, FailureKind::Malformed, "PROTOCOL_ERROR for the whole connection");
        let told = told(&events);
        let first = told[0].failure.as_ref().unwrap();
        assert_eq!((first.leg, first.kind), (Leg::Client, FailureKind::Malformed));
    }
}

#[tokio::test]
async fn a_flood_of_resets_is_recorded() {
    let (origin, _calls) = silent().await;
    let rig = origin.rig().await;
    let mut client = Client::start(&rig, &origin).await;
    let flood: Vec<u8> = (0..200)
        .flat_map(|number| {
            let stream = 2 * number + 1;
            let reset = frame(RST_STREAM, 0, stream, &u32::from(Reason::CANCEL).to_be_bytes());
            [frame(HEADERS, WHOLE, stream, GOOD), reset].concat()
        })
        .collect();
    client.send(&flood).await;
    assert_eq!(client.gone().await, Reason::ENHANCE_YOUR_CALM);
    drop(client);
    let events = rig.finish().await;
    let refused = refused(&events);
    let all = refused.len() + told(&events).len();
    assert!(!refused.is_empty() && all <= 200, "{} of {all}", refused.len());
    for (_, failure) in refused {
        check(failure, FailureKind::TooLarge, "ENHANCE_YOUR_CALM");
    }
}

#[tokio::test]
async fn more_requests_than_may_be_at_a_time_are_recorded() {
    let (origin, _calls) = silent().await;
    let rig = origin.rig().await;
    let mut client = Client::start(&rig, &origin).await;
    let requests: Vec<u8> = (0..257).flat_map(|number| frame(HEADERS, WHOLE, 2 * number + 1, GOOD)).collect();
    client.send(&requests).await;
    assert_eq!(client.reset().await, (513, Reason::REFUSED_STREAM));
    drop(client);
    let events = rig.finish().await;
    assert_eq!(told(&events).len(), 256);
    only(&events, 513, FailureKind::TooLarge, "REFUSED_STREAM");
}

#[tokio::test]
async fn a_client_that_leaves_within_a_head_is_recorded() {
    let origin = origin().await;
    let mut rig = origin.rig().await;
    let mut client = Client::start(&rig, &origin).await;
    // Whose end would come in another frame.
    client.send(&frame(HEADERS, END_STREAM, 1, GOOD)).await;
    client.0.shutdown().await.unwrap();
    drop(client);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    only(&events, 1, FailureKind::Closed, "the connection ended first");
}
