//! Keyed tags: HMAC-SHA256 under the machine's key, cut to 60 bits. Of a long body it is taken over the body's XXH3 hash of 128 bits.

use std::fmt;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use twox_hash::xxhash3_128;
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
    /// The hash of a whole long body. (6 was that of BLAKE3, before the first release.)
    LongBody = 7,
}

/// Bodies of more bytes are hashed before they are tagged: XXH3 takes a tenth of what SHA-256 takes. Nobody sees the hash, so it has to tell
/// bodies apart and nothing else, which its 128 bits do better than the tag's 60. It does not depend on the body limit, so that captures
/// made under different limits compare.
const LONG_BODY: usize = 64 << 10;

/// Makes tags. Holds the key's HMAC state, computed once.
#[derive(Clone)]
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
        if bytes.len() > LONG_BODY {
            return self.long_body(xxhash3_128::Hasher::oneshot(bytes));
        }
        self.tag(Domain::Body, bytes)
    }

    fn long_body(&self, hash: u128) -> Tag {
        self.tag(Domain::LongBody, &hash.to_be_bytes())
    }

    pub(super) fn key_id(&self) -> String {
        self.tag(Domain::Key, b"").to_string()
    }

    /// The tag of all bytes that the digest has taken: that of the body that they are.
    pub(super) fn digested(&self, digest: &Digest) -> Tag {
        match &digest.0 {
            Taken::Short(taken) => self.tag(Domain::Body, taken),
            Taken::Long(hasher) => self.long_body(hasher.finish_128()),
        }
    }
}

/// Takes in a body that passes by piece by piece, so that it can be tagged. It knows no key: where the body passes there
/// is none.
#[derive(Clone, Default)]
pub struct Digest(Taken);

#[derive(Clone)]
enum Taken {
    Short(Vec<u8>),
    Long(Box<xxhash3_128::Hasher>),
}

impl Default for Taken {
    fn default() -> Self {
        Self::Short(Vec::new())
    }
}

impl Digest {
    /// Takes the next bytes. Where they are cut does not matter.
    pub fn update(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Taken::Short(taken) if taken.len() + bytes.len() <= LONG_BODY => taken.extend_from_slice(bytes),
            Taken::Short(taken) => {
                let mut hasher = Box::new(xxhash3_128::Hasher::new());
                hasher.write(taken);
                hasher.write(bytes);
                self.0 = Taken::Long(hasher);
            }
            Taken::Long(hasher) => {
                hasher.write(bytes);
            }
        }
    }
}

/// Shows nothing of what it has taken.
impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest")
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
        let mut digest = Digest::default();
        digest.update(b"ab");
        digest.update(b"");
        digest.update(b"c");
        assert_eq!(tagger.digested(&digest), tagger.body(b"abc"));

        for length in [LONG_BODY - 1, LONG_BODY, LONG_BODY + 1, 3 * LONG_BODY] {
            let body: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            for cut in [1, 1_000, LONG_BODY - 1, length - 1, length] {
                let mut digest = Digest::default();
                body.chunks(cut).for_each(|piece| digest.update(piece));
                assert_eq!(tagger.digested(&digest), tagger.body(&body), "{length} bytes, {cut} at a time");
            }
        }
    }

    #[test]
    fn long_bodies_that_differ_in_a_byte_have_different_tags() {
        let tagger = Tagger::new(&[7; 32]);
        let mut body = vec![0; 2 * LONG_BODY];
        let tag = tagger.body(&body);
        assert_ne!(tag, tagger.value(&body));
        assert_ne!(tag, Tagger::new(&[8; 32]).body(&body));
        body[LONG_BODY] = 1;
        assert_ne!(tag, tagger.body(&body));
    }

    #[test]
    fn domains_and_keys_are_apart() {
        let tagger = Tagger::new(&[7; 32]);
        assert_ne!(tagger.value(b"abc"), tagger.body(b"abc"));
        assert_ne!(tagger.value(b"abc"), Tagger::new(&[8; 32]).value(b"abc"));
        assert_ne!(tagger.key_id(), Tagger::new(&[8; 32]).key_id());
    }
}
