//! The capture file while it grows: after every write it is a whole HAR.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::mem;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;
use thiserror::Error;

use super::entry::{Entry, Frame, Rendered, append_answered};
use super::format::{Closing, Note, Notes, Opening};
use super::hold;
use crate::model::{Capture, Completeness, Exit};

/// What the line after the entries begins with: the closing part. Each further entry begins with a comma, so that all
/// that may follow an entry begins with a line end: a write that was cut short leaves the entry before it whole.
pub(super) const CLOSING: &str = "],";
/// How the opening line begins and ends.
pub(super) const OPENING: (&str, &str) = (r#"{"log":{"#, r#""entries":["#);

/// Closing parts up to this many bytes are written whenever they change.
const SMALL_CLOSING: usize = 64 * 1024;

/// Why a capture cannot be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The file is there, and `force` was not given.
    #[error("{} exists already: name another file, or give --force to replace it", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The name is a symbolic link.
    #[error("{} is a symbolic link, and a capture is never written through one: name the file itself", path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// The name is a folder, a device or the like.
    #[error("{} is not a regular file: name another file", path.display())]
    NotAFile {
        /// What it is not.
        path: PathBuf,
    },
    /// The folder is not there.
    #[error("the folder of {} does not exist: create it, or name another file", path.display())]
    NoFolder {
        /// The file in it.
        path: PathBuf,
    },
    /// It could not be created.
    #[error("cannot create {}: check the folder and its permissions, or name another file", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It could not be written any further. What was written before is a whole capture.
    #[error("cannot write {} beyond byte {offset}: free some space and record again", path.display())]
    Append {
        /// The file.
        path: PathBuf,
        /// Up to where it is good.
        offset: u64,
        /// Why.
        source: io::Error,
    },
    /// A part could not be rendered.
    #[error("cannot render a part of {}: please report this as a defect of samewire", path.display())]
    Render {
        /// The file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The self-check at the end found a known secret in the opening part; the file was removed.
    #[error("a known secret was found in the description of the run: {} was removed; please report this as a defect of samewire", path.display())]
    Unclean {
        /// The file that was removed.
        path: PathBuf,
    },
}

/// Writes one capture. The file is a whole HAR after every [`flush`](Self::flush), at every moment of the program.
pub struct Writer {
    path: PathBuf,
    file: File,
    /// Where the entries end and the closing part begins.
    entries_end: u64,
    /// Where the file ends.
    file_end: u64,
    has_entries: bool,
    /// Entries that are not in the file yet.
    pending: Vec<u8>,
    /// What was learned since the last entry.
    notes: Notes,
    closing: Closing,
    /// The closing part differs from what is in the file.
    changed: bool,
    /// The closing part in the file, and the notes in it.
    written: Vec<u8>,
    written_notes: Notes,
    /// A write failed; nothing is appended any more.
    stopped: bool,
}

impl Writer {
    /// Creates the file, for its owner only, and writes what is known of the run. The capture's exchanges,
    /// connections and clues are not written.
    pub fn create(path: &Path, force: bool, opening: &Capture) -> Result<Self, WriteError> {
        let mut first = Vec::new();
        let rendered = append_opening(&mut first, opening);
        rendered.map_err(|source| WriteError::Render { path: path.to_owned(), source })?;
        let file = create_file(path, force)?;
        hold::hold(&file);
        let mut writer = Self {
            path: path.to_owned(),
            file,
            entries_end: 0,
            file_end: 0,
            has_entries: false,
            pending: first,
            notes: Notes::default(),
            closing: Closing { ended_at: None, exit: None, completeness: opening.completeness.clone() },
            changed: true,
            written: Vec::new(),
            written_notes: Notes::default(),
            stopped: false,
        };
        writer.flush()?;
        Ok(writer)
    }

    /// Where it writes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an entry to the next write.
    pub fn push(&mut self, entry: &Entry) {
        if self.stopped {
            return;
        }
        self.pending.extend_from_slice(if self.has_entries { b"\n," } else { b"\n" });
        entry.append_to(&mem::take(&mut self.notes), &mut self.pending);
        self.has_entries = true;
    }

    /// Adds an exchange that got a whole answer, put together from its messages' renderings.
    pub fn push_answered(
        &mut self,
        frame: &Frame<'_>,
        request: &Rendered,
        response: &Rendered,
    ) -> serde_json::Result<()> {
        if self.stopped {
            return Ok(());
        }
        let before = self.pending.len();
        self.pending.extend_from_slice(if self.has_entries { b"\n," } else { b"\n" });
        if let Err(problem) = append_answered(&mut self.pending, frame, request, response) {
            self.pending.truncate(before);
            return Err(problem);
        }
        mem::take(&mut self.notes).append_to(&mut self.pending);
        self.pending.push(b'}');
        self.has_entries = true;
        Ok(())
    }

    /// Adds what was learned besides exchanges to the next write.
    pub fn note(&mut self, note: &Note) {
        if !self.stopped {
            self.notes.push(note);
            self.changed = true;
        }
    }

    /// What is known of what is not in the capture, to be changed.
    pub fn completeness(&mut self) -> &mut Completeness {
        self.changed = true;
        &mut self.closing.completeness
    }

    /// How and when the recording ended.
    pub fn end(&mut self, ended_at: Timestamp, exit: Option<Exit>) {
        self.closing.ended_at = Some(ended_at);
        self.closing.exit = exit;
        self.changed = true;
    }

    /// Writes entries and closing part in one write. After an error the file is whole as it was before, and later
    /// calls do nothing.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        let grown = self.notes.len().saturating_sub(self.written_notes.len());
        // A run of connections without any exchange would otherwise write all of them again for each.
        let soon = self.notes.len() > SMALL_CLOSING && grown < self.notes.len() / 8;
        if self.stopped || (self.pending.is_empty() && (!self.changed || soon)) {
            return Ok(());
        }
        self.write()
    }

    fn write(&mut self) -> Result<(), WriteError> {
        let closing = self.rendered_closing(&self.notes)?;
        let mut batch = mem::take(&mut self.pending);
        let entries_end = self.entries_end + batch.len() as u64;
        batch.extend_from_slice(&closing);
        let end = self.entries_end + batch.len() as u64;
        // White space, so that one write is enough where the new end lies before the old one.
        let padding = usize::try_from(self.file_end.saturating_sub(end)).unwrap_or(0);
        batch.resize(batch.len() + padding, b' ');
        if let Err(source) = self.file.write_all_at(&batch, self.entries_end) {
            self.stop(&source);
            return Err(WriteError::Append { path: self.path.clone(), offset: self.entries_end, source });
        }
        self.file_end = self.file_end.max(end);
        self.entries_end = entries_end;
        self.written = closing;
        self.written_notes = self.notes.clone();
        self.changed = false;
        batch.clear();
        self.pending = batch;
        Ok(())
    }

    /// Puts the closing part back where it was, saying why recording stopped if there is room for that.
    fn stop(&mut self, error: &io::Error) {
        self.stopped = true;
        self.notes = self.written_notes.clone();
        self.closing.completeness.stopped = Some(format!("the capture could not be written: {error}"));
        self.rewrite_closing();
    }

    /// Writes the closing part alone; puts the one before it back where there is no room for a longer one.
    fn rewrite_closing(&mut self) {
        let told = self.rendered_closing(&self.notes).ok();
        let before = mem::take(&mut self.written);
        for closing in told.into_iter().chain([before]) {
            let end = self.entries_end + closing.len() as u64;
            let done =
                self.file.write_all_at(&closing, self.entries_end).and_then(|()| self.file.set_len(end));
            self.written = closing;
            if done.is_ok() {
                self.file_end = end;
                return;
            }
        }
    }

    /// Writes what is left and searches the whole file once more, line by line: entries that `is_clean` refuses are
    /// taken out of it. Returns how many.
    pub fn finish(mut self, mut is_clean: impl FnMut(&[u8]) -> bool) -> Result<u32, WriteError> {
        let written = if self.stopped {
            self.rewrite_closing();
            Ok(())
        } else if self.changed || !self.pending.is_empty() {
            self.write()
        } else {
            Ok(())
        };
        let unclean = self.unclean_lines(&mut is_clean).map_err(|source| self.cannot_append(source))?;
        match unclean.first() {
            None => written.map(|()| 0),
            Some(0) => {
                let _ = self.file.set_len(0);
                let _ = fs::remove_file(&self.path);
                Err(WriteError::Unclean { path: self.path })
            }
            Some(_) => {
                self.without(&unclean).and(written.map(|()| u32::try_from(unclean.len()).unwrap_or(u32::MAX)))
            }
        }
    }

    fn unclean_lines(&mut self, is_clean: &mut impl FnMut(&[u8]) -> bool) -> io::Result<Vec<usize>> {
        let mut unclean = Vec::new();
        self.file.rewind()?;
        let mut reader = BufReader::with_capacity(1 << 18, &self.file);
        let mut line = Vec::new();
        for number in 0.. {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if !is_clean(&line) {
                unclean.push(number);
            }
        }
        Ok(unclean)
    }

    /// Replaces the file by a copy without these lines. The closing part is written anew, without notes if it was one of them.
    fn without(&mut self, lines: &[usize]) -> Result<(), WriteError> {
        self.closing.completeness.withheld += u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(".clean");
        let copy = self.path.with_file_name(name);
        let copied = self.copy_without(lines, &copy).and_then(|()| fs::rename(&copy, &self.path));
        copied.map_err(|source| {
            // What is not clean must not stay.
            let _ = fs::remove_file(&copy);
            let _ = self.file.set_len(0);
            self.cannot_append(source)
        })
    }

    fn copy_without(&mut self, lines: &[usize], copy: &Path) -> io::Result<()> {
        let mut out = io::BufWriter::new(new_file(copy)?);
        self.file.rewind()?;
        let mut reader = BufReader::with_capacity(1 << 18, &self.file);
        let mut line = Vec::new();
        let mut separator: &[u8] = b"";
        for number in 0.. {
            line.clear();
            if reader.read_until(b'\n', &mut line)? == 0 {
                break;
            }
            if line.starts_with(CLOSING.as_bytes()) {
                let notes = if lines.contains(&number) { Notes::default() } else { self.notes.clone() };
                out.write_all(&self.rendered_closing(&notes).map_err(io::Error::other)?)?;
                break;
            }
            if !lines.contains(&number) {
                let entry = line.trim_ascii_end();
                out.write_all(separator)?;
                out.write_all(entry.strip_prefix(b",").unwrap_or(entry))?;
                separator = if number == 0 { b"\n" } else { b"\n," };
            }
        }
        out.flush()
    }

    fn rendered_closing(&self, notes: &Notes) -> Result<Vec<u8>, WriteError> {
        let mut out = Vec::new();
        append_closing(&mut out, &self.closing, notes)
            .map_err(|source| WriteError::Render { path: self.path.clone(), source })?;
        Ok(out)
    }

    fn cannot_append(&self, source: io::Error) -> WriteError {
        WriteError::Append { path: self.path.clone(), offset: self.entries_end, source }
    }
}

