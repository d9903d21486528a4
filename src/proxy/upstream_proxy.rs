//! The proxy that samewire itself goes through.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use super::settings::{SettingError, bare};

/// An `http://` proxy between samewire and the origins. `Debug` does not show its password.
#[derive(Clone, PartialEq, Eq)]
pub struct UpstreamProxy {
    for_http: Option<Endpoint>,
    for_https: Option<Endpoint>,
    /// Hosts that are reached without it.
    exempt: Vec<Exemption>,
}

/// One proxy's address and what to show it.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Endpoint {
    pub(super) host: String,
    pub(super) port: u16,
    /// The value of `Proxy-Authorization`.
    pub(super) authorization: Option<String>,
}

/// One word of `NO_PROXY`.
#[derive(Clone, PartialEq, Eq)]
enum Exemption {
    All,
    /// A name and all names below it, perhaps on one port only.
    Name(String, Option<u16>),
    /// A network.
    Network(IpAddr, u8),
}

impl UpstreamProxy {
    /// The proxy that the environment names, as curl and Python read it: `https_proxy`, `http_proxy` (lower
    /// case only, as `HTTP_PROXY` can be set by a CGI's client), `all_proxy`, and `no_proxy`.
    /// `None` when it names none.
    ///
    /// # Errors
    /// When it names one that samewire cannot use.
    pub fn from_environment(lookup: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, SettingError> {
        let value = |names: &[&str]| {
            names.iter().find_map(|name| lookup(name).filter(|value| !value.trim().is_empty()))
        };
        let endpoint = |names: &[&str]| value(names).map(|url| Endpoint::from_url(&url)).transpose();
        let proxy = Self {
            for_http: endpoint(&["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"])?,
            for_https: endpoint(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])?,
            exempt: value(&["no_proxy", "NO_PROXY"]).map(|list| exemptions(&list)).unwrap_or_default(),
        };
        Ok((proxy.for_http.is_some() || proxy.for_https.is_some()).then_some(proxy))
    }

    /// The endpoint for a target, `None` where it is reached without a proxy.
    pub(super) fn endpoint(&self, https: bool, host: &str, port: u16) -> Option<&Endpoint> {
        let endpoint = if https { &self.for_https } else { &self.for_http };
        endpoint.as_ref().filter(|_| !self.exempt.iter().any(|word| word.covers(bare(host), port)))
    }
}

impl FromStr for UpstreamProxy {
    type Err = SettingError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let endpoint = Endpoint::from_url(url)?;
        Ok(Self { for_http: Some(endpoint.clone()), for_https: Some(endpoint), exempt: Vec::new() })
    }
}

impl fmt::Debug for UpstreamProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.for_http).entries(&self.for_https).finish()
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Endpoint {
    fn from_url(url: &str) -> Result<Self, SettingError> {
        let url = url.trim();
        let rest = match url.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                return Err(SettingError::ProxyScheme(scheme.to_ascii_lowercase()));
            }
            Some(_) => return Err(SettingError::ProxyUrl),
            None => url,
        };
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, address) = match authority.rsplit_once('@') {
            Some((login, address)) => (Some(login), address),
            None => (None, authority),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => {
                (host, port.parse().map_err(|_| SettingError::ProxyUrl)?)
            }
            _ => (address, 80),
        };
        if host.is_empty() || (host.contains(':') && bare(host) == host) {
            return Err(SettingError::ProxyUrl);
        }
        let authorization = login.map(|login| {
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            let mut plain: Vec<u8> = percent_decode_str(user).collect();
            plain.push(b':');
            plain.extend(percent_decode_str(password));
            format!("Basic {}", STANDARD.encode(plain))
        });
        Ok(Self { host: bare(host).to_owned(), port, authorization })
    }
}

impl Exemption {
    fn covers(&self, host: &str, port: u16) -> bool {
        match self {
            Self::All => true,
            Self::Name(name, only) => {
                let (host, name) = (host.as_bytes(), name.as_bytes());
                only.is_none_or(|own| own == port)
                    && host.len().checked_sub(name.len()).is_some_and(|split| {
                        host[split..].eq_ignore_ascii_case(name) && (split == 0 || host[split - 1] == b'.')
                    })
            }
            Self::Network(network, length) => {
                host.parse().is_ok_and(|address| within(address, *network, *length))
            }
        }
    }
}

