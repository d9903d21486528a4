//! The certificate authority of one run, and the leaves that it signs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use time::{Duration, OffsetDateTime};

use super::Protocol;

/// Leaves that are kept. A run that meets more hosts signs some of them again.
const KEPT_LEAVES: usize = 1024;

/// The certificate authority of one run. Its private key is in memory only.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    pem: String,
    /// One key for all leaves: making a key costs more than signing, and all of them die with the run.
    leaf_key: KeyPair,
    leaves: Mutex<HashMap<String, Arc<ServerConfig>>>,
}

/// A certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// By the certificate library.
    #[error("cannot make a certificate; please report this with the host name")]
    Certificate(#[from] rcgen::Error),
    /// The TLS library refuses it.
    #[error("cannot use a certificate that was just made; please report this with the host name")]
    Tls(#[from] rustls::Error),
    /// No randomness for its name.
    #[error("the system gives no random bytes")]
    Random(#[from] getrandom::Error),
}

impl Authority {
    /// Makes a new one (ECDSA P-256).
    pub fn new() -> Result<Self, AuthorityError> {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
        let mut params = CertificateParams::default();
        // A name of its own: trust stores confuse two authorities of one name.
        let mut run = [0; 4];
        getrandom::fill(&mut run)?;
        let name = format!("samewire {:08x}", u32::from_be_bytes(run));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = validity();
        let certificate = params.self_signed(&key)?;
        Ok(Self {
            certificate: certificate.der().clone(),
            pem: certificate.pem(),
            issuer: Issuer::new(params, key),
            leaf_key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            leaves: Mutex::default(),
        })
    }

    /// The certificate that clients must trust, PEM.
    pub fn certificate_pem(&self) -> &str {
        &self.pem
    }

    /// The same, DER.
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate
    }

    /// How to speak TLS as this host, agreeing on this protocol or on none.
    pub(in crate::proxy) fn server(
        &self,
        host: &str,
        protocol: Option<Protocol>,
    ) -> Result<Arc<ServerConfig>, AuthorityError> {
        let leaf = self.leaf(host)?;
        if protocol == Some(Protocol::Http11) {
            return Ok(leaf);
        }
        let mut config = (*leaf).clone();
        config.alpn_protocols = protocol.iter().map(|protocol| protocol.id().to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// From the cache, or newly signed; it agrees on HTTP/1.1.
    fn leaf(&self, host: &str) -> Result<Arc<ServerConfig>, AuthorityError> {
        let host = host.to_ascii_lowercase();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = leaves.get(&host) {
            return Ok(Arc::clone(known));
        }
        let config = Arc::new(self.sign(&host)?);
        if leaves.len() >= KEPT_LEAVES {
            leaves.clear();
        }
        leaves.insert(host, Arc::clone(&config));
        Ok(config)
    }

    fn sign(&self, host: &str) -> Result<ServerConfig, AuthorityError> {
        let mut params = CertificateParams::default();
        params.subject_alt_names = vec![match host.parse::<IpAddr>() {
            Ok(address) => SanType::IpAddress(address),
            Err(_) => SanType::DnsName(host.try_into()?),
        }];
        // A common name is limited to 64 characters (RFC 5280, upper bounds) and read by nobody today.
        params.distinguished_name.push(DnType::CommonName, "samewire");
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        (params.not_before, params.not_after) = validity();
        let leaf = params.signed_by(&self.leaf_key, &self.issuer)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.leaf_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone(), self.certificate.clone()], key)?;
        config.alpn_protocols = vec![Protocol::Http11.id().to_vec()];
        // A resumed session would hide from the capture whether the client accepts the certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(config)
    }
}

/// A day back, for clocks that are slow (containers, virtual machines), and a year ahead.
fn validity() -> (OffsetDateTime, OffsetDateTime) {
    let now = OffsetDateTime::now_utc();
    (now - Duration::DAY, now + Duration::days(365))
}
