//! What fails upstream: the client fails as the table in `docs/fidelity.md` says, and the record names leg and phase.

use samewire::model::{FailureKind, Leg, Phase};
use samewire::record::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::rig::{answering, read_head, settings, start, start_origin, start_with, told};

async fn refused() -> String {
    let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
    socket.local_addr().unwrap().to_string()
}

#[tokio::test]
async fn a_target_that_cannot_be_had_is_answered_in_its_place() {
    let itself = start().await;
    for (target, phase, kind, status) in [
        (refused().await, Phase::Connect, FailureKind::Refused, 502),
        ("no-such-host.invalid:80".to_owned(), Phase::Resolve, FailureKind::NameNotResolved, 502),
        ("169.254.169.254:80".to_owned(), Phase::Connect, FailureKind::Forbidden, 403),
        ("[::ffff:169.254.169.254]:80".to_owned(), Phase::Connect, FailureKind::Forbidden, 403),
        ("2852039166:80".to_owned(), Phase::Connect, FailureKind::Forbidden, 403),
    ] {
        let rig = start().await;
        let sent = format!("GET http://{target}/ HTTP/1.1\r\nHost: {target}\r\n\r\n");
        let answer = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{target}: {answer}");
        assert!(answer.contains("\r\n\r\nsamewire: "), "{answer}");
        let told = rig.exchanges().await;
        let failure = told[0].failure.as_ref().unwrap();
        assert_eq!((failure.leg, failure.phase, failure.kind), (Leg::Upstream, phase, kind), "{target}");
        assert!(told[0].request_ended, "a request without a body is whole");
    }
    drop(itself);
}

#[tokio::test]
async fn the_proxy_does_not_go_to_itself() {
    let rig = start().await;
    let port = rig.address.port();
    for host in ["127.0.0.1", "localhost", "0.0.0.0", "127.1", "0x7f000001"] {
        let ask = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n");
        let answer = String::from_utf8(rig.send(ask.as_bytes()).await).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 403 ") && answer.contains("samewire's own listener"),
            "{host}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_connect_that_fails_is_told_by_status_and_event() {
    let rig = start().await;
    let target = refused().await;
    let answer = rig.send(format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n").as_bytes()).await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 502 Bad Gateway\r\n") && answer.contains("samewire: "), "{answer}");
    let events = rig.finish().await;
    let failed = events.iter().find_map(|event| match event {
        Event::ConnectFailed { failure, .. } => Some((failure.phase, failure.kind)),
        _ => None,
    });
    assert_eq!(failed, Some((Phase::Connect, FailureKind::Refused)));
    assert!(matches!(events.last(), Some(Event::Closed { .. })));
}

#[tokio::test]
async fn an_origin_that_leaves_without_an_answer_leaves_the_client_without_one() {
    for reset in [false, true] {
        let origin = start_origin(move |mut stream| async move {
            read_head(&mut stream).await;
            if reset {
                stream.set_zero_linger().unwrap();
            }
        })
        .await;
        let rig = start().await;
        let mut stream = rig.connect().await;
        let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        let end = stream.read_to_end(&mut answer).await;
        assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
        assert_eq!(end.is_err(), reset);
        let told = rig.exchanges().await;
        let failure = told[0].failure.as_ref().unwrap();
        let kind = if reset { FailureKind::Reset } else { FailureKind::Closed };
        assert_eq!((failure.leg, failure.phase, failure.kind), (Leg::Upstream, Phase::Wait, kind));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_http_is_a_bad_gateway() {
    for answer in ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n"] {
        let answer: &'static str = answer;
        let origin = start_origin(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(answer.as_bytes()).await.unwrap();
            let _ = stream.read(&mut [0]).await;
        })
        .await;
        let rig = start().await;
        let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        assert!(rig.send(sent.as_bytes()).await.starts_with(b"HTTP/1.1 502"));
        let told = rig.exchanges().await;
        assert_eq!(told[0].failure.as_ref().unwrap().kind, FailureKind::Malformed);
    }
}

/// Whether the library below could still read it or not.
#[tokio::test]
async fn an_answer_whose_head_is_too_large_is_a_bad_gateway() {
    for length in [130_000, 200_000, 300_000, 450_000, 2_000_000] {
        let answer = format!("HTTP/1.1 200 OK\r\nX-A: {}\r\nContent-Length: 2\r\n\r\nok", "a".repeat(length));
        let (origin, _heads) = answering(answer.into_bytes().leak()).await;
        let rig = start().await;
        let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\r\n");
        let page = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
        let is_too_large = length > 128 * 1024;
        let status = if is_too_large { "HTTP/1.1 502" } else { "HTTP/1.1 200" };
        assert!(page.starts_with(status), "{length}: {}", &page[..60.min(page.len())]);
        let told = rig.exchanges().await;
        let failure = told[0].failure.as_ref().map(|failure| (failure.leg, failure.phase, failure.kind));
        let expected = (Leg::Upstream, Phase::Wait, FailureKind::TooLarge);
        assert_eq!(failure, is_too_large.then_some(expected), "{length}");
    }
}

#[tokio::test]
async fn a_silent_origin_times_out() {
    let origin = start_origin(|mut stream| async move {
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let mut settings = settings();
    settings.timeouts.answer = std::time::Duration::from_millis(200);
    let rig = start_with(settings, 64).await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    assert!(rig.send(sent.as_bytes()).await.starts_with(b"HTTP/1.1 504"));
    assert_eq!(rig.exchanges().await[0].failure.as_ref().unwrap().kind, FailureKind::TimedOut);
}

#[tokio::test]
async fn stopping_leaves_what_is_under_way_without_an_end() {
    let (origin, mut heads) = answering(b"").await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    heads.recv().await.unwrap();
    let told = told(&rig.finish().await);
    assert!(told[0].failure.is_none() && !told[0].ended);
}
