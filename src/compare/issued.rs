//! What the answers of a run told: cursors, ids and tokens that a later request of the same run may carry.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash as _, Hasher};

use super::key::new_hasher;
use crate::model::{
    Capture, Class, Content, Exchange, Field, FieldValue, Parameter, Secret, Text, Token, Told,
};
use crate::threads;

/// Shortest shown text that is taken for something an answer issued; shorter ones occur by chance.
const SHORTEST: usize = 4;

/// Values of answers, each with the first exchange whose answer held it. What a request had sent before is an echo, and not issued.
#[derive(Default)]
pub(super) struct Issued {
    /// In the order of the run, as they were read at one time.
    shares: Vec<Share>,
}

/// What the exchanges of a share of a run said first, by the hash of each value.
#[derive(Default)]
struct Share {
    sent: HashMap<u64, u32, AsItIs>,
    told: HashMap<u64, u32, AsItIs>,
}

/// Tags and hashes are spread already; hashing them again would take most of the time of a large comparison.
type AsItIs = BuildHasherDefault<Spread>;

#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        // Tags have 60 bits, and tables ask for the topmost ones first.
        self.0 = value.rotate_left(4);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

impl Share {
    fn read(exchanges: &[Exchange]) -> Self {
        let mut share = Self::default();
        for exchange in exchanges {
            let request = &exchange.request;
            let mut note = |value| {
                share.sent.entry(value).or_insert(exchange.number);
            };
            texts(&request.target.path, &mut note);
            parameters(request.target.query.as_deref().unwrap_or_default(), &mut note);
            fields(&request.fields, &mut note);
            contents(&request.body.content, &mut note);
            let Some(response) = exchange.response() else { continue };
            let mut issue = |value| {
                share.told.entry(value).or_insert(exchange.number);
            };
            fields(&response.fields, &mut issue);
            contents(&response.body.content, &mut issue);
        }
        share
    }
}

impl Issued {
    /// Reads the exchanges of a capture.
    pub(super) fn read(capture: &Capture) -> Self {
        Self { shares: threads::in_shares(&capture.exchanges, |_, share| Share::read(share)) }
    }

    /// True where an answer before this exchange held every hidden piece of a text, or the whole of a shown one.
    pub(super) fn before(&self, exchange: u32, text: &Text) -> bool {
        match text.as_shown() {
            Some(shown) => self.known(exchange, of_shown(shown)),
            None => text.secrets().all(|secret| self.secret_before(exchange, secret)),
        }
    }

    /// True where an answer before this exchange held a secret.
    pub(super) fn secret_before(&self, exchange: u32, secret: &Secret) -> bool {
        self.known(exchange, of_secret(secret))
    }

    fn known(&self, exchange: u32, value: Option<u64>) -> bool {
        let Some(value) = value else { return false };
        let first = |of: fn(&Share) -> &HashMap<u64, u32, AsItIs>| {
            self.shares.iter().find_map(|share| of(share).get(&value).copied())
        };
        let (told, sent) = (first(|share| &share.told), first(|share| &share.sent));
        told.is_some_and(|told| told < exchange && sent.is_none_or(|sent| told < sent))
    }
}

/// What is told of each value of a message: its hash.
type Tell<'t> = dyn FnMut(u64) + 't;

fn fields(fields: &[Field], tell: &mut Tell<'_>) {
    for field in fields {
        match &field.value {
            FieldValue::Text(text) => texts(text, tell),
            FieldValue::Cookies(cookies) => parameters(cookies, tell),
            FieldValue::Credentials(credentials) => match &credentials.token {
                Token::Opaque(secret) => of_secret(secret).into_iter().for_each(&mut *tell),
                Token::Parameters(all) => parameters(all, tell),
                Token::Basic(_) => {}
            },
        }
    }
}

fn parameters(parameters: &[Parameter], tell: &mut Tell<'_>) {
    for value in parameters.iter().filter_map(|parameter| parameter.value.as_ref()) {
        texts(value, tell);
    }
}

fn texts(text: &Text, tell: &mut Tell<'_>) {
    text.tell(&mut |piece| hash_of(piece).into_iter().for_each(&mut *tell));
}

fn contents(content: &Content, tell: &mut Tell<'_>) {
    match content {
        // Every answer is looked into once, and most never again.
        Content::Json(json) => json.tell(&mut |piece| hash_of(piece).into_iter().for_each(&mut *tell)),
        Content::JsonLines(lines) => {
            for line in lines {
                line.tell(&mut |piece| hash_of(piece).into_iter().for_each(&mut *tell));
            }
        }
        Content::Form(form) => parameters(form, tell),
        Content::Text(text) => texts(text, tell),
        Content::Multipart(parts) => {
            for part in parts {
                contents(&part.content, tell);
            }
        }
        Content::Empty | Content::Opaque(_) => {}
    }
}

/// True for a text that an answer may have issued; asked before the answers are read for it.
pub(super) fn may_be_issued(text: &Text) -> bool {
    match text.as_shown() {
        Some(shown) => of_shown(shown).is_some(),
        None => text.secrets().all(|secret| of_secret(secret).is_some()),
    }
}

/// Shown words are nobody's answer: what is issued has digits in it.
fn of_shown(text: &str) -> Option<u64> {
    (text.len() >= SHORTEST && text.bytes().any(|byte| byte.is_ascii_digit())).then(|| {
        let mut hasher = new_hasher();
        text.hash(&mut hasher);
        hasher.finish()
    })
}

fn of_secret(secret: &Secret) -> Option<u64> {
    hash_of(Told::of(secret))
}

/// Placeholders are nobody's answer.
fn hash_of(piece: Told<'_>) -> Option<u64> {
    match piece {
        Told::Shown(shown) => of_shown(shown),
        Told::Hidden {
            class: Class::Empty | Class::Null(_) | Class::Template(_) | Class::Mask(_), ..
        } => None,
        Told::Hidden { tag, .. } => Some(tag.0),
    }
}
