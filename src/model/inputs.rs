//! What went into a run besides the wire: config, spec, manifest, versions. All redacted.

use serde::{Deserialize, Serialize};

use super::{Reference, Secret, Text};

/// What diagnosis may ask besides the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inputs {
    /// The config file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ConfigFacts>,
    /// The connector's spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spec: Option<SpecFacts>,
    /// The connector's manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<ManifestFacts>,
    /// Clients and frameworks found, and their versions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clients: Vec<ClientVersion>,
    /// Variables of the command's environment whose names say that they hold a secret; absent where that environment is not known
    /// (a stand-alone proxy, a command in a container).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Vec<Variable>>,
    /// What the user named by `--secret NAME=...`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secrets: Option<Vec<Variable>>,
    /// The image, where the command ran in a container.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageFacts>,
}

/// A variable of an environment, or a secret that has a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// Its value, redacted.
    pub value: Text,
}

/// The image of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageFacts {
    /// As the command line names it.
    pub reference: Text,
    /// `sha256:...` of its configuration.
    pub id: String,
    /// `sha256:...` of its manifest, where a registry gave it one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// `amd64`, `arm64`.
    pub architecture: String,
    /// The user that it ran as, where one was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Text>,
    /// The program that it began with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub entrypoint: Vec<Text>,
    /// The image that it was built from, where its labels say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<Text>,
    /// Names of the variables that it sets, proxies among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub variables: Vec<String>,
}

/// The config file of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigFacts {
    /// Its path as given, redacted.
    pub path: Text,
    /// Why it could not be read; its values are then empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unreadable: Option<String>,
    /// Its leaves, in the order of the file.
    pub values: Vec<ConfigValue>,
}

/// One leaf of a config (an empty object or array counts as one).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigValue {
    /// JSON pointer.
    pub pointer: String,
    /// Its type.
    pub kind: JsonType,
    /// Its value, redacted; absent for null, objects and arrays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Text>,
    /// The spec or its name says that it is a secret.
    pub secret: bool,
}

/// A JSON type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum JsonType {
    /// `null`.
    Null,
    /// A boolean.
    Boolean,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl JsonType {
    /// With its article: `a string`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "a boolean",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Array => "an array",
            Self::Object => "an object",
        }
    }
}

/// The connector's spec: the JSON schema of its config.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecFacts {
    /// Where it was found: a path, or the manifest.
    pub source: Text,
    /// Its properties, nested ones too.
    pub properties: Vec<SpecProperty>,
}

/// One property of the spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpecProperty {
    /// JSON pointer into the config.
    pub pointer: String,
    /// Its types; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<JsonType>,
    /// Listed in `required` of its parent.
    pub required: bool,
    /// `airbyte_secret`.
    pub secret: bool,
    /// It has a `default`.
    pub default: bool,
    /// Line in the file it was found in, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
}

/// The connector's manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestFacts {
    /// Its path as given, or where it was injected.
    pub path: Text,
    /// Whether it could be read.
    pub state: ManifestState,
    /// Its `version`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// It has a `spec`.
    pub has_spec: bool,
    /// Templates and the config values they read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<TemplateReference>,
    /// What sets credentials, and where on the wire.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<DefinedCredentials>,
    /// What could be changed in it, worked out while its text was at hand.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Repair>,
}

/// A change of the manifest or its spec that a remedy may propose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Repair {
    /// What it does.
    pub kind: RepairKind,
    /// The line of the manifest that it mends, or that asks for it, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The config value that it is about, as JSON pointer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub config: Option<String>,
    /// What tells it from others of its kind: the key to read instead, the scheme, the undeclared name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// A unified diff. Each of its lines passed the redactor unchanged.
    pub patch: String,
}

/// Kinds of repairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RepairKind {
    /// Gives the manifest a spec with the keys that it reads.
    AddSpec,
    /// Puts a key on the spec's list of required ones.
    RequireKey,
    /// Lets a template read another key of the config.
    ReadKey,
    /// Lets a template read the config's key of an undeclared name.
    ReadConfig,
    /// Gives members of a component the names that they have.
    RenameMembers,
    /// Takes an entry out that sets what an authenticator sets, or may.
    DropEntry,
    /// Closes a template.
    CloseTemplate,
    /// Makes a template of what has one brace on each side.
    DoubleBraces,
    /// Takes a scheme out that the authenticator adds by itself.
    DropScheme,
    /// Puts a scheme before a token.
    AddScheme,
    /// Puts a template in quotes, so that its value stays a text.
    Quote,
    /// Gives the manifest the version of the framework that it is run with.
    SetVersion,
}

/// Whether a manifest could be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ManifestState {
    /// It was read.
    #[default]
    Read,
    /// There is no such file.
    Missing,
    /// It is not YAML or JSON; says why and where.
    Malformed(String),
}

/// A template of the manifest that reads a config value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateReference {
    /// Where the template stands: JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The config value it reads, as JSON pointer.
    pub config: String,
    /// The template is nothing but this reference (`{{ config['api_key'] }}`), so its value may be cast or dropped.
    pub bare: bool,
}

/// A component of the manifest that sets credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DefinedCredentials {
    /// Where it stands: JSON pointer into the manifest.
    pub at: String,
    /// Its line, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// `BearerAuthenticator`, `ApiKeyAuthenticator`, ..., or `request_headers`.
    pub component: String,
    /// The place it sets: `field authorization`, `query api_key`, `body api_key`, `cookie token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The config values it reads, as JSON pointers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
}

/// A client or framework and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientVersion {
    /// `airbyte-cdk`, `python`, `curl`.
    pub name: String,
    /// Its version.
    pub version: String,
}

impl ConfigFacts {
    /// The leaf at a JSON pointer.
    pub fn at(&self, pointer: &str) -> Option<&ConfigValue> {
        self.values.iter().find(|value| value.pointer == pointer)
    }

    /// The leaf that a relation's reference names, with its facts.
    pub fn named(&self, reference: &Reference) -> Option<&ConfigValue> {
        match reference {
            Reference::Config(pointer) => self.at(pointer),
            _ => None,
        }
    }
}

impl ConfigValue {
    /// Its value, where it is one secret.
    pub fn secret_value(&self) -> Option<&Secret> {
        self.value.as_ref().and_then(Text::as_secret)
    }
}
