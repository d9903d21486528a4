//! Real clients that speak HTTP/2: they keep speaking it, and are recorded.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::{Buf as _, Bytes, BytesMut};
use h2::RecvStream;
use h2::server::SendResponse;
use http::{HeaderMap, Request, Response};
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::api::{HOST, identity};
use super::bench::{Bench, TOKEN, program, python, text};

/// An API that speaks HTTP/2 only: JSON, and a gRPC service; with TLS and without.
pub(super) struct Api {
    pub(super) tls: SocketAddr,
    plain: SocketAddr,
}

impl Api {
    pub(super) fn start(ca: &Path) -> Self {
        let (sender, receiver) = mpsc::channel();
        let mut config = identity(Ipv4Addr::LOCALHOST, ca);
        config.alpn_protocols = vec![b"h2".to_vec()];
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let tls = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
                sender.send((tls.local_addr().unwrap(), plain.local_addr().unwrap())).unwrap();
                let acceptor = TlsAcceptor::from(Arc::new(config));
                loop {
                    tokio::select! {
                        Ok((stream, _)) = plain.accept() => {
                            tokio::spawn(serve(stream));
                        }
                        Ok((stream, _)) = tls.accept() => {
                            let acceptor = acceptor.clone();
                            tokio::spawn(async move {
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    serve(stream).await;
                                }
                            });
                        }
                    }
                }
            });
        });
        let (tls, plain) = receiver.recv().unwrap();
        Self { tls, plain }
    }
}

async fn serve<S: AsyncRead + AsyncWrite + Unpin>(stream: S) {
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond));
    }
}

