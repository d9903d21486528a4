//! Bodies: whole in the record and on the wire, held back by a slow recorder, never ended cleanly when cut off.

use std::time::Duration;

use samewire::model::{FailureKind, Leg, Phase};
use samewire::redact::{Digest, Key, Redactor};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::rig::{
    OK, answering, read_exactly, read_head, settings, start, start_keeping, start_origin, start_with, told,
};

#[tokio::test]
async fn chunks_extensions_and_trailers_of_a_request() {
    let origin = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        assert!(head.contains("Transfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"), "{head}");
        let mut body = Vec::new();
        while !body.ends_with(b"\r\n\r\n") {
            body.push(stream.read_u8().await.unwrap());
        }
        assert_eq!(body, b"5\r\nhello\r\n0\r\nX-Sum: 9\r\nx-Undeclared:\t1\r\n\r\n");
        stream.write_all(OK).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let rig = start().await;
    let sent = format!(
        "POST http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\
         Connection: close\r\n\r\n5;a=b\r\nhello\r\n0\r\nX-Sum: 9\r\nx-Undeclared:\t1\r\n\r\n"
    );
    assert!(rig.send(sent.as_bytes()).await.ends_with(b"ok"));
    let told = rig.exchanges().await;
    assert_eq!(told[0].body, b"hello");
    assert_eq!(told[0].request_trailers, "X-Sum: 9\r\nx-Undeclared:\t1\r\n");
}

/// Whether `Trailer` names them and the client says that it takes them, or not. The content ends like a last chunk, so
/// that one looked for by its bytes alone would be found too early.
#[tokio::test]
async fn chunks_and_trailers_of_an_answer() {
    for (declared, te) in [("Trailer: X-Sum\r\n", "TE: trailers\r\n"), ("", "")] {
        let answer = format!(
            "HTTP/1.1 200 OK\r\n{declared}Transfer-Encoding: chunked\r\n\r\n\
             5\r\nhello\r\n8;x\r\n ho\r\n0\r\n\r\n0\r\nX-Sum: 9\r\n\r\n"
        );
        let (origin, _heads) = answering(answer.leak().as_bytes()).await;
        let rig = start().await;
        let mut stream = rig.connect().await;
        let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n{te}\r\n");
        for _ in 0..2 {
            stream.write_all(sent.as_bytes()).await.unwrap();
            let head = String::from_utf8(read_head(&mut stream).await).unwrap();
            assert_eq!(head, format!("HTTP/1.1 200 OK\r\n{declared}Transfer-Encoding: chunked\r\n\r\n"));
            let mut chunks = Vec::new();
            while !chunks.ends_with(b"0\r\nX-Sum: 9\r\n\r\n") {
                chunks.push(stream.read_u8().await.unwrap());
            }
            let chunks = String::from_utf8(chunks).unwrap();
            assert!(chunks.contains(" ho\r\n0\r\n\r\n0\r\nX-Sum"), "{chunks}");
        }
        drop(stream);
        let told = rig.exchanges().await;
        assert!(told.len() == 2 && told.iter().all(|told| told.ended), "the connection stays in step");
        assert_eq!(told[0].content, b"hello ho\r\n0\r\n");
        assert_eq!(told[0].trailers, "X-Sum: 9\r\n");
    }
}

