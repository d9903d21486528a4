//! The name that a client says first: TLS's server name, or HTTP's Host.

use rustls::server::Acceptor;

/// What the first bytes of a client say.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// This name, in lower case.
    Name(String),
    /// No name.
    Nothing,
    /// Not enough to tell.
    Part,
}

/// Reads the name out of what a client has sent so far.
pub(super) fn named(bytes: &[u8]) -> Said {
    match bytes {
        [] => Said::Part,
        [0x16, ..] => server_name(bytes),
        [first, ..] if first.is_ascii_uppercase() => host(bytes),
        _ => Said::Nothing,
    }
}

fn server_name(mut bytes: &[u8]) -> Said {
    let mut acceptor = Acceptor::default();
    while !bytes.is_empty() {
        match acceptor.read_tls(&mut bytes) {
            Ok(length) if length > 0 => {}
            _ => return Said::Nothing,
        }
        match acceptor.accept() {
            Ok(Some(accepted)) => {
                return match accepted.client_hello().server_name() {
                    Some(name) => Said::Name(name.to_ascii_lowercase()),
                    None => Said::Nothing,
                };
            }
            Ok(None) => {}
            Err(_) => return Said::Nothing,
        }
    }
    Said::Part
}

fn host(bytes: &[u8]) -> Said {
    let mut lines = bytes.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).skip(1).peekable();
    while let Some(line) = lines.next() {
        // The last one may not be whole.
        if lines.peek().is_none() {
            return Said::Part;
        }
        if line.is_empty() {
            return Said::Nothing;
        }
        let Some(colon) = line.iter().position(|byte| *byte == b':') else { continue };
        if line[..colon].eq_ignore_ascii_case(b"host") {
            let authority = http::uri::Authority::try_from(line[colon + 1..].trim_ascii());
            return match authority {
                Ok(authority) => Said::Name(authority.host().to_ascii_lowercase()),
                Err(_) => Said::Nothing,
            };
        }
    }
    Said::Part
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_host_of_a_request_is_its_name() {
        let name = |text: &str| named(text.as_bytes());
        assert_eq!(name("GET / HTTP/1.1\r\nA: b\r\nhost: API.test:8080\r\n"), Said::Name("api.test".into()));
        assert_eq!(name("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n"), Said::Name("[::1]".into()));
        assert_eq!(name("GET / HTTP/1.1\r\nHost: api.te"), Said::Part);
        assert_eq!(name("GET / HTTP/1.0\r\n\r\n"), Said::Nothing);
        assert_eq!((name(""), name("G"), name("\0SMTP")), (Said::Part, Said::Part, Said::Nothing));
    }

    #[test]
    fn the_server_name_of_tls_is_its_name() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let name = "api.example.test".try_into().unwrap();
        let mut client = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
        let mut hello = Vec::new();
        client.write_tls(&mut hello).unwrap();
        assert_eq!(named(&hello), Said::Name("api.example.test".to_owned()));
        assert_eq!(named(&hello[..60]), Said::Part);
        assert_eq!(named(&[0x16, 3, 1, 0, 4, 9, 9, 9, 9]), Said::Nothing);
    }
}
