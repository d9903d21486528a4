//! Options that every recording command takes.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fmt;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use zeroize::Zeroizing;

use crate::model;
use crate::proxy::{BaseUrl, ConnectTo, HostPattern, Settings, Timeouts, UpstreamIdentity, UpstreamProxy};
use crate::redact::repeatable;

/// A side, on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Side {
    /// The run that works.
    Sandbox,
    /// The run that fails.
    Runtime,
}

impl From<Side> for model::Side {
    fn from(side: Side) -> Self {
        match side {
            Side::Sandbox => Self::Sandbox,
            Side::Runtime => Self::Runtime,
        }
    }
}

/// Options that every recording command takes.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Recording")]
pub(super) struct Recording {
    /// The config whose values are to be known again on the wire [default: the command's own --config].
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// A secret to know again on the wire, from a variable or a file; may be given more than once.
    #[arg(long = "secret", value_name = "NAME=env:VAR|file:PATH")]
    pub(super) secrets: Vec<Unread>,

    /// Open and record only these hosts; the rest is passed through and counted. `*.example.com` is any name below it, `*` all of
    /// them: also telemetry of client libraries (api.segment.io, api.ipify.org), which is passed through otherwise.
    #[arg(long = "host", value_name = "PATTERN")]
    pub hosts: Vec<HostPattern>,

    /// Pass these hosts through unopened; they are counted, not recorded.
    #[arg(long = "ignore-host", value_name = "PATTERN")]
    pub ignored_hosts: Vec<HostPattern>,

    /// Connect to ADDR:PORT instead of HOST:PORT, as curl does; an empty part matches or keeps any.
    #[arg(long, value_name = "HOST:PORT:ADDR:PORT")]
    pub connect_to: Vec<ConnectTo>,

    /// Trust the certificates in this PEM file too, for the connection to the API.
    #[arg(long, value_name = "FILE")]
    pub upstream_ca: Vec<PathBuf>,

    /// Reach the API through this proxy [default: the one that the environment names].
    #[arg(long, value_name = "URL")]
    pub(super) upstream_proxy: Option<Unread>,

    /// Certificate and key (PEM, one file) to show to the API: mutual TLS.
    #[arg(long, value_name = "FILE")]
    pub upstream_cert: Option<UpstreamIdentity>,

    /// Speak HTTP/1.1 only, also where client and API could speak HTTP/2.
    #[arg(long)]
    pub http1: bool,

    /// Write the certificate of samewire's own authority there; its key stays in memory.
    #[arg(long, value_name = "FILE")]
    pub ca_cert: Option<PathBuf>,

    /// The certificate of an authority that outlives the run, made by `samewire ca new`.
    #[arg(long, value_name = "FILE", requires = "ca_key")]
    pub ca: Option<PathBuf>,

    /// Its private key, which nobody else may read.
    #[arg(long, value_name = "FILE", requires = "ca")]
    pub ca_key: Option<PathBuf>,

    /// Look into bodies up to this size; of larger ones only length and digest are kept. K, M and G are known.
    #[arg(long, value_name = "SIZE", default_value = "1M")]
    pub body_limit: Size,

    #[command(flatten)]
    waiting: Waiting,

    /// Overwrite the capture if it is there.
    #[arg(long)]
    pub force: bool,
}

/// How long the proxy waits.
#[derive(Clone, Debug, Args)]
#[expect(clippy::struct_field_names, reason = "the options' names")]
struct Waiting {
    /// Wait this long for a name's addresses, for a connection to the API and for its TLS handshake, each.
    #[arg(long, value_name = "TIME", default_value = "10s")]
    connect_timeout: Span,

    /// Wait this long for the rest of a request's head that has begun.
    #[arg(long, value_name = "TIME", default_value = "1m")]
    head_timeout: Span,

    /// Wait this long for an answer to begin.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    answer_timeout: Span,

    /// Wait this long for the next piece of a body, however long all of it takes; 0s waits for ever.
    #[arg(long, value_name = "TIME", default_value = "10m")]
    idle_timeout: Span,
}

impl Waiting {
    fn timeouts(&self) -> Timeouts {
        Timeouts {
            connect: self.connect_timeout.0,
            head: self.head_timeout.0,
            answer: self.answer_timeout.0,
            idle: Some(self.idle_timeout.0).filter(|idle| !idle.is_zero()),
            ..Timeouts::default()
        }
    }
}

