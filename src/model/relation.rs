//! How a value is made of one that has a name.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a value is made of a named one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Relation {
    /// The named value.
    pub reference: Reference,
    /// What was done to it, in order; empty: it is the same.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// A value that has a name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reference {
    /// A value of the config file, by JSON pointer (`/credentials/api_key`).
    Config(String),
    /// `--secret NAME=...`.
    Named(String),
    /// A token that an earlier answer of the same capture issued.
    Issued {
        /// The exchange whose answer it was.
        exchange: u32,
        /// JSON pointer, cookie or field name in that answer.
        at: String,
    },
    /// An environment variable of the command.
    Environment(String),
    /// A literal of the manifest, by JSON pointer.
    Manifest(String),
}

/// One change on the way from a named value to what was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Something that may be shown was put before: blanks, quotes, an auth-scheme, a control sequence.
    Prepended(String),
    /// The same, after.
    Appended(String),
    /// Unknown characters were put around it.
    Extended {
        /// Bytes before.
        before: u32,
        /// Bytes after.
        after: u32,
    },
    /// Only a part was sent.
    Slice {
        /// First byte.
        start: u32,
        /// One past the last byte.
        end: u32,
        /// Length of the whole.
        of: u32,
    },
    /// Base64 was applied.
    Base64,
    /// Percent-encoding was applied.
    Percent,
    /// JSON string escapes were applied.
    JsonEscaped,
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// Other change of case.
    CaseChanged,
    /// Base64 was undone.
    Base64Decoded,
    /// Percent-encoding was undone.
    PercentDecoded,
    /// Blanks around it were lost.
    Trimmed,
    /// Quotes around it were lost.
    Unquoted,
    /// An auth-scheme before it was lost.
    Unschemed,
    /// Blanks or invisible characters were put inside.
    Inserted(String),
    /// A template language read it as a literal.
    Cast,
    /// Hexadecimal.
    Hex,
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(pointer) => write!(f, "config{}", dotted(pointer)),
            Self::Named(name) => write!(f, "secret.{name}"),
            Self::Issued { exchange, at } => {
                write!(f, "answer {exchange} {}", dotted(at).trim_start_matches('.'))
            }
            Self::Environment(name) => write!(f, "env.{name}"),
            Self::Manifest(pointer) => write!(f, "manifest{}", dotted(pointer)),
        }
    }
}

fn dotted(pointer: &str) -> String {
    pointer.replace('/', ".").replace("~1", "/").replace("~0", "~")
}

impl fmt::Display for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.reference.to_string();
        for step in &self.steps {
            text = match step {
                Step::Prepended(before) => format!("{before:?} + {text}"),
                Step::Appended(after) => format!("{text} + {after:?}"),
                Step::Extended { before, after } => match (before, after) {
                    (0, after) => format!("{text} + {after} more"),
                    (before, 0) => format!("{before} more + {text}"),
                    (before, after) => format!("{before} more + {text} + {after} more"),
                },
                Step::Slice { start, end, of } => format!("{text}[{start}:{end}] of {of}"),
                Step::Base64 => format!("base64({text})"),
                Step::Percent => format!("percent({text})"),
                Step::JsonEscaped => format!("json({text})"),
                Step::Lower => format!("lower({text})"),
                Step::Upper => format!("upper({text})"),
                Step::CaseChanged => format!("other-case({text})"),
                Step::Base64Decoded => format!("base64-decoded({text})"),
                Step::PercentDecoded => format!("percent-decoded({text})"),
                Step::Trimmed => format!("trimmed({text})"),
                Step::Unquoted => format!("unquoted({text})"),
                Step::Unschemed => format!("without-scheme({text})"),
                Step::Inserted(blanks) => format!("{text} with {blanks:?} inside"),
                Step::Cast => format!("cast({text})"),
                Step::Hex => format!("hex({text})"),
            };
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relation_reads_as_an_expression() {
        let relation = Relation {
            reference: Reference::Config("/credentials/api_key".into()),
            steps: vec![Step::Appended("\n".into()), Step::Base64],
        };
        assert_eq!(relation.to_string(), "base64(config.credentials.api_key + \"\\n\")");
    }
}
