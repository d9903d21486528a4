//! How HTTP clients find a proxy and a trust store: one table, a row a client.

/// A client, or a language whose clients behave alike.
#[derive(Debug)]
pub struct Client {
    /// Its name in captures.
    pub name: &'static str,
    /// What it does with the proxy variables that samewire sets.
    pub proxy: Honours,
    /// How to bring its requests to the proxy.
    pub proxy_remedy: &'static str,
    /// How to make it trust samewire's certificate.
    pub trust_remedy: &'static str,
    /// Where this is written or seen.
    pub source: &'static str,
    /// File names of its programs, without a version at the end.
    programs: &'static [&'static str],
}

/// What a client does with the proxy variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honours {
    /// It follows them.
    Yes,
    /// It follows them from a version on.
    Newer,
    /// It follows them but for targets on the loopback address.
    NotLoopback,
    /// Its code must say that it follows them.
    Optional,
}

/// "Seen" means: tried with the versions that docs/clients.md names.
static TABLE: &[Client] = &[
    Client {
        name: "requests",
        proxy: Honours::Yes,
        proxy_remedy: "take `trust_env=False`, `proxies=` and NO_PROXY out of the code that calls requests",
        trust_remedy: "requests reads REQUESTS_CA_BUNDLE, and `verify=` in the code wins over it: take `verify=` out",
        source: "seen; requests' documentation, Proxies and SSL Cert Verification",
        programs: &[],
    },
    Client {
        name: "httpx",
        proxy: Honours::Yes,
        proxy_remedy: "take `trust_env=False`, `proxy=`, `transport=` and NO_PROXY out of the code that calls httpx",
        trust_remedy: "httpx reads SSL_CERT_FILE only, and `verify=` in the code wins over it: take `verify=` out",
        source: "seen; httpx's documentation, Environment Variables",
        programs: &[],
    },
    Client {
        name: "aiohttp",
        proxy: Honours::Optional,
        proxy_remedy: "give aiohttp's session `trust_env=True`: without it aiohttp reads no proxy variables",
        trust_remedy: "aiohttp reads SSL_CERT_FILE, and `ssl=` or a connector in the code wins over it: take that out",
        source: "seen; aiohttp's client documentation, Proxy support",
        programs: &[],
    },
    Client {
        name: "python",
        proxy: Honours::Yes,
        proxy_remedy: "take `trust_env=False`, `proxies=` and NO_PROXY out of the code; an aiohttp session needs `trust_env=True`",
        trust_remedy: "requests reads REQUESTS_CA_BUNDLE, httpx, urllib and aiohttp read SSL_CERT_FILE, and `verify=`, `ssl=` or a context in the code wins over both: take that out",
        source: "seen; urllib.request's documentation, ProxyHandler",
        programs: &["python", "pypy"],
    },
    Client {
        name: "curl",
        proxy: Honours::Yes,
        proxy_remedy: "take --noproxy, --proxy and -x out of the command and out of ~/.curlrc, and NO_PROXY out of its environment",
        trust_remedy: "curl reads CURL_CA_BUNDLE and SSL_CERT_FILE, and --cacert, --capath or a curlrc wins over them: take that out",
        source: "seen; curl's manual, ENVIRONMENT",
        programs: &["curl"],
    },
    Client {
        name: "node",
        proxy: Honours::Newer,
        proxy_remedy: "use Node 24 or newer, which reads the variables (NODE_USE_ENV_PROXY=1 is set), or give the code a proxy agent",
        trust_remedy: "Node reads NODE_EXTRA_CA_CERTS, and `ca` or an agent in the code wins over it: take that out",
        source: "seen; Node's command-line options, NODE_USE_ENV_PROXY (added in 24.0.0 and 22.21.0)",
        programs: &["node", "nodejs"],
    },
    Client {
        name: "java",
        proxy: Honours::Yes,
        proxy_remedy: "let the code use the JVM's proxy selector (Apache HttpClient: `useSystemProperties()`), and take -Dhttp(s).proxyHost and nonProxyHosts out of the command: samewire sets them in JAVA_TOOL_OPTIONS",
        trust_remedy: "samewire names its trust store in JAVA_TOOL_OPTIONS, and -Djavax.net.ssl.trustStore in the command or a key store in the code wins over it: take that out",
        source: "seen; Java Networking and Proxies; JVM Tool Interface, JAVA_TOOL_OPTIONS",
        programs: &["java"],
    },
    Client {
        name: "go",
        proxy: Honours::NotLoopback,
        proxy_remedy: "Go's net/http goes around the proxy for loopback targets: call the API by another name (and lead it back with --connect-to); a transport of its own needs `Proxy: http.ProxyFromEnvironment`",
        trust_remedy: "Go reads SSL_CERT_FILE, and `RootCAs` in the code wins over it: take that out",
        source: "seen; net/http, ProxyFromEnvironment; crypto/x509, SystemCertPool",
        programs: &["go"],
    },
    Client {
        name: "wget",
        proxy: Honours::Yes,
        proxy_remedy: "take --no-proxy and no_proxy out of the command and out of ~/.wgetrc",
        trust_remedy: "give wget --ca-certificate and the file that --ca-cert writes",
        source: "GNU Wget's manual, Proxies and HTTPS options",
        programs: &["wget"],
    },
    Client {
        name: "deno",
        proxy: Honours::Yes,
        proxy_remedy: "take NO_PROXY and `Deno.createHttpClient` with a proxy of its own out of the code",
        trust_remedy: "Deno reads DENO_CERT, and --cert wins over it: take that out",
        source: "Deno's manual, Environment variables",
        programs: &["deno"],
    },
    Client {
        name: "bun",
        proxy: Honours::Yes,
        proxy_remedy: "take `proxy` and NO_PROXY out of the code that calls fetch",
        trust_remedy: "Bun reads NODE_EXTRA_CA_CERTS, and `tls.ca` in the code wins over it: take that out",
        source: "Bun's documentation, fetch",
        programs: &["bun"],
    },
    Client {
        name: "ruby",
        proxy: Honours::Yes,
        proxy_remedy: "let Net::HTTP take the proxy of the environment (`:ENV`), and take no_proxy out",
        trust_remedy: "Ruby reads SSL_CERT_FILE, and `ca_file` in the code wins over it: take that out",
        source: "Ruby's documentation, Net::HTTP, Proxy Server; OpenSSL::X509",
        programs: &["ruby"],
    },
    Client {
        name: "php",
        proxy: Honours::Optional,
        proxy_remedy: "PHP's streams read no proxy variables: give the stream context `proxy`, or use the curl extension or Guzzle",
        trust_remedy: "run php with `-d openssl.cafile=FILE -d curl.cainfo=FILE` and the file that --ca-cert writes",
        source: "PHP's manual, HTTP context options; openssl and cURL configuration",
        programs: &["php"],
    },
    Client {
        name: "dotnet",
        proxy: Honours::Yes,
        proxy_remedy: "take `UseProxy = false` and a handler's own `Proxy` out of the code, and NO_PROXY out of its environment",
        trust_remedy: ".NET reads SSL_CERT_FILE on Linux; a callback that validates certificates in the code wins over it: take that out",
        source: ".NET's documentation, HttpClient.DefaultProxy; Cross-platform cryptography, X509Store",
        programs: &["dotnet"],
    },
    Client {
        name: "perl",
        proxy: Honours::Optional,
        proxy_remedy: "give LWP::UserAgent `env_proxy => 1`: without it LWP reads no proxy variables",
        trust_remedy: "LWP reads PERL_LWP_SSL_CA_FILE, and `ssl_opts` in the code wins over it: take that out",
        source: "LWP::UserAgent, env_proxy and ENVIRONMENT",
        programs: &["perl"],
    },
];

/// The client of this name.
pub fn client(name: &str) -> Option<&'static Client> {
    TABLE.iter().find(|client| client.name == name)
}

/// The client whose program has this file name: `python3.11` is Python's.
pub fn client_of_program(name: &str) -> Option<&'static Client> {
    let name = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || matches!(letter, '.' | '-'));
    TABLE.iter().find(|client| client.programs.contains(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_client_stands_once_with_its_source_and_remedies() {
        for (at, client) in TABLE.iter().enumerate() {
            for text in [client.source, client.proxy_remedy, client.trust_remedy] {
                assert!(!text.is_empty(), "{}", client.name);
            }
            assert!(TABLE[at + 1..].iter().all(|other| other.name != client.name), "{}", client.name);
        }
    }

    #[test]
    fn programs_are_known_with_their_versions() {
        for (program, name) in [
            ("python3.11", "python"),
            ("python", "python"),
            ("node", "node"),
            ("java", "java"),
            ("nodejs", "node"),
        ] {
            assert_eq!(client_of_program(program).unwrap().name, name);
        }
        assert!(client_of_program("postgres").is_none());
        assert!(client_of_program("").is_none());
    }
}
