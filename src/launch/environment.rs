//! The variables that bring clients to the proxy and make them trust it: one table, a row a variable.

use std::ffi::{OsStr, OsString};

use http::Uri;

use super::{Files, Trust};

/// Variables for the command, added to those it inherits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Variables and their values.
    pub set: Vec<(String, OsString)>,
    /// Variables that are set to nothing, because they name hosts that would go around the proxy.
    ///
    /// Empty instead of absent: a client that fills in what is absent (python-dotenv) leaves them alone.
    pub cleared: Vec<String>,
}

impl Environment {
    /// Every variable and its value; those that are cleared have none.
    pub fn pairs(&self) -> Vec<(String, OsString)> {
        let cleared = self.cleared.iter().map(|name| (name.clone(), OsString::new()));
        self.set.iter().cloned().chain(cleared).collect()
    }
}

/// The way to the proxy, as a client is told.
#[derive(Clone, Copy, Debug)]
pub struct Way<'a> {
    /// The proxy's URL (`http://127.0.0.1:8877`).
    pub proxy: &'a str,
    /// What the loopback address is to the client.
    pub loopback: Loopback,
}

/// What the loopback address is to a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loopback {
    /// The same as to samewire: what it calls there is recorded like anything else.
    Shared,
    /// Another one, that of its container: through samewire it would come to this machine's instead.
    OfItsOwn,
}

/// The loopback names, as the variables list exceptions.
const LOOPBACK: &str = "localhost,127.0.0.1,::1";
/// The same as the JVM lists them: its own default (Java Networking and Proxies).
const JVM_LOOPBACK: &str = "localhost|127.*|[::1]";

/// What a variable is set to.
enum Value {
    /// The proxy's URL.
    Proxy,
    /// A file with the system's roots, the user's and ours: it replaces the client's store.
    Bundle,
    /// A file with our certificate and what the variable named before: it adds to the client's store.
    Addition,
    /// `1`.
    On,
    /// The hosts that are called without the proxy.
    Exceptions,
    /// Options of the JVM, after those that are there.
    Jvm,
}

struct Row {
    name: &'static str,
    value: Value,
    /// Who reads it, and where that is written or seen.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "for those who read the table; a test asks that it is there")
    )]
    source: &'static str,
}

const fn row(name: &'static str, value: Value, source: &'static str) -> Row {
    Row { name, value, source }
}

/// Options of the JVM. What was there before stays.
pub(super) const JVM: &str = "JAVA_TOOL_OPTIONS";

/// Every variable. "Seen" means: tried with requests 2.34, httpx 0.28, curl 7.88, Node 20, Java 17.
static TABLE: &[Row] = &[
    row("HTTP_PROXY", Value::Proxy, "requests, httpx, urllib (seen); Go: net/http ProxyFromEnvironment"),
    row("http_proxy", Value::Proxy, "curl reads only the lower case for http (curl's manual, ENVIRONMENT)"),
    row("HTTPS_PROXY", Value::Proxy, "requests, httpx, urllib, curl (seen); Go"),
    row("https_proxy", Value::Proxy, "wget, git and others that follow curl"),
    row("ALL_PROXY", Value::Proxy, "requests, httpx, curl (seen)"),
    row("all_proxy", Value::Proxy, "the same in lower case"),
    row("NO_PROXY", Value::Exceptions, "all of the above: the hosts it names go around the proxy"),
    row("no_proxy", Value::Exceptions, "the same in lower case"),
    row("REQUESTS_CA_BUNDLE", Value::Bundle, "requests, the Airbyte CDK (seen)"),
    row("CURL_CA_BUNDLE", Value::Bundle, "curl and requests (seen)"),
    row(
        "SSL_CERT_FILE",
        Value::Bundle,
        "OpenSSL: SSL_CTX_set_default_verify_paths; httpx, urllib, aiohttp, curl (seen); Go, Ruby",
    ),
    row("GIT_SSL_CAINFO", Value::Bundle, "git-config, http.sslCAInfo"),
    row("CARGO_HTTP_CAINFO", Value::Bundle, "The Cargo Book, http.cainfo"),
    row("AWS_CA_BUNDLE", Value::Bundle, "AWS SDKs and Tools Reference Guide, ca_bundle"),
    row("PIP_CERT", Value::Bundle, "pip's user guide, --cert"),
    row("DENO_CERT", Value::Bundle, "Deno's manual, environment variables"),
    row(
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
        Value::Bundle,
        "gRPC Core's environment variables: grpcio (seen), C++, Ruby, PHP",
    ),
    row("PERL_LWP_SSL_CA_FILE", Value::Bundle, "LWP::UserAgent, ENVIRONMENT"),
    row("npm_config_proxy", Value::Proxy, "npm's configuration, proxy"),
    row("npm_config_https_proxy", Value::Proxy, "npm's configuration, https-proxy"),
    row("npm_config_noproxy", Value::Exceptions, "npm's configuration, noproxy"),
    row("npm_config_cafile", Value::Bundle, "npm's configuration, cafile"),
    row("NODE_EXTRA_CA_CERTS", Value::Addition, "Node's command-line options (seen)"),
    row("NODE_USE_ENV_PROXY", Value::On, "Node 24's command-line options; older ones take no notice"),
    row(JVM, Value::Jvm, "JVM Tool Interface; Java Networking and Proxies (seen)"),
];

