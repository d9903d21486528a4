//! The recorder of one side: takes events, redacts what they amount to, and appends it to the capture.
//!
//! It runs on a thread of its own, for redaction computes and writing blocks. Nothing that goes wrong here stops the data
//! path: events are taken to the end, whatever becomes of them.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use std::{io, thread};

use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::oneshot;
use tracing::{error, warn};

use super::assembler::{Assembled, Assembler};
use super::memo::Memo;
use super::observer::Observer;
use super::queue::{self, EventSender, Events};
use crate::capture::{Note, WriteError, Writer};
use crate::model::{Clue, ClueKind, Coverage, Exit};
use crate::redact::{Output, RawConnection, RawCoverage, RawExchange, Redactor};

/// Time for which events gather before they are taken: a wake-up of this thread for each exchange would cost more than
/// recording it.
const GATHER: Duration = Duration::from_millis(5);

/// Longest time that a finished exchange waits for the write, while more events come.
const LINGER: Duration = Duration::from_millis(10);

/// Reads clues from the command's output.
pub trait ClueReader: Send {
    /// Takes a piece of output, and returns what it says.
    fn read(&mut self, output: &Output, redactor: &Redactor) -> Vec<Clue>;
    /// The command has ended; returns what its last words say.
    fn finish(&mut self, redactor: &Redactor) -> Vec<Clue>;
}

/// What a recorder works with.
pub struct Setup {
    /// Where it writes; the opening of the capture is there already.
    pub writer: Writer,
    /// The only way from raw to model.
    pub redactor: Redactor,
    /// Reads clues from the command's output.
    pub clues: Option<Box<dyn ClueReader>>,
    /// Bytes of each body that are looked into.
    pub body_limit: usize,
    /// Sees what passes.
    pub observer: Option<Box<dyn Observer>>,
}

/// Why recording cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The system has no thread left.
    #[error("cannot start the recorder's thread: end other programs or raise the limit of processes")]
    Thread(#[source] io::Error),
}

/// What became of a recording.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The capture.
    pub path: PathBuf,
    /// Exchanges that are in it.
    pub exchanges: u32,
    /// Parts that the self-check refused.
    pub withheld: u32,
    /// Traffic that is known not to have come through.
    pub coverage: Coverage,
    /// Clients that were turned away.
    pub rejected: u32,
    /// Why recording stopped early.
    pub stopped: Option<String>,
}

/// A recording in progress.
pub struct Recorder {
    path: PathBuf,
    summary: oneshot::Receiver<Summary>,
}

/// Starts a recorder. It ends when all clones of the sender are dropped.
pub fn start(setup: Setup) -> Result<(EventSender, Recorder), StartError> {
    let (sender, events) = queue::queue(queue::FEWEST, setup.body_limit);
    let (done, summary) = oneshot::channel();
    let path = setup.writer.path().to_owned();
    let work = move || {
        // Nobody may be waiting any more; the capture is on disk all the same.
        let _ = done.send(Recording::new(setup).run(events));
    };
    thread::Builder::new().name("recorder".to_owned()).spawn(work).map_err(StartError::Thread)?;
    Ok((sender, Recorder { path, summary }))
}

impl Recorder {
    /// Waits until everything is on disk. All senders must be dropped, or this waits for them.
    pub async fn finish(self) -> Summary {
        self.summary.await.unwrap_or_else(|_| Summary {
            path: self.path,
            exchanges: 0,
            withheld: 0,
            coverage: Coverage::default(),
            rejected: 0,
            stopped: Some("the recorder ended before its time; what it wrote is in the capture".to_owned()),
        })
    }
}

struct Recording {
    writer: Writer,
    redactor: Redactor,
    clues: Option<Box<dyn ClueReader>>,
    observer: Option<Box<dyn Observer>>,
    assembler: Assembler,
    memo: Memo,
    exit: Option<Exit>,
    exchanges: u32,
    /// Exchanges pushed since the last write.
    unwritten: u32,
    withheld: u32,
    stopped: Option<String>,
}

impl Recording {
    fn new(setup: Setup) -> Self {
        let Setup { writer, redactor, clues, body_limit: _, observer } = setup;
        Self {
            writer,
            redactor,
            clues,
            observer,
            assembler: Assembler::default(),
            memo: Memo::default(),
            exit: None,
            exchanges: 0,
            unwritten: 0,
            withheld: 0,
            stopped: None,
        }
    }

    fn run(mut self, mut events: Events) -> Summary {
        let mut batch = VecDeque::new();
        let mut done = Vec::new();
        while events.take(&mut batch, GATHER) {
            let (begun, taken) = (Instant::now(), batch.len());
            let mut since = begun;
            for event in batch.drain(..) {
                self.assembler.take(event, &self.redactor, &mut done);
                // Only what is recorded takes time.
                let takes_time = !done.is_empty();
                for assembled in done.drain(..) {
                    self.record(assembled);
                }
                if takes_time && self.unwritten > 0 && since.elapsed() > LINGER {
                    self.flush();
                    since = Instant::now();
                }
            }
            self.flush();
            events.pace(taken, begun.elapsed());
        }
        self.finish(done)
    }

