//! A table of the file, member by member: each is taken once, and what is left is not understood.

use std::ops::Range;

use jiff::civil::Date;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::ExpectError;
use crate::redact::repeatable;

/// The text of the file, and what it is called.
#[derive(Clone, Copy)]
pub(super) struct Source<'t> {
    pub(super) file: &'t str,
    pub(super) text: &'t str,
}

impl Source<'_> {
    /// The line that a place of the text is in, from 1.
    pub(super) fn line(self, at: usize) -> u32 {
        let before = self.text.get(..at).unwrap_or_default();
        u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
    }

    pub(super) fn error(self, at: usize, what: impl Into<String>) -> ExpectError {
        ExpectError::Content { file: self.file.to_owned(), line: self.line(at), what: what.into() }
    }
}

/// A table whose members are taken one by one.
pub(super) struct Members<'t> {
    pub(super) source: Source<'t>,
    /// What it is called: `[[expect]]`.
    name: &'static str,
    /// Where it stands.
    pub(super) span: Range<usize>,
    known: &'static [&'static str],
    left: Vec<(Range<usize>, String, &'t Spanned<DeValue<'t>>)>,
}

impl<'t> Members<'t> {
    /// A table that may have these members and no others.
    pub(super) fn new(
        source: Source<'t>,
        name: &'static str,
        span: Range<usize>,
        table: &'t DeTable<'t>,
        known: &'static [&'static str],
    ) -> Result<Self, ExpectError> {
        let left = table.iter().map(|(key, value)| (key.span(), key.get_ref().to_string(), value)).collect();
        let members = Self { source, name, span, known, left };
        let foreign = members.left.iter().find(|(_, key, _)| !known.contains(&key.as_str()));
        match foreign {
            Some((at, key, _)) => Err(source.error(
                at.start,
                format!("`{}` is no member of {name}, which has {}", repeatable(key), some(known)),
            )),
            None => Ok(members),
        }
    }

    fn take(&mut self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        debug_assert!(self.known.contains(&key), "a member that is taken is a known one");
        let at = self.left.iter().position(|(_, name, _)| name == key)?;
        Some(self.left.swap_remove(at).2)
    }

    pub(super) fn any(&mut self, key: &str) -> Option<&'t Spanned<DeValue<'t>>> {
        self.take(key)
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str) -> Result<Option<(usize, String)>, ExpectError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let at = value.span().start;
        match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => Ok(Some((at, text.to_string()))),
            DeValue::String(_) => Err(self.wrong(at, key, "is empty")),
            other => Err(self.wrong(at, key, &format!("is {}, and takes a text", article(other.type_str())))),
        }
    }

    /// One of several words.
    pub(super) fn word<T: Copy>(
        &mut self,
        key: &str,
        words: &[(&'static str, T)],
    ) -> Result<Option<T>, ExpectError> {
        let Some((at, text)) = self.text(key)? else { return Ok(None) };
        let Some((_, value)) = words.iter().find(|(word, _)| *word == text) else {
            let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            return Err(self.wrong(at, key, &format!("is `{text}`, and takes one of {}", some(&names))));
        };
        Ok(Some(*value))
    }

    /// A date, with or without quotes.
    pub(super) fn date(&mut self, key: &str) -> Result<Option<Date>, ExpectError> {
        let Some(value) = self.take(key) else { return Ok(None) };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(date) => date.to_string(),
            other => article(other.type_str()),
        };
        let date = (text.len() == 10).then(|| text.parse().ok()).flatten();
        let what = || format!("is {text}, and takes a date that there is, such as \"2027-01-31\"");
        date.map(Some).ok_or_else(|| self.wrong(value.span().start, key, &what()))
    }

    pub(super) fn wrong(&self, at: usize, key: &str, what: &str) -> ExpectError {
        self.source.error(at, format!("`{key}` of {} {what}", self.name))
    }
}

/// `a string`, `an integer`.
pub(super) fn article(kind: &str) -> String {
    let an = kind.starts_with(['a', 'i']);
    format!("{} {kind}", if an { "an" } else { "a" })
}

/// `at`, `why` and `until`, in words.
pub(super) fn some(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
