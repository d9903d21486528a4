//! The terminal that a command's output and samewire's own lines share, with one line below all of them that says how far things are. It is
//! erased before anything else is written, and drawn again where that left the cursor in the first column.

use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstyle::Style;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::getpgrp;
use rustix::termios::{LocalModes, OutputModes, tcgetattr, tcgetpgrp, tcgetwinsize};
use unicode_width::UnicodeWidthChar as _;

/// Back to the first column, and nothing from there on.
const ERASE: &str = "\r\u{1b}[K";

/// A terminal with a last line that is drawn anew. Clones are one.
#[derive(Clone, Debug)]
pub struct Screen(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    terminal: OwnedFd,
    style: Style,
    line: Mutex<String>,
    cursor: Mutex<Cursor>,
}

/// Where the others' output has left the cursor.
#[derive(Debug, Default)]
struct Cursor {
    /// The last line stands there.
    drawn: bool,
    /// It is within a line that somebody has not ended: a prompt, for example.
    within: bool,
    /// Somebody moves the cursor about (a progress bar, an editor): the terminal is theirs from then on.
    taken: bool,
}

impl Screen {
    /// Draws on this terminal, in this style.
    pub fn new(terminal: OwnedFd, style: Style) -> Self {
        Self(Arc::new(Shared { terminal, style, line: Mutex::default(), cursor: Mutex::default() }))
    }

    /// Shows this inert text instead of what was shown before; nothing where it is empty. Never waits for the terminal.
    pub fn show(&self, line: &str) {
        line.clone_into(&mut *locked(&self.0.line));
        // Whoever is writing at this moment draws it afterwards.
        if let Ok(mut cursor) = self.0.cursor.try_lock() {
            if line.is_empty() {
                self.erase(&mut cursor);
            } else {
                self.draw(&mut cursor);
            }
        }
    }

    /// Has `write` write `data` to the terminal, which may block, with the last line out of the way.
    pub fn around<T>(&self, data: &[u8], write: impl FnOnce() -> T) -> T {
        let mut cursor = locked(&self.0.cursor);
        self.erase(&mut cursor);
        let written = write();
        if let Some(last) = data.last() {
            cursor.within = *last != b'\n';
            cursor.taken |= moves_the_cursor(data);
        }
        self.draw(&mut cursor);
        written
    }

    /// The terminal itself.
    pub(super) fn terminal(&self) -> BorrowedFd<'_> {
        self.0.terminal.as_fd()
    }

    fn erase(&self, cursor: &mut Cursor) {
        if std::mem::take(&mut cursor.drawn) {
            self.put(ERASE);
        }
    }

    fn draw(&self, cursor: &mut Cursor) {
        let line = locked(&self.0.line);
        if cursor.taken || cursor.within || line.is_empty() || !self.may_be_drawn_on() {
            return;
        }
        let width = tcgetwinsize(&self.0.terminal).map_or(0, |size| usize::from(size.ws_col));
        // In the last column terminals differ.
        let shown = beginning(&line, width.saturating_sub(1));
        let style = self.0.style;
        self.put(&format!("\r{style}{shown}{style:#}\u{1b}[K"));
        cursor.drawn = true;
    }

    /// True unless it was stopped (Ctrl-S), a password or single keys are read from it, or another job has it.
    fn may_be_drawn_on(&self) -> bool {
        let terminal = &self.0.terminal;
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        let writable =
            poll(&mut [PollFd::new(terminal, PollFlags::OUT)], Some(&now)).is_ok_and(|ready| ready > 0);
        let lines = tcgetattr(terminal).is_ok_and(|modes| {
            modes.local_modes.contains(LocalModes::ICANON | LocalModes::ECHO)
                && modes.output_modes.contains(OutputModes::OPOST)
        });
        // A terminal that is no process's controlling one has no jobs.
        writable && lines && tcgetpgrp(terminal).map_or(true, |group| group == getpgrp())
    }

    fn put(&self, text: &str) {
        // A line that is not shown is no failure.
        let _ = rustix::io::write(&self.0.terminal, text.as_bytes());
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As much of a text as goes into these columns.
fn beginning(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    for (at, character) in text.char_indices() {
        taken += character.width().unwrap_or_default();
        if taken > columns {
            return &text[..at];
        }
    }
    text
}

/// True where output holds more than lines of text, coloured ones included.
fn moves_the_cursor(data: &[u8]) -> bool {
    let mut rest = data;
    while let Some(at) = rest.iter().position(u8::is_ascii_control) {
        let control = rest[at];
        rest = &rest[at + 1..];
        match control {
            b'\n' | b'\t' | b'\x07' => {}
            b'\r' if rest.first() == Some(&b'\n') => {}
            b'\x1b' => {
                let colours = rest.strip_prefix(b"[").and_then(|rest| {
                    let end = rest.iter().position(|byte| !byte.is_ascii_digit() && !b";:".contains(byte))?;
                    (rest[end] == b'm').then_some(&rest[end + 1..])
                });
                let Some(after) = colours else { return true };
                rest = after;
            }
            _ => return true,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_colours_leave_the_cursor_alone() {
        for text in ["", "a\n", "\u{1b}[1;31mred\u{1b}[0m\n", "a\tb\r\n", "caf\u{e9} \u{7}\n"] {
            assert!(!moves_the_cursor(text.as_bytes()), "{text:?}");
        }
        for text in [
            "10%\r20%",
            "x\r",
            "a\u{8}b",
            "\u{1b}[2J",
            "\u{1b}[?1049h",
            "\u{1b}7",
            "\u{1b}[1",
            "\u{1b}",
            "\u{c}",
        ] {
            assert!(moves_the_cursor(text.as_bytes()), "{text:?}");
        }
    }

    #[test]
    fn a_line_is_cut_by_its_columns() {
        assert_eq!(beginning("abc", 2), "ab");
        assert_eq!(beginning("\u{6771}\u{4eac}", 3), "\u{6771}");
        assert_eq!(beginning("abc", 0), "");
        assert_eq!(beginning("abc", 9), "abc");
    }
}
