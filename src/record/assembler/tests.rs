//! Transcripts: events in, what they amount to out.

use super::*;
use crate::model::{DialOutcome, FailureKind, Leg, Phase};
use crate::redact::{Digest, Key, RawDial};

const ONE: ConnectionId = ConnectionId(70);
const TWO: ConnectionId = ConnectionId(71);
const A: ExchangeId = ExchangeId(1);
const B: ExchangeId = ExchangeId(2);

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(1_790_000_000_000 + millis).unwrap()
}

fn redactor() -> Redactor {
    Redactor::new(Key::from_bytes([7; 32]))
}

fn opened(connection: ConnectionId) -> Event {
    Event::Opened { connection, at: at(0) }
}

fn request(exchange: ExchangeId, connection: ConnectionId) -> Event {
    let head = Bytes::from_static(b"GET / HTTP/1.1\r\n\r\n");
    let authority = None;
    Event::Request {
        exchange,
        connection,
        at: at(10),
        head,
        scheme: "http",
        authority,
        fidelity: Fidelity::Wire,
    }
}

fn request_end(exchange: ExchangeId) -> Event {
    Event::RequestEnd { exchange, at: at(11), trailers: Bytes::new() }
}

fn response(exchange: ExchangeId) -> Event {
    Event::Response { exchange, at: at(30), head: Bytes::from_static(b"HTTP/1.1 200 OK\r\n\r\n") }
}

fn response_data(exchange: ExchangeId, data: &'static [u8]) -> Event {
    Event::ResponseData { exchange, data: Bytes::from_static(data) }
}

fn response_end(exchange: ExchangeId) -> Event {
    Event::ResponseEnd { exchange, at: at(31), trailers: Bytes::from_static(b"X-T: 1\r\n") }
}

fn failed(exchange: ExchangeId) -> Event {
    let kind = crate::model::FailureKind::Reset;
    let failure = RawFailure { leg: Leg::Upstream, phase: Phase::Receive, kind, message: "reset".to_owned() };
    Event::Failed { exchange, at: at(40), failure }
}

/// What comes out of these events, before the end and at it.
fn transcript(events: Vec<Event>) -> (Vec<Assembled>, Vec<Assembled>) {
    let redactor = redactor();
    let (mut before, mut at_end) = (Vec::new(), Vec::new());
    let mut assembler = Assembler::default();
    for event in events {
        assembler.take(event, &redactor, &mut before);
    }
    assembler.finish(&mut at_end);
    (before, at_end)
}

fn exchanges(assembled: &[Assembled]) -> Vec<&RawExchange> {
    let mut found = Vec::new();
    for one in assembled {
        if let Assembled::Exchange(raw) = one {
            found.push(&**raw);
        }
    }
    found
}

fn connections(assembled: &[Assembled]) -> Vec<&RawConnection> {
    let mut found = Vec::new();
    for one in assembled {
        if let Assembled::Connection(raw) = one {
            found.push(raw);
        }
    }
    found
}

fn answer(exchange: &RawExchange) -> &RawMessage {
    match &exchange.outcome {
        RawOutcome::Answered(message) | RawOutcome::Failed(_, Some(message)) => message,
        RawOutcome::Failed(_, None) | RawOutcome::Unfinished => panic!("no answer"),
    }
}

#[test]
fn numbers_follow_the_start_and_not_the_end() {
    let (done, at_end) = transcript(vec![
        opened(TWO),
        opened(ONE),
        request(A, ONE),
        request_end(A),
        request(B, TWO),
        request_end(B),
        response(B),
        response_end(B),
        response(A),
        response_end(A),
    ]);
    let numbers: Vec<_> = exchanges(&done).iter().map(|e| (e.number, e.connection, e.index)).collect();
    assert_eq!(numbers, [(2, 1, 1), (1, 2, 1)]);
    assert_eq!(connections(&done).len(), 2, "a connection is told with its first exchange");
    assert!(at_end.is_empty(), "nothing new is known at the end");
}

