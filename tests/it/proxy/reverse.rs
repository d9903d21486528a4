//! Reverse mode: the listener stands in the place of a base URL.

use std::net::SocketAddr;
use std::sync::Arc;

use samewire::model::{FailureKind, Handshake, Leg, Side};
use samewire::proxy::{Admission, Authority, BindError, Credential, Lanes, Listener, Proxy, Settings};
use samewire::record::{Event, queue};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::rig::{
    OK, Rig, answering, listener, read_exactly, read_head, settings, start_origin, start_with, told,
};

/// Settings that stand in the place of `http://api.example.com` and a path, and lead to an origin on this machine.
fn in_place_of(path: &str, origin: SocketAddr) -> Settings {
    let mut settings = settings();
    settings.reverse = Some(format!("http://api.example.com{path}").parse().unwrap());
    settings.connect_to = vec![format!("api.example.com:80:127.0.0.1:{}", origin.port()).parse().unwrap()];
    settings
}

async fn send_to(rig: &Rig, bytes: &[u8]) -> String {
    String::from_utf8(rig.send(bytes).await).unwrap()
}

#[tokio::test]
async fn a_request_arrives_below_the_base_url_and_is_otherwise_as_sent() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start_with(in_place_of("/v2", origin), 64).await;
    let sent = "POST /lots?x=%20a HTTP/1.1\r\nACCEPT: a\r\nhost: samewire.test:8877\r\nAuthorization:  Bearer \r\nOrigin: http://samewire.test:8877\r\nReferer: http://samewire.test:8877/a?b\r\nReferer: http://samewire.test:88770/\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi";
    assert!(send_to(&rig, sent.as_bytes()).await.ends_with("ok"));
    assert_eq!(
        heads.recv().await.unwrap(),
        "POST /v2/lots?x=%20a HTTP/1.1\r\nACCEPT: a\r\nhost: api.example.com\r\nAuthorization:  Bearer \r\nOrigin: http://api.example.com\r\nReferer: http://api.example.com/v2/a?b\r\nReferer: http://samewire.test:88770/\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n"
    );
    let exchange = rig.exchanges().await.remove(0);
    assert_eq!(exchange.head, sent.replacen("/lots", "/v2/lots", 1).trim_end_matches("hi"));
    assert_eq!((exchange.scheme, exchange.authority.as_deref()), ("http", Some("api.example.com:80")));
    assert_eq!((exchange.body, exchange.desync), (b"hi".to_vec(), None));
}

#[tokio::test]
async fn a_base_url_without_a_path_leaves_targets_alone() {
    let (origin, mut heads) = answering(OK).await;
    let rig = start_with(in_place_of("", origin), 64).await;
    let mut stream = rig.connect().await;
    for target in ["/", "//a/../b%2f?", "*"] {
        let method = if target == "*" { "OPTIONS" } else { "GET" };
        let sent = format!("{method} {target} HTTP/1.1\r\nHost: a\r\n\r\n");
        stream.write_all(sent.as_bytes()).await.unwrap();
        read_head(&mut stream).await;
        read_exactly(&mut stream, 2).await;
        assert_eq!(heads.recv().await.unwrap(), sent.replace("Host: a", "Host: api.example.com"));
    }
    stream.write_all(b"GET /old HTTP/1.0\r\n\r\n").await.unwrap();
    assert_eq!(heads.recv().await.unwrap(), "GET /old HTTP/1.0\r\nHost: api.example.com\r\n\r\n");
}

