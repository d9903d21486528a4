//! Keyed tags: HMAC-SHA256 under the machine's key, cut to 60 bits.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::model::Tag;

/// What a tag is of. Values and their normal forms share one domain, so that they can be compared with each other.
#[derive(Clone, Copy)]
pub(super) enum Domain {
    /// A value or one of its normal forms.
    Value = 1,
    /// The first bytes of a value.
    Prefix = 2,
    /// The last bytes of a value.
    Suffix = 3,
    /// The bytes of a whole body.
    Body = 4,
    /// The key itself.
    Key = 5,
}

/// Makes tags. Holds the key's HMAC state, computed once.
pub(super) struct Tagger {
    state: Hmac<Sha256>,
}

impl Tagger {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        // RFC 2104: a key shorter than a block is filled up with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..key.len()].copy_from_slice(key);
        Self { state: Hmac::new((&*block).into()) }
    }

    pub(super) fn tag(&self, domain: Domain, bytes: &[u8]) -> Tag {
        let mut state = self.state.clone();
        state.update(&[domain as u8]);
        state.update(bytes);
        finish(state)
    }

    pub(super) fn value(&self, bytes: &[u8]) -> Tag {
        self.tag(Domain::Value, bytes)
    }

    pub(super) fn body(&self, bytes: &[u8]) -> Tag {
        self.tag(Domain::Body, bytes)
    }

    pub(super) fn key_id(&self) -> String {
        self.tag(Domain::Key, b"").to_string()
    }

    pub(super) fn digest(&self) -> Digest {
        let mut state = self.state.clone();
        state.update(&[Domain::Body as u8]);
        Digest { state }
    }
}

/// A keyed tag of bytes that pass by piece by piece: the `digest` of a body.
#[derive(Clone)]
pub struct Digest {
    state: Hmac<Sha256>,
}

impl Digest {
    /// Takes the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The tag of all bytes taken. Where they are cut does not matter.
    pub fn finish(self) -> Tag {
        finish(self.state)
    }
}

fn finish(state: Hmac<Sha256>) -> Tag {
    let output = state.finalize().into_bytes();
    let first: [u8; 8] = std::array::from_fn(|at| output[at]);
    Tag(u64::from_be_bytes(first) >> 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_does_not_depend_on_the_cuts() {
        let tagger = Tagger::new(&[7; 32]);
        let mut digest = tagger.digest();
        digest.update(b"ab");
        digest.update(b"");
        digest.update(b"c");
        assert_eq!(digest.finish(), tagger.body(b"abc"));
    }

    #[test]
    fn domains_and_keys_are_apart() {
        let tagger = Tagger::new(&[7; 32]);
        assert_ne!(tagger.value(b"abc"), tagger.body(b"abc"));
        assert_ne!(tagger.value(b"abc"), Tagger::new(&[8; 32]).value(b"abc"));
        assert_ne!(tagger.key_id(), Tagger::new(&[8; 32]).key_id());
    }
}
