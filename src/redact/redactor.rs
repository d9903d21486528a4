//! The redactor: holds the key and everything known to be secret, and turns raw into model.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::ops::Range;

use thiserror::Error;

use crate::model::{
    ClientHello, Connection, ConnectionKind, Exchange, Failure, Fidelity, Handshake, Outcome, Reference,
    Refused, Request, Response, Tag, Target, Text,
};

use super::fingerprint::{Digest, Tagger};
use super::patterns::{Patterns, WINDOW};
use super::placeholder::placeholder;
use super::policy::is_sensitive_name;
use super::relation::{Rank, References};
use super::secret::{Scope, name_tag};
use super::{
    Key, RawConnection, RawExchange, RawFailure, RawKind, RawMessage, RawOutcome, RawRefused, command,
    issued, message, words,
};

/// Words of a request's texts that are tagged one by one; what comes after is one piece.
const REQUEST_WORDS: u32 = 2_000;
/// The same of an answer.
const RESPONSE_WORDS: u32 = 400;
/// The same of a line of output.
pub(super) const PROSE_WORDS: u32 = 200;
/// Most tokens issued by answers that are remembered at a time.
const MOST_ISSUED: usize = 512;

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
#[error(
    "{reference} was found at byte {offset} of what was about to be written; nothing was written. Please report this"
)]
pub struct Leak {
    /// The secret's name.
    pub reference: String,
    /// Where it was found.
    pub offset: usize,
}

/// Turns raw bytes into model values. Owned by the recorder.
pub struct Redactor {
    pub(super) tagger: Tagger,
    pub(super) references: References,
    pub(super) patterns: Patterns,
    /// Names, in lower case, whose values may be shown.
    opened: BTreeSet<String>,
    key_id: String,
    issued: usize,
    generation: u64,
    not_searched: Vec<Reference>,
}

/// A message redacted.
pub struct Redacted<T> {
    /// What may be written of it.
    pub value: T,
    /// Says how far something in it is from the start of the exchange, in seconds: the same bytes come out otherwise later.
    pub depends_on_time: bool,
}

impl Redactor {
    /// A redactor that knows no secret yet.
    pub fn new(key: Key) -> Self {
        let tagger = key.tagger();
        let key_id = key.id().to_owned();
        // The key itself is wiped here; the tagger keeps what follows from it.
        drop(key);
        Self {
            tagger,
            references: References::default(),
            patterns: Patterns::new(),
            opened: BTreeSet::new(),
            key_id,
            issued: 0,
            generation: 0,
            not_searched: Vec::new(),
        }
    }

    /// Makes a value known under a name, so that values on the wire are told as expressions over it.
    ///
    /// A [`Known::Secret`] of six bytes and more is from then on replaced wherever it stands, in any encoding. Placeholders
    /// (`${API_KEY}`, `None`, a mask) name relations only, whatever is asked for: they are to be seen.
    pub fn refer(&mut self, reference: Reference, value: &str, known: Known) {
        let (_, inner, _) = super::blank::split(value);
        if inner.is_empty() {
            return;
        }
        let secret = known == Known::Secret && placeholder(inner).is_none();
        if known == Known::Secret && (!secret || inner.len() < WINDOW) {
            self.not_searched.push(reference.clone());
        }
        self.learn(reference, value, if secret { Rank::Secret } else { Rank::Value });
    }

    /// Makes a literal of the manifest known: an equal value is told as a reference to it.
    pub fn show_literal(&mut self, pointer: &str, value: &str) {
        if value.len() > 2 {
            self.learn(Reference::Manifest(pointer.to_owned()), value, Rank::Literal);
        }
    }

    /// Opens a name: values of fields, parameters and members that are called so are shown, unless something else says that they are
    /// secret. A name of a secret is never opened.
    pub fn open_name(&mut self, name: &str) {
        if !is_sensitive_name(name) {
            self.opened.insert(name.to_lowercase());
            self.generation += 1;
        }
    }

    /// Whether values of this name may be shown.
    pub(super) fn opens(&self, name: &str) -> bool {
        !self.opened.is_empty() && self.opened.contains(&name.to_lowercase())
    }

    fn learn(&mut self, reference: Reference, value: &str, rank: Rank) {
        self.generation += 1;
        let number = self.references.learn(&self.tagger, reference, value, rank);
        if rank == Rank::Secret {
            self.mask(number, value);
        }
    }

    fn mask(&mut self, number: u32, value: &str) {
        let (_, inner, _) = super::blank::split(value);
        let word = inner.len() < 16 && words::is_name(inner);
        self.patterns.add(number, inner, word);
        // A scheme in the value (`Bearer x`) is not sent with it by every client; what follows is the secret as well.
        if let Some((_, _, rest)) = super::forms::unschemed(inner) {
            self.patterns.add(number, rest, word);
        }
    }

