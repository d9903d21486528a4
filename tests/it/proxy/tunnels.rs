//! CONNECT: TLS opened, plain HTTP recognised, everything else passed through and counted.

use std::io::Write as _;
use std::net::SocketAddr;

use rcgen::{Certificate, CertificateParams, KeyPair};
use rustls::pki_types::ServerName;
use samewire::model::{FailureKind, Handshake, Leg, Phase};
use samewire::proxy::{Settings, UpstreamIdentity};
use samewire::record::Event;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::rig::{OK, Rig, read_exactly, read_head, settings, start, start_origin, start_with, told};
use super::secure;

/// A TLS origin for `localhost` and the PEM file of its certificate.
async fn secure_origin() -> (SocketAddr, tempfile::NamedTempFile) {
    secure_origin_asking(None).await
}

/// The same, that wants a client certificate of this authority.
async fn secure_origin_asking(clients: Option<&Certificate>) -> (SocketAddr, tempfile::NamedTempFile) {
    let (acceptor, file) = secure::identity(clients, &["http/1.1"]);
    let address = start_origin(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            while !read_head(&mut stream).await.is_empty() {
                if stream.write_all(OK).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (address, file)
}

fn trusting(ca: Option<&[u8]>) -> TlsConnector {
    secure::trusting(ca, &["h2", "http/1.1"])
}

async fn open(rig: &Rig, origin: SocketAddr) -> TlsStream<TcpStream> {
    let stream = rig.tunnel(&format!("localhost:{}", origin.port())).await;
    let name = ServerName::try_from("localhost").unwrap();
    trusting(Some(rig.authority.certificate_der())).connect(name, stream).await.unwrap()
}

fn handshakes(events: &[Event]) -> Vec<&Handshake> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Handshake { result, .. } => Some(result),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn tls_is_opened_and_its_requests_recorded() {
    let (origin, ca) = secure_origin().await;
    let rig = start_with(Settings { upstream_ca: vec![ca.path().into()], ..settings() }, 64).await;
    let mut stream = open(&rig, origin).await;
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    let sent = "GET /x HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer \r\n\r\n";
    for _ in 0..2 {
        stream.write_all(sent.as_bytes()).await.unwrap();
        assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200 OK"));
        assert_eq!(read_exactly(&mut stream, 2).await, b"ok");
    }
    drop(stream);
    let events = rig.finish().await;
    assert_eq!(handshakes(&events), [&Handshake::Completed]);
    assert!(events.iter().any(|event| matches!(event, Event::Dialled { .. })));
    let told = told(&events);
    assert_eq!(told.len(), 2);
    assert_eq!((told[0].scheme, told[0].head.as_str()), ("https", sent));
    assert_eq!(told[0].authority, Some(format!("localhost:{}", origin.port())));
    assert!(told.iter().all(|told| told.ended));
}

#[tokio::test]
async fn an_origin_whose_certificate_does_not_verify_never_succeeds() {
    let (origin, _ca) = secure_origin().await;
    let rig = start().await;
    let mut stream = open(&rig, origin).await;
    stream.write_all(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with(b"HTTP/1.1 502"), "{}", String::from_utf8_lossy(&head));
    let mut page = String::new();
    stream.read_to_string(&mut page).await.unwrap();
    assert!(page.starts_with("samewire: ") && page.contains("--upstream-ca"), "{page}");
    let told = rig.exchanges().await;
    let failure = told[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.leg, failure.phase, failure.kind),
        (Leg::Upstream, Phase::Tls, FailureKind::Certificate)
    );
}

#[tokio::test]
async fn an_origin_that_wants_a_client_certificate_gets_the_one_named() {
    let key = KeyPair::generate().unwrap();
    let client = CertificateParams::new(vec!["client".to_owned()]).unwrap().self_signed(&key).unwrap();
    let mut identity = tempfile::NamedTempFile::new().unwrap();
    identity.write_all((client.pem() + &key.serialize_pem()).as_bytes()).unwrap();
    let (origin, ca) = secure_origin_asking(Some(&client)).await;
    let both = identity.path().to_owned();
    for named in [Some(UpstreamIdentity { certificate: both.clone(), key: both }), None] {
        let given = named.is_some();
        let upstream_ca = vec![ca.path().into()];
        let rig = start_with(Settings { upstream_ca, upstream_identity: named, ..settings() }, 64).await;
        let mut stream = open(&rig, origin).await;
        let sent = b"GET /x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(sent).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer.ends_with(b"ok"), given, "{}", String::from_utf8_lossy(&answer));
        let told = rig.exchanges().await;
        assert_eq!(told[0].failure.as_ref().map(|failure| failure.leg), (!given).then_some(Leg::Upstream));
    }
}

#[tokio::test]
async fn a_client_that_does_not_trust_samewire_says_so_in_an_alert() {
    let (origin, _ca) = secure_origin().await;
    let rig = start().await;
    let stream = rig.tunnel(&format!("localhost:{}", origin.port())).await;
    let name = ServerName::try_from("localhost").unwrap();
    trusting(None).connect(name, stream).await.unwrap_err();
    let mut rig = rig;
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    assert_eq!(handshakes(&events), [&Handshake::Alert("unknown_ca".to_owned())]);
}

#[tokio::test]
async fn a_client_that_leaves_after_the_handshake_is_told_as_closed() {
    let (origin, _ca) = secure_origin().await;
    let mut rig = start().await;
    drop(open(&rig, origin).await);
    let mut events = Vec::new();
    while !matches!(events.last(), Some(Event::Closed { .. })) {
        events.push(rig.events.recv().await.unwrap());
    }
    assert_eq!(handshakes(&events), [&Handshake::Closed]);
}

#[tokio::test]
async fn plain_http_in_a_tunnel_is_recorded() {
    let (origin, mut heads) = super::rig::answering(OK).await;
    let rig = start().await;
    let mut stream = rig.tunnel(&origin.to_string()).await;
    stream.write_all(b"GET /x HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    read_head(&mut stream).await;
    assert_eq!(heads.recv().await.unwrap(), "GET /x HTTP/1.1\r\nhost: a\r\n\r\n");
    drop(stream);
    let told = rig.exchanges().await;
    assert_eq!((told[0].scheme, told[0].authority.clone()), ("http", Some(origin.to_string())));
}

#[tokio::test]
async fn other_protocols_pass_through_and_are_counted() {
    for (server_first, reason) in [(true, "the server speaks first"), (false, "not TLS")] {
        let origin = start_origin(move |mut stream| async move {
            if server_first {
                stream.write_all(b"220 hello\r\n").await.unwrap();
            }
            read_exactly(&mut stream, 6).await;
            stream.write_all(b"250 ok\r\n").await.unwrap();
        })
        .await;
        let rig = start().await;
        let mut stream = rig.tunnel(&origin.to_string()).await;
        if server_first {
            assert_eq!(read_exactly(&mut stream, 11).await, b"220 hello\r\n");
        }
        stream.write_all(b"\x00EHLO\n").await.unwrap();
        assert_eq!(read_exactly(&mut stream, 8).await, b"250 ok\r\n");
        drop(stream);
        let mut rig = rig;
        let mut events = Vec::new();
        while !matches!(events.last(), Some(Event::Closed { .. })) {
            events.push(rig.events.recv().await.unwrap());
        }
        let passed = events.iter().find_map(|event| match event {
            Event::Tunnelled { reason, sent, received, .. } => Some((*reason, *sent, *received)),
            _ => None,
        });
        assert_eq!(passed, Some((reason, 6, if server_first { 19 } else { 8 })));
    }
}