pub(super) fn append_opening(out: &mut Vec<u8>, capture: &Capture) -> serde_json::Result<()> {
    out.extend_from_slice(OPENING.0.as_bytes());
    out.extend_from_slice(br#""version":"1.2","creator":{"name":"samewire","version":"#);
    serde_json::to_writer(&mut *out, &capture.run.version)?;
    out.extend_from_slice(br#"},"_samewire":"#);
    serde_json::to_writer(&mut *out, &Opening::new(capture))?;
    out.push(b',');
    out.extend_from_slice(OPENING.1.as_bytes());
    Ok(())
}

pub(super) fn append_closing(out: &mut Vec<u8>, closing: &Closing, notes: &Notes) -> serde_json::Result<()> {
    out.extend_from_slice(b"\n],\"_samewire_closing\":");
    serde_json::to_writer(&mut *out, closing)?;
    notes.append_to(out);
    out.extend_from_slice(b"}}\n");
    Ok(())
}

/// Creates the file anew: never through a link, never one that another name already has.
pub(super) fn create_file(path: &Path, force: bool) -> Result<File, WriteError> {
    let path_owned = || path.to_owned();
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => return Err(WriteError::Link { path: path_owned() }),
        Ok(found) if !found.is_file() => return Err(WriteError::NotAFile { path: path_owned() }),
        Ok(_) if !force => return Err(WriteError::Exists { path: path_owned() }),
        // A new file, as the old one may be readable by others or have another name too.
        Ok(_) => {
            fs::remove_file(path).map_err(|source| WriteError::Create { path: path_owned(), source })?;
        }
        Err(_) => {}
    }
    new_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => WriteError::Exists { path: path_owned() },
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => WriteError::NoFolder { path: path_owned() },
        _ => WriteError::Create { path: path_owned(), source },
    })
}

fn new_file(path: &Path) -> io::Result<File> {
    let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
    OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).custom_flags(no_follow).open(path)
}
