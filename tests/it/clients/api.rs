//! An API on loopback, plain and over TLS, that counts its calls and accepts one Authorization value.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::embedded;

/// The name under which clients call it over TLS.
pub(crate) const HOST: &str = "api.example.test";
/// The names under which the pages of docs/ call it.
const OF_PAGES: [&str; 3] = ["api.example.com", "api.airbyte.ai", "cloud.airbyte.com"];

pub(crate) struct Api {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    calls: Arc<AtomicU32>,
}

impl Api {
    /// Starts it on an address of this machine; the authority's certificate is written to `ca`.
    pub(crate) fn start(address: Ipv4Addr, authorization: &str, ca: &Path) -> Self {
        let calls = Arc::new(AtomicU32::new(0));
        let (sender, receiver) = mpsc::channel();
        let config = identity(address, ca);
        let (expected, counted) = (authorization.to_owned(), Arc::clone(&calls));
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let http = TcpListener::bind((address, 0)).await.unwrap();
                let https = TcpListener::bind((address, 0)).await.unwrap();
                sender.send((http.local_addr().unwrap(), https.local_addr().unwrap())).unwrap();
                let acceptor = TlsAcceptor::from(Arc::new(config));
                loop {
                    let (expected, counted) = (expected.clone(), Arc::clone(&counted));
                    tokio::select! {
                        Ok((stream, _)) = http.accept() => {
                            tokio::spawn(serve(stream, expected, counted));
                        }
                        Ok((stream, _)) = https.accept() => {
                            let acceptor = acceptor.clone();
                            tokio::spawn(async move {
                                if let Ok(stream) = acceptor.accept(stream).await {
                                    serve(stream, expected, counted).await;
                                }
                            });
                        }
                    }
                }
            });
        });
        let (http, https) = receiver.recv().unwrap();
        Self { http, https, calls }
    }

    pub(crate) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    /// The values of `--connect-to` that lead [`HOST`] here, over http and https.
    pub(crate) fn connect_to(&self) -> [String; 2] {
        [format!("{HOST}:80:{}", self.http), format!("{HOST}:443:{}", self.https)]
    }
}

async fn serve<S>(stream: S, expected: String, calls: Arc<AtomicU32>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: Request<Incoming>| {
        let (expected, calls) = (expected.clone(), Arc::clone(&calls));
        async move {
            calls.fetch_add(1, Ordering::SeqCst);
            let given = request.headers().get("authorization").map(|value| value.as_bytes().to_vec());
            let path = request.uri().path().to_owned();
            let content = request
                .into_body()
                .collect()
                .await
                .map(http_body_util::Collected::to_bytes)
                .unwrap_or_default();
            let content = String::from_utf8_lossy(&content).into_owned();
            let authorization = String::from_utf8_lossy(given.as_deref().unwrap_or_default());
            if let Some((status, body)) = embedded::answer(&path, &authorization, &content) {
                return Ok(answer(status, Bytes::from(body)));
            }
            if path == "/api/v1/applications/token" {
                let token = expected.trim_start_matches("Bearer ");
                let sound = content.contains(embedded::SECRET);
                let body = format!(r#"{{"access_token":"{token}","token_type":"Bearer"}}"#);
                let (status, body) = if sound {
                    (200, body)
                } else {
                    (401, r#"{"message":"no such application"}"#.to_owned())
                };
                return Ok(answer(status, Bytes::from(body)));
            }
            let (status, body) = match given {
                // Whoever asks.
                _ if path == "/open" => (200, r#"{"data":[]}"#),
                _ if path == "/closed" => (403, r#"{"message":"not from here"}"#),
                None => (401, r#"{"message":"no credentials"}"#),
                Some(given) if given != expected.as_bytes() => (401, r#"{"message":"bad credentials"}"#),
                Some(_) if path.ends_with("/instances_for_user") => {
                    (200, r#"{"instances":[{"id":"lots-1"}]}"#)
                }
                Some(_) if path.ends_with("/execute") => (200, r#"{"result":{"login":"lots"}}"#),
                Some(_) if path == "/graphql" => (200, r#"{"data":{"viewer":{"login":"lots"}}}"#),
                Some(_) => (200, r#"{"data":[{"id":1,"loja":"10"}]}"#),
            };
            Ok::<_, Infallible>(answer(status, Bytes::from_static(body.as_bytes())))
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

fn answer(status: u16, body: Bytes) -> Response<Full<Bytes>> {
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.body(Full::new(body)).unwrap()
}

/// The identity of a server on `address`; the certificate of its authority is written to `ca`.
pub(crate) fn identity(address: Ipv4Addr, ca: &Path) -> rustls::ServerConfig {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    std::fs::write(ca, authority.pem()).unwrap();
    let mut names = vec![HOST.to_owned(), address.to_string()];
    names.extend(OF_PAGES.map(str::to_owned));
    let mut params = CertificateParams::new(names).unwrap();
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, &authority).unwrap();
    rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![leaf.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        )
        .unwrap()
}