#[tokio::test]
async fn an_old_client_gets_chunks_undone() {
    let (origin, _heads) =
        answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n").await;
    let rig = start().await;
    let sent = format!("GET http://{origin}/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    let answer = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
    assert!(answer.ends_with("\r\n\r\nhello") && !answer.contains("chunked"), "{answer}");
    assert!(answer.contains("Connection: close\r\n"), "{answer}");
}

#[tokio::test]
async fn an_answer_without_length_ends_with_the_connection() {
    let origin = start_origin(|mut stream| async move {
        read_head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\nall of it").await.unwrap();
    })
    .await;
    let rig = start().await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    let answer = String::from_utf8(rig.send(sent.as_bytes()).await).unwrap();
    assert_eq!(answer, "HTTP/1.1 200 OK\r\nX-A: 1\r\nConnection: close\r\n\r\nall of it");
    let told = rig.exchanges().await;
    assert!(told[0].ended && told[0].content == b"all of it");
}

#[tokio::test]
async fn a_slow_recorder_slows_the_body_and_loses_nothing() {
    const LENGTH: usize = 3 << 20;
    let origin = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        assert!(head.contains(&format!("Content-Length: {LENGTH}\r\n")));
        let body = read_exactly(&mut stream, LENGTH).await;
        stream
            .write_all(format!("HTTP/1.1 200 OK\r\nContent-Length: {LENGTH}\r\n\r\n").as_bytes())
            .await
            .unwrap();
        stream.write_all(&body).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mut rig = start_with(settings(), 2).await;
    let mut stream = rig.connect().await;
    let body: Vec<u8> = (0..=250).cycle().take(LENGTH).collect();
    let sent = body.clone();
    let client = tokio::spawn(async move {
        let head =
            format!("PUT http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: {LENGTH}\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&sent).await.unwrap();
        read_head(&mut stream).await;
        read_exactly(&mut stream, LENGTH).await
    });
    let mut events = Vec::new();
    while !matches!(events.last(), Some(samewire::record::Event::ResponseEnd { .. })) {
        tokio::task::yield_now().await;
        events.push(tokio::time::timeout(Duration::from_secs(20), rig.events.recv()).await.unwrap().unwrap());
    }
    assert!(client.await.unwrap() == body);
    let told = told(&events);
    assert!(told[0].body == body && told[0].content == body);
    assert!(told[0].request_ended && told[0].ended);
}

#[tokio::test]
async fn an_answer_that_breaks_off_reaches_the_client_so_far_and_no_further() {
    for (head, broken, clean_end) in [
        ("Content-Length: 100\r\n", "so far", false),
        ("Transfer-Encoding: chunked\r\n", "6\r\nso far\r\n", false),
        ("Transfer-Encoding: chunked\r\n", "6\r\nso far\r\nzz\r\n", false),
        ("X-Until: close\r\n", "so far", true),
    ] {
        let text: &'static str = format!("HTTP/1.1 200 OK\r\n{head}\r\n{broken}").leak();
        let origin = start_origin(move |mut stream| async move {
            read_head(&mut stream).await;
            stream.write_all(text.as_bytes()).await.unwrap();
            if clean_end {
                // A reset, which is all that tells such a body from a whole one.
                tokio::time::timeout(Duration::from_millis(200), stream.readable()).await.ok();
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
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.contains("so far"), "{head}: {answer}");
        assert!(!answer.ends_with("\r\n0\r\n\r\n"), "{head}: no end of chunks: {answer}");
        assert!(!clean_end || end.is_err(), "{head}: a reset stays one");
        let told = rig.exchanges().await;
        let failure = told[0].failure.as_ref().unwrap_or_else(|| panic!("{head}"));
        assert_eq!((failure.leg, failure.phase), (Leg::Upstream, Phase::Receive), "{head}");
        assert_eq!(told[0].content, b"so far");
    }
}

#[tokio::test]
async fn a_client_that_leaves_in_its_request_is_recorded() {
    let origin = start_origin(|mut stream| async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
    })
    .await;
    let mut rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!("POST http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 100\r\n\r\nhalf");
    stream.write_all(sent.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut events = Vec::new();
    while !matches!(events.last(), Some(samewire::record::Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    let told = told(&events);
    let failure = told[0].failure.as_ref().unwrap();
    assert_eq!((failure.leg, failure.phase, failure.kind), (Leg::Client, Phase::Send, FailureKind::Closed));
    assert_eq!(told[0].body, b"half");
}

#[tokio::test]
async fn a_client_that_leaves_before_the_answer_is_recorded() {
    let (origin, mut heads) = answering(b"").await;
    let mut rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    heads.recv().await.unwrap();
    drop(stream);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(samewire::record::Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    let failure = told(&events).remove(0).failure.unwrap();
    assert_eq!((failure.leg, failure.phase), (Leg::Client, Phase::Wait));
}

/// Server-sent events: one is sent when the one before was seen. Held back anywhere, the stream would stand still.
#[tokio::test]
async fn events_reach_the_client_as_they_are_sent() {
    let (acknowledge, acknowledged) = tokio::sync::mpsc::unbounded_channel::<()>();
    let acknowledged = std::sync::Arc::new(tokio::sync::Mutex::new(acknowledged));
    let origin = start_origin(move |mut stream| {
        let acknowledged = std::sync::Arc::clone(&acknowledged);
        async move {
            read_head(&mut stream).await;
            let head =
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
            stream.write_all(head).await.unwrap();
            for _ in 0..20 {
                stream.write_all(b"d\r\ndata: event\n\n\r\n").await.unwrap();
                acknowledged.lock().await.recv().await.unwrap();
            }
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        }
    })
    .await;
    let rig = start().await;
    let mut stream = rig.connect().await;
    let sent = format!("GET http://{origin}/events HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    read_head(&mut stream).await;
    for _ in 0..20 {
        assert_eq!(read_exactly(&mut stream, 18).await, b"D\r\ndata: event\n\n\r\n");
        acknowledge.send(()).unwrap();
    }
    assert_eq!(read_exactly(&mut stream, 5).await, b"0\r\n\r\n");
    let told = rig.exchanges().await;
    assert_eq!((told[0].content.len(), told[0].ended), (20 * 13, true));
}

#[tokio::test]
async fn many_exchanges_at_once_pass_through_a_recorder_with_little_room() {
    const AT_ONCE: usize = 64;
    let origin = start_origin(|mut stream| async move {
        let mut read = vec![0; 100_000];
        read_head(&mut stream).await;
        stream.read_exact(&mut read).await.unwrap();
        stream.write_all(OK).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let mut rig = start_with(settings(), 4).await;
    let head = format!(
        "POST http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n"
    );
    let address = rig.address;
    let clients: Vec<_> = (0..AT_ONCE)
        .map(|_| {
            let sent = [head.as_bytes(), &vec![b'x'; 100_000]].concat();
            tokio::spawn(async move {
                let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
                stream.write_all(&sent).await.unwrap();
                let mut answer = Vec::new();
                stream.read_to_end(&mut answer).await.unwrap();
                answer.ends_with(b"ok")
            })
        })
        .collect();
    let all = async {
        for client in clients {
            assert!(client.await.unwrap());
        }
    };
    tokio::pin!(all);
    let served = tokio::time::timeout(Duration::from_secs(60), async {
        loop {
            tokio::select! {
                () = &mut all => break,
                Some(_) = rig.events.recv() => {}
            }
        }
    });
    served.await.expect("nobody waits for ever");
}

/// Of a body that is announced to go beyond the limit nothing is told, whole or broken off; length and digest are those of everything that
/// has passed.
#[tokio::test]
async fn beyond_the_limit_bodies_are_digested_where_they_pass() {
    const LIMIT: usize = 5_000;
    const LONG: usize = 300_000;
    let long: &'static [u8] = (0..LONG).map(|at| (at % 251).to_le_bytes()[0]).collect::<Vec<_>>().leak();
    let origin = start_origin(move |mut stream| async move {
        loop {
            let head = String::from_utf8(read_head(&mut stream).await).unwrap();
            if head.is_empty() {
                return;
            }
            assert!(read_exactly(&mut stream, LONG).await == long);
            let announced = if head.starts_with("POST /whole") { LONG } else { LONG + 1 };
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.unwrap();
            stream.write_all(long).await.unwrap();
            if announced > LONG {
                return;
            }
        }
    })
    .await;
    let rig = start_keeping(LIMIT, settings(), 1024).await;
    let mut stream = rig.connect().await;
    for path in ["whole", "cut-off"] {
        let head = format!(
            "POST http://{origin}/{path} HTTP/1.1\r\nHost: {origin}\r\nContent-Length: {LONG}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(long).await.unwrap();
        read_head(&mut stream).await;
        assert!(read_exactly(&mut stream, LONG).await == long);
    }
    assert_eq!(stream.read(&mut [0]).await.unwrap_or_default(), 0);
    let redactor = Redactor::new(Key::from_bytes([7; 32]));
    let mut digest = Digest::default();
    digest.update(long);
    let expected = Some((LONG as u64, redactor.tag(&digest)));
    let told = rig.exchanges().await;
    assert_eq!(told.iter().map(|told| told.failure.is_some()).collect::<Vec<_>>(), [false, true]);
    for told in told {
        assert!(told.body.is_empty() && told.content.is_empty());
        for whole in told.wholes {
            assert_eq!(whole.map(|whole| (whole.length, redactor.tag(&whole.digest))), expected);
        }
    }
}
