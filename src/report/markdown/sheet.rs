//! The sheet that Markdown is written on. It keeps within a site's limit: what comes last is cut first, and that is said.

use std::fmt::Write as _;

use crate::report::escape;

use super::inline::{longest_run, shortened};

/// The longest line within a block, in characters.
const LINE: usize = 400;

/// Room that is kept for the closing remark.
const REMARK: usize = 600;

/// Lines of captured text, shown as they are.
pub(super) struct Block {
    /// `text` or `diff`: how a site colours it.
    pub(super) language: &'static str,
    /// The lines.
    pub(super) lines: Vec<String>,
}

/// Markdown being written, at most `limit` bytes of it.
pub(super) struct Sheet {
    out: String,
    limit: usize,
    left_out: Vec<&'static str>,
}

impl Sheet {
    pub(super) fn new(limit: usize) -> Self {
        Self { out: String::new(), limit, left_out: Vec::new() }
    }

    /// `- **name:** markdown`. What is captured in it has passed the inline sink.
    pub(super) fn fact(&mut self, name: &str, markdown: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.out, "- **{name}:** {markdown}");
    }

    /// Blocks that are folded away under a summary of samewire's own words. `name` is what the closing remark calls them.
    ///
    /// One of them takes no more than half of the sheet; its last lines go first.
    pub(super) fn folded(&mut self, name: &'static str, summary: &str, blocks: &[Block]) {
        if blocks.iter().all(|block| block.lines.is_empty()) {
            return;
        }
        let before = format!("\n<details>\n<summary>{summary}</summary>\n");
        let after = "\n</details>\n";
        let left = self.limit.saturating_sub(self.out.len() + REMARK);
        let mut room = left.min(self.limit / 2).saturating_sub(before.len() + after.len());
        let mut written = String::new();
        for block in blocks.iter().filter(|block| !block.lines.is_empty()) {
            let Some(text) = block.written(room) else {
                self.left_out.push(name);
                break;
            };
            room -= text.len();
            written.push_str(&text);
        }
        if !written.is_empty() {
            self.out.push_str(&before);
            self.out.push_str(&written);
            self.out.push_str(after);
        }
    }

    /// The whole; `closing` is samewire's own Markdown.
    pub(super) fn finish(mut self, closing: &str) -> String {
        self.out.push('\n');
        if !self.left_out.is_empty() {
            let left_out = self.left_out.join(", ");
            let _ = write!(
                self.out,
                "Left out, since it would be too long for an issue: {left_out}. `samewire diff --format json` has all of it.\n\n"
            );
        }
        self.out.push_str(closing);
        self.out.push('\n');
        self.out
    }
}

impl Block {
    /// The block in fences, cut to `room` bytes; `None` where not even one line fits.
    fn written(&self, room: usize) -> Option<String> {
        let lines: Vec<String> =
            self.lines.iter().map(|line| shortened(&escape::inert(line), LINE)).collect();
        let ticks = lines.iter().map(|line| longest_run(line)).max().unwrap_or_default();
        let fence = "`".repeat((ticks + 1).max(3));
        let frame = 2 * fence.len() + self.language.len() + 3;
        // Room for the line that tells how many are not shown.
        let room = room.checked_sub(frame + 40)?;
        let mut text = String::new();
        for (at, line) in lines.iter().enumerate() {
            if text.len() + line.len() + 1 > room {
                if at == 0 {
                    return None;
                }
                let _ = writeln!(text, "… {} more lines", lines.len() - at);
                break;
            }
            text.push_str(line);
            text.push('\n');
        }
        Some(format!("\n{fence}{}\n{text}{fence}\n", self.language))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(lines: Vec<String>) -> Block {
        Block { language: "text", lines }
    }

    #[test]
    fn a_fence_is_longer_than_any_within() {
        let mut sheet = Sheet::new(10_000);
        sheet.folded("one", "One", &[block(vec!["```".into(), "a ````` b".into()])]);
        assert!(sheet.finish("").contains("\n``````text\n```\na ````` b\n``````\n"));
    }

    #[test]
    fn the_last_is_cut_first_and_that_is_said() {
        let mut sheet = Sheet::new(4_000);
        sheet.folded("the first", "First", &[block((0..200).map(|at| format!("line {at}")).collect())]);
        sheet.folded("the second", "Second", &[block((0..400).map(|at| format!("line {at}")).collect())]);
        sheet.folded("the third", "Third", &[block(vec!["x".repeat(300)])]);
        let text = sheet.finish("the end");
        assert!(text.len() <= 4_000, "{}", text.len());
        assert!(text.contains("line 150\n") && text.contains("… "), "{text}");
        assert!(text.contains("too long for an issue: the third."), "{text}");
        assert!(text.ends_with("the end\n"));
        assert_eq!(text.matches("<details>").count(), text.matches("</details>").count());
    }
}
