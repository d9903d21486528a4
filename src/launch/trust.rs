//! Files that make clients trust the proxy's CA: the certificate alone, bundles, a trust store for the JVM.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tempfile::TempDir;

use super::environment::certificate_files;

/// Where systems keep their roots in one file: Debian and Alpine, Fedora, SUSE, BSD and macOS.
const SYSTEM_BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Why the trust files could not be made.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The folder for them.
    #[error("cannot make a folder for trust files in {}; set TMPDIR to a folder that can be written to", .parent.display())]
    Folder {
        /// Where.
        parent: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// One of them.
    #[error("cannot write the trust file {}; is the disk full?", .path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The CA's certificate is not one.
    #[error("the proxy's CA certificate is not a certificate in PEM form")]
    Authority,
    /// The trust store for the JVM.
    #[error("cannot build the trust store for the JVM: {0}")]
    Store(String),
}

/// Trust files in a private folder. The folder goes when this does.
#[derive(Debug)]
pub struct Trust {
    folder: TempDir,
    files: Files,
}

/// Where the trust files lie, as a client sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files(PathBuf);

impl Files {
    /// The files in this folder.
    pub fn in_folder(folder: &Path) -> Self {
        Self(folder.to_owned())
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// The CA's certificate alone, PEM.
    pub fn certificate(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    /// The system's roots, the user's own, and the CA's certificate, PEM: for variables that replace the store.
    pub fn bundle(&self) -> PathBuf {
        self.0.join("bundle.pem")
    }

    /// The CA's certificate and what `NODE_EXTRA_CA_CERTS` named before, PEM.
    pub(super) fn addition(&self) -> PathBuf {
        self.0.join("addition.pem")
    }

    /// The same as [`bundle`](Self::bundle) for the JVM, PKCS#12.
    pub fn java_store(&self) -> PathBuf {
        self.0.join("trust.p12")
    }
}

impl Trust {
    /// The password of the JVM's trust store. Not a secret: there is nothing but public certificates in it.
    pub const JAVA_PASSWORD: &str = "changeit";

    /// Writes the files for the CA certificate `ca_pem` into a new folder (0700) in `parent`.
    ///
    /// `inherited` gives the environment variables that the command would have: certificates in files that they
    /// name stay trusted. Where the path of `parent` has a blank in it, which JVM options cannot carry, the folder
    /// is made in `/tmp`.
    pub fn prepare(
        ca_pem: &str,
        parent: &Path,
        inherited: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, TrustError> {
        let authority =
            CertificateDer::from_pem_slice(ca_pem.as_bytes()).map_err(|_| TrustError::Authority)?;
        // First of all: the parser keeps tables, and what is taken before them cannot go back to the system.
        Certificate::from_der(&authority).map_err(|_| TrustError::Authority)?;
        let folder = private_folder(parent)?;
        let trust = Self { files: Files::in_folder(folder.path()), folder };

        let mut named = Named::default();
        let users: Vec<_> = certificate_files()
            .chain(["SSL_CERT_DIR"])
            .filter_map(&inherited)
            .flat_map(|path| named.certificates(path))
            .collect();
        let mut roots = rustls_native_certs::load_native_certs().certs;
        // With one of these variables set, its certificates are all that is loaded.
        if ["SSL_CERT_FILE", "SSL_CERT_DIR"].iter().any(|name| inherited(name).is_some()) {
            let system = SYSTEM_BUNDLES.iter().find(|path| Path::new(path).is_file());
            roots.extend(system.into_iter().flat_map(|path| named.certificates(path.into())));
        }
        if roots.is_empty() {
            tracing::warn!("no root certificates found on this system");
        }
        roots.extend(users);
        roots.push(authority.clone());
        let mut seen = HashSet::new();
        roots.retain(|root| seen.insert(root.clone()));

        write(&trust.files.certificate(), &to_pem(std::slice::from_ref(&authority)))?;
        write(&trust.files.bundle(), &to_pem(&roots))?;
        let mut additional: Vec<_> =
            inherited("NODE_EXTRA_CA_CERTS").into_iter().flat_map(|path| named.certificates(path)).collect();
        additional.push(authority);
        write(&trust.files.addition(), &to_pem(&additional))?;
        write(&trust.files.java_store(), &java_store(&roots)?)?;
        Ok(trust)
    }

    /// Where the files lie on this machine.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Opens the folder to others, as a container's user is one. There is nothing but public certificates in it.
    pub fn share(&self) -> io::Result<()> {
        fs::set_permissions(self.folder.path(), fs::Permissions::from_mode(0o755))
    }
}

fn private_folder(parent: &Path) -> Result<TempDir, TrustError> {
    let blank = parent.as_os_str().as_encoded_bytes().iter().any(u8::is_ascii_whitespace);
    let parent = if blank { Path::new("/tmp") } else { parent };
    tempfile::Builder::new()
        .prefix("samewire-trust-")
        .permissions(fs::Permissions::from_mode(0o700))
        .tempdir_in(parent)
        .map_err(|source| TrustError::Folder { parent: parent.to_owned(), source })
}

fn write(path: &Path, data: &[u8]) -> Result<(), TrustError> {
    use std::io::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;
    // Readable by others: a container's user mounts them. The folder keeps everyone else out.
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o644)
        .open(path)
        .and_then(|mut file| file.write_all(data))
        .map_err(|source| TrustError::Write { path: path.to_owned(), source })
}

/// Files and folders with certificates. Often several variables name one file, and reading it takes longer than opening a port.
#[derive(Default)]
struct Named(HashMap<PathBuf, Vec<CertificateDer<'static>>>);

impl Named {
    /// The certificates in the file or the folder that a variable names; none where there is nothing to read.
    fn certificates(&mut self, path: OsString) -> Vec<CertificateDer<'static>> {
        let path = PathBuf::from(path);
        if path.as_os_str().is_empty() {
            return Vec::new();
        }
        let real = fs::canonicalize(&path).unwrap_or(path);
        let load = |path: &PathBuf| {
            let path = Some(path.as_path());
            let (file, folder) = if path.is_some_and(Path::is_dir) { (None, path) } else { (path, None) };
            rustls_native_certs::load_certs_from_paths(file, folder).certs
        };
        self.0.entry(real).or_insert_with_key(load).clone()
    }
}

fn to_pem(certificates: &[CertificateDer<'_>]) -> Vec<u8> {
    let config = pem::EncodeConfig::new().set_line_ending(pem::LineEnding::LF);
    let blocks: Vec<_> =
        certificates.iter().map(|certificate| pem::Pem::new("CERTIFICATE", certificate.to_vec())).collect();
    pem::encode_many_config(&blocks, config).into_bytes()
}

/// A PKCS#12 trust store as `keytool` makes it.
fn java_store(roots: &[CertificateDer<'_>]) -> Result<Vec<u8>, TrustError> {
    let mut store = KeyStore::new();
    for (number, root) in roots.iter().enumerate() {
        // A root that this parser refuses is left out: the JVM would refuse it too.
        if let Ok(certificate) = Certificate::from_der(root) {
            store.add_entry(&format!("root-{number}"), KeyStoreEntry::Certificate(certificate));
        }
    }
    // Few iterations: the store protects nothing, and each run waits for it.
    store
        .writer(Trust::JAVA_PASSWORD)
        .encryption_iterations(1)
        .mac_iterations(1)
        .write()
        .map_err(|error| TrustError::Store(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ca(name: &str) -> rcgen::Certificate {
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
        parameters.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap()
    }

    fn certificates(path: &Path) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(path).unwrap().map(Result::unwrap).collect()
    }

    #[test]
    fn a_bundle_the_user_had_stays_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let (ours, theirs, nodes) = (ca("ours"), ca("theirs"), ca("nodes"));
        let (file, node) = (folder.path().join("corporate.pem"), folder.path().join("node.pem"));
        fs::write(&file, theirs.pem()).unwrap();
        fs::write(&node, nodes.pem()).unwrap();
        let trust = Trust::prepare(&ours.pem(), folder.path(), |name| match name {
            "REQUESTS_CA_BUNDLE" => Some(file.clone().into()),
            "NODE_EXTRA_CA_CERTS" => Some(node.clone().into()),
            "SSL_CERT_FILE" => Some("/nowhere/at/all.pem".into()),
            _ => None,
        })
        .unwrap();

        let bundle = certificates(&trust.files().bundle());
        assert!(bundle.contains(ours.der()) && bundle.contains(theirs.der()));
        assert_eq!(certificates(&trust.files().addition()), [nodes.der().clone(), ours.der().clone()]);
        assert_eq!(certificates(&trust.files().certificate()), [ours.der().clone()]);
    }

    #[test]
    fn the_folder_is_private_has_no_blank_and_goes_away() {
        let parent = tempfile::Builder::new().prefix("with blank ").tempdir().unwrap();
        let trust = Trust::prepare(&ca("ours").pem(), parent.path(), |_| None).unwrap();
        let folder = trust.files().bundle().parent().unwrap().to_owned();
        assert!(!folder.to_str().unwrap().contains(' '));
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        drop(trust);
        assert!(!folder.exists());
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(
            Trust::prepare("not a certificate", folder.path(), |_| None),
            Err(TrustError::Authority)
        ));
    }
}
