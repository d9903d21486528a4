//! TLS towards upstream servers: strict verification, session resumption.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::proxy::{Settings, UpstreamIdentity};
use crate::threads;

use super::Protocol;

/// A file with certificates or keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read, or it is not PEM.
    #[error("cannot read PEM from {}", path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::pki_types::pem::Error,
    },
    /// It holds no certificate.
    #[error("no certificate in {}: it must hold `BEGIN CERTIFICATE`", .0.display())]
    Empty(PathBuf),
    /// The TLS library refuses what it holds.
    #[error("cannot use {}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// Why.
        source: rustls::Error,
    },
}

/// How samewire speaks TLS to upstream servers.
pub(in crate::proxy) struct Client {
    own_roots: Vec<CertificateDer<'static>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    /// Made when first used: reading the system's roots takes longer than opening a port.
    config: OnceLock<Result<Arc<ClientConfig>, rustls::Error>>,
}

impl Client {
    /// Reads the files that the settings name.
    pub(in crate::proxy) fn new(settings: &Settings) -> Result<Self, TrustError> {
        let mut own_roots = Vec::new();
        for path in &settings.upstream_ca {
            let certificates = certificates(path)?;
            let mut check = RootCertStore::empty();
            for certificate in &certificates {
                check
                    .add(certificate.clone())
                    .map_err(|source| TrustError::Refused { path: path.clone(), source })?;
            }
            own_roots.extend(certificates);
        }
        let identity = settings.upstream_identity.as_ref().map(identity).transpose()?;
        let client = Self { own_roots, identity, config: OnceLock::new() };
        if let (Some(named), Some(_)) = (&settings.upstream_identity, &client.identity) {
            // A key that does not fit its certificate is found now, not at the first request.
            let refused = |source| TrustError::Refused { path: named.key.clone(), source };
            client.configure(RootCertStore::empty()).map_err(refused)?;
        }
        Ok(client)
    }

    /// Reads the system's roots now, so that the first request need not wait for them.
    pub(in crate::proxy) fn warm(&self) {
        let _ = self.base();
    }

    /// The configuration for a connection that offers these protocols.
    pub(in crate::proxy) fn config(&self, offers: &[Protocol]) -> Result<Arc<ClientConfig>, rustls::Error> {
        let base = self.base()?;
        if offers == [Protocol::Http11] {
            return Ok(base);
        }
        let mut config = (*base).clone();
        config.alpn_protocols = offers.iter().map(|protocol| protocol.id().to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// The one that offers HTTP/1.1 only.
    fn base(&self) -> Result<Arc<ClientConfig>, rustls::Error> {
        self.config
            .get_or_init(|| {
                let mut roots = RootCertStore::empty();
                let system = threads::apart(rustls_native_certs::load_native_certs);
                for error in &system.errors {
                    tracing::warn!(%error, "cannot read a system certificate");
                }
                roots.add_parsable_certificates(system.certs);
                roots.add_parsable_certificates(self.own_roots.iter().cloned());
                self.configure(roots).map(Arc::new)
            })
            .clone()
    }

    fn configure(&self, roots: RootCertStore) -> Result<ClientConfig, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots);
        let mut config = match &self.identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain.clone(), key.clone_key())?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = vec![Protocol::Http11.id().to_vec()];
        Ok(config)
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let pem = |source| TrustError::Pem { path: path.to_owned(), source };
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<_, _>>().map_err(pem)?;
    if found.is_empty() { Err(TrustError::Empty(path.to_owned())) } else { Ok(found) }
}

fn identity(
    named: &UpstreamIdentity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TrustError> {
    let key = PrivateKeyDer::from_pem_file(&named.key)
        .map_err(|source| TrustError::Pem { path: named.key.clone(), source })?;
    Ok((certificates(&named.certificate)?, key))
}
