//! Text as samewire may keep it: words that are safe to show between secrets that are not.

use std::fmt;
use std::sync::Arc;

use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Secret, known_json};

/// A value after redaction: shown words and hidden ones, in the order in which they were sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text {
    /// The pieces, never two shown ones in a row.
    #[serde(deserialize_with = "known_json::exact")]
    pub pieces: Vec<Piece>,
}

/// One piece of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Piece {
    /// Text as it was sent.
    Shown(String),
    /// Text that is replaced by comparable facts.
    Hidden(#[serde(serialize_with = "known_json::serialize")] Arc<Secret>),
}

impl Text {
    /// A text that is shown as it is. Only for words that the caller knows to be safe.
    pub fn shown(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::default() } else { Self { pieces: vec![Piece::Shown(text)] } }
    }

    /// A text that is one secret.
    pub fn hidden(secret: Secret) -> Self {
        Self { pieces: vec![Piece::Hidden(Arc::new(secret))] }
    }

    /// True when nothing was sent.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Appends shown text, merging it with shown text before it.
    pub fn push_shown(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if let Some(Piece::Shown(last)) = self.pieces.last_mut() {
            last.push_str(text);
        } else {
            self.pieces.push(Piece::Shown(text.to_owned()));
        }
    }

    /// Appends a secret.
    pub fn push_hidden(&mut self, secret: impl Into<Arc<Secret>>) {
        self.pieces.push(Piece::Hidden(secret.into()));
    }

    /// Appends another text.
    pub fn push(&mut self, other: Text) {
        for piece in other.pieces {
            match piece {
                Piece::Shown(text) => self.push_shown(&text),
                Piece::Hidden(secret) => self.pieces.push(Piece::Hidden(secret)),
            }
        }
    }

    /// The secrets in it, in order.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hidden(secret) => Some(&**secret),
            Piece::Shown(_) => None,
        })
    }

    /// The whole text, when nothing in it is hidden.
    pub fn as_shown(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Shown(text)] => Some(text),
            _ => None,
        }
    }

    /// The secret, when the text is exactly one.
    pub fn as_secret(&self) -> Option<&Secret> {
        match self.pieces.as_slice() {
            [Piece::Hidden(secret)] => Some(secret),
            _ => None,
        }
    }
}

/// By hand, since serde's untagged enums are buffered before they are read, and most of a capture is pieces.
impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PieceVisitor;

        impl<'de> Visitor<'de> for PieceVisitor {
            type Value = Piece;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("shown text or a secret's facts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Piece, E> {
                Ok(Piece::Shown(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<Piece, E> {
                Ok(Piece::Shown(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Piece, A::Error> {
                let secret = Secret::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Piece::Hidden(known_json::shared(secret)))
            }
        }

        deserializer.deserialize_any(PieceVisitor)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for piece in &self.pieces {
            match piece {
                Piece::Shown(text) => f.write_str(text)?,
                Piece::Hidden(secret) => secret.fmt(f)?,
            }
        }
        Ok(())
    }
}