    /// Makes a token known that an answer issued.
    pub(super) fn issue(&mut self, exchange: u32, at: &str, value: &str) {
        if self.references.knows(self.tagger.value(value.as_bytes()), Rank::Secret)
            || placeholder(value).is_some()
        {
            return;
        }
        if self.issued >= MOST_ISSUED {
            self.forget_issued();
        }
        self.issued += 1;
        let at: Vec<String> =
            at.split('/').map(|name| if name.is_empty() { String::new() } else { self.name(name) }).collect();
        self.learn(Reference::Issued { exchange, at: at.join("/") }, value, Rank::Secret);
    }

    /// Forgets the older half of the issued tokens, so that a long recording stays as quick as a short one.
    fn forget_issued(&mut self) {
        self.generation += 1;
        let mut older = self.issued / 2;
        let secrets = self.references.retain(&self.tagger, |_, reference| {
            let forget = matches!(reference, Reference::Issued { .. }) && older > 0;
            older -= usize::from(forget);
            !forget
        });
        self.issued -= self.issued / 2;
        self.patterns = Patterns::new();
        for (number, value) in secrets {
            self.mask(number, &value);
        }
    }

    /// Another number each time that more or less is known. While it stays, the same bytes come out the same.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Names the key of the tags.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The tag of a body that a digest has taken in.
    pub fn tag(&self, digest: &Digest) -> Tag {
        self.tagger.digested(digest)
    }

    /// Redacts an exchange; tokens that its answer issued are known from then on.
    pub fn exchange(&mut self, raw: &RawExchange) -> Exchange {
        let generation = self.generation;
        let mut request = self.request(raw).value;
        let answered = |redactor: &mut Self, answer| Response {
            websocket: raw.websocket.map(Box::new),
            ..redactor.response(raw, answer).value
        };
        let outcome = match &raw.outcome {
            RawOutcome::Answered(answer) => Outcome::Answered(answered(self, answer)),
            RawOutcome::Failed(failure, answer) => {
                let response = answer.as_ref().map(|answer| Box::new(answered(self, answer)));
                Outcome::Failed { failure: self.failure(failure), response }
            }
            RawOutcome::Unfinished => Outcome::Unfinished,
        };
        if self.generation != generation
            && !serde_json::to_vec(&request).is_ok_and(|kept| self.check(&kept).is_ok())
        {
            // Its own answer issued what it shows (`Accept-Language: en-US,en`, `Set-Cookie: locale=en-US,en`).
            request = self.request(raw).value;
        }
        Exchange {
            number: raw.number,
            connection: raw.connection,
            index: raw.index,
            started_at: raw.started_at,
            timings: raw.timings,
            request,
            interim: raw.interim.clone(),
            outcome,
        }
    }

    /// Redacts the request of an exchange.
    pub fn request(&self, raw: &RawExchange) -> Redacted<Request> {
        let scope = Scope::new(self, Some(raw.started_at), REQUEST_WORDS).of_import(is_imported(raw));
        let value = message::request(&scope, raw);
        Redacted { value, depends_on_time: scope.depends_on_time() }
    }

    /// Redacts an answer of an exchange; tokens that it issues are known from then on.
    pub fn response(&mut self, raw: &RawExchange, answer: &RawMessage) -> Redacted<Response> {
        for token in issued::tokens(&raw.request, answer) {
            self.issue(raw.number, &token.at, &token.value);
        }
        let scope = Scope::new(self, Some(raw.started_at), RESPONSE_WORDS).of_import(is_imported(raw));
        let value = message::response(&scope, answer);
        Redacted { value, depends_on_time: scope.depends_on_time() }
    }

    /// True for a request whose answer may issue tokens under any name.
    pub fn is_login(raw: &RawMessage) -> bool {
        issued::is_login(&raw.head)
    }

    /// Redacts a connection.
    pub fn connection(&self, raw: &RawConnection) -> Connection {
        let scope = Scope::new(self, Some(raw.opened_at), PROSE_WORDS);
        Connection {
            number: raw.number,
            opened_at: raw.opened_at,
            authority: raw.authority.as_deref().map(|authority| scope.authority(authority)),
            kind: match &raw.kind {
                RawKind::Plain => ConnectionKind::Plain,
                RawKind::Tls { hello, version, protocol, handshake } => ConnectionKind::Tls {
                    hello: Some(ClientHello {
                        server_name: hello.server_name.as_deref().map(|name| Text::shown(scope.host(name))),
                        alpn: hello.alpn.iter().map(|protocol| scope.protocol(protocol)).collect(),
                        version: version.clone(),
                        protocol: protocol.as_deref().map(|protocol| scope.protocol(protocol)),
                        versions: hello.versions.iter().map(|number| version_name(*number)).collect(),
                        cipher_suites: u32::try_from(hello.cipher_suites).unwrap_or(u32::MAX),
                        extensions: u32::try_from(hello.extensions).unwrap_or(u32::MAX),
                        ja3: hello.ja3.as_deref().map(|digits| format!("md5:{digits}")),
                        ja4: hello.ja4.clone(),
                    }),
                    handshake: match handshake {
                        Handshake::Failed(why) => Handshake::Failed(self.prose(why).to_string()),
                        other => other.clone(),
                    },
                },
                RawKind::Tunnel { reason, sent, received } => {
                    ConnectionKind::Tunnel { reason: (*reason).to_owned(), sent: *sent, received: *received }
                }
                RawKind::Unused => ConnectionKind::Unused,
            },
            upstream: raw.upstream.as_deref().map(|address| scope.authority(address)),
            dials: raw.dials.iter().map(|raw| scope.dial(raw)).collect(),
            refused: raw.refused.iter().map(|raw| self.refused(raw)).collect(),
            failure: raw.failure.as_ref().map(|failure| self.failure(failure)),
        }
    }

