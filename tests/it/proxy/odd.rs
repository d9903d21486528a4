//! Odd heads, and thousands of random requests: each is recorded as it was sent, and either refused or handed on with
//! nothing but the documented changes.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use samewire::model::{FailureKind, Leg};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;

use super::rig::{OK, read_head, settings, start, start_origin, start_with};
use crate::reliability::table::{row, scaled};

/// Field lines that arrive as they are.
const UNTOUCHED: [&str; 36] = [
    "X-A: 1\r\n",
    "x-a: 1\r\n",
    "X-A:1\r\n",
    "X-A:  1\r\n",
    "X-A:\t1\r\n",
    "X-A: 1 \r\n",
    "X-A: 1\t \r\n",
    "X-A:\r\n",
    "X-A: \r\n",
    "X-A: a  b\tc\r\n",
    "X-A: 1\r\nX-A: 1\r\n",
    "X-A: 1\r\nX-B: 2\r\nx-a: 3\r\n",
    "x-B: 1\r\nX-a: 2\r\n",
    "X!#$%&'*+.^_`|~9: 1\r\n",
    "X-High: \u{fc}\u{20ac}\r\n",
    "X-Quote: \"a, b\"; c=\"d\\\"e\"\r\n",
    "X-Commas: ,,a,,\r\n",
    "X-Colons: a:b:c\r\n",
    "Authorization: Bearer \r\n",
    "Authorization: Bearer\r\n",
    "Authorization: Bearer  two\r\n",
    "authorization: bearer x\r\nAuthorization: Bearer y\r\n",
    "Authorization: Basic \r\n",
    "Cookie: a=1\r\nCookie: b=2\r\n",
    "Cookie: a=1;b=2; c\r\n",
    "Accept: */*, */*\r\n",
    "Content-Type: application/json\r\n",
    "Content-Length: 0\r\n",
    "Content-Length:0\r\n",
    "content-length: 000\r\n",
    "Expect: 100-continue\r\n",
    "Date: now\r\n",
    "Via: 1.1 other\r\n",
    "X-Forwarded-For: 192.0.2.1\r\n",
    "Range: bytes=0-\r\nIf-None-Match: *\r\n",
    "TE: trailers\r\n",
];

/// Field lines and what arrives of them.
const CHANGED: [(&str, &str); 16] = [
    ("Keep-Alive: 5\r\n", ""),
    ("Proxy-Connection: close\r\n", ""),
    ("Proxy-Authorization: Basic eDp5\r\n", ""),
    ("PROXY-AUTHORIZATION: x\r\nX-A: 1\r\n", "X-A: 1\r\n"),
    ("Connection: X-Hop\r\nX-Hop: 1\r\nX-A: 1\r\n", "X-A: 1\r\n"),
    ("Connection: ,X-Hop ,\r\nx-hop: 1\r\n", ""),
    ("Connection:\r\nX-A: 1\r\n", "X-A: 1\r\n"),
    ("TE: gzip\r\n", ""),
    ("TE: gzip, trailers;q=1\r\n", ""),
    ("TE: trailers, deflate;q=0.5\r\n", "TE: trailers\r\n"),
    ("Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n", ""),
    ("Upgrade: websocket\r\n", ""),
    ("Content-Length: 0\r\nContent-Length: 0\r\n", "Content-Length: 0\r\n"),
    ("Content-Length: 0\r\ncontent-length: 0\r\nX-A: 1\r\n", "Content-Length: 0\r\nX-A: 1\r\n"),
    ("X-A: 1\nX-B: 2\n", "X-A: 1\r\nX-B: 2\r\n"),
    ("X-A: 1 \n", "X-A: 1 \r\n"),
];

