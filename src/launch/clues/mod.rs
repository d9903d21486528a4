//! The command's output to typed facts: Airbyte messages, tracebacks, and the words of common clients.

mod airbyte;
mod calls;
mod field;
mod lines;
mod network;
mod setup;
mod text;

use std::collections::VecDeque;

use crate::model::{Clue, ClueKind, Piece, Stream, Text};
use crate::record::ClueReader;
use crate::redact::{Output, Redactor};

use lines::Lines;
use text::Prose;

/// Facts of one kind that are kept, at most; repetitions do not count.
const EACH: usize = 24;

/// Last lines that are kept.
const LAST_WORDS: usize = 5;

/// Letters of a clue's text that are shown, at most.
const SHOWN: usize = 320;

/// Reads clues from the output of one command.
pub struct Reader {
    stdout: Source,
    stderr: Source,
    told: Vec<ClueKind>,
    /// Facts that hold unless a stronger one is told later.
    doubtful: Vec<Clue>,
    last: VecDeque<(Stream, u64, String)>,
}

/// One stream.
struct Source {
    stream: Stream,
    lines: Lines,
    /// What it says outside of messages: tracebacks go over many lines.
    prose: Prose,
}

/// A fact as it is first read, before it is known to be new.
struct Said {
    kind: ClueKind,
    /// The sentence that says it, not redacted.
    sentence: String,
    /// It holds unless another fact of the same kind, or one that explains it, is told.
    doubtful: bool,
}

impl Said {
    fn sure(kind: ClueKind, sentence: &str) -> Self {
        Self { kind, sentence: sentence.to_owned(), doubtful: false }
    }

    fn doubtful(kind: ClueKind, sentence: &str) -> Self {
        Self { kind, sentence: sentence.to_owned(), doubtful: true }
    }
}

impl Default for Reader {
    fn default() -> Self {
        let source = |stream| Source { stream, lines: Lines::default(), prose: Prose::default() };
        Self {
            stdout: source(Stream::Stdout),
            stderr: source(Stream::Stderr),
            told: Vec::new(),
            doubtful: Vec::new(),
            last: VecDeque::new(),
        }
    }
}

impl Reader {
    /// A reader for a command that has not said anything yet.
    pub fn new() -> Self {
        Self::default()
    }
}

impl ClueReader for Reader {
    fn read(&mut self, output: &Output, redactor: &Redactor) -> Vec<Clue> {
        self.take(output.stream, redactor, |lines, each| lines.push(&output.data, each))
    }

    fn finish(&mut self, redactor: &Redactor) -> Vec<Clue> {
        let mut clues = self.take(Stream::Stdout, redactor, |lines, each| lines.finish(each));
        clues.extend(self.take(Stream::Stderr, redactor, |lines, each| lines.finish(each)));
        for clue in std::mem::take(&mut self.doubtful) {
            if !self.told.iter().any(|told| settles(told, &clue.kind)) {
                self.told.push(clue.kind.clone());
                clues.push(clue);
            }
        }
        clues.extend(self.last.drain(..).map(|(stream, line, words)| Clue {
            stream,
            line,
            text: shown(redactor, &words),
            kind: ClueKind::LastWords,
        }));
        clues
    }
}

impl Reader {
    /// Reads the lines that `feed` completes.
    fn take(
        &mut self,
        stream: Stream,
        redactor: &Redactor,
        feed: impl FnOnce(&mut Lines, &mut dyn FnMut(u64, &str)),
    ) -> Vec<Clue> {
        let source = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        };
        let (told, doubtful, last) = (&mut self.told, &mut self.doubtful, &mut self.last);
        let (stream, prose) = (source.stream, &mut source.prose);
        let mut clues = Vec::new();
        feed(&mut source.lines, &mut |number, line| {
            // A JVM says what we have told it.
            if line.is_empty() || line.starts_with("Picked up JAVA_TOOL_OPTIONS") {
                return;
            }
            let read = airbyte::read(line, redactor);
            let (said, words) = match read {
                Some(message) => (message.said, message.words),
                None => (prose.line(line, redactor), Some(line.to_owned())),
            };
            if let Some(words) = words {
                last.push_back((stream, number, words));
                if last.len() > LAST_WORDS {
                    last.pop_front();
                }
            }
            for said in said {
                let same =
                    |kind: &&ClueKind| std::mem::discriminant(*kind) == std::mem::discriminant(&said.kind);
                let known = told.contains(&said.kind) || doubtful.iter().any(|clue| clue.kind == said.kind);
                if known || told.iter().filter(same).count() >= EACH {
                    continue;
                }
                let text = shown(redactor, &said.sentence);
                let clue = Clue { stream, line: number, text, kind: said.kind };
                if said.doubtful {
                    if doubtful.len() < EACH {
                        doubtful.push(clue);
                    }
                } else {
                    told.push(clue.kind.clone());
                    clues.push(clue);
                }
            }
        });
        clues
    }
}

/// Does a fact that was told make a doubtful one superfluous, or wrong?
fn settles(told: &ClueKind, doubtful: &ClueKind) -> bool {
    match doubtful {
        // A manifest is checked with the same library and the same words as a config.
        ClueKind::ConfigKeyMissing(_) | ClueKind::ConfigInvalid(_) => {
            matches!(told, ClueKind::ManifestRejected(_)) || told == doubtful
        }
        // Exceptions are for what nothing else explains.
        ClueKind::Exception(_) => !matches!(
            told,
            ClueKind::Exception(_)
                | ClueKind::CheckStatus { .. }
                | ClueKind::Called { .. }
                | ClueKind::Records
        ),
        _ => std::mem::discriminant(told) == std::mem::discriminant(doubtful),
    }
}

/// A sentence, redacted first and then cut, so that no part of a secret is taken for something else.
fn shown(redactor: &Redactor, sentence: &str) -> Text {
    let mut text = Text::default();
    let mut room = SHOWN;
    for piece in redactor.prose(text::clipped(sentence)).pieces {
        if room == 0 {
            text.push_shown(" ...");
            break;
        }
        match piece {
            Piece::Hidden(secret) => {
                room = room.saturating_sub(24);
                text.push_hidden(secret);
            }
            Piece::Shown(words) => {
                let end = words.char_indices().nth(room).map_or(words.len(), |(at, _)| at);
                room -= words[..end].chars().count();
                text.push_shown(&words[..end]);
            }
        }
    }
    text
}
