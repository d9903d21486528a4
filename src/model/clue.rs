//! Typed facts that were read from the command's own output.

use serde::{Deserialize, Serialize};

use super::Text;

/// A fact and where it was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clue {
    /// Standard output or standard error.
    pub stream: Stream,
    /// Line, from 1.
    pub line: u64,
    /// The line or its telling part, redacted.
    pub text: Text,
    /// The fact.
    pub kind: ClueKind,
}

/// A standard stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a line of output says. Names in it (keys, classes, modules) are redacted like every name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClueKind {
    /// `Unable to find spec.yaml or spec.json in the package.`
    SpecMissing,
    /// The manifest file is not there; its name as said.
    ManifestMissing(Text),
    /// The framework refuses the manifest; its reason.
    ManifestRejected(Text),
    /// `'api_key' is a required property`.
    ConfigKeyMissing(String),
    /// The config cannot be read, or a value has the wrong type.
    ConfigInvalid(Text),
    /// `'dict object' has no attribute 'credentials'`.
    ConfigPathUndefined(String),
    /// A template uses a name that is not declared.
    TemplateUndeclared(String),
    /// A template does not parse.
    TemplateSyntax(Text),
    /// The same place is set twice; the place.
    CredentialsConflict(String),
    /// The HTTP client refused a field value; why: `newline`, `leading-space`, `not-latin-1`, `illegal`.
    FieldRefused(String),
    /// The authenticator's own fields are wrong.
    AuthenticatorMisconfigured(Text),
    /// The framework does not allow or find custom components.
    CustomCodeRefused,
    /// The client's own guard refused the target: `private-address` or `scheme`.
    EgressBlocked(String),
    /// A request URL without scheme or host: a base URL is empty.
    UrlInvalid,
    /// A module is missing; its name.
    ModuleMissing(String),
    /// A command is missing; its name.
    CommandMissing(String),
    /// The container engine cannot get the image from its registry.
    ImageMissing,
    /// The client did not accept the certificate that it was shown.
    CertificateRejected,
    /// The client could not resolve a name.
    NameNotResolved,
    /// The client could not connect.
    ConnectionFailed,
    /// The client gave up waiting.
    TimedOut,
    /// `CONNECTION_STATUS` of an Airbyte check.
    CheckStatus {
        /// `SUCCEEDED` or `FAILED`.
        succeeded: bool,
    },
    /// The command says that it called a URL, and what came of it.
    Called {
        /// `scheme://host:port/path`, redacted, as far as it was said.
        url: Text,
        /// Host without port, where the URL has one.
        host: Option<String>,
        /// The status it says it got.
        status: Option<u16>,
    },
    /// Records were read: the command did get answers.
    Records,
    /// An exception that is none of the above; its class.
    Exception(String),
    /// One of the last lines before the command ended without any request.
    LastWords,
}
