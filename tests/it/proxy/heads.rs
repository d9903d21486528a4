//! Heads: recorded as sent, forwarded as sent but for what `forward.rs` lists, refused where they are ambiguous.

use samewire::model::{FailureKind, Leg, Phase};

use super::rig::{OK, answering, start};

/// Sends `fields` to an origin through the proxy; gives the head recorded and the head that arrived.
async fn through(fields: &str) -> (String, String) {
    let (origin, mut heads) = answering(OK).await;
    let rig = start().await;
    let sent =
        format!("GET http://{origin}/a?b HTTP/1.1\r\nHost: {origin}\r\n{fields}Connection: close\r\n\r\n");
    let answer = rig.send(sent.as_bytes()).await;
    assert!(answer.ends_with(b"ok"), "{}", String::from_utf8_lossy(&answer));
    let arrived = heads.recv().await.unwrap();
    let told = rig.exchanges().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].head, sent, "recorded as sent");
    assert_eq!(told[0].desync, None);
    assert!(told[0].ended && told[0].request_ended);
    let start = format!("GET /a?b HTTP/1.1\r\nHost: {origin}\r\n");
    let arrived = arrived.strip_prefix(&start).unwrap_or_else(|| panic!("{arrived}")).to_owned();
    (sent, arrived)
}

#[tokio::test]
async fn case_order_spacing_and_duplicates_arrive_as_sent() {
    let fields = "x-B: 1\r\nX-a:2\r\nx-b:  3 \t\r\nACCEPT: */*\r\nAuthorization: Bearer \r\nX-Empty:\r\n\
                  X-High: \u{fc}\u{20ac}\r\nx-a: 4\r\n";
    let (_, arrived) = through(fields).await;
    assert_eq!(arrived, format!("{fields}\r\n"));
}

#[tokio::test]
async fn hop_by_hop_fields_stay_behind() {
    let fields = "Proxy-Connection: keep-alive\r\nKeep-Alive: 5\r\nX-Keep: 1\r\nconnection: X-Hop, keep-alive\r\n\
                  X-Hop: 1\r\nProxy-Authorization: Basic eDp5\r\nTE: gzip;q=0.5, trailers\r\nUpgrade: h2c\r\n";
    let (_, arrived) = through(fields).await;
    assert_eq!(arrived, "X-Keep: 1\r\nTE: trailers\r\n\r\n");
}

#[tokio::test]
async fn framing_fields_stay_even_where_connection_names_them() {
    let (_, arrived) = through("Connection: Host, Content-Length\r\nContent-Length: 0\r\n").await;
    assert_eq!(arrived, "Content-Length: 0\r\n\r\n");
}

#[tokio::test]
async fn bare_line_feeds_are_recorded_and_go_out_as_line_ends() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start().await;
    let sent = format!("GET http://{origin}/ HTTP/1.1\nHost: {origin}\nX-A: 1\r\nConnection: close\n\n");
    assert!(rig.send(sent.as_bytes()).await.ends_with(b"ok"));
    assert_eq!(heads.recv().await.unwrap(), format!("GET / HTTP/1.1\r\nHost: {origin}\r\nX-A: 1\r\n\r\n"));
    assert_eq!(rig.exchanges().await[0].head, sent);
}

#[tokio::test]
async fn an_old_client_stays_one() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start().await;
    let answer = rig.send(format!("GET http://{origin}/ HTTP/1.0\r\nX-A: 1\r\n\r\n").as_bytes()).await;
    assert!(
        answer.starts_with(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"),
        "{}",
        String::from_utf8_lossy(&answer)
    );
    let arrived = heads.recv().await.unwrap();
    assert_eq!(arrived, format!("GET / HTTP/1.0\r\nHost: {origin}\r\nX-A: 1\r\n\r\n"));
}

#[tokio::test]
async fn a_host_that_is_not_the_targets_is_replaced() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start().await;
    let sent =
        format!("GET http://me:secret@{origin} HTTP/1.1\r\nhost: other.example\r\nConnection: close\r\n\r\n");
    assert!(rig.send(sent.as_bytes()).await.ends_with(b"ok"));
    assert_eq!(heads.recv().await.unwrap(), format!("GET / HTTP/1.1\r\nhost: {origin}\r\n\r\n"));
    assert_eq!(rig.exchanges().await[0].head, sent);
}