#[test]
fn an_exchange_carries_all_that_was_seen() {
    let (done, _) = transcript(vec![
        opened(ONE),
        request(A, ONE),
        Event::RequestData { exchange: A, data: Bytes::from_static(b"ab") },
        Event::RequestData { exchange: A, data: Bytes::from_static(b"cd") },
        request_end(A),
        Event::Interim { exchange: A, status: 103 },
        response(A),
        response_data(A, b"12345678"),
        response_end(A),
    ]);
    let exchange = exchanges(&done)[0];
    assert_eq!(exchange.timings, Timings { sent: Some(1.0), answered: Some(20.0), ended: Some(21.0) });
    assert_eq!(exchange.interim, [103]);
    assert_eq!(&exchange.request.body.bytes[..], b"abcd");
    assert!(exchange.request.body.complete && exchange.request.body.digest.is_none());
    let body = &answer(exchange).body;
    assert_eq!((&body.bytes[..], body.length, body.digest), (&b"12345678"[..], 8, None));
    assert_eq!(&body.trailers[..], b"X-T: 1\r\n");
}

#[test]
fn of_what_passed_beyond_the_limit_length_and_digest_are_known() {
    let mut digest = Digest::default();
    digest.update(b"123456789abcdef");
    let whole = Whole { length: 15, digest: digest.clone() };
    let mut events = vec![opened(ONE), request(A, ONE), request_end(A), response(A)];
    events.push(response_data(A, b"1234"));
    events.push(response_data(A, b"5678"));
    events.push(Event::ResponseRest { exchange: A, whole });
    events.push(response_end(A));
    let (done, _) = transcript(events);
    let body = answer(exchanges(&done)[0]).body.clone();
    assert_eq!((&body.bytes[..], body.length), (&b"12345678"[..], 15));
    assert_eq!(body.digest, Some(redactor().tag(&digest)));
}

#[test]
fn an_answer_before_the_requests_end_waits_for_it() {
    let early = || vec![opened(ONE), request(A, ONE), response(A), response_end(A)];
    let mut events = early();
    events.push(request_end(A));
    let (done, _) = transcript(events);
    assert!(exchanges(&done)[0].request.body.complete);

    for last in [failed(A), Event::Closed { connection: ONE }] {
        let mut events = early();
        events.push(last);
        let (done, _) = transcript(events);
        let exchange = exchanges(&done)[0];
        assert!(matches!(exchange.outcome, RawOutcome::Answered(_)) && !exchange.request.body.complete);
    }
    let (done, at_end) = transcript(early());
    assert!(exchanges(&done).is_empty());
    assert!(matches!(exchanges(&at_end)[0].outcome, RawOutcome::Answered(_)));
}

#[test]
fn a_failure_keeps_what_had_arrived() {
    let (done, _) = transcript(vec![
        opened(ONE),
        request(A, ONE),
        request_end(A),
        response(A),
        response_data(A, b"half"),
        failed(A),
    ]);
    let exchange = exchanges(&done)[0];
    assert!(matches!(exchange.outcome, RawOutcome::Failed(..)));
    assert_eq!((&answer(exchange).body.bytes[..], answer(exchange).body.complete), (&b"half"[..], false));
    assert_eq!(exchange.timings.ended, Some(30.0));
}

#[test]
fn what_is_open_at_the_end_is_unfinished_and_kept_in_order() {
    let (done, at_end) = transcript(vec![opened(ONE), request(A, ONE), request(B, ONE), response(B)]);
    assert!(exchanges(&done).is_empty());
    let left: Vec<_> = exchanges(&at_end).iter().map(|e| (e.number, e.index)).collect();
    assert_eq!(left, [(1, 1), (2, 2)]);
    assert!(exchanges(&at_end).iter().all(|e| matches!(e.outcome, RawOutcome::Unfinished)));
    assert!(matches!(connections(&at_end)[0].kind, RawKind::Plain));
}

