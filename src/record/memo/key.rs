//! The bytes that decide what becomes of a message.

use std::hash::{BuildHasher as _, Hasher as _};

use foldhash::fast::RandomState;
use zeroize::Zeroizing;

use crate::model::Fidelity;
use crate::redact::{RawExchange, RawMessage};

/// Longer messages are not kept, in bytes.
pub(super) const LONGEST: usize = 64 << 10;

/// The bytes where they stand.
pub(super) struct Parts<'a> {
    facts: [u8; 3],
    pieces: [&'a [u8]; 6],
    fits: bool,
}

/// The same bytes, kept. They may hold secrets, and are wiped when they are dropped.
pub(super) struct Key {
    facts: [u8; 3],
    /// Of the pieces, which lie one after the other in `bytes`.
    lengths: [usize; 6],
    pub(super) bytes: Zeroizing<Vec<u8>>,
    /// Of the parts.
    pub(super) hash: u64,
}

impl<'a> Parts<'a> {
    pub(super) fn of_request(raw: &'a RawExchange) -> Self {
        let (fidelity, desync): (u8, &str) = match &raw.fidelity {
            Fidelity::Wire => (0, ""),
            Fidelity::Decoded => (1, ""),
            Fidelity::Desync(how) => (2, how),
            // Imports do not come through the recorder.
            Fidelity::Imported(_) => return Self::unkept(),
        };
        let authority = raw.authority.as_deref();
        let named = [raw.scheme, authority.unwrap_or_default(), desync].map(str::as_bytes);
        Self::new([fidelity, u8::from(authority.is_some())], named, &raw.request)
    }

    /// Of what is not kept.
    fn unkept() -> Self {
        Self { facts: [0; 3], pieces: [&[]; 6], fits: false }
    }

    /// The answer to a login issues other tokens than that to another request.
    pub(super) fn of_response(to_login: bool, answer: &'a RawMessage) -> Self {
        Self::new([u8::from(to_login), 0], [&[]; 3], answer)
    }

    fn new(facts: [u8; 2], named: [&'a [u8]; 3], message: &'a RawMessage) -> Self {
        let body = &message.body;
        let [first, second, third] = named;
        let pieces = [first, second, third, &*message.head, &*body.trailers, &*body.bytes];
        let length = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        Self {
            facts: [facts[0], facts[1], u8::from(body.complete)],
            pieces,
            fits: length <= LONGEST && body.digest.is_none() && body.length == body.bytes.len() as u64,
        }
    }

    /// None for messages that are not kept.
    pub(super) fn hash(&self, state: &RandomState) -> Option<u64> {
        if !self.fits {
            return None;
        }
        let mut hasher = state.build_hasher();
        hasher.write(&self.facts);
        for piece in self.pieces {
            hasher.write_usize(piece.len());
            hasher.write(piece);
        }
        Some(hasher.finish())
    }

    /// Takes a copy.
    pub(super) fn key(&self, state: &RandomState) -> Option<Key> {
        let hash = self.hash(state)?;
        let lengths = self.lengths();
        // Large enough from the beginning: what grows leaves copies of itself behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(lengths.iter().sum()));
        self.pieces.iter().for_each(|piece| bytes.extend_from_slice(piece));
        Some(Key { facts: self.facts, lengths, bytes, hash })
    }

    /// Whether the key is a copy of these.
    pub(super) fn are(&self, key: &Key) -> bool {
        if !self.fits || self.facts != key.facts || self.lengths() != key.lengths {
            return false;
        }
        let mut rest = &key.bytes[..];
        self.pieces.iter().filter(|piece| !piece.is_empty()).all(|piece| {
            let (own, after) = rest.split_at(piece.len());
            rest = after;
            own == *piece
        })
    }

    fn lengths(&self) -> [usize; 6] {
        self.pieces.map(<[u8]>::len)
    }
}