#[tokio::test]
async fn an_answer_that_names_the_api_names_samewire_to_the_client_and_the_api_to_the_recorder() {
    let (origin, _heads) = answering(
        b"HTTP/1.1 302 Found\r\nLOCATION: http://API.example.com:80/v2/next?p=2\r\n\
          Set-Cookie: sid=1; Domain=.example.com; Path=/v2/in; HttpOnly\r\nLink: </v2/a>; rel=\"next\", <b>\r\n\
          Alt-Svc: h3=\":443\"\r\nX-Url: http://api.example.com/v2/x\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let rig = start_with(in_place_of("/v2", origin), 64).await;
    let answer =
        send_to(&rig, b"GET /first HTTP/1.1\r\nHost: samewire.test:8877\r\nConnection: close\r\n\r\n").await;
    assert_eq!(
        answer,
        "HTTP/1.1 302 Found\r\nLOCATION: http://samewire.test:8877/next?p=2\r\n\
         Set-Cookie: sid=1; Path=/in; HttpOnly\r\nLink: </a>; rel=\"next\", <b>\r\n\
         X-Url: http://api.example.com/v2/x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
    );
    let recorded = rig.exchanges().await.remove(0).answer.unwrap();
    assert!(recorded.contains("LOCATION: http://API.example.com:80/v2/next?p=2\r\n"), "{recorded}");
    assert!(recorded.contains("Domain=.example.com") && recorded.contains("Alt-Svc"), "{recorded}");
}

#[tokio::test]
async fn who_takes_it_for_a_proxy_is_told_what_to_do() {
    let (origin, _heads) = answering(OK).await;
    for sent in [
        "CONNECT api.example.com:443 HTTP/1.1\r\nHost: api.example.com:443\r\n\r\n",
        "GET http://api.example.com/ HTTP/1.1\r\nHost: api.example.com\r\n\r\n",
    ] {
        let rig = start_with(in_place_of("", origin), 64).await;
        let answer = send_to(&rig, sent.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("base URL"), "{answer}");
        let failure = rig.exchanges().await.remove(0).failure.unwrap();
        assert_eq!((failure.leg, failure.kind), (Leg::Client, FailureKind::Forbidden));
    }
}

#[tokio::test]
async fn a_client_that_speaks_tls_gets_an_answer_in_plain_http() {
    let (origin, _heads) = answering(OK).await;
    let rig = start_with(in_place_of("", origin), 64).await;
    let answer = send_to(&rig, b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00").await;
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("http://, not https://"), "{answer}");
    let told = rig.finish().await.into_iter().any(|event| match event {
        Event::Handshake { result: Handshake::Failed(why), .. } => why.contains("plain HTTP"),
        _ => false,
    });
    assert!(told);
}

#[tokio::test]
async fn another_protocol_and_a_waiting_body_pass() {
    let origin = start_origin(|mut stream| async move {
        let head = String::from_utf8(read_head(&mut stream).await).unwrap();
        if head.starts_with("POST") {
            assert!(head.contains("Expect: 100-continue\r\n"), "{head}");
            stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.unwrap();
            assert_eq!(read_exactly(&mut stream, 10).await, b"3\r\nabc\r\n0\r");
            read_exactly(&mut stream, 3).await;
            stream.write_all(OK).await.unwrap();
            return;
        }
        assert!(
            head.contains("Connection: Upgrade\r\n") && head.contains("Upgrade: websocket\r\n"),
            "{head}"
        );
        stream
            .write_all(b"HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nhello")
            .await
            .unwrap();
        assert_eq!(read_exactly(&mut stream, 3).await, b"you");
        stream.write_all(b"bye").await.unwrap();
    })
    .await;
    let rig = start_with(in_place_of("", origin), 64).await;
    let mut stream = rig.connect().await;
    let ask = b"GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 101"));
    assert_eq!(read_exactly(&mut stream, 5).await, b"hello");
    stream.write_all(b"you").await.unwrap();
    assert_eq!(read_exactly(&mut stream, 3).await, b"bye");
    drop(stream);
    let mut stream = rig.connect().await;
    let ask = b"POST /up HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(ask).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 100"));
    stream.write_all(b"3\r\nabc\r\n0\r\n\r\n").await.unwrap();
    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
}

#[tokio::test]
async fn samewire_itself_is_no_base_url() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut settings = settings();
    settings.reverse = Some(format!("http://localhost:{}", free.port()).parse().unwrap());
    let authority = Arc::new(Authority::new().unwrap());
    let proxy = Proxy::bind(vec![Listener { addr: free, ..listener() }], settings, authority).unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(proxy.serve(Lanes::default(), async {
        let _ = stopped.await;
    }));
    let mut stream = TcpStream::connect(free).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains("samewire's own listener"), "{answer}");
    drop(stop);
    served.await.unwrap();
}

#[tokio::test]
async fn beyond_loopback_every_path_begins_with_a_secret() {
    let (origin, mut heads) = answering(
        b"HTTP/1.1 302 Found\r\nLocation: /v2/next\r\nSet-Cookie: a=b; Path=/v2\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let open = Listener { addr: ([0, 0, 0, 0], 0).into(), ..listener() };
    let authority = Arc::new(Authority::new().unwrap());
    let refused = Proxy::bind(vec![open.clone()], in_place_of("/v2", origin), Arc::clone(&authority));
    assert!(matches!(refused, Err(BindError::CredentialMissing(_))));
    let credential = Credential::random().unwrap();
    let secret = credential.expose().to_owned();
    let listener = Listener { admission: Admission::Credential(credential), ..open };
    let proxy = Proxy::bind(vec![listener], in_place_of("/v2", origin), authority).unwrap();
    let port = proxy.addresses()[0].port();
    let (sender, mut events) = queue(64, usize::MAX);
    let (stop, stopped) = oneshot::channel::<()>();
    let served = tokio::spawn(proxy.serve(Lanes::one(Side::Runtime, sender), async {
        let _ = stopped.await;
    }));
    let ask = async |target: &str| {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let sent = format!("GET {target} HTTP/1.1\r\nHost: h:1\r\nConnection: close\r\n\r\n");
        stream.write_all(sent.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    };
    for target in ["/lots", "/", "*", &format!("/{}/lots", &secret[1..]), &format!("//{secret}/lots")] {
        let answer = ask(target).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && !answer.contains(&secret), "{target}: {answer}");
    }
    let answer = ask(&format!("/{secret}/lots?a=b")).await;
    assert!(
        answer.contains(&format!("Location: /{secret}/next\r\nSet-Cookie: a=b; Path=/{secret}\r\n")),
        "{answer}"
    );
    assert_eq!(heads.recv().await.unwrap(), "GET /v2/lots?a=b HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    ask(&format!("/{secret}?a=b")).await;
    assert!(heads.recv().await.unwrap().starts_with("GET /v2?a=b HTTP/1.1\r\n"));
    drop(stop);
    served.await.unwrap();
    let all: Vec<Event> = std::iter::from_fn(|| events.try_recv()).collect();
    let exchanges = told(&all);
    assert_eq!(exchanges.len(), 2, "who does not know the secret path is not recorded");
    assert!(exchanges.iter().all(|exchange| !exchange.head.contains(&secret)));
    let opened = all.iter().filter(|event| matches!(event, Event::Opened { .. })).count();
    assert_eq!(opened, 2);
}
