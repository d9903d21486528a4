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

/// What has passed of a body.
#[derive(Default)]
pub(crate) struct Passing {
    /// What was told, until it is known whether the body goes beyond the limit.
    first: Bytes,
    more: Vec<Bytes>,
    told: usize,
    whole: Option<Whole>,
}

impl Passing {
    /// Takes the next piece, and gives what is to be told of it: at most `limit` bytes of a body in all.
    pub(crate) fn take(&mut self, data: Bytes, limit: usize) -> Option<Bytes> {
        if let Some(whole) = &mut self.whole {
            whole.take(&data);
            return None;
        }
        let room = limit.saturating_sub(self.told);
        if data.len() > room {
            let mut whole = Whole { length: 0, digest: Digest::default() };
            whole.take(&std::mem::take(&mut self.first));
            for piece in std::mem::take(&mut self.more) {
                whole.take(&piece);
            }
            whole.take(&data);
            self.whole = Some(whole);
            return (room > 0).then(|| data.slice(..room));
        }
        self.told += data.len();
        let told = if data.len() <= SMALL { Bytes::copy_from_slice(&data) } else { data.clone() };
        if self.first.is_empty() {
            self.first = data;
        } else {
            self.more.push(data);
        }
        Some(told)
    }

    /// The body so far, where more of it has passed than was told.
    pub(crate) fn whole(&mut self) -> Option<Whole> {
        self.whole.take()
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
        /// Wherever a body is cut: its beginning is told, and the digest is that of all of it.
        #[test]
        fn the_beginning_is_told_and_all_of_it_digested(
            body in prop::collection::vec(any::<u8>(), 0..200),
            cuts in prop::collection::vec(1_usize..60, 1..20),
            limit in 0_usize..220,
        ) {
            let (mut passing, mut told, mut rest) = (Passing::default(), Vec::new(), Bytes::from(body.clone()));
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let piece = rest.split_to((*cut).min(rest.len()));
                told.extend_from_slice(&passing.take(piece, limit).unwrap_or_default());
            }
            prop_assert_eq!(&told, &body[..limit.min(body.len())]);
            let whole = passing.whole();
            prop_assert_eq!(whole.is_some(), body.len() > limit);
            if let Some(whole) = whole {
                let redactor = Redactor::new(Key::from_bytes([7; 32]));
                let mut digest = Digest::default();
                digest.update(&body);
                prop_assert_eq!(whole.length, body.len() as u64);
                prop_assert_eq!(redactor.tag(&whole.digest), redactor.tag(&digest));
            }
        }
    }
}
