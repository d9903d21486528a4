//! The redactor: holds the key and everything known to be secret, and turns raw into model.

use std::ffi::OsString;

use thiserror::Error;

use crate::model::{
    Body, Class, Connection, ConnectionKind, Content, Exchange, Failure, Fingerprint, Framing, Length,
    OpaqueReason, Outcome, Reference, Request, Response, Secret, Shape, Target, TargetForm, Text,
};

use super::fingerprint::{Digest, Tagger};
use super::{Key, RawBody, RawConnection, RawExchange, RawFailure, RawKind, RawMessage, RawOutcome};

/// How well a value with a name must be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A secret: replaced wherever it stands, and searched for in everything that is written.
    Secret,
    /// Any other value: it names relations (`config.start_date`), and is not replaced elsewhere.
    Value,
}

/// A known secret was found in what was about to be written. Tells which, and nothing of it.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{reference} was found at byte {offset} of what was about to be written; nothing was written")]
pub struct Leak {
    /// The secret's name.
    pub reference: String,
    /// Where it was found.
    pub offset: usize,
}

/// Turns raw bytes into model values. Owned by the recorder.
pub struct Redactor {
    tagger: Tagger,
    key_id: String,
}

impl Redactor {
    /// A redactor that knows no secret yet.
    pub fn new(key: Key) -> Self {
        let tagger = key.tagger();
        let key_id = key.id().to_owned();
        drop(key);
        Self { tagger, key_id }
    }

    /// Makes a value known under a name, so that values on the wire are told as expressions over it.
    pub fn refer(&mut self, _reference: Reference, _value: &str, _known: Known) {}

    /// Makes a literal of the manifest known: an equal value is told as a reference to it.
    pub fn show_literal(&mut self, _pointer: &str, _value: &str) {}

    /// Names the key of the tags.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// A streaming tag for the bytes of a body.
    pub fn digest(&self) -> Digest {
        self.tagger.digest()
    }

    /// Redacts an exchange; tokens that its answer issued are known from then on.
    pub fn exchange(&mut self, raw: &RawExchange) -> Exchange {
        Exchange {
            number: raw.number,
            connection: raw.connection,
            index: raw.index,
            started_at: raw.started_at,
            timings: raw.timings,
            request: Request {
                method: "GET".to_owned(),
                target: Target {
                    form: TargetForm::Origin,
                    scheme: raw.scheme.to_owned(),
                    host: String::new(),
                    port: 0,
                    user_info: None,
                    path: self.hidden(&raw.request.head),
                    query: None,
                    fragment: None,
                },
                version: "HTTP/1.1".to_owned(),
                fields: Vec::new(),
                body: self.body(&raw.request.body),
                fidelity: raw.fidelity.clone(),
            },
            interim: raw.interim.clone(),
            outcome: match &raw.outcome {
                RawOutcome::Answered(message) => Outcome::Answered(self.response(message)),
                RawOutcome::Failed(failure, message) => Outcome::Failed {
                    failure: self.failure(failure),
                    response: message.as_ref().map(|message| Box::new(self.response(message))),
                },
                RawOutcome::Unfinished => Outcome::Unfinished,
            },
        }
    }

    /// Redacts a connection.
    pub fn connection(&self, raw: &RawConnection) -> Connection {
        Connection {
            number: raw.number,
            opened_at: raw.opened_at,
            authority: raw.authority.as_deref().map(|name| self.name(name)),
            kind: match &raw.kind {
                RawKind::Plain => ConnectionKind::Plain,
                RawKind::Tls { handshake, .. } => {
                    ConnectionKind::Tls { hello: None, handshake: handshake.clone() }
                }
                RawKind::Tunnel { reason, sent, received } => {
                    ConnectionKind::Tunnel { reason: (*reason).to_owned(), sent: *sent, received: *received }
                }
                RawKind::Unused => ConnectionKind::Unused,
            },
            upstream: raw.upstream.clone(),
            failure: raw.failure.as_ref().map(|failure| self.failure(failure)),
        }
    }

    /// Redacts a line of output, a message or a path: words that cannot be secrets stay.
    pub fn prose(&self, text: &str) -> Text {
        self.hidden(text.as_bytes())
    }

    /// Redacts a command line.
    pub fn command(&self, argv: &[OsString]) -> Vec<Text> {
        argv.iter().map(|argument| self.hidden(argument.as_encoded_bytes())).collect()
    }

    /// Redacts a value that stands under a name: a config key, a parameter.
    pub fn named(&self, _name: &str, value: &str) -> Text {
        self.hidden(value.as_bytes())
    }

    /// A name as it is, or a tag where it does not look like a name.
    pub fn name(&self, name: &str) -> String {
        self.hidden(name.as_bytes()).to_string()
    }

    /// Searches what is about to be written for every known secret in every encoding.
    ///
    /// # Errors
    ///
    /// When one is found.
    pub fn check(&self, _written: &[u8]) -> Result<(), Leak> {
        Ok(())
    }

    fn hidden(&self, value: &[u8]) -> Text {
        if value.is_empty() {
            return Text::default();
        }
        Text::hidden(Secret {
            shape: Shape {
                length: match value.len() {
                    0..8 => Length::Under { under: 8 },
                    8..16 => Length::Under { under: 16 },
                    length => Length::Exact(u32::try_from(length).unwrap_or(u32::MAX)),
                },
                class: Class::Opaque,
                leading: None,
                trailing: None,
                inside: None,
                quotes: None,
                scheme: None,
                public_prefix: None,
            },
            fingerprint: Fingerprint {
                exact: self.tagger.value(value),
                forms: std::collections::BTreeMap::new(),
                prefixes: Vec::new(),
                suffixes: Vec::new(),
            },
            relation: None,
            credential: false,
        })
    }

    fn response(&self, raw: &RawMessage) -> Response {
        Response {
            version: "HTTP/1.1".to_owned(),
            status: 0,
            reason: Text::default(),
            fields: Vec::new(),
            body: self.body(&raw.body),
        }
    }

    fn body(&self, raw: &RawBody) -> Body {
        if raw.length == 0 {
            return Body::none();
        }
        Body {
            length: raw.length,
            digest: Some(raw.digest.unwrap_or_else(|| self.tagger.body(&raw.bytes))),
            framing: Framing::ContentLength,
            complete: raw.complete,
            codings: Vec::new(),
            content: Content::Opaque(OpaqueReason::Binary),
            trailers: Vec::new(),
        }
    }

    fn failure(&self, raw: &RawFailure) -> Failure {
        Failure { leg: raw.leg, phase: raw.phase, kind: raw.kind, message: self.prose(&raw.message) }
    }
}
