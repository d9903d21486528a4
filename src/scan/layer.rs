//! One text: secrets in it, as they are and in what its escapes and its base64 hold.

use std::ops::Range;

use super::escapes::Unescaped;
use super::{Scanner, assigned, blobs, open, special};
use crate::redact::formats;

/// Most encodings one within the other.
const DEEPEST: usize = 8;

/// A secret at a place of a text.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: &'static str,
    pub(super) what: &'static str,
    pub(super) name: Option<String>,
    pub(super) range: Range<usize>,
    pub(super) sound: Option<bool>,
    pub(super) within: Vec<String>,
    /// Of several at one place, the one with the least is told.
    rank: u8,
}

impl Scanner<'_> {
    /// The secrets in a text, from left to right. What could not be looked into is told in `unread`.
    pub(super) fn layer(&self, text: &[u8], depth: usize, unread: &mut Vec<String>) -> Vec<Found> {
        let mut found = self.plain(text);
        let undone = Unescaped::of(text);
        if let Some(undone) = &undone {
            found.extend(self.plain(&undone.text).into_iter().map(|mut hit| {
                hit.range = undone.original(&hit.range);
                hit
            }));
        }
        let mut found = the_best(found);
        let mut nested = Vec::new();
        blobs::each(undone.as_ref().map_or(text, |undone| &undone.text), |blob| {
            let range = undone.as_ref().map_or(blob.range.clone(), |undone| undone.original(&blob.range));
            if found.iter().any(|hit| hit.rank <= 1 && overlap(&hit.range, &range)) {
                return;
            }
            if depth >= DEEPEST {
                unread.push(format!("base64 in base64, {DEEPEST} times and more"));
                return;
            }
            for mut hit in self.blob(&blob.bytes, depth + 1, unread) {
                hit.range = range.clone();
                hit.within.insert(0, "base64".to_owned());
                if !nested.iter().any(|known| same(known, &hit)) {
                    nested.push(hit);
                }
            }
        });
        // What the encoded text says is more telling than the name that it stands under.
        found.retain(|hit| {
            hit.rank < 2 || !nested.iter().any(|inner: &Found| overlap(&inner.range, &hit.range))
        });
        found.extend(nested);
        found.sort_by_key(|hit| (hit.range.start, hit.rank));
        found
    }

    /// What base64 held: text, or something compressed.
    fn blob(&self, bytes: &[u8], depth: usize, unread: &mut Vec<String>) -> Vec<Found> {
        match open::in_memory(bytes) {
            None => self.layer(bytes, depth, unread),
            Some(Err(why)) => {
                unread.push(why);
                Vec::new()
            }
            Some(Ok(parts)) => {
                let mut found = Vec::new();
                for (name, part) in parts {
                    for mut hit in self.blob_part(&part, depth, unread) {
                        hit.within.insert(0, name.clone());
                        found.push(hit);
                    }
                }
                found
            }
        }
    }

    fn blob_part(&self, part: &[u8], depth: usize, unread: &mut Vec<String>) -> Vec<Found> {
        if depth >= DEEPEST {
            unread.push(format!("more than {DEEPEST} encodings one within the other"));
            return Vec::new();
        }
        self.blob(part, depth + 1, unread)
    }

    /// A text as it is.
    pub(super) fn plain(&self, text: &[u8]) -> Vec<Found> {
        let mut found: Vec<Found> = self
            .redactor
            .search(text)
            .map(|(name, range)| Found {
                rule: "known-secret",
                what: "secret that was given",
                name: Some(name),
                range,
                sound: None,
                within: Vec::new(),
                rank: 0,
            })
            .collect();
        let seen = |rule, what, range, sound, rank| Found {
            rule,
            what,
            name: None,
            range,
            sound,
            within: Vec::new(),
            rank,
        };
        let mut hits = Vec::new();
        formats::find(text, &mut hits);
        found.extend(
            hits.into_iter().map(|hit| seen(hit.format.rule, hit.format.what, hit.range, hit.sound, 1)),
        );
        let mut hits = Vec::new();
        special::find(text, &mut hits);
        found.extend(hits.into_iter().map(|hit| seen(hit.rule, hit.what, hit.range, None, 1)));
        let mut hits = Vec::new();
        assigned::find(text, &mut hits);
        found.extend(hits.into_iter().map(|hit| seen(hit.rule, hit.what, hit.range, None, 2)));
        found
    }
}

fn overlap(one: &Range<usize>, other: &Range<usize>) -> bool {
    one.start < other.end && other.start < one.end
}

fn same(one: &Found, other: &Found) -> bool {
    one.range == other.range && one.rule == other.rule && one.name == other.name
}

/// Of those that overlap the one that says most.
fn the_best(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by_key(|hit| (hit.range.start, hit.rank));
    let mut kept: Vec<Found> = Vec::new();
    for hit in found {
        match kept.last_mut() {
            Some(last) if overlap(&last.range, &hit.range) => {
                if hit.rank < last.rank {
                    *last = hit;
                }
            }
            _ => kept.push(hit),
        }
    }
    kept
}