    pub(super) fn fidelity(&self, raw: &Fidelity) -> Fidelity {
        match raw {
            Fidelity::Desync(how) => Fidelity::Desync(self.prose(how).to_string()),
            other => other.clone(),
        }
    }

    fn refused(&self, raw: &RawRefused) -> Refused {
        Refused { stream: raw.stream, times: raw.times, failure: self.failure(&raw.failure) }
    }

    fn failure(&self, raw: &RawFailure) -> Failure {
        Failure { leg: raw.leg, phase: raw.phase, kind: raw.kind, message: self.prose(&raw.message) }
    }

    /// Redacts a line of output, a message or a path: words that cannot be secrets stay.
    pub fn prose(&self, text: &str) -> Text {
        Scope::new(self, None, PROSE_WORDS).prose(text)
    }

    /// Redacts the base URL of reverse mode: `http` or `https`, `host:port`, path.
    pub fn base_url(&self, scheme: &str, authority: &str, path: &str) -> Target {
        Scope::new(self, None, PROSE_WORDS).base_url(scheme, authority, path)
    }

    /// Redacts a command line.
    pub fn command(&self, argv: &[OsString]) -> Vec<Text> {
        command::command(&Scope::new(self, None, PROSE_WORDS), argv)
    }

    /// Redacts a value that stands under a name: a config key, a parameter.
    pub fn named(&self, name: &str, value: &str) -> Text {
        Scope::new(self, None, PROSE_WORDS).value(name, value.as_bytes())
    }

    /// A name as it is, or a tag where it does not look like a name.
    pub fn name(&self, name: &str) -> String {
        // `_` alone is what web pages call the parameter that keeps caches away.
        if (name == "_" || words::is_name(name)) && self.patterns.find(name.as_bytes()).next().is_none() {
            name.to_owned()
        } else {
            name_tag(name, &self.tagger)
        }
    }

    /// Searches what is about to be written for every known secret in every encoding.
    ///
    /// A secret that is a plain word (`sandbox`) is left out: samewire's own words may be equal to it.
    ///
    /// # Errors
    ///
    /// When one is found.
    pub fn check(&self, written: &[u8]) -> Result<(), Leak> {
        match self.patterns.first_leak(written) {
            None => Ok(()),
            Some((secret, offset)) => Err(Leak {
                reference: self
                    .references
                    .entry(secret)
                    .map_or_else(String::new, |entry| entry.reference.to_string()),
                offset,
            }),
        }
    }

    /// Names of secrets that [`search`](Self::search) cannot find: placeholders, and those too short to be told from chance.
    pub fn not_searched(&self) -> Vec<String> {
        self.not_searched.iter().map(ToString::to_string).collect()
    }

    /// Where known secrets stand in a text, in every encoding: their names and places, from left to right.
    ///
    /// A secret that is a plain word counts where it stands as a word of its own.
    pub fn search<'a>(&'a self, text: &'a [u8]) -> impl Iterator<Item = (String, Range<usize>)> + 'a {
        self.patterns.find(text).filter(|hit| !hit.word || stands_alone(text, &hit.range)).map(|hit| {
            let entry = self.references.entry(hit.secret);
            (entry.map_or_else(String::new, |entry| entry.reference.to_string()), hit.range)
        })
    }
}

fn stands_alone(text: &[u8], range: &Range<usize>) -> bool {
    let letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    !letter(text[..range.start].last()) && !letter(text.get(range.end))
}

/// Another program told of it, and may have hidden values.
fn is_imported(raw: &RawExchange) -> bool {
    matches!(raw.fidelity, Fidelity::Imported(_))
}

/// A TLS version by its number on the wire, as its RFC writes it.
fn version_name(number: u16) -> String {
    match number {
        0x0304 => "TLSv1.3".to_owned(),
        0x0303 => "TLSv1.2".to_owned(),
        0x0302 => "TLSv1.1".to_owned(),
        0x0301 => "TLSv1.0".to_owned(),
        0x0300 => "SSLv3".to_owned(),
        other => format!("0x{other:04x}"),
    }
}