/// How a report is written, in one of the formats that a command has.
#[derive(Clone, Debug, Args)]
pub(super) struct ReportOptions<F: ValueEnum + Default + Send + Sync + 'static> {
    /// The report's format.
    #[arg(long, value_enum, default_value_t = F::default())]
    pub format: F,

    /// Write the report there instead of to standard output.
    #[arg(short, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Where the proxy listens.
#[derive(Clone, Debug, Args)]
pub(super) struct Listen {
    /// Address to listen on [default: a free port of 127.0.0.1].
    #[arg(long, value_name = "ADDR", help_heading = "Recording")]
    pub listen: Option<SocketAddr>,
}

/// The look at a command before it runs.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Preflight {
    /// Do not look before the run which of the command's requests will be missed.
    #[arg(long, help_heading = "Recording")]
    no_preflight: bool,
}

impl Preflight {
    /// True unless it was switched off.
    pub(super) fn wanted(self) -> bool {
        !self.no_preflight
    }
}

/// Where client libraries report that they are used (airbyte-agent-*): no call of the connector's own.
pub(super) const TELEMETRY: [&str; 2] = ["api.ipify.org", "api.segment.io"];

/// How the traffic of a command comes to the proxy.
#[derive(Clone, Copy, Debug, Args)]
pub(super) struct Capturing {
    /// Catch clients that heed no proxy variables: run the command, or the container that it starts, in a network of its own whose only way
    /// out is samewire (Linux).
    #[arg(long, help_heading = "Recording")]
    pub transparent: bool,
}

impl Recording {
    /// Hosts of telemetry that no `--host` asks for.
    fn telemetry(&self) -> impl Iterator<Item = HostPattern> {
        let wanted = |host: &str| self.hosts.iter().any(|pattern| pattern.matches(host));
        TELEMETRY.into_iter().filter(move |host| !wanted(host)).filter_map(|host| host.parse().ok())
    }

    /// The data path's settings.
    pub(super) fn settings(&self) -> anyhow::Result<Settings> {
        let upstream_proxy = match &self.upstream_proxy {
            Some(given) => Some(given.0.parse().context("--upstream-proxy")?),
            None => UpstreamProxy::from_environment(|name| std::env::var(name).ok()).context(
                "the environment names a proxy that samewire cannot use; say --upstream-proxy URL",
            )?,
        };
        Ok(Settings {
            hosts: self.hosts.clone(),
            ignored_hosts: self.ignored_hosts.iter().cloned().chain(self.telemetry()).collect(),
            connect_to: self.connect_to.clone(),
            upstream_ca: self.upstream_ca.clone(),
            upstream_proxy,
            upstream_identity: self.upstream_cert.clone(),
            http1: self.http1,
            timeouts: self.waiting.timeouts(),
            ..Settings::default()
        })
    }
}

/// An argument that may hold a secret by mistake or by design. It is read later, for clap's own messages repeat what they refuse.
#[derive(Clone)]
pub(super) struct Unread(Zeroizing<String>);

impl FromStr for Unread {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(Zeroizing::new(text.to_owned())))
    }
}

impl fmt::Debug for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Unread")
    }
}

impl Unread {
    /// As the base URL of reverse mode.
    pub(super) fn base_url(&self) -> anyhow::Result<BaseUrl> {
        self.0.parse().context("--reverse")
    }

    /// As the source of a secret.
    pub(super) fn secret(&self) -> anyhow::Result<SecretSource> {
        self.0.parse().map_err(|error| anyhow::anyhow!("--secret: {error}"))
    }
}

/// `NAME=env:VAR` or `NAME=file:PATH`. The value itself never stands on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SecretSource {
    name: String,
    from: SecretFrom,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum SecretFrom {
    Environment(String),
    File(PathBuf),
}

impl FromStr for SecretSource {
    type Err = &'static str;

    // A secret given in place of a source must not be repeated in the message.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, source) = text.split_once('=').ok_or("say NAME=env:VAR or NAME=file:PATH")?;
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c)) {
            return Err("a secret's name is made of letters, digits, `_`, `-` and `.`");
        }
        let from = if let Some(variable) = source.strip_prefix("env:") {
            SecretFrom::Environment(variable.to_owned())
        } else if let Some(path) = source.strip_prefix("file:") {
            SecretFrom::File(path.into())
        } else {
            return Err("name a variable (env:VAR) or a file (file:PATH), not the value itself");
        };
        Ok(Self { name: name.to_owned(), from })
    }
}