#[test]
fn a_connection_is_told_when_something_is_known_of_it() {
    let alert = Handshake::Alert("unknown_ca".into());
    let handshake = |connection, result| Event::Handshake {
        connection,
        hello: Box::default(),
        version: None,
        protocol: None,
        result,
    };
    let asked = |connection| Event::Asked { connection, authority: "api.example.com:443".into() };
    let (done, at_end) = transcript(vec![
        opened(ONE),
        asked(ONE),
        Event::Dialled { connection: ONE, address: "192.0.2.7:443".into() },
        handshake(ONE, alert.clone()),
        Event::Closed { connection: ONE },
        opened(TWO),
        asked(TWO),
        Event::Tunnelled { connection: TWO, reason: "not TLS", sent: 3, received: 4 },
        Event::Closed { connection: TWO },
        opened(ConnectionId(72)),
    ]);
    let told = connections(&done);
    assert_eq!(told.len(), 2, "closing tells nothing new");
    assert!(matches!(&told[0].kind, RawKind::Tls { handshake, .. } if *handshake == alert));
    assert_eq!(told[0].upstream.as_deref(), Some("192.0.2.7:443"));
    assert!(matches!(told[1].kind, RawKind::Tunnel { sent: 3, received: 4, .. }));
    assert_eq!(told[1].authority.as_deref(), Some("api.example.com:443"));
    assert!(matches!(connections(&at_end)[0], RawConnection { number: 3, kind: RawKind::Unused, .. }));
}

#[test]
fn what_became_of_addresses_is_told_once_each_way() {
    let dial = |outcome| RawDial {
        to: "api.example.com:443".into(),
        tried: vec![("192.0.2.7:443".parse().unwrap(), outcome)],
    };
    let tried = |outcome| Event::Tried { connection: ONE, dial: dial(outcome) };
    let (overtaken, refused) = (DialOutcome::Overtaken, DialOutcome::Failed(FailureKind::Refused));
    let mut events = vec![opened(ONE)];
    events.extend([refused, overtaken, refused].map(tried));
    events.push(Event::Closed { connection: ONE });
    let (done, _) = transcript(events);
    assert_eq!(connections(&done)[0].dials, [dial(refused), dial(overtaken)]);
}

#[test]
fn requests_that_were_not_taken_are_counted_by_reason() {
    let refused = |stream, message: &str| {
        let (leg, phase, kind) = (Leg::Client, Phase::Head, FailureKind::Malformed);
        let failure = RawFailure { leg, phase, kind, message: message.to_owned() };
        Event::Refused { connection: ONE, stream, failure }
    };
    let (done, _) = transcript(vec![
        opened(ONE),
        refused(1, "PROTOCOL_ERROR"),
        refused(3, "PROTOCOL_ERROR"),
        refused(5, "REFUSED_STREAM"),
        refused(7, "PROTOCOL_ERROR"),
        Event::Closed { connection: ONE },
    ]);
    let told = connections(&done);
    assert_eq!(told.len(), 3, "each reason is told at once, and their numbers at the end");
    let known = told[2].refused.iter().map(|refused| (refused.stream, refused.times));
    assert_eq!(known.collect::<Vec<_>>(), [(1, 3), (5, 1)]);
    assert!(matches!(told[2].kind, RawKind::Plain));
}

#[test]
fn events_out_of_order_change_nothing() {
    let (done, at_end) = transcript(vec![
        response(A),
        response_data(A, b"x"),
        response_end(A),
        request_end(A),
        failed(A),
        Event::Asked { connection: ONE, authority: "x:1".into() },
        Event::Closed { connection: ONE },
    ]);
    assert!(done.is_empty() && at_end.is_empty());
    // A request that comes after the end of its connection is kept all the same.
    let (done, _) = transcript(vec![
        opened(ONE),
        Event::Closed { connection: ONE },
        request(A, ONE),
        request(A, ONE),
        response_data(A, b"before its head"),
        request_end(A),
        response(A),
        response_end(A),
        response_end(A),
    ]);
    assert_eq!(exchanges(&done).len(), 1);
}