/// Start lines (with `{}` for the origin's address) and fields, `{}` again, that are refused with 400.
const REFUSED: [(&str, &str); 31] = [
    ("GET http://{}/ HTTP/1.1", ""),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nHost: {}\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nhost: other.example\r\n"),
    ("GET / HTTP/1.1", "Host: {}\r\n"),
    ("GET * HTTP/1.1", "Host: {}\r\n"),
    ("OPTIONS * HTTP/1.1", "Host: {}\r\n"),
    ("GET ftp://{}/ HTTP/1.1", "Host: {}\r\n"),
    ("GET http:/// HTTP/1.1", "Host: {}\r\n"),
    ("GET http://{}:99999/ HTTP/1.1", "Host: {}\r\n"),
    ("GET {} HTTP/1.1", "Host: {}\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX A: 1\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A : 1\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A\t: 1\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\n X-A: 1\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: 1\r\n folded\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: 1\r\n\tfolded\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: \u{0}\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: \u{1}\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: a\u{7f}\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-A: a\rb\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nno colon\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\n: empty\r\n"),
    ("GET http://{}/ HTTP/1.1", "Host: {}\r\nX-\u{fc}: 1\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nContent-Length: 1\r\nContent-Length: 2\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nContent-Length: -1\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nContent-Length: 0x1\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nContent-Length: 1, 2\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nTransfer-Encoding: chunked, gzip\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nTransfer-Encoding: xchunked\r\n"),
    ("POST http://{}/ HTTP/1.1", "Host: {}\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    ("POST http://{}/ HTTP/1.0", "Host: {}\r\nTransfer-Encoding: chunked\r\n"),
];

/// An origin that tells what arrives, byte by byte, and answers after each head that says nothing of a body.
async fn hearing() -> (String, mpsc::UnboundedReceiver<Vec<u8>>) {
    let (sender, arrived) = mpsc::unbounded_channel();
    let address = start_origin(move |mut stream| {
        let sender = sender.clone();
        async move {
            loop {
                let mut all = read_head(&mut stream).await;
                if all.is_empty() {
                    return;
                }
                let head = String::from_utf8_lossy(&all).to_ascii_lowercase();
                if head.contains("transfer-encoding: chunked\r\n") {
                    loop {
                        let line = line(&mut stream).await;
                        let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).unwrap();
                        if size == 0 {
                            break;
                        }
                        all.extend(super::rig::read_exactly(&mut stream, size + 2).await.drain(..size));
                    }
                    let mut trailers = Vec::new();
                    while !(trailers == b"\r\n" || trailers.ends_with(b"\r\n\r\n")) {
                        trailers.push(stream.read_u8().await.unwrap());
                    }
                    all.extend(b"|");
                    all.extend(trailers);
                } else if let Some(length) = head.split("content-length: ").nth(1) {
                    let length = length.split("\r\n").next().unwrap().parse().unwrap();
                    all.extend(super::rig::read_exactly(&mut stream, length).await);
                }
                let _ = sender.send(all);
                if stream.write_all(OK).await.is_err() {
                    return;
                }
            }
        }
    })
    .await;
    (address.to_string(), arrived)
}

async fn line(stream: &mut TcpStream) -> Vec<u8> {
    let mut line = Vec::new();
    while !line.ends_with(b"\r\n") {
        line.push(stream.read_u8().await.unwrap());
    }
    line
}

#[tokio::test]
async fn odd_heads_are_recorded_as_sent() {
    let (origin, mut heard) = hearing().await;
    let same = UNTOUCHED.iter().map(|fields| (*fields, *fields));
    let mut heads = 0;
    for (fields, expected) in same.chain(CHANGED) {
        let rig = start().await;
        let rest = format!("Host: {origin}\r\n{fields}Connection: close\r\n\r\n");
        let sent = format!("GET http://{origin}/a?b HTTP/1.1\r\n{rest}");
        let answer = rig.send(sent.as_bytes()).await;
        assert!(answer.ends_with(b"ok"), "{fields:?}: {}", String::from_utf8_lossy(&answer));
        let came = String::from_utf8(heard.recv().await.unwrap()).unwrap();
        assert_eq!(came, format!("GET /a?b HTTP/1.1\r\nHost: {origin}\r\n{expected}\r\n"));
        let told = rig.exchanges().await;
        assert_eq!((told.len(), told[0].head.as_str(), &told[0].desync), (1, sent.as_str(), &None));
        heads += 1;
    }
    for (start_line, fields) in REFUSED {
        let rig = start().await;
        let sent = format!("{start_line}\r\n{fields}\r\n").replace("{}", &origin);
        let answer = rig.send(sent.as_bytes()).await;
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{sent:?}: {}", String::from_utf8_lossy(&answer));
        let told = rig.exchanges().await;
        assert_eq!((told.len(), told[0].head.as_str()), (1, sent.as_str()));
        let failure = told[0].failure.as_ref().unwrap();
        let kinds = [FailureKind::Malformed, FailureKind::Forbidden];
        assert!(failure.leg == Leg::Client && kinds.contains(&failure.kind), "{sent:?}: {failure:?}");
        heads += 1;
    }
    assert!(heard.try_recv().is_err(), "none of those is forwarded");
    row(
        "odd heads",
        &format!(
            "{heads}: each recorded as sent; {} handed on with the documented changes, {} refused with 400",
            heads - REFUSED.len(),
            REFUSED.len()
        ),
    );
}

/// A random request: what is sent before and after the target's authority, and what arrives.
#[derive(Clone, Debug)]
struct Random {
    method: &'static str,
    path: String,
    fields: Vec<(String, bool)>,
    body: Option<(Vec<u8>, Option<usize>, String)>,
}