    fn record(&mut self, assembled: Assembled) {
        match assembled {
            Assembled::Exchange(raw) => self.exchange(&raw),
            Assembled::Connection(raw) => self.connection(&raw),
            Assembled::Ignored(host) => {
                let host = self.redactor.name(&host);
                *self.writer.completeness().ignored.entry(host).or_default() += 1;
            }
            Assembled::Rejected => self.writer.completeness().rejected += 1,
            Assembled::Output(output) => {
                let clues = self.clues.as_mut().map(|reader| reader.read(&output, &self.redactor));
                self.note_clues(&clues.unwrap_or_default());
            }
            Assembled::Covered(coverage) => self.coverage(&coverage),
            Assembled::Exited(exit) => self.exit = Some(exit),
        }
    }

    fn exchange(&mut self, raw: &RawExchange) {
        match self.memo.render(&mut self.redactor, raw) {
            Ok(ready) if ready.unchecked().is_none_or(|entry| self.is_clean(entry.as_bytes())) => {
                if let Err(problem) = ready.push(raw, &mut self.writer) {
                    return self.cannot_render(&problem);
                }
                self.unwritten += 1;
                if let Some(observer) = &mut self.observer {
                    ready.show(observer.as_mut(), raw);
                }
                self.memo.keep(&self.redactor, &ready);
            }
            Ok(_) => self.withhold("exchange"),
            Err(problem) => self.cannot_render(&problem),
        }
    }

    fn connection(&mut self, raw: &RawConnection) {
        let connection = self.redactor.connection(raw);
        self.note("connection", Note::connection(&connection));
    }

    fn coverage(&mut self, raw: &RawCoverage) {
        let coverage = self.redactor.coverage(raw, &self.writer.completeness().coverage);
        match serde_json::to_vec(&coverage) {
            Ok(bytes) if self.is_clean(&bytes) => self.writer.completeness().coverage = coverage,
            Ok(_) => self.withhold("connection"),
            Err(problem) => self.cannot_render(&problem),
        }
    }

    fn note_clues(&mut self, clues: &[Clue]) {
        for clue in clues {
            self.note("clue", Note::clue(clue));
        }
    }

    fn note(&mut self, what: &'static str, note: serde_json::Result<Note>) {
        match note {
            Ok(note) if self.is_clean(note.as_bytes()) => self.writer.note(&note),
            Ok(_) => self.withhold(what),
            Err(problem) => self.cannot_render(&problem),
        }
    }

    fn is_clean(&self, bytes: &[u8]) -> bool {
        self.redactor.check(bytes).inspect_err(|leak| error!(%leak, "the self-check refused a part")).is_ok()
    }

    fn withhold(&mut self, what: &'static str) {
        error!(
            what,
            "not written, as a known secret was found in it; please report this as a defect of samewire"
        );
        self.withheld += 1;
        self.writer.completeness().withheld += 1;
    }

    fn cannot_render(&mut self, problem: &serde_json::Error) {
        self.stop(format!("a part could not be rendered: {problem}"));
    }

    fn flush(&mut self) {
        match self.writer.flush() {
            Ok(()) if self.stopped.is_none() => self.exchanges += self.unwritten,
            Ok(()) => {}
            Err(problem) => self.cannot_write(&problem),
        }
        if self.unwritten > 0
            && let Some(observer) = &mut self.observer
        {
            observer.rest();
        }
        self.unwritten = 0;
    }

    fn cannot_write(&mut self, problem: &WriteError) {
        let reason = match problem {
            WriteError::Append { source, .. } | WriteError::Create { source, .. } => {
                format!("{problem}: {source}")
            }
            _ => problem.to_string(),
        };
        self.stop(reason);
    }

    fn stop(&mut self, reason: String) {
        if self.stopped.is_none() {
            warn!(%reason, "recording stopped; requests are still forwarded");
            self.stopped = Some(reason);
        }
    }

    fn finish(mut self, mut done: Vec<Assembled>) -> Summary {
        std::mem::take(&mut self.assembler).finish(&mut done);
        for assembled in done {
            self.record(assembled);
        }
        let mut last_words =
            self.clues.as_mut().map(|reader| reader.finish(&self.redactor)).unwrap_or_default();
        // They stand for what a run without any request would have shown.
        if self.exchanges + self.unwritten > 0 {
            last_words.retain(|clue| clue.kind != ClueKind::LastWords);
        }
        self.note_clues(&last_words);
        let coverage = self.writer.completeness().coverage.clone();
        self.writer.end(Timestamp::now(), self.exit);
        self.flush();
        let path = self.writer.path().to_owned();
        let rejected = self.writer.completeness().rejected;
        let redactor = &self.redactor;
        match self.writer.finish(|bytes| redactor.check(bytes).is_ok()) {
            Ok(0) => {}
            Ok(withheld) => {
                error!(withheld, "taken out of the capture, as a known secret was found in it");
                self.withheld += withheld;
                self.exchanges = self.exchanges.saturating_sub(withheld);
            }
            Err(problem) => {
                self.stopped.get_or_insert_with(|| problem.to_string());
            }
        }
        Summary {
            path,
            exchanges: self.exchanges,
            withheld: self.withheld,
            rejected,
            coverage,
            stopped: self.stopped,
        }
    }
}
