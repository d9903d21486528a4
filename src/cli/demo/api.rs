//! The embedded API: HTTPS on a free port of the loopback address, one resource, one token.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::thread;

use anyhow::Context as _;
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

use crate::proxy::ConnectTo;

/// The name that the API goes by.
pub(super) const HOST: &str = "api.example.com";

/// The API, serving on a thread of its own as long as the process lives.
pub(super) struct Api {
    address: SocketAddr,
    certificate: String,
}

impl Api {
    /// Starts it; it accepts this token only.
    pub(super) fn start(token: &'static str) -> anyhow::Result<Self> {
        let (certificate, config) = identity()?;
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new().name("demo-api".to_owned()).spawn(move || {
            runtime.block_on(async {
                if let Ok(listener) = TcpListener::from_std(listener) {
                    serve(listener, TlsAcceptor::from(Arc::new(config)), token).await;
                }
            });
        })?;
        Ok(Self { address, certificate })
    }

    /// The certificate of the authority that signed its own, PEM.
    pub(super) fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Leads its name to where it listens.
    pub(super) fn connect_to(&self) -> anyhow::Result<ConnectTo> {
        format!("{HOST}:443:{}:{}", self.address.ip(), self.address.port())
            .parse()
            .map_err(|error| anyhow::anyhow!("the embedded API's address: {error}"))
    }
}

fn identity() -> anyhow::Result<(String, rustls::ServerConfig)> {
    let mut authority = CertificateParams::new(Vec::new())?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
    let mut params = CertificateParams::new(vec![HOST.to_owned()])?;
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let leaf = params.signed_by(&key, &authority)?;
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config =
        rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .context("the embedded API's certificate")?;
    Ok((authority.pem(), config))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, token: &'static str) {
    while let Ok((stream, _)) = listener.accept().await {
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request| answer(request, token));
            let _ = hyper::server::conn::http1::Builder::new()
                .serve_connection(TokioIo::new(stream), service)
                .await;
        });
    }
}

async fn answer(request: Request<Incoming>, token: &str) -> Result<Response<Full<Bytes>>, Infallible> {
    let given = request.headers().get(http::header::AUTHORIZATION).map(|value| value.as_bytes().to_vec());
    let found = request.uri().path() == "/v1/lots";
    let _ = request.into_body().collect().await;
    let (status, body) = match given {
        _ if !found => (404, r#"{"message":"no such resource"}"#),
        None => (401, r#"{"message":"credentials are missing"}"#),
        Some(given) if given == format!("Bearer {token}").as_bytes() => {
            (200, r#"{"data":[{"id":1,"store":10},{"id":2,"store":10}]}"#)
        }
        Some(_) => (403, r#"{"message":"the token is not valid"}"#),
    };
    let mut response = Response::new(Full::new(Bytes::from_static(body.as_bytes())));
    *response.status_mut() = http::StatusCode::from_u16(status).unwrap_or_default();
    response
        .headers_mut()
        .insert(http::header::CONTENT_TYPE, http::HeaderValue::from_static("application/json"));
    Ok(response)
}