fn exemptions(list: &str) -> Vec<Exemption> {
    list.split([',', ' ']).map(str::trim).filter(|word| !word.is_empty()).map(exemption).collect()
}

fn exemption(word: &str) -> Exemption {
    if word == "*" {
        return Exemption::All;
    }
    if let Some((network, length)) = word.split_once('/')
        && let (Ok(network), Ok(length)) = (network.parse(), length.parse())
    {
        return Exemption::Network(network, length);
    }
    if let Ok(address) = bare(word).parse::<IpAddr>() {
        return Exemption::Network(address, if address.is_ipv4() { 32 } else { 128 });
    }
    let (name, port) = match word.rsplit_once(':') {
        Some((name, port)) if port.parse::<u16>().is_ok() => (name, port.parse().ok()),
        _ => (word, None),
    };
    Exemption::Name(name.trim_start_matches('*').trim_start_matches('.').to_owned(), port)
}

/// True when the address lies in the network of this prefix length.
fn within(address: IpAddr, network: IpAddr, length: u8) -> bool {
    match (address, network) {
        (IpAddr::V4(address), IpAddr::V4(network)) => {
            let shift = 32 - u32::from(length.min(32));
            let bits = |address: std::net::Ipv4Addr| u64::from(address.to_bits()) >> shift;
            bits(address) == bits(network)
        }
        (IpAddr::V6(address), IpAddr::V6(network)) => {
            let shift = 128 - u32::from(length.min(128));
            let bits = |address: std::net::Ipv6Addr| address.to_bits().checked_shr(shift).unwrap_or(0);
            bits(address) == bits(network)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &'static [(&str, &str)]) -> Result<Option<UpstreamProxy>, SettingError> {
        UpstreamProxy::from_environment(|name| {
            pairs.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn a_url_names_address_and_credentials() {
        let proxy: UpstreamProxy = "http://me:p%40ss@proxy.example.com:3128/".parse().unwrap();
        let endpoint = proxy.endpoint(true, "api.example.com", 443).unwrap();
        assert_eq!((endpoint.host.as_str(), endpoint.port), ("proxy.example.com", 3128));
        assert_eq!(endpoint.authorization.as_deref(), Some("Basic bWU6cEBzcw=="));
        assert_eq!(format!("{proxy:?}"), "[proxy.example.com:3128, proxy.example.com:3128]");
        let bare: UpstreamProxy = "[::1]:8080".parse().unwrap();
        assert_eq!(bare.endpoint(false, "x", 80).unwrap().host, "::1");
    }

    #[test]
    fn proxies_of_other_kinds_are_refused() {
        assert_eq!(
            "socks5://127.0.0.1:1080".parse::<UpstreamProxy>(),
            Err(SettingError::ProxyScheme("socks5".to_owned()))
        );
        for bad in ["http://", "http://h:x", "http://::1:80", "s@cret://x"] {
            assert_eq!(bad.parse::<UpstreamProxy>(), Err(SettingError::ProxyUrl), "{bad}");
        }
    }

    #[test]
    fn the_environment_names_a_proxy_and_its_exemptions() {
        let proxy = environment(&[
            ("HTTPS_PROXY", "http://p:1"),
            ("NO_PROXY", "localhost, .example.com,10.0.0.0/8,x.test:8443"),
        ]);
        let proxy = proxy.unwrap().unwrap();
        assert!(proxy.endpoint(true, "api.test", 443).is_some());
        assert!(proxy.endpoint(false, "api.test", 80).is_none());
        for (host, port) in [("localhost", 1), ("a.example.com", 443), ("10.1.2.3", 443), ("x.test", 8443)] {
            assert!(proxy.endpoint(true, host, port).is_none(), "{host}");
        }
        assert!(proxy.endpoint(true, "x.test", 443).is_some());
        assert!(proxy.endpoint(true, "notexample.com", 443).is_some());
        assert_eq!(environment(&[("http_proxy", "")]), Ok(None));
    }
}
