//! Certificates and handshakes that are not to be trusted: the client's request is recorded and answered with a 502 in the
//! origin's place, never by the origin.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustix::process::Signal;
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use samewire::model::{FailureKind, Leg, Phase};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use super::faults::failures;
use super::origins::{Bystander, Got};
use super::running::{PATIENCE, Running};
use super::table::{row, scaled};
use crate::clients::bench::Bench;
use crate::proxy::rig::{OK, read_head, start_origin};
use crate::proxy::secure::trusting;

const NAME: &str = "localhost";

type Issuer = CertifiedIssuer<'static, KeyPair>;

fn authority(issuer: Option<&Issuer>) -> Issuer {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().unwrap();
    match issuer {
        Some(issuer) => CertifiedIssuer::signed_by(params, key, issuer).unwrap(),
        None => CertifiedIssuer::self_signed(params, key).unwrap(),
    }
}

/// A server whose certificate this authority made, altered in some way.
fn server(issuer: &Issuer, alter: impl FnOnce(&mut CertificateParams)) -> TlsAcceptor {
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    alter(&mut params);
    let key = KeyPair::generate().unwrap();
    let leaf = params.signed_by(&key, issuer).unwrap();
    acceptor(leaf.der().clone(), &key)
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

/// What an origin does after its connection is made.
#[derive(Clone)]
enum Deed {
    Shake(TlsAcceptor),
    SpeakPlainly,
    Close,
    Reset,
    Silence,
}

/// Name, deed, status, kind.
fn faults(trusted: &Issuer) -> Vec<(&'static str, Deed, u16, &'static [FailureKind])> {
    use FailureKind as Kind;
    const CERTIFICATE: &[Kind] = &[Kind::Certificate];
    let stranger = authority(None);
    let between = authority(Some(trusted));
    let itself = KeyPair::generate().unwrap();
    let alone = CertificateParams::new(vec![NAME.to_owned()]).unwrap().self_signed(&itself).unwrap();
    let shake = Deed::Shake;
    vec![
        ("expired", shake(server(trusted, |it| it.not_after = date_time_ymd(2020, 1, 1))), 502, CERTIFICATE),
        (
            "not yet valid",
            shake(server(trusted, |it| it.not_before = date_time_ymd(2090, 1, 1))),
            502,
            CERTIFICATE,
        ),
        (
            "another name",
            shake(server(trusted, |it| {
                *it = CertificateParams::new(vec!["other.example".to_owned()]).unwrap();
            })),
            502,
            CERTIFICATE,
        ),
        ("unknown issuer", shake(server(&stranger, |_| {})), 502, CERTIFICATE),
        ("self-signed", shake(acceptor(alone.der().clone(), &itself)), 502, CERTIFICATE),
        (
            "an authority's own",
            shake(server(trusted, |it| it.is_ca = IsCa::Ca(BasicConstraints::Unconstrained))),
            502,
            CERTIFICATE,
        ),
        ("a gap in the chain", shake(server(&between, |_| {})), 502, CERTIFICATE),
        (
            "for clients only",
            shake(server(trusted, |it| {
                it.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
            })),
            502,
            CERTIFICATE,
        ),
        ("no TLS", Deed::SpeakPlainly, 502, &[Kind::Tls]),
        ("close in the handshake", Deed::Close, 502, &[Kind::Closed]),
        ("reset in the handshake", Deed::Reset, 502, &[Kind::Reset]),
        ("silence in the handshake", Deed::Silence, 504, &[Kind::TimedOut]),
    ]
}

async fn commit(deed: Deed, mut stream: TcpStream) {
    match deed {
        Deed::Shake(acceptor) => {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                read_head(&mut stream).await;
                let _ = stream.write_all(OK).await;
            }
        }
        Deed::SpeakPlainly => {
            let _ = stream.read(&mut [0]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
        Deed::Close => drop(stream.read(&mut [0; 4096]).await),
        Deed::Reset => {
            let _ = stream.read(&mut [0]).await;
            let _ = stream.set_zero_linger();
        }
        Deed::Silence => drop(stream.read_to_end(&mut Vec::new()).await),
    }
}

/// Asks through a tunnel, with TLS.
async fn ask(proxy: &str, port: u16, ca: &[u8], id: usize) -> Got {
    let mut stream = TcpStream::connect(proxy).await.unwrap();
    let asked = format!("CONNECT {NAME}:{port} HTTP/1.1\r\nHost: {NAME}:{port}\r\n\r\n");
    stream.write_all(asked.as_bytes()).await.unwrap();
    assert!(read_head(&mut stream).await.starts_with(b"HTTP/1.1 200"));
    let name = ServerName::try_from(NAME).unwrap();
    let mut stream = trusting(Some(ca), &[]).connect(name, stream).await.unwrap();
    let sent = format!("GET /?id={id} HTTP/1.1\r\nHost: {NAME}:{port}\r\n\r\n");
    stream.write_all(sent.as_bytes()).await.unwrap();
    // What a task may do in one turn can be used up here: what is left in the TLS session then is sent by nothing else.
    stream.flush().await.unwrap();
    let mut bytes = Vec::new();
    let end = timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    let reset = end.unwrap_or_else(|_| panic!("request {id} waits for ever")).is_err();
    Got { bytes, reset }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_certificate_that_does_not_verify_is_taken() {
    let runs = scaled(10, 200);
    let bench = Bench::new();
    let trusted = authority(None);
    bench.write("trusted.pem", &trusted.pem());
    let options = ["--upstream-ca", "trusted.pem", "--ca-cert", "ca.pem"];
    let proxy = Running::start(&bench, "tls.har", &[&options[..], &super::faults::SHORT].concat());
    let ca = pem::parse(std::fs::read(bench.path("ca.pem")).unwrap()).unwrap().into_contents();
    let bystander = Bystander::start(&proxy.address);
    let faults = faults(&trusted);
    // The same way with nothing wrong on it.
    let sound = server(&trusted, |_| {});
    let port = start_origin(move |stream| commit(Deed::Shake(sound.clone()), stream)).await.port();
    assert_eq!(ask(&proxy.address, port, &ca, usize::MAX).await.status(), Some(200));
    for (at, (name, deed, status, _)) in faults.iter().enumerate() {
        let deed = deed.clone();
        let port = start_origin(move |stream| commit(deed.clone(), stream)).await.port();
        for runs in (0..runs).collect::<Vec<_>>().chunks(10) {
            let asking = runs.iter().map(|run| ask(&proxy.address, port, &ca, at * 1000 + run));
            for got in futures_util::future::join_all(asking).await {
                assert!(got.is_own(*status), "{name}: {}", String::from_utf8_lossy(&got.bytes));
            }
        }
    }
    bystander.finish();
    proxy.stop(Signal::TERM);
    let failures = failures(&bench.path("tls.har"));
    for (at, (name, .., kinds)) in faults.iter().enumerate() {
        for run in 0..runs {
            let failure = failures.get(&(at * 1000 + run)).unwrap_or_else(|| panic!("{name}: not recorded"));
            let fits =
                (failure.leg, failure.phase) == (Leg::Upstream, Phase::Tls) && kinds.contains(&failure.kind);
            assert!(fits, "{name}: {failure:?}");
        }
    }
    row(
        "TLS faults",
        &format!(
            "{} kinds, {runs} runs each: 502 or 504 in the origin's place, named tls and kind, never an answer of the origin",
            faults.len()
        ),
    );
}
