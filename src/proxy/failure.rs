//! What goes wrong on either leg, as data: whose leg, how far it had got, what happened.

use std::error::Error as StdError;
use std::io;

use crate::model::{FailureKind, Leg, Phase};
use crate::redact::RawFailure;

/// How a connection came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// Closed by the other end.
    Closed,
    /// Reset by the other end.
    Reset,
    /// It took too long.
    TimedOut,
    /// The other end sent a TLS alert; its name.
    Alert(String),
    /// The other end's certificate does not verify; why.
    Certificate(String),
    /// TLS failed otherwise; how.
    Tls(String),
    /// Nobody listens there.
    Refused,
    /// No way there.
    Unreachable,
    /// What came is not HTTP; how.
    Malformed(String),
    /// Any other error of the system.
    System(String),
}

impl Cause {
    /// Reads an I/O error, a TLS error in it included.
    pub(super) fn of(error: &io::Error) -> Self {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            return Self::of_tls(tls);
        }
        match error.kind() {
            io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Self::Reset,
            io::ErrorKind::BrokenPipe | io::ErrorKind::UnexpectedEof | io::ErrorKind::NotConnected => {
                Self::Closed
            }
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::NetworkDown => Self::Unreachable,
            // The HTTP library's own words for chunks that are none.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Self::Malformed(error.to_string()),
            _ => Self::System(error.to_string()),
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::AlertReceived(alert) => Self::Alert(alert_name(*alert)),
            rustls::Error::InvalidCertificate(reason) => Self::Certificate(certificate_words(reason)),
            rustls::Error::NoCertificatesPresented => Self::Certificate(error.to_string()),
            other => Self::Tls(other.to_string()),
        }
    }

    /// Finds the I/O error in an error of the HTTP library.
    pub(super) fn within(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut source = Some(error);
        while let Some(error) = source {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Some(Self::of(error));
            }
            source = error.source();
        }
        None
    }

    pub(super) fn kind(&self) -> FailureKind {
        match self {
            Self::Closed => FailureKind::Closed,
            Self::Reset => FailureKind::Reset,
            Self::TimedOut => FailureKind::TimedOut,
            Self::Certificate(_) => FailureKind::Certificate,
            Self::Alert(_) | Self::Tls(_) => FailureKind::Tls,
            Self::Refused => FailureKind::Refused,
            Self::Unreachable => FailureKind::Unreachable,
            Self::Malformed(_) => FailureKind::Malformed,
            Self::System(_) => FailureKind::Internal,
        }
    }

    /// In words, after "the connection to X": `was refused`.
    pub(super) fn words(&self) -> String {
        match self {
            Self::Closed => "was closed too early".to_owned(),
            Self::Reset => "was reset".to_owned(),
            Self::TimedOut => "took too long".to_owned(),
            Self::Alert(name) => format!("was ended by the TLS alert {name}"),
            Self::Certificate(why) => format!("shows a certificate that does not verify: {why}"),
            Self::Tls(how) => format!("has no working TLS: {how}"),
            Self::Refused => "was refused".to_owned(),
            Self::Unreachable => "has no route".to_owned(),
            Self::Malformed(how) => format!("does not speak HTTP: {how}"),
            Self::System(error) => format!("failed: {error}"),
        }
    }
}

/// Why a certificate does not verify. The TLS library has no type for one frequent reason.
fn certificate_words(reason: &rustls::CertificateError) -> String {
    let words = reason.to_string();
    if words.contains("CaUsedAsEndEntity") {
        "it is an authority's own certificate (CA:TRUE); the server needs one that is not".to_owned()
    } else {
        words
    }
}

/// The name of an alert as RFC 8446, section 6, writes it: `UnknownCA` is `unknown_ca`.
fn alert_name(alert: rustls::AlertDescription) -> String {
    let camel = format!("{alert:?}");
    let mut name = String::with_capacity(camel.len() + 4);
    let mut before = 'A';
    for letter in camel.chars() {
        if letter.is_ascii_uppercase() && !before.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
        before = letter;
    }
    name
}

/// A failure on the leg to the origin.
pub(super) fn upstream(phase: Phase, kind: FailureKind, message: impl Into<String>) -> RawFailure {
    RawFailure { leg: Leg::Upstream, phase, kind, message: message.into() }
}

/// A failure on the leg from the client.
pub(super) fn client(phase: Phase, kind: FailureKind, message: impl Into<String>) -> RawFailure {
    RawFailure { leg: Leg::Client, phase, kind, message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alerts_are_named_as_the_rfc_does() {
        use rustls::AlertDescription as Alert;
        assert_eq!(alert_name(Alert::UnknownCA), "unknown_ca");
        assert_eq!(alert_name(Alert::BadCertificate), "bad_certificate");
        assert_eq!(alert_name(Alert::NoApplicationProtocol), "no_application_protocol");
    }

    #[test]
    fn a_tls_error_is_found_inside_an_io_error() {
        let error = rustls::Error::AlertReceived(rustls::AlertDescription::CertificateUnknown);
        let cause = Cause::of(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert_eq!(cause, Cause::Alert("certificate_unknown".to_owned()));
    }
}