#[tokio::test]
async fn ambiguous_heads_are_recorded_and_refused() {
    let (origin, mut heads) = answering(OK).await;
    let start_line = format!("POST http://{origin}/ HTTP/1.1\r\n");
    let host = format!("Host: {origin}\r\n");
    for fields in [
        String::new(),
        format!("{host}{host}"),
        format!("{host}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        format!("{host}Transfer-Encoding: chunked, chunked\r\n"),
        format!("{host}Transfer-Encoding: gzip\r\n"),
        format!("{host}Content-Length: 3\r\nContent-Length: 4\r\n"),
        format!("{host}Content-Length: +3\r\n"),
        format!("{host}X A: 1\r\n"),
        format!("{host}X-A : 1\r\n"),
        format!("{host}X-A: 1\r\n folded\r\n"),
        format!("{host}X-A: \u{0}\r\n"),
        format!("{host}no colon\r\n"),
    ] {
        let rig = start().await;
        let sent = format!("{start_line}{fields}\r\n");
        let answer = rig.send(sent.as_bytes()).await;
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{fields}: {}", String::from_utf8_lossy(&answer));
        let told = rig.exchanges().await;
        assert_eq!(told.len(), 1, "{fields}");
        assert_eq!(told[0].head, sent);
        let failure = told[0].failure.as_ref().unwrap();
        assert_eq!(
            (failure.leg, failure.phase, failure.kind),
            (Leg::Client, Phase::Head, FailureKind::Malformed)
        );
    }
    assert!(heads.try_recv().is_err(), "none of them is forwarded");
}

#[tokio::test]
async fn length_beside_chunks_does_not_go_on() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start().await;
    let sent = format!(
        "POST http://{origin}/ HTTP/1.1\r\nHost: {origin}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\
         Connection: close\r\n\r\n0\r\n\r\n"
    );
    assert!(rig.send(sent.as_bytes()).await.starts_with(b"HTTP/1.1 200"));
    let arrived = heads.recv().await.unwrap();
    assert_eq!(arrived, format!("POST / HTTP/1.1\r\nHost: {origin}\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

#[tokio::test]
async fn too_much_head_is_recorded_as_such() {
    for fields in ["X-A: 1\r\n".repeat(101), format!("X-A: {}\r\n", "a".repeat(300_000))] {
        let rig = start().await;
        let sent = format!("GET http://127.0.0.1:9/ HTTP/1.1\r\nHost: 127.0.0.1:9\r\n{fields}\r\n");
        let answer = rig.send(sent.as_bytes()).await;
        assert!(answer.starts_with(b"HTTP/1.1 431") || answer.is_empty());
        let told = rig.exchanges().await;
        assert_eq!(told[0].failure.as_ref().unwrap().kind, FailureKind::TooLarge);
        assert!(sent.starts_with(&told[0].head));
    }
}

#[tokio::test]
async fn a_request_to_the_proxy_itself_gets_an_explanation() {
    let rig = start().await;
    let answer = rig.send(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").await;
    let answer = String::from_utf8(answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 400") && answer.contains("samewire: this is a recording proxy"),
        "{answer}"
    );
    let told = rig.exchanges().await;
    assert_eq!(told[0].failure.as_ref().unwrap().kind, FailureKind::Forbidden);
}

#[tokio::test]
async fn a_head_that_breaks_off_is_recorded() {
    let rig = start().await;
    let mut stream = rig.connect().await;
    tokio::io::AsyncWriteExt::write_all(&mut stream, b"GET http://127.0.0.1:9/ HTTP/1.1\r\nX-A: 1")
        .await
        .unwrap();
    drop(stream);
    let mut rig = rig;
    let mut events = Vec::new();
    while !matches!(events.last(), Some(samewire::record::Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    let told = super::rig::told(&events);
    assert_eq!(told[0].head, "GET http://127.0.0.1:9/ HTTP/1.1\r\nX-A: 1");
    assert_eq!(told[0].failure.as_ref().unwrap().kind, FailureKind::Closed);
}

mod generated {
    use proptest::prelude::*;
    use tokio::io::AsyncWriteExt;
    use tokio::runtime::Runtime;

    use crate::proxy::rig::{OK, answering, read_exactly, read_head, start};

    /// Fields that any client may send and that no proxy may touch.
    fn field() -> impl Strategy<Value = String> {
        let value = "[!-~]([ -~\t]{0,30}[!-~])?|";
        ("[Xx]-[A-Za-z0-9_.!#$%&'*+^`|~-]{1,12}", "[ \t]{0,3}", value, "[ \t]{0,2}")
            .prop_map(|(name, before, value, after)| format!("{name}:{before}{value}{after}\r\n"))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

        /// Heads of one connection, cut anywhere: all of them are recorded and forwarded byte by byte, and
        /// hyper sees what the tap sees.
        #[test]
        fn heads_are_recorded_and_arrive_as_sent(
            heads in prop::collection::vec(prop::collection::vec(field(), 0..12), 1..12),
            paths in prop::collection::vec("/[A-Za-z0-9/?&=%._~-]{0,20}", 12),
            cut in 1_usize..200,
        ) {
            Runtime::new().unwrap().block_on(async {
                let (origin, mut arrived) = answering(OK).await;
                let rig = start().await;
                let mut stream = rig.connect().await;
                let mut sent = Vec::new();
                for (fields, path) in heads.iter().zip(&paths) {
                    let rest = format!(" HTTP/1.1\r\nHost: {origin}\r\n{}\r\n", fields.concat());
                    let head = format!("GET http://{origin}{path}{rest}");
                    for piece in head.as_bytes().chunks(cut) {
                        stream.write_all(piece).await.unwrap();
                    }
                    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200 OK\r\n"), "{head:?}");
                    read_exactly(&mut stream, 2).await;
                    assert_eq!(arrived.recv().await.unwrap(), format!("GET {path}{rest}"));
                    sent.push(head);
                }
                drop(stream);
                let told = rig.exchanges().await;
                assert_eq!(told.iter().map(|told| told.desync.clone()).collect::<Vec<_>>(), vec![None; sent.len()]);
                assert_eq!(told.into_iter().map(|told| told.head).collect::<Vec<_>>(), sent);
            });
        }
    }
}
