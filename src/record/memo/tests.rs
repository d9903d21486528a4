use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;

use super::key::LONGEST;
use super::*;
use crate::model::{Fidelity, Reference, Timings};
use crate::redact::{Key as TagKey, Known, RawBody};

const SECRET: &str = "Zq8-plum_Kettle77-vogue";
const TOKEN: &str = "tk9-QxT2vLpR7aWzY3bN8cF5";

fn redactor() -> Redactor {
    let mut redactor = Redactor::new(TagKey::from_bytes([7; 32]));
    redactor.refer(Reference::Named("key".into()), SECRET, Known::Secret);
    redactor
}

fn message(head: String, body: &str) -> RawMessage {
    let length = body.len() as u64;
    let bytes = Bytes::copy_from_slice(body.as_bytes());
    RawMessage {
        head: Bytes::from(head),
        body: RawBody { bytes, length, complete: true, ..RawBody::default() },
    }
}

/// `JWT` expires at the second 1,900,000,000.
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE5MDAwMDAwMDAsInN1YiI6ImEifQ.c2lnbmF0dXJlLXNpZ25hdHVyZQ";

/// Requests that tell different things: the secret, a token that an answer issues, one that depends on the time.
fn request(kind: usize) -> RawMessage {
    let line = |target: &str, fields: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: api.example.com\r\n{fields}\r\n")
    };
    match kind {
        0 => message(line("/lots?page=1", ""), ""),
        1 => message(line("/lots", &format!("Authorization: Bearer {SECRET}\r\n")), ""),
        2 => message(line("/lots", &format!("Authorization: Bearer {TOKEN}\r\n")), ""),
        3 => message(line("/lots", &format!("Authorization: Bearer {JWT}\r\n")), ""),
        4 => message(line("/oauth/token", ""), "grant_type=client_credentials&client_id=abc"),
        5 => message(line(&format!("/echo/{TOKEN}"), ""), ""),
        _ => message(line("/lots?since=2026-11-20", ""), ""),
    }
}