/// Variables that may name a file with certificates. What the user put there is to stay trusted.
pub(super) fn certificate_files() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|row| matches!(row.value, Value::Bundle)).map(|row| row.name)
}

/// The variables for a client that comes to the proxy without knowing of it: those of trust alone. A proxy that it inherits would be spoken
/// to through ours; samewire goes through that itself.
pub fn environment_without_proxy(files: &Files, inherited: impl Fn(&str) -> Option<OsString>) -> Environment {
    let mut environment = Environment::default();
    for row in TABLE {
        let value = match row.value {
            Value::Bundle => files.bundle().into(),
            Value::Addition => files.addition().into(),
            Value::Jvm => jvm_options(None, files, inherited(row.name)),
            Value::Proxy if inherited(row.name).is_some_and(|value| !value.is_empty()) => {
                environment.cleared.push(row.name.to_owned());
                continue;
            }
            Value::Proxy | Value::On | Value::Exceptions => continue,
        };
        environment.set.push((row.name.to_owned(), value));
    }
    environment
}

/// The variables for a client of `proxy` that finds the trust files in `files`, on top of what it inherits.
pub fn environment(
    way: &Way<'_>,
    files: &Files,
    inherited: impl Fn(&str) -> Option<OsString>,
) -> Environment {
    let mut environment = Environment::default();
    for row in TABLE {
        let value = match row.value {
            Value::Proxy => way.proxy.into(),
            Value::Bundle => files.bundle().into(),
            Value::Addition => files.addition().into(),
            Value::On => "1".into(),
            Value::Jvm => jvm_options(Some(way), files, inherited(row.name)),
            Value::Exceptions if way.loopback == Loopback::OfItsOwn => LOOPBACK.into(),
            Value::Exceptions => {
                environment.cleared.push(row.name.to_owned());
                continue;
            }
        };
        environment.set.push((row.name.to_owned(), value));
    }
    environment
}