impl SecretSource {
    /// Its name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Reads the value; the last line end of a file is not part of it.
    pub(super) fn read(&self) -> anyhow::Result<Zeroizing<String>> {
        let value = match &self.from {
            SecretFrom::Environment(variable) => Zeroizing::new(
                std::env::var_os(variable)
                    .with_context(|| {
                        // A secret that stands here by mistake is not repeated.
                        let (name, variable) = (repeatable(&self.name), repeatable(variable));
                        format!("--secret {name}: the variable {variable} is not set")
                    })?
                    .into_string()
                    .map_err(|_: OsString| {
                        anyhow::anyhow!("--secret {}: the variable {variable} is not UTF-8", self.name)
                    })?,
            ),
            SecretFrom::File(path) => {
                let mut value =
                    Zeroizing::new(fs::read_to_string(path).with_context(|| {
                        format!("--secret {}: cannot read {}", self.name, path.display())
                    })?);
                let length = value.trim_end_matches(['\r', '\n']).len();
                value.truncate(length);
                value
            }
        };
        if value.trim().is_empty() {
            bail!("--secret {}: the value is empty or blank; check its source", self.name);
        }
        Ok(value)
    }
}

/// A number of bytes with an optional K, M or G (1024 each).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub usize);

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let factor = match text[digits.len()..].to_ascii_uppercase().as_str() {
            "" | "B" => 1,
            "K" | "KB" | "KIB" => 1 << 10,
            "M" | "MB" | "MIB" => 1 << 20,
            "G" | "GB" | "GIB" => 1 << 30,
            _ => return Err("say a number of bytes, or one with K, M or G"),
        };
        let number: usize = digits.parse().map_err(|_| "say a number of bytes, or one with K, M or G")?;
        number.checked_mul(factor).map(Size).ok_or("that is more than this machine can count")
    }
}

/// A length of time, such as `500ms`, `10s` or `1m 30s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span(Duration);

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let span = text.parse::<SignedDuration>().ok().and_then(|span| Duration::try_from(span).ok());
        span.map(Span).ok_or("say a time such as 500ms, 10s or 2m")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_is_ignored_unless_a_host_asks_for_it() {
        #[derive(clap::Parser)]
        struct Line {
            #[command(flatten)]
            recording: Recording,
        }
        let cases: [(&[&str], &[&str]); 5] = [
            (&[], &TELEMETRY),
            (&["--host", "api.example.com"], &TELEMETRY),
            (&["--host", "api.segment.io"], &["api.ipify.org"]),
            (&["--host", "*"], &[]),
            (&["--host", "*.segment.io", "--ignore-host", "x.test"], &["x.test", "api.ipify.org"]),
        ];
        for (args, ignored) in cases {
            let line = ["samewire"].iter().chain(args);
            let line = <Line as clap::Parser>::try_parse_from(line).unwrap();
            let settings = line.recording.settings().unwrap();
            let hosts = ["api.ipify.org", "api.segment.io", "x.test", "api.example.com"];
            for host in hosts {
                let is = settings.ignored_hosts.iter().any(|pattern| pattern.matches(host));
                assert_eq!(is, ignored.contains(&host), "{args:?} {host}");
            }
        }
    }

    #[test]
    fn sizes() {
        assert_eq!("512".parse(), Ok(Size(512)));
        assert_eq!("2k".parse(), Ok(Size(2048)));
        assert_eq!("3MiB".parse(), Ok(Size(3 << 20)));
        assert!("".parse::<Size>().is_err());
        assert!("99999999999999999999G".parse::<Size>().is_err());
        assert!("5 bananas".parse::<Size>().is_err());
    }

    #[test]
    fn times() {
        assert_eq!("500ms".parse(), Ok(Span(Duration::from_millis(500))));
        assert_eq!("1m 30s".parse(), Ok(Span(Duration::from_secs(90))));
        assert_eq!("0s".parse(), Ok(Span(Duration::ZERO)));
        for bad in ["", "10", "-1s", "soon"] {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_secret_given_by_value_is_refused_without_being_repeated() {
        let error = "api_key=sk_live_abcdef".parse::<SecretSource>().unwrap_err();
        assert!(!error.contains("sk_live"));
        assert_eq!("api_key=env:API_KEY".parse::<SecretSource>().unwrap().name(), "api_key");
    }
}
