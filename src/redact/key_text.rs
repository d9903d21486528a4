//! The key as one line of text, for its way from one machine to another.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use zeroize::Zeroizing;

use super::Key;
use super::key::LENGTH;

/// What the line begins with, so that people and scanners know it for what it is.
const MARK: &str = "samewire-key-1:";

/// Bytes of the check sum after the key: a line that was cut or mistyped is not taken for another key.
const CHECK: usize = 3;

/// A text is not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyTextError {
    /// It does not look like one.
    #[error("that is no key: give the line that `samewire key export` printed (it begins with {MARK})")]
    NotOne,
    /// It is damaged.
    #[error(
        "that key is damaged (its check sum is wrong): copy the whole line that `samewire key export` printed"
    )]
    Damaged,
}

impl Key {
    /// The key as one line. Whoever reads it can try out guesses on captures made under it.
    pub fn to_text(&self) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new(self.bytes().to_vec());
        bytes.extend(check(self.bytes()));
        Zeroizing::new(format!("{MARK}{}", *Zeroizing::new(URL_SAFE_NO_PAD.encode(&*bytes))))
    }

    /// Reads what [`to_text`](Self::to_text) wrote, blanks around it left out.
    ///
    /// # Errors
    ///
    /// When it is not a key, or not a whole one. Nothing of the text is repeated.
    pub fn from_text(text: &str) -> Result<Self, KeyTextError> {
        let encoded = text.trim().strip_prefix(MARK).ok_or(KeyTextError::NotOne)?;
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(encoded).map_err(|_| KeyTextError::Damaged)?);
        let (key, sum) = bytes.split_first_chunk::<LENGTH>().ok_or(KeyTextError::Damaged)?;
        if *sum == check(key) { Ok(Self::from_bytes(*key)) } else { Err(KeyTextError::Damaged) }
    }
}

fn check(key: &[u8; LENGTH]) -> [u8; CHECK] {
    let digest = Sha256::new().chain_update(MARK).chain_update(key).finalize();
    std::array::from_fn(|at| digest[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back() {
        let key = Key::from_bytes([9; LENGTH]);
        let text = key.to_text();
        assert_eq!(Key::from_text(&format!("  {}\n", *text)).unwrap().id(), key.id());
        assert!(!text.contains('='), "no padding that a shell or a person could lose");
    }

    #[test]
    fn a_damaged_key_is_no_other_key() {
        let text = Key::from_bytes([9; LENGTH]).to_text();
        let mut changed = text.replace('C', "D");
        if changed == **text {
            changed = text.replace('J', "K");
        }
        for damaged in
            [&text[..text.len() - 1], &changed, &format!("{}A", *text), "samewire-key-1:", "samewire-key-1:!"]
        {
            assert_eq!(Key::from_text(damaged).unwrap_err(), KeyTextError::Damaged, "{damaged}");
        }
        for other in ["", "x", "samewire-key-2:AAAA"] {
            assert_eq!(Key::from_text(other).unwrap_err(), KeyTextError::NotOne);
        }
    }
}
