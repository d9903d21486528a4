//! Members of mappings and elements of sequences: renamed, added, removed.

use zeroize::Zeroizing;

use super::super::tree::{Node, Span, Value};
use super::{Edit, at_mut, end};

/// A value to be written.
#[derive(Clone, Debug)]
pub(in crate::connector) enum New {
    Text(String),
    True,
    List(Vec<New>),
    Members(Vec<(String, New)>),
}

impl New {
    fn node(&self) -> Node {
        let value = match self {
            Self::Text(text) => Value::String(Zeroizing::new(text.clone())),
            Self::True => Value::Boolean(true),
            Self::List(elements) => Value::Array(elements.iter().map(Self::node).collect()),
            Self::Members(members) => {
                Value::Object(members.iter().map(|(key, value)| (key.clone(), value.node())).collect())
            }
        };
        Node { line: None, span: Span::default(), value }
    }

    /// In one line: JSON, or YAML's flow style.
    fn flow(&self, json: bool) -> String {
        match self {
            Self::Text(text) => scalar(text, json),
            Self::True => "true".to_owned(),
            Self::List(elements) => {
                format!("[{}]", elements.iter().map(|one| one.flow(json)).collect::<Vec<_>>().join(", "))
            }
            Self::Members(members) => {
                let member =
                    |(key, value): &(String, Self)| format!("{}: {}", scalar(key, json), value.flow(json));
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(", "))
            }
        }
    }

    /// What stands after `key:` in block style, its line end included.
    fn block(&self, indent: &str) -> String {
        let deeper = format!("{indent}  ");
        match self {
            Self::List(elements) if !elements.is_empty() => {
                let one = |element: &Self| format!("{deeper}- {}\n", element.flow(false));
                format!("\n{}", elements.iter().map(one).collect::<String>())
            }
            Self::Members(members) if !members.is_empty() => {
                let one = |(key, value): &(String, Self)| {
                    format!("{deeper}{}:{}", scalar(key, false), value.block(&deeper))
                };
                format!("\n{}", members.iter().map(one).collect::<String>())
            }
            value => format!(" {}\n", value.flow(false)),
        }
    }

    /// Several lines of JSON.
    fn json(&self, indent: &str) -> String {
        let deeper = format!("{indent}  ");
        match self {
            Self::Members(members) if !members.is_empty() => {
                let one = |(key, value): &(String, Self)| {
                    format!("{deeper}{}: {}", scalar(key, true), value.json(&deeper))
                };
                format!("{{\n{}\n{indent}}}", members.iter().map(one).collect::<Vec<_>>().join(",\n"))
            }
            value => value.flow(true),
        }
    }
}

/// A word as it is where YAML reads it as one, in quotes otherwise.
fn scalar(text: &str, json: bool) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_' || c == '$')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "_-$".contains(c))
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"]
            .contains(&text.to_ascii_lowercase().as_str());
    if plain && !json { text.to_owned() } else { serde_json::to_string(text).unwrap_or_default() }
}

