//! The certificate authority of one run, or of many, and the leaves that it signs.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::NoServerSessionStorage;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;

use super::Protocol;

/// Leaves that are kept. A run that meets more hosts signs some of them again.
const KEPT_LEAVES: usize = 1024;

/// A certificate authority. Its private key is in memory only, but for one that the user keeps in files.
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
    /// A kept authority cannot be used.
    #[error("{why}; make another one: samewire ca new DIR")]
    Unusable {
        /// What is wrong with it.
        why: &'static str,
    },
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

    /// One that was kept: certificate and private key, PEM.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Self, AuthorityError> {
        let unusable = |why| AuthorityError::Unusable { why };
        let key = KeyPair::from_pem(key).map_err(|_| unusable("the CA's key file holds no private key"))?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(certificate.as_bytes())
            .map_err(|_| unusable("the CA's file holds no certificate"))?;
        let parsed = pem.parse_x509().map_err(|_| unusable("the CA's certificate cannot be read"))?;
        if parsed.public_key().raw != key.subject_public_key_info() {
            return Err(unusable("the CA's certificate and its key do not belong together"));
        }
        if !parsed.is_ca() {
            return Err(unusable("the certificate given as a CA is not one"));
        }
        if !parsed.validity().is_valid() {
            return Err(unusable("the CA's certificate has expired, or is not valid yet"));
        }
        let certificate = CertificateDer::from(pem.contents.clone());
        let unix = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
        Ok(Self {
            issuer: Issuer::from_ca_cert_der(&certificate, key)?,
            pem: pem::encode_config(&pem::Pem::new("CERTIFICATE", certificate.as_ref()), unix),
            certificate,
            leaf_key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?,
            leaves: Mutex::default(),
        })
    }

    /// Its private key, PEM, for an authority that is to be kept.
    pub fn key_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(self.issuer.key().serialize_pem())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_authority_signs_as_before() {
        let made = Authority::new().unwrap();
        let kept = Authority::from_pem(made.certificate_pem(), &made.key_pem()).unwrap();
        assert_eq!(kept.certificate_der(), made.certificate_der());
        assert_eq!(kept.key_pem(), made.key_pem());
        assert_eq!(kept.certificate_pem(), made.certificate_pem());
        let (_, pem) = x509_parser::pem::parse_x509_pem(kept.certificate_pem().as_bytes()).unwrap();
        assert_eq!(pem.contents, made.certificate_der());
        assert!(kept.server("api.example.com", Some(Protocol::Http11)).is_ok());
    }

    #[test]
    fn what_is_no_authority_is_refused() {
        let (one, other) = (Authority::new().unwrap(), Authority::new().unwrap());
        let why = |certificate: &str, key: &str| match Authority::from_pem(certificate, key) {
            Err(AuthorityError::Unusable { why }) => why,
            Err(other) => panic!("{other}"),
            Ok(_) => panic!("accepted"),
        };
        assert!(why(one.certificate_pem(), &other.key_pem()).contains("do not belong together"));
        assert!(why("", &one.key_pem()).contains("no certificate"));
        assert!(why(one.certificate_pem(), one.certificate_pem()).contains("no private key"));
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["a.example".to_owned()]).unwrap().self_signed(&key).unwrap();
        assert!(why(&leaf.pem(), &key.serialize_pem()).contains("is not one"));
        let mut old = CertificateParams::default();
        old.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        old.not_after = OffsetDateTime::now_utc() - Duration::DAY;
        let old = old.self_signed(&key).unwrap();
        assert!(why(&old.pem(), &key.serialize_pem()).contains("expired"));
    }
}
