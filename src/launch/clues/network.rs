//! Sentences about what lies between the client and the API.

use super::Said;
use super::text::Sentence;
use crate::model::ClueKind;

/// The client did not accept a certificate: OpenSSL and Python, curl, Node, Java, Go, Rust.
const CERTIFICATE: &[&str] = &[
    "CERTIFICATE_VERIFY_FAILED",
    "certificate verify failed",
    "SSLCertVerificationError",
    "SSL certificate problem",
    "SSL certificate verification",
    "unable to get local issuer certificate",
    "unable to verify the first certificate",
    "self-signed certificate",
    "self signed certificate",
    "SELF_SIGNED_CERT",
    "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
    "UNABLE_TO_GET_ISSUER_CERT",
    "PKIX path",
    "unable to find valid certification path",
    "x509: certificate",
    "tls: failed to verify certificate",
    "alert unknown ca",
    "UnknownIssuer",
    "invalid peer certificate",
    "The certificate of", // wget: The certificate of 'host' is not trusted.
];

/// A name could not be resolved: glibc, BSD, Node, Java, Go, curl, requests.
const NAME: &[&str] = &[
    "Name or service not known",
    "Temporary failure in name resolution",
    "nodename nor servname",
    "No address associated with hostname",
    "NameResolutionError",
    "Failed to resolve",
    "ould not resolve host",
    "gaierror",
    "ENOTFOUND",
    "EAI_AGAIN",
    "UnknownHostException",
    "no such host",
    "failed to lookup address",
    "unable to resolve host address",
];

/// A connection was refused or broke.
const CONNECTION: &[&str] = &[
    "Connection refused",
    "onnection refused",
    "ECONNREFUSED",
    "ECONNRESET",
    "Connection reset by peer",
    "Connection aborted",
    "Remote end closed connection",
    "Server disconnected",
    "Failed to establish a new connection",
    "All connection attempts failed",
    "Failed to connect to",
    "Cannot connect to host",
    "java.net.ConnectException",
    "No route to host",
    "Network is unreachable",
    "EHOSTUNREACH",
    "socket hang up",
    "Cannot connect to proxy",
    "Tunnel connection failed",
];

/// The client gave up waiting.
const TIMEOUT: &[&str] = &[
    "Read timed out",
    "read timed out",
    "onnection timed out",
    "Operation timed out",
    "Connect timed out",
    "connect timed out",
    "The read operation timed out",
    "request timed out",
    "Request timed out",
    "ReadTimeout",
    "ConnectTimeout",
    "TimeoutError",
    "HttpTimeoutException",
    "SocketTimeoutException",
    "ETIMEDOUT",
    "UND_ERR_CONNECT_TIMEOUT",
    "UND_ERR_HEADERS_TIMEOUT",
    "deadline exceeded",
    "i/o timeout",
    "curl: (28)",
];

/// Reads one sentence. The first that fits is the cause of those after it.
pub(super) fn read(sentence: &Sentence<'_>) -> Option<Said> {
    let kind = if sentence.has("belongs to a private network") {
        ClueKind::EgressBlocked("private-address".into())
    } else if sentence.has("Invalid Protocol Schem") {
        ClueKind::EgressBlocked("scheme".into())
    } else if sentence.has_any(CERTIFICATE) {
        ClueKind::CertificateRejected
    } else if sentence.has_any(NAME) {
        ClueKind::NameNotResolved
    } else if sentence.has_any(TIMEOUT) {
        ClueKind::TimedOut
    } else if sentence.has_any(CONNECTION) {
        ClueKind::ConnectionFailed
    } else {
        return None;
    };
    Some(Said::sure(kind, sentence.text))
}