impl Edit<'_> {
    /// Gives a member another name.
    pub(in crate::connector) fn rename(&mut self, parent: &str, from: &str, to: &str) -> Option<()> {
        let node = self.tree.at(parent)?;
        if node.member(to).is_some() {
            return None;
        }
        let range = node.member(from).filter(|member| !member.span.shared)?.span.key.clone();
        let written = self.text.get(range.clone()).filter(|written| !written.is_empty())?;
        let with = match written.as_bytes()[0] {
            quote @ (b'\'' | b'"') => format!("{0}{to}{0}", char::from(quote)),
            _ => to.to_owned(),
        };
        self.changes.push((range, with));
        let Value::Object(members) = &mut at_mut(&mut self.meant, parent)?.value else { return None };
        to.clone_into(&mut members.iter_mut().find(|(key, _)| key == from)?.0);
        Some(())
    }

    /// Adds a member to the mapping at a pointer, before the member `before` or after its first one.
    pub(in crate::connector) fn add(
        &mut self,
        parent: &str,
        key: &str,
        value: &New,
        before: Option<&str>,
    ) -> Option<()> {
        let node = self.tree.at(parent).filter(|node| !node.span.shared)?;
        if node.member(key).is_some() {
            return None;
        }
        let members = node.members();
        let (_, first) = members.first()?;
        let neighbour = before.and_then(|before| node.member(before)).filter(|member| !member.span.shared);
        let json = self.text.as_bytes().get(first.span.key.start) == Some(&b'"');
        if node.span.flow {
            // Each member on a line of its own, or all on one.
            let (_, last) = members.last()?;
            let lines = self.begins_line(last.span.key.start);
            let indent = self.indent(last.span.key.start);
            let written = if lines && json { value.json(&indent) } else { value.flow(json) };
            let gap = if lines { format!(",\n{indent}") } else { ", ".to_owned() };
            let at = end(last);
            self.changes.push((at..at, format!("{gap}{}: {written}", scalar(key, json))));
        } else {
            let indent = self.indent(first.span.key.start);
            let written = format!("{}:{}", scalar(key, false), value.block(&indent));
            match neighbour.filter(|member| self.begins_line(member.span.key.start)) {
                // A first member may share its line with the sign of a list.
                Some(member)
                    if self.line_start(member.span.key.start) + indent.len() == member.span.key.start
                        && self
                            .text
                            .get(self.line_start(member.span.key.start)..member.span.key.start)?
                            .trim()
                            .is_empty() =>
                {
                    let at = self.line_start(member.span.key.start);
                    self.changes.push((at..at, format!("{indent}{written}")));
                }
                _ => {
                    let at = self.line_end(end(first));
                    let newline = if self.text.get(..at)?.ends_with('\n') { "" } else { "\n" };
                    self.changes.push((at..at, format!("{newline}{indent}{written}")));
                }
            }
        }
        let Value::Object(members) = &mut at_mut(&mut self.meant, parent)?.value else { return None };
        members.push((key.to_owned(), value.node()));
        Some(())
    }

    /// Adds a string to the sequence at a pointer.
    pub(in crate::connector) fn append(&mut self, at: &str, text: &str) -> Option<()> {
        let node = self.tree.at(at).filter(|node| !node.span.shared)?;
        let last = node.elements().last();
        if node.span.flow {
            let opening = node.span.value.start;
            let json = last.map_or_else(
                || self.text.as_bytes().get(node.span.key.start) == Some(&b'"'),
                |last| self.text.as_bytes().get(last.span.value.start) == Some(&b'"'),
            );
            let written = scalar(text, json);
            let (place, with) = match last {
                None => (opening + 1, written),
                Some(last) if self.begins_line(last.span.value.start) => {
                    (end(last), format!(",\n{}{written}", self.indent(last.span.value.start)))
                }
                Some(last) => (end(last), format!(", {written}")),
            };
            self.changes.push((place..place, with));
        } else {
            let last = last?;
            let start = self.line_start(last.span.value.start);
            let lead = self.text.get(start..last.span.value.start)?;
            let after = self.line_end(end(last));
            let newline = if self.text.get(..after)?.ends_with('\n') { "" } else { "\n" };
            self.changes.push((after..after, format!("{newline}{lead}{}\n", scalar(text, false))));
        }
        let Value::Array(elements) = &mut at_mut(&mut self.meant, at)?.value else { return None };
        elements.push(New::Text(text.to_owned()).node());
        Some(())
    }

    /// Takes a member out; a mapping that is left empty goes too.
    pub(in crate::connector) fn remove(&mut self, at: &str) -> Option<()> {
        let (parent, key) = at.rsplit_once('/')?;
        let key = key.replace("~1", "/").replace("~0", "~");
        let node = self.tree.at(parent)?;
        let members = node.members();
        if members.len() == 1 && !parent.is_empty() {
            return self.remove(parent);
        }
        let place = members.iter().position(|(name, _)| *name == key)?;
        let (_, member) = &members[place];
        if member.span.shared || member.span.key.is_empty() {
            return None;
        }
        let next = members.get(place + 1).map(|(_, next)| next.span.key.start);
        let range = if node.span.flow {
            match next {
                Some(next) => member.span.key.start..next,
                None => end(&members.get(place.checked_sub(1)?)?.1)..end(member),
            }
        } else if self.begins_line(member.span.key.start) && place > 0 {
            self.line_start(member.span.key.start)..self.line_end(end(member))
        } else {
            // The first one may share its line with what its mapping belongs to.
            member.span.key.start..next?
        };
        self.changes.push((range, String::new()));
        let Value::Object(members) = &mut at_mut(&mut self.meant, parent)?.value else { return None };
        members.retain(|(name, _)| *name != key);
        Some(())
    }

    /// Adds a member to the whole, at its end.
    pub(in crate::connector) fn add_last(&mut self, key: &str, value: &New) -> Option<()> {
        if self.tree.member(key).is_some() {
            return None;
        }
        if self.tree.span.flow {
            self.add("", key, value, None)?;
            return Some(());
        }
        let newline = if self.text.ends_with('\n') { "" } else { "\n" };
        let at = self.text.len();
        self.changes.push((at..at, format!("{newline}\n{}:{}", scalar(key, false), value.block(""))));
        let Value::Object(members) = &mut self.meant.value else { return None };
        members.push((key.to_owned(), value.node()));
        Some(())
    }
}
