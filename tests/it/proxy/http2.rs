//! HTTP/2 on both legs: what passes, and how it is recorded.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use h2::client::SendRequest;
use h2::server::SendResponse;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, Method, Request, Response, Version};
use rustls::pki_types::ServerName;
use samewire::model::{FailureKind, Fidelity, Leg, Phase};
use samewire::proxy::Settings;
use samewire::record::Event;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::client::TlsStream;

use super::rig::{OK, Rig, Told, read_head, settings, start, start_origin, start_with, told};
use super::secure;

/// An HTTP/2 origin under TLS.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    ca: tempfile::NamedTempFile,
    pub(super) connections: Arc<AtomicUsize>,
}

pub(super) type Call = (Request<RecvStream>, SendResponse<Bytes>);

impl Origin {
    /// Every request is given to the closure, all at once.
    pub(super) async fn start<F, R>(serve: F) -> Self
    where
        F: Fn(Call) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let serve = Arc::new(serve);
        Self::raw(&["h2", "http/1.1"], move |stream| serve_calls(stream, Arc::clone(&serve))).await
    }

    /// Every connection is given to the closure.
    pub(super) async fn raw<F, R>(protocols: &[&str], serve: F) -> Self
    where
        F: Fn(tokio_rustls::server::TlsStream<TcpStream>) -> R + Send + Sync + 'static,
        R: Future<Output = ()> + Send + 'static,
    {
        let (acceptor, ca) = secure::identity(None, protocols);
        let connections = Arc::new(AtomicUsize::new(0));
        let (serve, count) = (Arc::new(serve), Arc::clone(&connections));
        let address = start_origin(move |stream| {
            let (acceptor, serve, count) = (acceptor.clone(), Arc::clone(&serve), Arc::clone(&count));
            async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                count.fetch_add(1, Ordering::SeqCst);
                serve(stream).await;
            }
        })
        .await;
        Self { address, ca, connections }
    }

    pub(super) fn settings(&self) -> Settings {
        Settings { upstream_ca: vec![self.ca.path().into()], ..settings() }
    }

    pub(super) async fn rig(&self) -> Rig {
        start_with(self.settings(), 4096).await
    }
}

async fn serve_calls<S, F, R>(stream: S, serve: Arc<F>)
where
    S: AsyncRead + AsyncWrite + Unpin,
    F: Fn(Call) -> R + Send + Sync + 'static,
    R: Future<Output = ()> + Send + 'static,
{
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok(call)) = connection.accept().await {
        tokio::spawn(serve(call));
    }
}

/// A TLS client in a tunnel.
pub(super) async fn secured(rig: &Rig, origin: SocketAddr, protocols: &[&str]) -> TlsStream<TcpStream> {
    let stream = rig.tunnel(&format!("localhost:{}", origin.port())).await;
    let name = ServerName::try_from("localhost").unwrap();
    let connector = secure::trusting(Some(rig.authority.certificate_der()), protocols);
    connector.connect(name, stream).await.unwrap()
}

fn protocol(stream: &TlsStream<TcpStream>) -> &[u8] {
    stream.get_ref().1.alpn_protocol().unwrap_or_default()
}

/// An HTTP/2 client in a tunnel.
pub(super) async fn client(rig: &Rig, origin: SocketAddr) -> SendRequest<Bytes> {
    let stream = secured(rig, origin, &["h2", "http/1.1"]).await;
    assert_eq!(protocol(&stream), b"h2");
    speak(stream).await
}

pub(super) async fn speak<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    stream: S,
) -> SendRequest<Bytes> {
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(async move {
        let _ = connection.await;
    });
    client
}

pub(super) fn request(method: &str, path: &str) -> Request<()> {
    let mut request = Request::builder().method(method).uri(format!("https://localhost{path}"));
    for (name, value) in [("x-first", "1"), ("authorization", "Bearer "), ("x-last", "2")] {
        request = request.header(name, value);
    }
    request.version(Version::HTTP_2).body(()).unwrap()
}

fn ok() -> Response<()> {
    Response::builder().status(200).header("x-origin", "yes").body(()).unwrap()
}

