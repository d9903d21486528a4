//! Small changes to the text of a manifest or spec, YAML or JSON: comments, order and indentation stay. Each change is checked by parsing
//! the new text: it must say what was meant and nothing else.

mod members;
mod repairs;

use std::ops::Range;

use zeroize::Zeroizing;

use super::tree::{self, Node, Value};

pub(super) use members::New;
pub use repairs::{mark_secret, require_key};

/// A text being changed, and what it is meant to say afterwards.
pub(super) struct Edit<'a> {
    text: &'a str,
    tree: Node,
    meant: Node,
    changes: Vec<(Range<usize>, String)>,
}

/// A change of one file, with its texts as they are.
pub struct Patch {
    path: String,
    old: Zeroizing<String>,
    new: Zeroizing<String>,
}

impl Patch {
    /// As a unified diff with this many lines of context.
    pub fn unified(&self, context: usize) -> String {
        let diff = similar::TextDiff::from_lines(self.old.as_str(), self.new.as_str());
        let (old, new) = (format!("a/{}", self.path), format!("b/{}", self.path));
        diff.unified_diff().context_radius(context).header(&old, &new).to_string()
    }
}

/// Changes a text by `change`.
pub(super) fn edit(
    text: &str,
    path: &str,
    change: impl FnOnce(&mut Edit<'_>) -> Option<()>,
) -> Option<Patch> {
    let mut edit = Edit::new(text)?;
    change(&mut edit)?;
    edit.diff(path)
}

impl<'a> Edit<'a> {
    /// `None` where the text cannot be parsed.
    pub(super) fn new(text: &'a str) -> Option<Self> {
        let tree = tree::yaml(text).ok()?;
        Some(Self { text, meant: tree.clone(), tree, changes: Vec::new() })
    }

    /// The change, if the new text says what was meant.
    pub(super) fn diff(mut self, path: &str) -> Option<Patch> {
        self.changes.sort_by_key(|(range, _)| range.start);
        let mut new = String::with_capacity(self.text.len() + 64);
        let mut at = 0;
        for (range, with) in &self.changes {
            new.push_str(self.text.get(at..range.start)?);
            new.push_str(with);
            at = range.end;
        }
        new.push_str(self.text.get(at..)?);
        let parsed = tree::yaml(&new).ok()?;
        if new == self.text || !same(&parsed, &self.meant) {
            return None;
        }
        Some(Patch {
            path: path.to_owned(),
            old: Zeroizing::new(self.text.to_owned()),
            new: Zeroizing::new(new),
        })
    }

    /// Gives the string at a pointer another value, in the style it is written in.
    pub(super) fn set(&mut self, at: &str, value: &str) -> Option<()> {
        let node = self.tree.at(at).filter(|node| !node.span.shared)?;
        let range = node.span.value.clone();
        let written = self.text.get(range.clone()).filter(|written| !written.is_empty())?;
        let with = match written.as_bytes()[0] {
            b'\'' => format!("'{}'", value.replace('\'', "''")),
            b'"' => serde_json::to_string(value).ok()?,
            b'|' | b'>' => return None,
            _ if value.is_empty() => return None,
            _ => value.to_owned(),
        };
        at_mut(&mut self.meant, at)?.value = Value::String(Zeroizing::new(value.to_owned()));
        self.changes.push((range, with));
        Some(())
    }

    /// Column of a place, as the blanks before it.
    fn indent(&self, at: usize) -> String {
        let start = self.line_start(at);
        " ".repeat(self.text.get(start..at).map_or(0, |before| before.chars().count()))
    }

    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1)
    }

    /// One past the line end after a place.
    fn line_end(&self, at: usize) -> usize {
        self.text.get(at..).and_then(|rest| rest.find('\n')).map_or(self.text.len(), |end| at + end + 1)
    }

    /// Whether nothing but blanks, or the sign of a list, stands before a place on its line.
    fn begins_line(&self, at: usize) -> bool {
        let start = self.line_start(at);
        self.text.get(start..at).is_some_and(|before| before.trim_start_matches([' ', '-']).is_empty())
    }
}

/// Where a value ends for sure: of block style the end of the last value in it.
fn end(node: &Node) -> usize {
    let own = if node.span.flow || (node.members().is_empty() && node.elements().is_empty()) {
        node.span.value.end
    } else {
        0
    };
    let inner = node.members().iter().map(|(_, member)| end(member));
    inner.chain(node.elements().iter().map(end)).fold(own, usize::max)
}

/// The value at a pointer, to be changed.
fn at_mut<'n>(node: &'n mut Node, pointer: &str) -> Option<&'n mut Node> {
    pointer.split('/').skip(1).try_fold(node, |node, segment| {
        let key = segment.replace("~1", "/").replace("~0", "~");
        match &mut node.value {
            Value::Object(members) => {
                members.iter_mut().rev().find(|(name, _)| *name == key).map(|(_, member)| member)
            }
            Value::Array(elements) => elements.get_mut(key.parse::<usize>().ok()?),
            _ => None,
        }
    })
}

/// Equal but for places and the order of members.
fn same(one: &Node, other: &Node) -> bool {
    match (&one.value, &other.value) {
        (Value::Null, Value::Null) => true,
        (Value::Boolean(one), Value::Boolean(other)) => one == other,
        (Value::Number(one), Value::Number(other)) | (Value::String(one), Value::String(other)) => {
            one == other
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(members), Value::Object(others)) => {
            members.len() == others.len()
                && members
                    .iter()
                    .all(|(key, member)| other.member(key).is_some_and(|other| same(member, other)))
        }
        _ => false,
    }
}