fn random() -> impl Strategy<Value = Random> {
    let value = "[!-~]([ -~\t]{0,30}[!-~])?|";
    let plain = ("[Xx]-[A-Za-z0-9_.!#$%&'*+^`|~-]{1,12}", "[ \t]{0,3}", value, "[ \t]{0,2}")
        .prop_map(|(name, before, value, after)| (format!("{name}:{before}{value}{after}\r\n"), true));
    let hop = prop::sample::select(vec![
        "Keep-Alive: 5\r\n",
        "Proxy-Connection: keep-alive\r\n",
        "Proxy-Authorization: Basic eDp5\r\n",
        "TE: gzip\r\n",
        "Connection: keep-alive\r\n",
    ])
    .prop_map(|line| (line.to_owned(), false));
    let trailers = prop_oneof![Just(String::new()), "X-[A-Za-z]{1,8}: [a-z]{0,9}\r\n"];
    let body = (prop::collection::vec(any::<u8>(), 0..3000), prop::option::of(1_usize..900), trailers);
    let methods =
        prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "X-OWN"]);
    let fields = prop::collection::vec(prop_oneof![6 => plain, 1 => hop], 0..12);
    (methods, "/[A-Za-z0-9/?&=%._~-]{0,20}", fields, prop::option::of(body))
        .prop_map(|(method, path, fields, body)| Random { method, path, fields, body })
}

impl Random {
    /// As it is sent to the proxy, and as it arrives without the proxy but for the documented changes.
    fn texts(&self, origin: &str) -> (Vec<u8>, Vec<u8>, Vec<u8>) {
        let lines = |all: bool| -> String {
            self.fields.iter().filter(|(_, stays)| all || *stays).map(|(line, _)| line.as_str()).collect()
        };
        let framing = match &self.body {
            None => String::new(),
            Some((content, None, _)) => format!("Content-Length: {}\r\n", content.len()),
            Some(_) => "Transfer-Encoding: chunked\r\n".to_owned(),
        };
        let Self { method, path, .. } = self;
        let head = format!(
            "{method} http://{origin}{path} HTTP/1.1\r\nHost: {origin}\r\n{}{framing}\r\n",
            lines(true)
        );
        let mut sent = head.clone().into_bytes();
        let mut arrives =
            format!("{method} {path} HTTP/1.1\r\nHost: {origin}\r\n{}{framing}\r\n", lines(false))
                .into_bytes();
        match &self.body {
            None => {}
            Some((content, None, _)) => {
                sent.extend(content);
                arrives.extend(content);
            }
            Some((content, Some(size), trailers)) => {
                for chunk in content.chunks(*size) {
                    sent.extend(format!("{:x}\r\n", chunk.len()).into_bytes());
                    sent.extend(chunk);
                    sent.extend(b"\r\n");
                }
                sent.extend(format!("0\r\n{trailers}\r\n").into_bytes());
                arrives.extend(content);
                arrives.extend(format!("|{trailers}\r\n").into_bytes());
            }
        }
        (head.into_bytes(), sent, arrives)
    }
}

#[tokio::test]
async fn random_requests_arrive_as_without_the_proxy() {
    const ON_ONE_CONNECTION: usize = 50;
    let requests = scaled(500, 7_000);
    let mut runner = TestRunner::default();
    let strategy = random();
    let (origin, mut incoming) = hearing().await;
    let mut done = 0;
    while done < requests {
        // Nobody takes what is recorded before the end, and a body of one-byte chunks is thousands of events.
        let rig = start_with(settings(), 1 << 20).await;
        let mut stream = rig.connect().await;
        let mut heads = Vec::new();
        for _ in 0..ON_ONE_CONNECTION {
            let request = strategy.new_tree(&mut runner).unwrap().current();
            let (head, sent, arrives) = request.texts(&origin);
            stream.write_all(&sent).await.unwrap();
            let answer = read_head(&mut stream).await;
            assert!(answer.starts_with(b"HTTP/1.1 200"), "{request:?}: {}", String::from_utf8_lossy(&answer));
            super::rig::read_exactly(&mut stream, 2).await;
            let came = incoming.recv().await.unwrap();
            assert!(came == arrives, "{request:?}: {}", String::from_utf8_lossy(&came));
            heads.push(head);
            done += 1;
        }
        drop(stream);
        let told = rig.exchanges().await;
        assert!(told.iter().all(|told| told.desync.is_none()));
        assert!(
            told.iter().map(|told| told.head.as_bytes()).eq(heads.iter().map(Vec::as_slice)),
            "recorded as sent"
        );
    }
    row(
        "random requests",
        &format!(
            "{done}: each head recorded as sent, each request, body and trailers included, arrived as without the proxy but for the documented changes"
        ),
    );
}
