//! Known secrets in texts that are shown otherwise.

use std::ops::Range;

use crate::model::{Piece, Text};

use super::patterns::Hit;
use super::redactor::Redactor;
use super::secret::Scope;

/// Where known secrets stand in a text.
///
/// [`Redactor::masked`] replaces one that would be shown whole. One of which only a part would be shown, because a sign within it
/// parts words, has to be found before the text is taken apart.
pub(super) struct Places(Vec<Range<usize>>);

impl Places {
    /// True where none stands.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The secret that begins in this part of the text and goes beyond its end, or began before it.
    pub(super) fn across(&self, part: Range<usize>) -> Option<Range<usize>> {
        let across = |place: &&Range<usize>| {
            place.start < part.end
                && place.end > part.start
                && (place.end > part.end || place.start < part.start)
        };
        self.0.iter().find(across).cloned()
    }
}

impl Redactor {
    /// Where known secrets stand in a text that is about to be taken apart.
    pub(super) fn places(&self, text: &str) -> Places {
        let place = |hit: Hit| floor(text, hit.range.start)..ceil(text, hit.range.end);
        Places(self.patterns.find(text.as_bytes()).map(place).collect())
    }

    /// Replaces known secrets in what would be shown otherwise.
    pub(super) fn masked(&self, scope: &Scope<'_>, text: Text) -> Text {
        if self.patterns.is_empty() {
            return text;
        }
        let mut masked = Text::default();
        for piece in text.pieces {
            let Piece::Shown(shown) = piece else {
                masked.pieces.push(piece);
                continue;
            };
            let mut at = 0;
            for hit in self.patterns.find(shown.as_bytes()) {
                // Encodings are cut at letters' edges, but for secrets that begin or end within one.
                let (start, end) = (floor(&shown, hit.range.start).max(at), ceil(&shown, hit.range.end));
                masked.push_shown(&shown[at..start]);
                masked.push_hidden(scope.secret(&shown.as_bytes()[start..end], true));
                at = end;
            }
            masked.push_shown(&shown[at..]);
        }
        masked
    }
}

fn floor(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn ceil(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}
