//! What an imported request is known by: another program told of it, and that program does not tell everything.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Text;

/// A request that another program told of.
///
/// What no import tells is not listed in [`lacks`](Self::lacks): order, case and spacing of the fields as they were sent, the fields of the
/// connection and of the framing where they are absent, and the bytes of a body on the wire: its length and digest are those of its content.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// What its source does not tell besides.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lacks: BTreeSet<Lack>,
    /// Its answer's content is told in full: it is as long as its source says. Of any other nothing is known but what is there.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub whole_answer: bool,
    /// Of a request whose answer is not told: whether it is presumed to have succeeded, because the sandbox is the run that works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presumed: Option<bool>,
}

/// A kind of facts that an import's source may not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lack {
    /// The exporter may have taken credentials and cookies out: that none are there proves nothing.
    Credentials,
    /// Fields that the client adds by itself (`User-Agent`, `Accept`).
    ClientFields,
    /// When it was sent.
    Time,
    /// Other requests of the run: hops of redirects, retries, further pages.
    Requests,
}

impl Lack {
    /// What it is, in words that complete "it does not tell ...".
    pub fn words(self) -> &'static str {
        match self {
            Self::Credentials => "whether credentials and cookies were sent where it shows none",
            Self::ClientFields => "the fields that the client adds by itself (User-Agent, Accept)",
            Self::Time => "when each request was sent",
            Self::Requests => "every request of the run (hops of redirects, retries)",
        }
    }
}

/// Where an imported capture comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// What it was read as.
    pub format: SourceFormat,
    /// The program that wrote it, and its version.
    #[serde(default, skip_serializing_if = "Text::is_empty")]
    pub program: Text,
    /// What it does not tell.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub lacks: BTreeSet<Lack>,
    /// Its entries that never were on the wire: answers from a cache, `data:` URLs.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub skipped: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SourceFormat {
    /// HAR 1.1 or 1.2.
    Har,
    /// The answer of the Airbyte Connector Builder's test read, or of the manifest-server's.
    AirbyteBuilder,
    /// curl command lines.
    Curl,
}

impl SourceFormat {
    /// Its name in reports.
    pub fn words(self) -> &'static str {
        match self {
            Self::Har => "a HAR file",
            Self::AirbyteBuilder => "an Airbyte Builder test read",
            Self::Curl => "curl command lines",
        }
    }
}