/// The JVM's proxy and trust store. A JVM knows no credentials in a proxy's URL; they are left out.
///
/// `-Dhttp.nonProxyHosts=` is there because its default leaves out the loopback names.
fn jvm_options(way: Option<&Way<'_>>, files: &Files, inherited: Option<OsString>) -> OsString {
    let mut options = inherited.unwrap_or_default();
    let mut option = |name: &str, value: &OsStr| {
        if !options.is_empty() {
            options.push(" ");
        }
        options.push(name);
        options.push(value);
    };
    if let Some(way) = way
        && let Ok(uri) = way.proxy.parse::<Uri>()
        && let (Some(host), Some(port)) = (uri.host(), uri.port())
    {
        for scheme in ["http", "https"] {
            option(&format!("-D{scheme}.proxyHost="), host.trim_matches(['[', ']']).as_ref());
            option(&format!("-D{scheme}.proxyPort="), port.as_str().as_ref());
        }
        let exceptions = if way.loopback == Loopback::OfItsOwn { JVM_LOOPBACK } else { "" };
        option("-Dhttp.nonProxyHosts=", exceptions.as_ref());
    }
    option("-Djavax.net.ssl.trustStore=", files.java_store().as_os_str());
    option("-Djavax.net.ssl.trustStoreType=", "PKCS12".as_ref());
    option("-Djavax.net.ssl.trustStorePassword=", Trust::JAVA_PASSWORD.as_ref());
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAY: Way<'_> = Way { proxy: "http://127.0.0.1:4711", loopback: Loopback::Shared };

    fn trust() -> (tempfile::TempDir, Trust) {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        let ca = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        let trust = Trust::prepare(&ca.pem(), folder.path(), |_| None).unwrap();
        (folder, trust)
    }

    fn value<'a>(environment: &'a Environment, name: &str) -> &'a OsStr {
        &environment.set.iter().find(|(at, _)| at == name).unwrap().1
    }

    #[test]
    fn each_variable_stands_once_and_has_a_source() {
        for (at, row) in TABLE.iter().enumerate() {
            assert!(!row.source.is_empty(), "{}", row.name);
            assert!(TABLE[at + 1..].iter().all(|other| other.name != row.name), "{}", row.name);
        }
    }

    #[test]
    fn proxies_are_set_in_both_cases_and_exceptions_are_cleared() {
        let (_folder, trust) = trust();
        let environment = environment(&WAY, trust.files(), |_| None);
        for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
            assert_eq!(value(&environment, name), "http://127.0.0.1:4711");
        }
        assert_eq!(environment.cleared, ["NO_PROXY", "no_proxy", "npm_config_noproxy"]);
        assert_eq!(value(&environment, "SSL_CERT_FILE"), trust.files().bundle().as_os_str());
        assert_ne!(value(&environment, "NODE_EXTRA_CA_CERTS"), trust.files().bundle().as_os_str());
    }

    #[test]
    fn a_loopback_of_its_own_is_left_out() {
        let (_folder, trust) = trust();
        let way = Way { loopback: Loopback::OfItsOwn, ..WAY };
        let environment = environment(&way, trust.files(), |_| None);
        assert!(environment.cleared.is_empty());
        assert_eq!(value(&environment, "NO_PROXY"), "localhost,127.0.0.1,::1");
        assert_eq!(value(&environment, "no_proxy"), "localhost,127.0.0.1,::1");
        let options = value(&environment, JVM).to_str().unwrap();
        assert!(options.contains(" -Dhttp.nonProxyHosts=localhost|127.*|[::1] "), "{options}");
    }

    #[test]
    fn without_a_proxy_only_trust_is_set_and_an_inherited_proxy_is_cleared() {
        let (_folder, trust) = trust();
        let inherited = |name: &str| (name == "https_proxy").then(|| OsString::from("http://192.0.2.1:3128"));
        let environment = environment_without_proxy(trust.files(), inherited);
        assert_eq!(environment.cleared, ["https_proxy"]);
        assert!(environment.set.iter().all(|(name, _)| !name.to_ascii_lowercase().contains("proxy")));
        assert_eq!(value(&environment, "SSL_CERT_FILE"), trust.files().bundle().as_os_str());
        let options = value(&environment, "JAVA_TOOL_OPTIONS").to_str().unwrap();
        assert!(options.starts_with("-Djavax.net.ssl.trustStore="), "{options}");
    }

    #[test]
    fn options_of_the_jvm_are_added_to_those_that_are_there() {
        let (_folder, trust) = trust();
        let with = |inherited: Option<&str>| {
            let environment = environment(&WAY, trust.files(), |name| {
                inherited.filter(|_| name == "JAVA_TOOL_OPTIONS").map(OsString::from)
            });
            value(&environment, "JAVA_TOOL_OPTIONS").to_str().unwrap().to_owned()
        };
        let alone = with(None);
        assert!(alone.starts_with("-Dhttp.proxyHost=127.0.0.1 -Dhttp.proxyPort=4711 -Dhttps.proxyHost="));
        assert!(alone.contains(" -Dhttp.nonProxyHosts= "));
        assert_eq!(with(Some("-Xmx1g")), format!("-Xmx1g {alone}"));
    }
}
