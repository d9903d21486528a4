//! A body on its way: its beginning is told to the recorder, and what is beyond the limit goes into a digest where it passes.
//! To hand every piece of a long transfer to another thread costs more than to digest it.

use bytes::Bytes;

use crate::redact::Digest;

/// A body that is longer than the limit, as a whole.
#[derive(Clone, Debug)]
pub struct Whole {
    /// Bytes that have passed.
    pub length: u64,
    /// Of all of them.
    pub digest: Digest,
}

/// Bytes up to which a piece is copied to be told: it would keep the whole buffer that it was read into from being used again.
pub(super) const SMALL: usize = 4096;

/// Bytes that are held back from the digest of a body of unknown length: most end before, and need none.
const HELD: usize = 64 * 1024;

/// What has passed of a body.
#[derive(Default)]
pub(crate) struct Passing {
    /// What was told and is not digested yet, until it is known whether the body goes beyond the limit.
    first: Bytes,
    more: Vec<Bytes>,
    told: usize,
    /// What is digested.
    whole: Option<Whole>,
    /// The body goes beyond the limit.
    is_beyond: bool,
}

impl Passing {
    /// Takes the next piece, and gives what is to be told of it; nothing is once it is known that the body goes beyond `limit`, for
    /// its content is not looked into then. `left`: bytes that are to follow, as far as the framing tells.
    pub(crate) fn take(&mut self, data: Bytes, left: Option<u64>, limit: usize) -> Option<Bytes> {
        let room = limit.saturating_sub(self.told);
        let follow = left.map_or(0, |left| usize::try_from(left).unwrap_or(usize::MAX));
        self.is_beyond |= data.len().saturating_add(follow) > room;
        if self.is_beyond {
            self.digest_held().take(&data);
            return None;
        }
        self.told += data.len();
        let told = if data.len() <= SMALL { Bytes::copy_from_slice(&data) } else { data.clone() };
        if left.is_some() {
            // It will not go beyond.
        } else if self.told > HELD {
            self.digest_held().take(&data);
        } else if self.first.is_empty() {
            self.first = data;
        } else {
            self.more.push(data);
        }
        Some(told)
    }

    /// The body so far, where it goes beyond the limit.
    pub(crate) fn whole(&mut self) -> Option<Whole> {
        self.whole.take().filter(|_| self.is_beyond)
    }

    fn digest_held(&mut self) -> &mut Whole {
        let whole = self.whole.get_or_insert_with(|| Whole { length: 0, digest: Digest::default() });
        whole.take(&std::mem::take(&mut self.first));
        for piece in std::mem::take(&mut self.more) {
            whole.take(&piece);
        }
        whole
    }
}

impl Whole {
    fn take(&mut self, data: &[u8]) {
        self.length += data.len() as u64;
        self.digest.update(data);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::redact::{Key, Redactor};

    proptest! {
        /// Wherever a body is cut: it is told, or its beginning is and all of it digested.
        #[test]
        fn what_fits_is_told_and_what_does_not_is_digested(
            length in prop_oneof![0_usize..200, 2 * HELD - 100..2 * HELD + 100],
            cuts in prop::collection::vec(1_usize..60, 1..20),
            limit in prop_oneof![0_usize..220, 2 * HELD - 100..2 * HELD + 100],
            declared: bool,
        ) {
            let body: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let scale = 1 + length / 200;
            let (mut passing, mut told, mut rest) = (Passing::default(), Vec::new(), Bytes::from(body.clone()));
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let piece = rest.split_to((*cut * scale).min(rest.len()));
                let left = declared.then_some(rest.len() as u64);
                told.extend_from_slice(&passing.take(piece, left, limit).unwrap_or_default());
            }
            let whole = passing.whole();
            prop_assert_eq!(whole.is_some(), body.len() > limit);
            prop_assert!(body.starts_with(&told) && told.len() <= limit);
            if let Some(whole) = whole {
                prop_assert!(!declared || told.is_empty());
                let redactor = Redactor::new(Key::from_bytes([7; 32]));
                let mut digest = Digest::default();
                digest.update(&body);
                prop_assert_eq!(whole.length, body.len() as u64);
                prop_assert_eq!(redactor.tag(&whole.digest), redactor.tag(&digest));
            } else {
                prop_assert_eq!(told, body);
            }
        }
    }

    /// Pieces keep the buffers that they were read into: what is not needed any more must not be held.
    #[test]
    fn little_is_held() {
        let piece = Bytes::from(vec![b'x'; 16 * 1024]);
        for declared in [false, true] {
            let mut passing = Passing::default();
            for nth in 0..64_u64 {
                passing.take(piece.clone(), declared.then_some((63 - nth) * 16 * 1024), 1 << 20);
                let held = passing.first.len() + passing.more.iter().map(Bytes::len).sum::<usize>();
                assert!(held <= if declared { 0 } else { HELD }, "{held}");
            }
            assert!(passing.whole().is_none());
        }
    }
}
