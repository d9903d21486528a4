//! Tags to ordinals: equal where the tags were equal, and nothing else. One numbering over all captures of a bundle.
//!
//! Whatever a comparison learns from tags it learns from which of them are equal. So the ordinals of values (`S1`) and of their normal
//! forms, blocks and claims (`P1`) are the whole graph of relations, and no key is needed to read it. They tell less than tags do: nobody
//! can try a guess on them, not even who holds the key.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};

use super::walk::{self, Kind, Visitor};
use crate::capture;
use crate::model::{Capture, Tag};

/// Replaces every tag. Tags of different keys have nothing in common, nor have their ordinals. Returns how many values there are.
pub(super) fn replace(captures: &mut [&mut Capture]) -> u32 {
    let mut ordinals = Ordinals::default();
    // Values first, so that their numbers have no gaps.
    for pass in [Pass::Values, Pass::Parts, Pass::Replace] {
        ordinals.pass = pass;
        for one in captures.iter_mut() {
            ordinals.turn_to(&one.key_id);
            walk::capture(&mut ordinals, one);
        }
    }
    ordinals.values
}

/// Names the key that the ordinals were not made under: the bundle itself, and a number where the captures' keys differ. Returns how
/// many keys there were. Nothing in the captures may change after it.
///
/// The name is a digest of the captures, so that ordinals of two bundles are never taken for comparable.
pub(super) fn name_keys(captures: &mut [&mut Capture]) -> serde_json::Result<usize> {
    let mut keys: Vec<String> = Vec::new();
    let mut numbers = Vec::new();
    for one in captures.iter_mut() {
        let key = std::mem::take(&mut one.key_id);
        numbers.push(position(&mut keys, &key));
    }
    let mut hash = Sha256::new();
    for one in captures.iter() {
        hash.update(capture::to_vec(one)?);
    }
    let digest = hash.finalize();
    let first: [u8; 8] = std::array::from_fn(|at| digest[at]);
    let id = Tag(u64::from_be_bytes(first) >> 4);
    for (one, number) in captures.iter_mut().zip(numbers) {
        one.key_id = match number {
            0 => format!("bundle.{id}"),
            number => format!("bundle.{id}.{}", number + 1),
        };
    }
    Ok(keys.len())
}

fn position(keys: &mut Vec<String>, key: &str) -> usize {
    keys.iter().position(|known| known == key).unwrap_or_else(|| {
        keys.push(key.to_owned());
        keys.len() - 1
    })
}

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Pass {
    /// Number the values.
    #[default]
    Values,
    /// Number what is only a part of values.
    Parts,
    /// Put the ordinals in.
    Replace,
}

#[derive(Default)]
struct Ordinals {
    pass: Pass,
    keys: Vec<String>,
    key: usize,
    known: HashMap<(usize, Tag), Tag>,
    values: u32,
    parts: u32,
}

impl Ordinals {
    fn turn_to(&mut self, key_id: &str) {
        self.key = position(&mut self.keys, key_id);
    }

    fn of_value(&mut self, tag: Tag) -> Tag {
        let next = &mut self.values;
        *self.known.entry((self.key, tag)).or_insert_with(|| {
            *next += 1;
            Tag::of_nth_value(*next)
        })
    }

    fn of_part(&mut self, tag: Tag) -> Tag {
        let next = &mut self.parts;
        *self.known.entry((self.key, tag)).or_insert_with(|| {
            *next += 1;
            Tag::of_nth_part(*next)
        })
    }
}

impl Visitor for Ordinals {
    fn value(&mut self, tag: &mut Tag) {
        if self.pass != Pass::Parts {
            let ordinal = self.of_value(*tag);
            if self.pass == Pass::Replace {
                *tag = ordinal;
            }
        }
    }

    fn part(&mut self, tag: &mut Tag) {
        if self.pass != Pass::Values {
            let ordinal = self.of_part(*tag);
            if self.pass == Pass::Replace {
                *tag = ordinal;
            }
        }
    }

    fn string(&mut self, _: Kind, text: &mut String) {
        if self.pass == Pass::Parts {
            return;
        }
        let changed = with_tags(text, |tag| self.of_value(tag));
        if let (Pass::Replace, Some(changed)) = (self.pass, changed) {
            *text = changed;
        }
    }
}

/// A string with its tags replaced; `None` where it has none. A name that is not shown is told by its tag
/// (`‹name 44 chars kQqB.HJfT.mKxd›`).
fn with_tags(text: &str, mut ordinal: impl FnMut(Tag) -> Tag) -> Option<String> {
    let mut changed: Option<String> = None;
    let mut copied = 0;
    for (end, _) in text.match_indices('›') {
        let Some(space) = text[copied..end].rfind(' ') else { continue };
        let start = copied + space + 1;
        if let Ok(tag) = text[start..end].parse::<Tag>() {
            let out = changed.get_or_insert_default();
            out.push_str(&text[copied..start]);
            out.push_str(&ordinal(tag).to_string());
            copied = end;
        }
    }
    let mut out = changed?;
    out.push_str(&text[copied..]);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_within_names_are_found() {
        let tag = Tag(77);
        let text = format!("a.‹name 44 chars {tag}›.b.‹name under 8 chars {tag}›");
        let mut seen = Vec::new();
        let changed = with_tags(&text, |tag| {
            seen.push(tag);
            Tag::of_nth_value(3)
        });
        assert_eq!(changed.as_deref(), Some("a.‹name 44 chars S3›.b.‹name under 8 chars S3›"));
        assert_eq!(seen, [tag, tag]);
        for text in
            ["", "plain", "›", "‹config.api_key›", "abcd.k7qa.w2f9.m3xd›", "x 40 chars›", "of significance›"]
        {
            assert_eq!(with_tags(text, |tag| tag), None, "{text}");
        }
    }
}
