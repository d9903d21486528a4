//! The embedded connector: reads a config and a manifest, calls the API, speaks as an Airbyte connector does.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper_util::rt::TokioIo;
use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::output;
use super::{HOST, url};

/// The connector's arguments, as Airbyte gives them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// `check` is all it can.
    operation: String,
    /// The config.
    #[arg(long)]
    config: PathBuf,
    /// The manifest.
    #[arg(long)]
    manifest_path: PathBuf,
}

/// Checks the connection.
pub(crate) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.operation != "check" {
        bail!("the embedded connector knows no {:?}; it can check", args.operation);
    }
    let manifest = fs::read_to_string(&args.manifest_path).context("cannot read the manifest")?;
    if !manifest.lines().any(|line| line.starts_with("spec:")) {
        let message = "Unable to find spec.yaml or spec.json in the package.";
        say(&json!({"type": "LOG", "log": {"level": "FATAL", "message": message}}))?;
        say(
            &json!({"type": "TRACE", "trace": {"type": "ERROR", "error": {"message": message, "failure_type": "system_error"}}}),
        )?;
        return Ok(ExitCode::from(1));
    }
    let config: BTreeMap<String, Value> =
        serde_json::from_slice(&fs::read(&args.config).context("cannot read the config")?)?;
    // What a template engine makes of `{{ config['api_key'] }}` where the key is absent.
    let token = config.get("api_key").and_then(Value::as_str).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (status, body) = runtime.block_on(call(token, config.get("store").unwrap_or(&Value::Null)))?;
    if status < 400 {
        say(&json!({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "SUCCEEDED"}}))?;
    } else {
        let text = format!("Request to {} failed with status code {status}: {body}", url());
        say(
            &json!({"type": "CONNECTION_STATUS", "connectionStatus": {"status": "FAILED", "message": text}}),
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn say(message: &Value) -> anyhow::Result<()> {
    output::report(&format!("{message}\n"), None)
}

/// Calls the API as any client does: through the proxy and with the certificates that the environment names.
async fn call(token: &str, store: &Value) -> anyhow::Result<(u16, String)> {
    let proxy = env::var("HTTPS_PROXY").context("HTTPS_PROXY is not set")?;
    let mut stream = TcpStream::connect(proxy.trim_start_matches("http://").trim_end_matches('/')).await?;
    stream.write_all(format!("CONNECT {HOST}:443 HTTP/1.1\r\nHost: {HOST}:443\r\n\r\n").as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.context("the proxy closed the connection")?);
    }
    if !head.starts_with(b"HTTP/1.1 200") {
        bail!("the proxy did not open a tunnel");
    }
    let stream = TlsConnector::from(Arc::new(trust()?)).connect(ServerName::try_from(HOST)?, stream).await?;
    let (mut sender, connection) = hyper::client::conn::http1::Builder::new()
        .title_case_headers(true)
        .handshake(TokioIo::new(stream))
        .await?;
    tokio::spawn(connection);
    let now = Timestamp::now();
    let format = "%Y-%m-%dT%H:%M:%SZ";
    let body = json!({
        "Inicio": (now - SignedDuration::from_hours(7 * 24)).strftime(format).to_string(),
        "Fim": now.strftime(format).to_string(),
        "Loja": store,
    });
    let request = Request::post("/v1/lots")
        .header("Host", HOST)
        .header("User-Agent", concat!("demo-connector/", env!("CARGO_PKG_VERSION")))
        .header("Accept", "application/json")
        .header("Content-Type", "application/json")
        .header("Authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::from(body.to_string())))?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let body = response.into_body().collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

fn trust() -> anyhow::Result<rustls::ClientConfig> {
    let path = env::var_os("SSL_CERT_FILE").context("SSL_CERT_FILE is not set")?;
    let mut roots = rustls::RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(path)? {
        // Some system roots are not to rustls' liking; the one that matters is.
        let _ = roots.add(certificate?);
    }
    Ok(rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}