/// Takes a piece of content, and lets the sender send as much again.
pub(super) async fn piece(body: &mut RecvStream) -> Option<Result<Bytes, h2::Error>> {
    let data = body.data().await?;
    if let Ok(data) = &data {
        body.flow_control().release_capacity(data.len()).unwrap();
    }
    Some(data)
}

pub(super) async fn content(body: &mut RecvStream) -> Vec<u8> {
    let mut all = Vec::new();
    while let Some(data) = piece(body).await {
        all.extend_from_slice(&data.unwrap());
    }
    all
}

fn trailers(name: &'static str, value: &'static str) -> HeaderMap {
    let mut fields = HeaderMap::new();
    fields.insert(name, value.parse().unwrap());
    fields
}

pub(super) fn send(stream: &mut SendStream<Bytes>, data: &'static [u8], last: bool) {
    stream.send_data(Bytes::from_static(data), last).unwrap();
}

#[tokio::test]
async fn streams_pass_at_the_same_time_and_are_recorded_as_decoded() {
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let origin = Origin::start(move |(request, mut respond): Call| {
        let both = Arc::clone(&both);
        async move {
            assert_eq!(
                request.headers().keys().map(http::HeaderName::as_str).collect::<Vec<_>>(),
                ["x-first", "authorization", "x-last"]
            );
            both.wait().await;
            let mut body = respond.send_response(ok(), false).unwrap();
            body.send_data(Bytes::from(request.uri().path().to_owned()), true).unwrap();
        }
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (one, _) = client.send_request(request("GET", "/one"), true).unwrap();
    let (two, _) = client.send_request(request("GET", "/two"), true).unwrap();
    for (answer, path) in [(one, "/one"), (two, "/two")] {
        let answer = answer.await.unwrap();
        assert_eq!(answer.headers()["x-origin"], "yes");
        assert_eq!(answer.headers().len(), 1, "nothing is added");
        assert_eq!(content(&mut answer.into_body()).await, path.as_bytes());
    }
    drop(client);
    assert_eq!(origin.connections.load(Ordering::SeqCst), 1);
    let events = rig.finish().await;
    let decoded = |event: &Event| matches!(event, Event::Request { fidelity: Fidelity::Decoded, .. });
    assert_eq!(events.iter().filter(|event| decoded(event)).count(), 2);
    let agreed = events.iter().find_map(|event| match event {
        Event::Handshake { protocol, hello, .. } => Some((protocol.clone(), hello.ja4.clone().unwrap())),
        _ => None,
    });
    let (agreed, ja4) = agreed.unwrap();
    assert_eq!(agreed.as_deref(), Some(&b"h2"[..]));
    assert!(ja4.starts_with("t13d") && ja4.contains("h2_"), "{ja4}");
    let told = told(&events);
    let head =
        "GET /one HTTP/2\r\nhost: localhost\r\nx-first: 1\r\nauthorization: Bearer \r\nx-last: 2\r\n\r\n";
    assert_eq!((told[0].scheme, told[0].head.as_str()), ("https", head));
    assert_eq!(told[0].answer.as_deref(), Some("HTTP/2 200\r\nx-origin: yes\r\n\r\n"));
    assert!(told.iter().all(|told| told.ended && told.request_ended));
    assert_eq!(told[1].content, b"/two");
}

#[tokio::test]
async fn trailers_and_interim_answers_pass_both_ways() {
    let origin = Origin::start(|(request, mut respond): Call| async move {
        let mut body = request.into_body();
        assert_eq!(content(&mut body).await, b"question");
        assert_eq!(body.trailers().await.unwrap().unwrap()["x-sum"], "7");
        let hint = Response::builder().status(103).header("link", "</a>").body(()).unwrap();
        respond.send_informational(hint).unwrap();
        let mut body = respond.send_response(ok(), false).unwrap();
        send(&mut body, b"answer", false);
        body.send_trailers(trailers("grpc-status", "5")).unwrap();
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (mut answer, mut sending) = client.send_request(request("POST", "/rpc"), false).unwrap();
    send(&mut sending, b"question", false);
    sending.send_trailers(trailers("x-sum", "7")).unwrap();
    let interim = std::future::poll_fn(|cx| answer.poll_informational(cx)).await.unwrap().unwrap();
    assert_eq!((interim.status().as_u16(), &interim.headers()["link"]), (103, &"</a>".parse().unwrap()));
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(content(&mut body).await, b"answer");
    assert_eq!(body.trailers().await.unwrap().unwrap()["grpc-status"], "5");
    let told = rig.exchanges().await;
    assert_eq!(
        (told[0].body.as_slice(), told[0].request_trailers.as_str()),
        (&b"question"[..], "x-sum: 7\r\n")
    );
    assert_eq!(
        (told[0].content.as_slice(), told[0].trailers.as_str()),
        (&b"answer"[..], "grpc-status: 5\r\n")
    );
    assert_eq!((told[0].interim.as_slice(), told[0].ended), (&[103][..], true));
}

/// An event is sent when the one before was seen: held back anywhere, the stream would stand still.
#[tokio::test]
async fn events_reach_the_client_as_they_are_sent() {
    let origin = Origin::start(|(request, mut respond): Call| async move {
        let mut acknowledged = request.into_body();
        let mut body = respond.send_response(ok(), false).unwrap();
        for _ in 0..50 {
            send(&mut body, b"data: event\n\n", false);
            assert_eq!(piece(&mut acknowledged).await.unwrap().unwrap(), "seen");
        }
        body.send_data(Bytes::new(), true).unwrap();
        assert!(content(&mut acknowledged).await.is_empty());
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (answer, mut sending) = client.send_request(request("POST", "/events"), false).unwrap();
    let mut body = answer.await.unwrap().into_body();
    for _ in 0..50 {
        assert_eq!(piece(&mut body).await.unwrap().unwrap(), "data: event\n\n");
        send(&mut sending, b"seen", false);
    }
    assert!(content(&mut body).await.is_empty());
    send(&mut sending, b"", true);
    let told = rig.exchanges().await;
    assert_eq!((told[0].content.len(), told[0].body.len()), (50 * 13, 50 * 4));
    assert!(told[0].ended && told[0].failure.is_none());
}

#[tokio::test]
async fn an_answer_before_the_requests_end_is_whole() {
    let origin = Origin::start(|(_, mut respond): Call| async move {
        let mut body = respond.send_response(ok(), false).unwrap();
        // The request is dropped unread: the library resets the stream without an error.
        send(&mut body, b"enough", true);
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let (answer, mut sending) = client.send_request(request("POST", "/early"), false).unwrap();
    send(&mut sending, b"some", false);
    let mut body = answer.await.unwrap().into_body();
    assert_eq!(content(&mut body).await, b"enough");
    drop((body, sending, client));
    let events = rig.finish().await;
    let ends = events.iter().filter(|event| matches!(event, Event::ResponseEnd { .. })).count();
    let cut = events.iter().position(|event| matches!(event, Event::Failed { .. }));
    let end = events.iter().position(|event| matches!(event, Event::ResponseEnd { .. }));
    assert_eq!(ends, 1);
    assert!(cut > end, "the answer is whole, the request is not");
}

#[tokio::test]
async fn the_origins_choice_is_mirrored_and_remembered() {
    let old = Origin::raw(&["http/1.1"], |mut stream| async move {
        while !read_head(&mut stream).await.is_empty() {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let rig = old.rig().await;
    for _ in 0..2 {
        let mut stream = secured(&rig, old.address, &["h2", "http/1.1"]).await;
        assert_eq!(protocol(&stream), b"http/1.1");
        stream.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
        assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
    }
    let new = Origin::start(|(_, mut respond): Call| async move {
        respond.send_response(ok(), true).unwrap();
    })
    .await;
    let rig = new.rig().await;
    for offer in [&["h2", "http/1.1"][..], &["h2"], &["http/1.1", "h2"]] {
        let stream = secured(&rig, new.address, offer).await;
        assert_eq!(protocol(&stream), b"h2");
        let (answer, _) = speak(stream).await.send_request(request("GET", "/"), true).unwrap();
        assert_eq!(answer.await.unwrap().status(), 200);
    }
    assert_eq!(protocol(&secured(&rig, new.address, &["http/1.1"]).await), b"http/1.1");
    assert_eq!(protocol(&secured(&rig, new.address, &[]).await), b"");
    let rig = start_with(Settings { http1: true, ..new.settings() }, 64).await;
    assert_eq!(protocol(&secured(&rig, new.address, &["h2", "http/1.1"]).await), b"http/1.1");
}

/// An origin that has forgotten HTTP/2 after samewire remembered it.
#[tokio::test]
async fn a_choice_that_does_not_hold_any_more_sends_the_client_to_http1() {
    let origin = Origin::start(|(_, mut respond): Call| async move {
        respond.send_response(ok(), true).unwrap();
    })
    .await;
    let (acceptor, ca) = secure::identity(None, &["http/1.1"]);
    let first = Arc::new(Semaphore::new(1));
    let (acceptor, new) = (acceptor, origin.address);
    let address = start_origin(move |mut stream| {
        let (acceptor, first) = (acceptor.clone(), Arc::clone(&first));
        async move {
            if let Ok(permit) = first.try_acquire() {
                permit.forget();
                let mut to = TcpStream::connect(new).await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut stream, &mut to).await;
            } else if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = read_head(&mut stream).await;
                let _ = stream.write_all(OK).await;
            }
        }
    })
    .await;
    let upstream_ca = vec![origin.ca.path().into(), ca.path().into()];
    let rig = start_with(Settings { upstream_ca, ..settings() }, 256).await;
    let (answer, _) = client(&rig, address).await.send_request(request("GET", "/"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200);
    let (answer, _) = client(&rig, address).await.send_request(request("GET", "/"), true).unwrap();
    assert_eq!(answer.await.unwrap_err().reason(), Some(h2::Reason::HTTP_1_1_REQUIRED));
    assert_eq!(protocol(&secured(&rig, address, &["h2", "http/1.1"]).await), b"http/1.1");
    let told = rig.exchanges().await;
    assert_eq!(told[1].failure.as_ref().map(|failure| failure.phase), Some(Phase::Tls));
}

#[tokio::test]
async fn without_tls_prior_knowledge_passes_and_is_recorded() {
    let address = start_origin(|stream| {
        serve_calls(
            stream,
            Arc::new(|(request, mut respond): Call| async move {
                let mut body = respond.send_response(ok(), false).unwrap();
                let said = content(&mut request.into_body()).await;
                body.send_data(said.into(), true).unwrap();
            }),
        )
    })
    .await;
    let rig = start().await;
    let stream = rig.tunnel(&address.to_string()).await;
    let mut client = speak(stream).await;
    let mut plain = request("POST", "/svc/Call");
    *plain.uri_mut() = format!("http://{address}/svc/Call").parse().unwrap();
    let (answer, mut sending) = client.send_request(plain, false).unwrap();
    send(&mut sending, b"ping", true);
    assert_eq!(content(&mut answer.await.unwrap().into_body()).await, b"ping");
    let told = rig.exchanges().await;
    assert_eq!((told[0].scheme, told[0].authority.as_deref()), ("http", Some(&*address.to_string())));
    assert!(told[0].head.starts_with("POST /svc/Call HTTP/2\r\n") && told[0].ended);
}

#[tokio::test]
async fn what_could_be_misunderstood_is_refused_and_recorded() {
    let origin = Origin::start(|(_, mut respond): Call| async move {
        respond.send_response(ok(), true).unwrap();
    })
    .await;
    let rig = origin.rig().await;
    let mut client = client(&rig, origin.address).await;
    let mut connect = Request::new(());
    *connect.method_mut() = Method::CONNECT;
    *connect.version_mut() = Version::HTTP_2;
    *connect.uri_mut() = "localhost:443".parse().unwrap();
    let mut twice = request("GET", "/twice");
    twice.headers_mut().insert("host", "other.test".parse().unwrap());
    let mut large = request("GET", "/large");
    large.headers_mut().insert("x-large", "a".repeat(140 * 1024).parse().unwrap());
    let mut many = request("GET", "/many");
    for at in 0..100 {
        many.headers_mut().append("x-many", at.into());
    }
    for (request, status) in [(connect, 400), (twice, 400), (large, 431), (many, 431)] {
        let (answer, _) = client.send_request(request, true).unwrap();
        let mut answer = answer.await.unwrap();
        assert_eq!(answer.status(), status);
        assert!(content(answer.body_mut()).await.starts_with(b"samewire: "));
    }
    let (answer, _) = client.send_request(request("GET", "/fine"), true).unwrap();
    assert_eq!(answer.await.unwrap().status(), 200, "the connection lives on");
    let told = rig.exchanges().await;
    let kinds: Vec<_> = told.iter().map(|told| told.failure.as_ref().map(|failure| failure.kind)).collect();
    let (malformed, large) = (Some(FailureKind::Malformed), Some(FailureKind::TooLarge));
    assert_eq!(kinds, [malformed, malformed, large, large, None]);
    assert!(told[0].head.starts_with("CONNECT localhost:443 HTTP/2\r\n"));
    let legs = told.iter().filter_map(|told: &Told| told.failure.as_ref().map(|failure| failure.leg));
    assert!(legs.into_iter().all(|leg| leg == Leg::Client));
}

/// A recorder that takes nothing holds the content back, and loses nothing of it.
#[tokio::test]
async fn a_slow_recorder_slows_the_content() {
    const PIECES: usize = 400;
    let (sent, mut sending) = mpsc::unbounded_channel();
    let origin = Origin::start(move |(_, mut respond): Call| {
        let sent = sent.clone();
        async move {
            let mut body = respond.send_response(ok(), false).unwrap();
            for at in 0..PIECES {
                body.reserve_capacity(16_384);
                while body.capacity() < 16_384 {
                    std::future::poll_fn(|cx| body.poll_capacity(cx)).await.unwrap().unwrap();
                }
                body.send_data(Bytes::from(vec![7; 16_384]), at + 1 == PIECES).unwrap();
                let _ = sent.send(at);
            }
        }
    })
    .await;
    let mut rig = start_with(origin.settings(), 4).await;
    let mut first = Vec::new();
    let mut client = client(&rig, origin.address).await;
    let (answer, _) = client.send_request(request("GET", "/long"), true).unwrap();
    let reading = tokio::spawn(async move { content(&mut answer.await.unwrap().into_body()).await.len() });
    // The origin comes to a stand while the recorder does nothing.
    let mut count = 0;
    while let Ok(Some(_)) = tokio::time::timeout(Duration::from_millis(500), sending.recv()).await {
        count += 1;
    }
    assert!(count < PIECES / 2, "{count} pieces were sent");
    let recorded = async {
        let mut length = 0;
        while length < PIECES * 16_384 {
            let event = rig.events.recv().await.unwrap();
            if let Event::ResponseData { data, .. } = &event {
                length += data.len();
            }
            first.push(event);
        }
        length
    };
    assert_eq!(recorded.await, PIECES * 16_384);
    assert_eq!(reading.await.unwrap(), PIECES * 16_384);
}

#[tokio::test]
async fn an_origin_that_only_http2_clients_ask_for_and_that_fails_gets_a_502() {
    let origin = Origin::start(|_: Call| async {}).await;
    let rig = start().await;
    let stream = secured(&rig, origin.address, &["h2"]).await;
    assert_eq!(protocol(&stream), b"h2");
    let (answer, _) = speak(stream).await.send_request(request("GET", "/"), true).unwrap();
    let mut answer = answer.await.unwrap();
    assert_eq!(answer.status(), 502);
    let page = content(answer.body_mut()).await;
    assert!(String::from_utf8_lossy(&page).contains("--upstream-ca"));
    let told = rig.exchanges().await;
    let failure = told[0].failure.as_ref().unwrap();
    assert_eq!(
        (failure.leg, failure.phase, failure.kind),
        (Leg::Upstream, Phase::Tls, FailureKind::Certificate)
    );
}
