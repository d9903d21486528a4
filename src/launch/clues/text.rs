//! Text that people read: sentences, and tracebacks over many lines.

use std::collections::VecDeque;

use super::{Said, calls, field, network, setup};
use crate::model::ClueKind;
use crate::redact::Redactor;

/// Lines that are remembered, so that an exception can be understood by the code that raised it.
const REMEMBERED: usize = 8;

/// What is looked at of a sentence, at most, in bytes.
const SENTENCE: usize = 4096;

/// Reads a text line by line.
#[derive(Default)]
pub(super) struct Prose {
    before: VecDeque<String>,
    /// Within a Python traceback: its frames are code, not facts.
    traceback: bool,
}

/// A sentence and the lines before it.
pub(super) struct Sentence<'a> {
    pub(super) text: &'a str,
    pub(super) before: &'a VecDeque<String>,
    pub(super) redactor: &'a Redactor,
}

impl Sentence<'_> {
    pub(super) fn has(&self, words: &str) -> bool {
        self.text.contains(words)
    }

    pub(super) fn has_any(&self, words: &[&str]) -> bool {
        words.iter().any(|words| self.has(words))
    }

    /// The part that tells what is wrong: what stands before it differs from one report of the same fact to the next.
    pub(super) fn telling(&self) -> &str {
        let text = self.text.rsplit_once("Error: ").map_or(self.text, |(_, rest)| rest).trim();
        clipped(if text.is_empty() { self.text } else { text })
    }

    /// The lines before it have one of these words.
    pub(super) fn follows(&self, words: &[&str]) -> bool {
        self.before.iter().any(|line| words.iter().any(|words| line.contains(words)))
    }

    /// What stands in quotes (`'`, `"` or backquotes) right after `words`, blanks between allowed.
    pub(super) fn quoted_after(&self, words: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(words)?;
        quoted(rest)
    }
}

/// What stands in quotes at the start of a text. Escaped quotes are quotes too: messages are quoted in messages.
pub(super) fn quoted(text: &str) -> Option<&str> {
    let text = text.trim_start_matches([' ', '\\']);
    let quote = text.chars().next().filter(|letter| matches!(letter, '\'' | '"' | '`'))?;
    let (inner, _) = text[1..].split_once(quote)?;
    Some(inner.trim_end_matches('\\'))
}

/// The first part of a text, cut between words.
pub(super) fn clipped(text: &str) -> &str {
    if text.len() <= SENTENCE {
        return text;
    }
    let end = (0..=SENTENCE).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
    let head = &text[..end];
    head.rfind(char::is_whitespace).map_or("", |at| &head[..at])
}

impl Prose {
    /// Takes one line.
    pub(super) fn line(&mut self, line: &str, redactor: &Redactor) -> Vec<Said> {
        if line.starts_with("Traceback (most recent call last)") {
            self.traceback = true;
            return Vec::new();
        }
        let inner = line.trim_start_matches([' ', '\t']);
        // Frames of a traceback are code; a value that is printed over many lines is data.
        let dump = (line.len() - inner.len() >= 4 && inner.starts_with(['\'', '"', '{', '[', '(']))
            || (inner.starts_with('"') && inner.contains("\":"));
        let frame = dump || (self.traceback && inner.len() < line.len());
        let said = if frame {
            Vec::new()
        } else {
            let text = clipped(inner);
            let sentence = Sentence { text, before: &self.before, redactor };
            let mut said = sentence.facts();
            if said.is_empty() {
                said.extend(exception(text, self.traceback, redactor));
            }
            self.traceback = false;
            said
        };
        self.before.push_back(clipped(line).to_owned());
        if self.before.len() > REMEMBERED {
            self.before.pop_front();
        }
        said
    }
}

/// Reads a whole message, which may hold a traceback.
pub(super) fn message(text: &str, redactor: &Redactor) -> Vec<Said> {
    let mut prose = Prose::default();
    // The CDK puts the traceback right behind the message.
    let text = text.replace("Error traceback:", "\n");
    text.lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .flat_map(|line| prose.line(unindented(line), redactor))
        .collect()
}

/// What Python's `repr` has put into quotes, as the CDK does with the message of a check's status.
pub(super) fn unquoted(text: &str) -> &str {
    let quote = |text: &str| text.chars().next().filter(|letter| matches!(letter, '\'' | '"'));
    quote(text).and_then(|quote| text.strip_prefix(quote)?.strip_suffix(quote)).unwrap_or(text)
}

/// The CDK indents a traceback's first line by one blank.
fn unindented(line: &str) -> &str {
    line.strip_prefix(' ').filter(|line| line.starts_with("Traceback")).unwrap_or(line)
}

impl Sentence<'_> {
    fn facts(&self) -> Vec<Said> {
        // An engine's way to its registry is not the connector's to its API.
        if setup::no_image(self) {
            return vec![Said::sure(ClueKind::ImageMissing, self.text)];
        }
        let mut said: Vec<Said> = calls::read(self).into_iter().collect();
        said.extend(setup::read(self));
        said.extend(field::read(self));
        said.extend(network::read(self));
        said
    }
}

/// `package.Class: message`, at the end of a traceback of Python's, or where Java and Node begin theirs.
///
/// An interrupt is what a user does.
fn exception(line: &str, traceback: bool, redactor: &Redactor) -> Option<Said> {
    let thread = line.strip_prefix("Exception in thread ").and_then(|rest| rest.split_once("\" "));
    let head = thread.map_or(line, |(_, rest)| rest);
    let class = head.split([':', ' ']).next().unwrap_or_default();
    let name = class.rsplit('.').next().unwrap_or_default();
    let named = ["Error", "Exception"].iter().any(|end| name.len() > end.len() && name.ends_with(end));
    let sound = class.len() <= 120
        && class.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(&byte))
        && name.starts_with(|letter: char| letter.is_ascii_uppercase())
        && (traceback || (named && head.contains(':')));
    let interrupt = matches!(class, "KeyboardInterrupt" | "SystemExit");
    (sound && !interrupt).then(|| Said::doubtful(ClueKind::Exception(redactor.name(class)), line))
}
