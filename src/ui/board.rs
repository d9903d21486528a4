//! What is shown now, and since when each part of it is as it is.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::watch;

use crate::report::{LivePage, Part};

/// What is shown. Whoever draws puts up the next page; whoever serves is woken by it.
pub struct Board(watch::Sender<Arc<Shown>>);

/// A page, and since when each of its parts is as it is.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) version: u64,
    pub(super) policy: String,
    pub(super) page: Bytes,
    title: String,
    pairs: usize,
    /// Each with the version that brought it.
    parts: Vec<(Part, u64)>,
}

impl Board {
    /// Puts up the first page.
    pub fn new(first: LivePage) -> Self {
        Self(watch::Sender::new(Arc::new(Shown::after(None, first))))
    }

    /// Puts up the next page. Where all of it is as it was, nobody is woken.
    pub fn show(&self, next: LivePage) {
        self.0.send_if_modified(|shown| {
            let next = Shown::after(Some(shown), next);
            let changed = next.parts.len() != shown.parts.len()
                || next.parts.iter().any(|(_, since)| *since == next.version);
            if changed {
                *shown = Arc::new(next);
            }
            changed
        });
    }

    pub(super) fn watch(&self) -> watch::Receiver<Arc<Shown>> {
        self.0.subscribe()
    }
}

impl Shown {
    fn after(before: Option<&Self>, next: LivePage) -> Self {
        let before: HashMap<&str, &(Part, u64)> = before
            .into_iter()
            .flat_map(|shown| &shown.parts)
            .map(|known| (known.0.id.as_str(), known))
            .collect();
        let since = |part: &Part| match before.get(part.id.as_str()) {
            Some((known, since)) if known == part => *since,
            _ => next.version,
        };
        let parts = next.parts.into_iter().map(|part| (since(&part), part));
        let parts = parts.map(|(since, part)| (part, since)).collect();
        Self {
            version: next.version,
            policy: next.policy,
            page: next.html.into(),
            title: next.title,
            pairs: next.pairs,
            parts,
        }
    }

    /// What a page of this version lacks, as a document: the parts that are others now.
    pub(super) fn changes(&self, since: u64) -> String {
        let mut document = String::new();
        // Writing to a String cannot fail.
        let _ = write!(
            document,
            "<!doctype html><html data-version=\"{}\" data-pairs=\"{}\">{}<body>",
            self.version, self.pairs, self.title
        );
        for (part, _) in self.parts.iter().filter(|(_, from)| *from > since) {
            document.push_str(&part.html);
            document.push('\n');
        }
        document
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(version: u64, parts: &[(&str, &str)]) -> LivePage {
        let parts = parts.iter().map(|(id, html)| Part { id: (*id).to_owned(), html: (*html).to_owned() });
        LivePage {
            version,
            policy: String::new(),
            title: "<title>now</title>".to_owned(),
            html: format!("page {version}"),
            parts: parts.collect(),
            pairs: 0,
        }
    }

    #[test]
    fn only_what_changed_is_told() {
        let board = Board::new(page(1, &[("a", "<p>one"), ("b", "<p>two")]));
        let mut shown = board.watch();
        board.show(page(2, &[("a", "<p>one"), ("b", "<p>two")]));
        assert!(!shown.has_changed().unwrap(), "nothing did");
        board.show(page(3, &[("a", "<p>one"), ("b", "<p>three"), ("c", "<p>four")]));
        let now = shown.borrow_and_update().clone();
        let told = now.changes(1);
        assert!(told.contains("three") && told.contains("four") && !told.contains("one"), "{told}");
        assert!(now.changes(0).contains("one"), "who has nothing is told all");
        assert!(!now.changes(3).contains("<p>"), "who has all is told nothing");
        board.show(page(4, &[("a", "<p>one")]));
        assert!(shown.has_changed().unwrap(), "parts that are gone are a change");
    }
}