fn answer(kind: usize) -> RawMessage {
    let head = |length: usize| {
        format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n")
    };
    let body = match kind {
        0 => r#"{"lots":[{"id":1,"name":"first lot"}]}"#.to_owned(),
        1 => format!(r#"{{"access_token":"{TOKEN}","expires_in":3600}}"#),
        2 => format!(r#"{{"handle":"{TOKEN}"}}"#),
        3 => r#"{"at":"2026-11-22T08:59:50Z","seconds":1795337990}"#.to_owned(),
        4 => format!("you sent {SECRET}"),
        _ => String::new(),
    };
    message(head(body.len()), &body)
}

fn exchange(number: u32, request: RawMessage, answer: RawMessage, second: i64) -> RawExchange {
    RawExchange {
        number,
        connection: 1,
        index: number,
        started_at: Timestamp::from_second(second).unwrap(),
        timings: Timings { sent: Some(0.5), answered: Some(1.0), ended: Some(f64::from(number)) },
        scheme: "https",
        authority: number.is_multiple_of(2).then(|| "api.example.com:443".to_owned()),
        fidelity: Fidelity::Wire,
        request,
        interim: Vec::new(),
        websocket: None,
        outcome: RawOutcome::Answered(answer),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn with_and_without_the_memo_the_same_is_written(
        exchanges in prop::collection::vec((0..7_usize, 0..6_usize, 0..3_i64), 1..40)
    ) {
        let (mut with, mut without) = (redactor(), redactor());
        let mut memo = Memo::default();
        for (at, (ask, reply, later)) in exchanges.into_iter().enumerate() {
            let number = u32::try_from(at).unwrap() + 1;
            let raw = exchange(number, request(ask), answer(reply), 1_795_338_000 + later);
            let ready = memo.render(&mut with, &raw).unwrap();
            let entry = Entry::new(&without.exchange(&raw)).unwrap();
            let rendered = match (&ready.unchecked, &ready.of) {
                (Some(entry), _) => entry.clone(),
                (None, Of::Messages { request, response }) => {
                    Entry::answered(&frame(&raw), &request.rendered, &response.rendered).unwrap()
                }
                (None, Of::Whole(_)) => panic!("it is never known"),
            };
            prop_assert_eq!(
                String::from_utf8_lossy(rendered.as_bytes()),
                String::from_utf8_lossy(entry.as_bytes())
            );
            prop_assert!(with.check(rendered.as_bytes()).is_ok());
            prop_assert_eq!(with.generation(), without.generation());
            memo.keep(&with, &ready);
        }
    }
}

#[test]
fn the_same_is_found_again_and_what_tells_time_only_within_its_second() {
    let mut redactor = redactor();
    let mut memo = Memo::default();
    let mut clean = |request: usize, answer_kind: usize, second: i64| {
        let raw = exchange(2, self::request(request), answer(answer_kind), second);
        let ready = memo.render(&mut redactor, &raw).unwrap();
        memo.keep(&redactor, &ready);
        ready.unchecked.is_none()
    };
    assert!(!clean(0, 0, 1_795_338_000));
    assert!(clean(0, 0, 1_795_338_900));
    assert!(!clean(3, 0, 1_795_338_000));
    assert!(clean(3, 0, 1_795_338_000));
    assert!(!clean(3, 0, 1_795_338_001));
    assert!(!clean(0, 3, 1_795_338_000));
    assert!(!clean(0, 3, 1_795_338_001));
}

#[test]
fn a_token_that_becomes_known_is_looked_for_in_what_was_clean_before() {
    let mut redactor = redactor();
    let mut memo = Memo::default();
    let mut clean = |request: usize, answer_kind: usize| {
        let raw = exchange(1, self::request(request), answer(answer_kind), 1_795_338_000);
        let ready = memo.render(&mut redactor, &raw).unwrap();
        memo.keep(&redactor, &ready);
        ready.unchecked.is_none()
    };
    assert!(!clean(2, 0));
    assert!(clean(2, 0));
    assert!(!clean(4, 1), "it issues the token");
    assert!(!clean(4, 1), "its request was redacted before the token was known");
    assert!(clean(4, 1));
    assert!(!clean(2, 0));
    assert!(clean(2, 0));
}

#[test]
fn the_room_is_bounded_and_what_is_in_use_stays() {
    let mut redactor = redactor();
    let mut memo = Memo::default();
    let often = exchange(1, request(0), answer(0), 1_795_338_000);
    for number in 0..4_000 {
        let target = format!("GET /lots?page={number} HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
        let raw = exchange(1, message(target, ""), answer(0), 1_795_338_000);
        for raw in [&raw, &often] {
            let ready = memo.render(&mut redactor, raw).unwrap();
            memo.keep(&redactor, &ready);
        }
        assert!(memo.requests.bytes <= ROOM);
        assert_eq!(memo.requests.kept.len(), memo.requests.order.len());
    }
    assert!(memo.requests.kept.len() < 4_000, "the bound was never reached");
    assert!(memo.render(&mut redactor, &often).unwrap().unchecked.is_none());
}

#[test]
fn long_messages_are_not_kept() {
    let mut redactor = redactor();
    let mut memo = Memo::default();
    let raw = exchange(
        1,
        request(0),
        message("HTTP/1.1 200 OK\r\n\r\n".into(), &"x".repeat(LONGEST)),
        1_795_338_000,
    );
    for _ in 0..2 {
        let ready = memo.render(&mut redactor, &raw).unwrap();
        memo.keep(&redactor, &ready);
        assert!(ready.unchecked.is_some());
    }
    assert!(memo.responses.kept.is_empty());
}

#[test]
fn the_beginning_of_a_long_body_is_not_taken_for_a_short_one() {
    let mut redactor = redactor();
    let mut memo = Memo::default();
    let mut raw = exchange(1, request(0), answer(0), 1_795_338_000);
    for seen_before in [false, true] {
        let ready = memo.render(&mut redactor, &raw).unwrap();
        memo.keep(&redactor, &ready);
        assert_eq!(ready.unchecked.is_none(), seen_before);
    }
    let RawOutcome::Answered(answer) = &mut raw.outcome else { panic!("not answered") };
    answer.body.length += 1;
    assert!(memo.render(&mut redactor, &raw).unwrap().unchecked.is_some());
}

/// Nobody knows that it is a token when the request is redacted. The exchange is kept all the same, with or without the memo.
#[test]
fn what_an_answer_issues_is_hidden_in_the_request_that_shows_it() {
    let head = "GET /lots HTTP/1.1\r\nHost: api.example.com\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n";
    let set = "HTTP/1.1 200 OK\r\nSet-Cookie: locale=en-US,en; Path=/\r\nContent-Length: 0\r\n\r\n";
    let mut raw = exchange(1, message(head.to_owned(), ""), message(set.to_owned(), ""), 1_790_000_000);
    let written = |entry: &Entry| String::from_utf8(entry.as_bytes().to_vec()).unwrap();
    let mut alone = redactor();
    let entry = Entry::new(&alone.exchange(&raw)).unwrap();
    assert!(alone.check(entry.as_bytes()).is_ok());
    assert!(!written(&entry).contains("en-US,en"));
    let (mut memo, mut redactor) = (Memo::default(), redactor());
    // The third time both messages are known, and nothing is left to be checked.
    for (number, is_checked) in [(1, true), (2, true), (3, false)] {
        raw.number = number;
        let ready = memo.render(&mut redactor, &raw).unwrap();
        assert_eq!(ready.unchecked().is_some(), is_checked, "{number}");
        let entry = ready.unchecked().map_or_else(String::new, written);
        assert!(redactor.check(entry.as_bytes()).is_ok() && !entry.contains("en-US,en"), "{entry}");
        memo.keep(&redactor, &ready);
    }
}
