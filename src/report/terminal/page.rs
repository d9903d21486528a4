//! The page that terminal reports are written on. All text passes the sink on its way: nothing else appends to it.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Color};
use unicode_width::UnicodeWidthStr as _;

use crate::report::escape;

/// How a terminal report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns of the terminal; less than 60 counts as 60.
    pub width: usize,
    /// Whether to colour.
    pub color: bool,
}

impl Default for Style {
    fn default() -> Self {
        Self { width: 100, color: false }
    }
}

/// The meaning of a stretch of text, which gives it its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Plain,
    Strong,
    Faint,
    Frame,
    Error,
    Warning,
    Note,
    Good,
}

impl Paint {
    fn style(self) -> anstyle::Style {
        let color = |color: AnsiColor| anstyle::Style::new().fg_color(Some(Color::Ansi(color))).bold();
        match self {
            Self::Plain => anstyle::Style::new(),
            Self::Strong => anstyle::Style::new().bold(),
            Self::Faint => anstyle::Style::new().dimmed(),
            Self::Frame => color(AnsiColor::Blue),
            Self::Error => color(AnsiColor::Red),
            Self::Warning => color(AnsiColor::Yellow),
            Self::Note => color(AnsiColor::Cyan),
            Self::Good => color(AnsiColor::Green),
        }
    }
}

/// A stretch of text and its meaning.
pub(super) type Span<'a> = (Paint, &'a str);

/// A report being written.
pub(super) struct Page {
    out: String,
    width: usize,
    color: bool,
}

impl Page {
    pub(super) fn new(style: Style) -> Self {
        Self { out: String::new(), width: style.width.max(60), color: style.color }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// An empty line.
    pub(super) fn gap(&mut self) {
        self.out.push('\n');
    }

    /// One line, however long it is.
    pub(super) fn line(&mut self, spans: &[Span<'_>]) {
        for (paint, text) in spans {
            self.put(*paint, &escape::inert(text));
        }
        self.end_line();
    }

    /// `lead`, then `text` wrapped at the page's width; lines after the first are indented by `indent`.
    pub(super) fn paragraph(&mut self, lead: &[Span<'_>], text: Span<'_>, indent: usize) {
        let mut taken = 0;
        for (paint, text) in lead {
            let text = escape::inert(text);
            taken += text.width();
            self.put(*paint, &text);
        }
        let (paint, text) = text;
        let text = escape::inert(text);
        let (first, rest) = (" ".repeat(taken), " ".repeat(indent));
        for (at, line) in wrap(&text, self.width, &first, &rest).iter().enumerate() {
            if at > 0 {
                self.end_line();
                self.out.push_str(&rest);
            }
            let words = line.get(if at == 0 { taken } else { indent }..).unwrap_or_default();
            self.put(paint, words);
        }
        self.end_line();
    }

    /// Text as lines of at most `columns`.
    pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
        wrap(&escape::inert(text), columns, "", "")
    }

    /// Appends text that the sink made inert.
    fn put(&mut self, paint: Paint, inert: &str) {
        let style = paint.style();
        if self.color && style != anstyle::Style::new() && !inert.is_empty() {
            // Writing to a string cannot fail.
            let _ = write!(self.out, "{style}{inert}{style:#}");
        } else {
            self.out.push_str(inert);
        }
    }

    fn end_line(&mut self) {
        let kept = self.out.trim_end_matches(' ').len();
        self.out.truncate(kept);
        self.out.push('\n');
    }
}

fn wrap(inert: &str, columns: usize, first: &str, rest: &str) -> Vec<String> {
    let options = textwrap::Options::new(columns)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_separator(textwrap::WordSeparator::AsciiSpace)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .wrap_algorithm(textwrap::WrapAlgorithm::FirstFit);
    textwrap::wrap(inert, options).into_iter().map(std::borrow::Cow::into_owned).collect()
}
