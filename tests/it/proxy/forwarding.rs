//! Exchanges one after the other: keep-alive, pipelining, interim answers, answers without a body.

use std::fmt::Write as _;
use std::time::Duration;

use samewire::model::{FailureKind, Leg, Messages, WebSocket};
use samewire::record::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{mpsc, watch};

use super::rig::{OK, answering, read_exactly, read_head, start, start_origin, told};

#[tokio::test]
async fn pipelined_requests_are_answered_in_order_on_one_upstream_connection() {
    let origin = start_origin(|mut stream| async move {
        let mut count = 0;
        loop {
            let head = String::from_utf8(read_head(&mut stream).await).unwrap();
            if head.is_empty() {
                return;
            }
            count += 1;
            let body = format!("{count}:{}", head.split(' ').nth(1).unwrap());
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    })
    .await;
    let rig = start().await;
    let mut sent = String::new();
    for path in ["/1", "/2", "/3"] {
        let close = if path == "/3" { "Connection: close\r\n" } else { "" };
        write!(sent, "GET http://{origin}{path} HTTP/1.1\r\nHost: {origin}\r\n{close}\r\n").unwrap();
    }
    let answer = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
    let at = |text: &str| answer.find(text).unwrap_or_else(|| panic!("{answer}"));
    assert!(at("1:/1") < at("2:/2") && at("2:/2") < at("3:/3"));
    let told = rig.exchanges().await;
    assert_eq!(told.len(), 3);
    assert!(told.iter().all(|told| told.ended && told.desync.is_none()));
    assert_eq!(told.iter().map(|told| told.head.as_str()).collect::<String>(), sent);
}

#[tokio::test]
async fn the_answers_head_reaches_the_client_as_sent() {
    let (origin, _heads) = answering(
        b"HTTP/1.1 299 Odd  Reason\r\nset-Cookie: a=1\r\nX-B:2\r\nSet-Cookie: b=2 \r\nKeep-Alive: 3\r\n\
          Content-length: 2\r\nX-Fold: a\r\n  b\r\n\r\nok",
    )
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    let head = String::from_utf8(read_head(&mut stream).await).unwrap();
    assert_eq!(
        head,
        "HTTP/1.1 299 Odd  Reason\r\nset-Cookie: a=1\r\nX-B:2\r\nSet-Cookie: b=2 \r\nContent-length: 2\r\n\
         X-Fold: a b\r\n\r\n"
    );
    assert_eq!(read_exactly(&mut stream, 2).await, b"ok");
    drop(stream);
    let told = rig.exchanges().await;
    assert!(told[0].answer.as_ref().unwrap().contains("X-Fold: a\r\n  b\r\n"));
}

#[tokio::test]
async fn answers_without_a_body_end_at_their_head() {
    for (method, answer) in [
        ("HEAD", &b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"[..]),
        ("HEAD", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\nETag: \"x\"\r\n\r\n"),
        ("GET", b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
    ] {
        let (origin, _heads) = answering(answer).await;
        let rig = start().await;
        let mut stream = rig.connect().await;
        let sent = format!("{method} http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        for _ in 0..2 {
            stream.write_all(sent.as_bytes()).await.unwrap();
            assert_eq!(read_head(&mut stream).await, answer, "the connection stays in step");
        }
        drop(stream);
        let told = rig.exchanges().await;
        assert!(told.len() == 2 && told.iter().all(|told| told.ended && told.content.is_empty()));
    }
}

/// Between requests the library does not have the connections; neither end can tell.
#[tokio::test]
async fn connections_that_rest_are_kept_on_both_sides() {
    let (connections, mut opened) = mpsc::unbounded_channel();
    let (leave, left) = watch::channel(false);
    let origin = start_origin(move |mut stream| {
        let (connections, mut left) = (connections.clone(), left.clone());
        async move {
            connections.send(()).unwrap();
            let answering = async {
                while !read_head(&mut stream).await.is_empty() && stream.write_all(OK).await.is_ok() {}
            };
            tokio::select! {
                () = answering => {}
                _ = left.wait_for(|leave| *leave) => {}
            }
        }
    })
    .await;
    let rig = start().await;
    let mut stream = rig.tunnel(&origin.to_string()).await;
    for id in 0..4 {
        let sent = format!("GET /{id} HTTP/1.1\r\nHost: {origin}\r\n\r\n");
        // In two pieces, of which the first wakes it.
        let (first, second) = sent.as_bytes().split_at(3);
        stream.write_all(first).await.unwrap();
        stream.write_all(second).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
        assert_eq!(read_exactly(&mut stream, 2).await, b"ok");
        let nothing = tokio::time::timeout(Duration::from_millis(30), stream.read(&mut [0])).await;
        assert!(nothing.is_err(), "it is kept open");
    }
    leave.send_replace(true);
    assert_eq!(stream.read(&mut [0]).await.unwrap(), 0, "the client learns that the origin has left");
    let told = rig.exchanges().await;
    assert!(told.len() == 4 && told.iter().all(|told| told.ended && told.desync.is_none()));
    assert_eq!(opened.try_recv(), Ok(()));
    assert!(opened.try_recv().is_err(), "one connection for all");
}

#[tokio::test]
async fn a_body_is_asked_for_when_the_origin_asks() {
    let origin = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        assert!(head.contains("Expect: 100-continue\r\n"));
        stream
            .write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n")
            .await
            .unwrap();
        assert_eq!(read_exactly(&mut stream, 4).await, b"body");
        stream.write_all(OK).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!(
        "PUT http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(sent.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut stream).await, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    assert_eq!(read_head(&mut stream).await, b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    assert_eq!(read_head(&mut stream).await, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    drop(stream);
    let told = rig.exchanges().await;
    assert_eq!(told[0].interim, [103, 100]);
    assert_eq!(told[0].body, b"body");
}

#[tokio::test]
async fn a_body_that_the_origin_does_not_want_is_not_asked_for() {
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n").await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let rig = start().await;
    let sent = format!(
        "PUT http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    );
    let answer = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{answer}");
    let told = rig.exchanges().await;
    assert!(told[0].ended && told[0].body.is_empty());
}

#[tokio::test]
async fn a_silent_origin_does_not_keep_the_body_for_ever() {
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        assert_eq!(read_exactly(&mut stream, 4).await, b"body");
        stream.write_all(OK).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!(
        "PUT http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    );
    stream.write_all(sent.as_bytes()).await.unwrap();
    assert_eq!(read_head(&mut stream).await, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"body").await.unwrap();
    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn a_kept_connection_that_the_origin_closed_is_dialled_anew() {
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(OK).await.unwrap();
    })
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    for _ in 0..20 {
        let sent = format!("POST http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 1\r\n\r\nx");
        stream.write_all(sent.as_bytes()).await.unwrap();
        let head = read_head(&mut stream).await;
        if head.is_empty() {
            // The origin's close overtook the request: nobody can know whether it was taken.
            stream = rig.connect().await;
            continue;
        }
        assert!(head.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&head));
        read_exactly(&mut stream, 2).await;
    }
    drop(stream);
    let told = rig.exchanges().await;
    for told in told.iter().filter(|told| !told.ended) {
        let failure = told.failure.as_ref().unwrap();
        assert_eq!(failure.leg, Leg::Upstream);
        assert!(matches!(failure.kind, FailureKind::Closed | FailureKind::Reset));
    }
}

#[tokio::test]
async fn a_websocket_passes_through_and_its_messages_are_counted() {
    websocket(true).await;
}

#[tokio::test]
async fn a_websocket_that_is_open_when_the_proxy_stops_is_recorded() {
    websocket(false).await;
}

async fn websocket(client_leaves: bool) {
    let origin = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        assert!(head.contains("Upgrade: websocket\r\nConnection: Upgrade\r\n"), "{head}");
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n\x81\x05hello",
            )
            .await
            .unwrap();
        let mut buffer = [0; 100];
        loop {
            let read = stream.read(&mut buffer).await.unwrap();
            if read == 0 {
                return;
            }
            stream.write_all(&buffer[..read]).await.unwrap();
        }
    })
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!(
        "GET http://{origin}/ws HTTP/1.1\r\nHost: {origin}\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n"
    );
    stream.write_all(sent.as_bytes()).await.unwrap();
    let head = String::from_utf8(read_head(&mut stream).await).unwrap();
    assert_eq!(head, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
    assert_eq!(read_exactly(&mut stream, 7).await, b"\x81\x05hello");
    // A request in a text frame: 18 bytes, masked with zeros; then a ping.
    let frames = b"\x81\x92\0\0\0\0GET / HTTP/1.1\r\n\r\n\x89\x80\0\0\0\0";
    stream.write_all(frames).await.unwrap();
    assert_eq!(read_exactly(&mut stream, frames.len()).await, frames);
    if client_leaves {
        drop(stream);
    }
    let events = rig.finish().await;
    let counted = events.iter().find_map(|event| match event {
        Event::Messages { messages, .. } => Some(*messages),
        _ => None,
    });
    let sent = Messages { messages: 1, bytes: 18, control: 1 };
    let received = Messages { messages: 2, bytes: 23, control: 1 };
    assert_eq!(counted, Some(WebSocket { sent, received }));
    let told = told(&events);
    assert_eq!(told.len(), 1, "what the other protocol says is no request");
    assert!(told[0].ended);
}