async fn answer(request: Request<RecvStream>, mut respond: SendResponse<Bytes>) {
    let authorized =
        request.headers().get("authorization").is_some_and(|value| *value == *format!("Bearer {TOKEN}"));
    let grpc = |status: &'static str| {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", status.parse().unwrap());
        trailers
    };
    let head = |kind| Response::builder().header("content-type", kind).body(()).unwrap();
    let path = request.uri().path().to_owned();
    let mut body = request.into_body();
    match path.as_str() {
        "/lots.Lots/Echo" if authorized => {
            let mut out = respond.send_response(head("application/grpc"), false).unwrap();
            let mut read = BytesMut::new();
            while let Some(Ok(data)) = body.data().await {
                body.flow_control().release_capacity(data.len()).unwrap();
                read.extend_from_slice(&data);
                // A message: a flag, four bytes of length, the content.
                while read.len() >= 5 && read.len() >= 5 + (&read[1..5]).get_u32() as usize {
                    let length = 5 + (&read[1..5]).get_u32() as usize;
                    out.send_data(read.split_to(length).freeze(), false).unwrap();
                }
            }
            out.send_trailers(grpc("0")).unwrap();
        }
        "/lots.Lots/Missing" if authorized => {
            while let Some(Ok(_)) = body.data().await {}
            let mut only = head("application/grpc");
            only.headers_mut().extend(grpc("5"));
            only.headers_mut().insert("grpc-message", "no such lot".parse().unwrap());
            respond.send_response(only, true).unwrap();
        }
        _ => {
            while let Some(Ok(_)) = body.data().await {}
            let mut head = head("application/json");
            *head.status_mut() = if authorized { 200 } else { 403 }.try_into().unwrap();
            let mut out = respond.send_response(head, false).unwrap();
            out.send_data(Bytes::from_static(br#"{"data":[{"id":1}]}"#), true).unwrap();
        }
    }
}

struct Stand {
    bench: Bench,
    api: Api,
}

impl Stand {
    fn new() -> Self {
        let bench = Bench::new();
        let api = Api::start(&bench.path("http2-ca.pem"));
        Self { bench, api }
    }

    fn recording(&self, side: &str, file: &str, words: &[&str]) -> Command {
        let to = format!("{HOST}:443:127.0.0.1:{}", self.api.tls.port());
        let ca = self.bench.path("http2-ca.pem");
        let mut command = self.bench.command(&["record", side, "--force", "-o", file, "--connect-to", &to]);
        command.args(["--upstream-ca", ca.to_str().unwrap(), "--"]).args(words).env("CALL_TOKEN", TOKEN);
        command
    }

    /// Records the client on both sides and compares: equal facts, nothing leaked. Gives the exchanges.
    fn captured(&self, words: &[&str]) -> Vec<Value> {
        for (side, file) in [("sandbox", "s.har"), ("runtime", "r.har")] {
            let output = self.recording(side, file, words).output().unwrap();
            assert!(output.status.success(), "{side}: {}", text(&output));
        }
        let (status, report) = self.bench.diff("s.har", "r.har");
        assert_eq!(status, 0, "{report:#}");
        self.bench.assert_no_leak();
        let capture: Value =
            serde_json::from_slice(&std::fs::read(self.bench.path("r.har")).unwrap()).unwrap();
        let entries = capture["log"]["entries"].as_array().unwrap();
        entries.iter().map(|entry| entry["_samewire"].clone()).collect()
    }
}

/// `count` answers 200 by HTTP/2.
fn assert_http2(exchanges: &[Value], count: usize) {
    assert_eq!(exchanges.len(), count);
    for exchange in exchanges {
        assert_eq!(exchange["request"]["version"], "HTTP/2");
        assert_eq!(exchange["request"]["fidelity"], "decoded");
        assert_eq!(exchange["request"]["fields"][0]["name"]["sent"], "host");
        assert_eq!((&exchange["response"]["status"], &exchange["failure"]), (&200.into(), &Value::Null));
    }
}

#[test]
fn curl() {
    let Some(curl) = program("curl") else { return };
    let stand = Stand::new();
    let (authorization, url) = (format!("Authorization: Bearer {TOKEN}"), format!("https://{HOST}/v1/lots"));
    let words =
        [curl.to_str().unwrap(), "-sS", "--fail", "-H", &authorization, "-d", "{\"a\":1}", &url, &url];
    assert_http2(&stand.captured(&words), 2);
}

#[test]
fn java() {
    let Some(compiler) = program("javac") else { return };
    let Some(java) = program("java") else { return };
    let stand = Stand::new();
    let folder = stand.bench.path("classes");
    build(Command::new(compiler).args(["-d", folder.to_str().unwrap()]).arg(source("Call2.java")));
    let url = format!("https://{HOST}/v1/lots");
    let words = [java.to_str().unwrap(), "-cp", folder.to_str().unwrap(), "Call2", &url];
    assert_http2(&stand.captured(&words), 3);
}

#[test]
fn go() {
    let Some(go) = program("go") else { return };
    let stand = Stand::new();
    let binary = stand.bench.path("call2");
    build(
        Command::new(go)
            .args(["build", "-o", binary.to_str().unwrap()])
            .arg(source("call2.go"))
            .env("GOCACHE", std::env::temp_dir().join("samewire-go-cache"))
            .env("GOFLAGS", "-mod=mod")
            .env("GO111MODULE", "off"),
    );
    let url = format!("https://{HOST}/v1/lots");
    assert_http2(&stand.captured(&[binary.to_str().unwrap(), &url]), 3);
}

#[test]
fn grpc_with_and_without_tls() {
    let Some(python) = python() else { return };
    for kind in ["tls", "plain"] {
        let stand = Stand::new();
        let target = if kind == "tls" { format!("{HOST}:443") } else { stand.api.plain.to_string() };
        let script = source("rpc.py");
        let words = [python.to_str().unwrap(), script.to_str().unwrap(), kind, &target];
        let exchanges = stand.captured(&words);
        assert_http2(&exchanges, 2);
        let status = |fields: &Value| {
            let field = fields.as_array().unwrap().iter().find(|field| field["name"]["key"] == "grpc-status");
            field.map(|field| field["value"]["text"][0].clone())
        };
        assert_eq!(status(&exchanges[0]["response"]["fields"]), Some("5".into()), "{:#}", exchanges[0]);
        assert_eq!(status(&exchanges[1]["response"]["body"]["trailers"]), Some("0".into()));
        assert_eq!(exchanges[1]["response"]["body"]["length"], exchanges[1]["request"]["body"]["length"]);
        assert_eq!(exchanges[0]["request"]["target"]["scheme"], if kind == "tls" { "https" } else { "http" });
    }
}

fn source(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients").join(name)
}

fn build(command: &mut Command) {
    let output: Output = command.output().unwrap();
    assert!(output.status.success(), "{}", text(&output));
}
