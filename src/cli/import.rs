//! `samewire import SIDE FILE`

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;

use anyhow::{Context as _, bail};
use bytes::Bytes;
use clap::ValueEnum;
use jiff::Timestamp;

use crate::capture::{Entry, Note, Writer};
use crate::import::{self, Import, ImportError, Told};
use crate::launch::clues;
use crate::model::{Capture, ClueKind, Interception, Run, Side, Source, SourceFormat, Text, Tool};
use crate::proxy::HostPattern;
use crate::record::ClueReader as _;
use crate::redact::{Digest, Output, RawBody, RawExchange, RawOutcome, Redactor, Told as BodyTold};

use super::options::{self, Size, Unread};
use super::{output, paths, record, recording};

/// Entries that are written at once.
const BATCH: u32 = 64;

/// Read what another program recorded (HAR, Airbyte Builder, curl) as the capture of a side.
///
/// Values are redacted as they are read. What such a file does not tell is unknown and never a difference; the report says what that is.
/// To compare what was on the wire, record the side instead.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which side it is.
    #[arg(value_enum)]
    side: options::Side,

    /// The file; - for standard input.
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The capture to write [default: captures/SIDE-TIME.har].
    #[arg(short, value_name = "CAPTURE")]
    output: Option<PathBuf>,

    /// What the file is [default: told by its content].
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<From>,

    /// The config whose values are to be known again in the requests.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A secret to know again in the requests, from a variable or a file; may be given more than once.
    #[arg(long = "secret", value_name = "NAME=env:VAR|file:PATH")]
    secrets: Vec<Unread>,

    /// Take only requests to these hosts; `*.example.com` is any name below it.
    #[arg(long = "host", value_name = "PATTERN")]
    hosts: Vec<HostPattern>,

    /// Leave requests to these hosts out.
    #[arg(long = "ignore-host", value_name = "PATTERN")]
    ignored_hosts: Vec<HostPattern>,

    /// Look into bodies up to this size; of larger ones only length and digest are kept. K, M and G are known.
    #[arg(long, value_name = "SIZE", default_value = "1M")]
    body_limit: Size,

    /// Overwrite the capture if it is there.
    #[arg(long)]
    force: bool,
}

/// What can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum From {
    /// HTTP Archive 1.1 or 1.2, of any program.
    Har,
    /// The Airbyte Connector Builder's test read, alone or in an Airbyte message.
    Builder,
    /// curl command lines, of bash or of Windows' command prompt.
    Curl,
}

impl From {
    fn format(self) -> SourceFormat {
        match self {
            Self::Har => SourceFormat::Har,
            Self::Builder => SourceFormat::AirbyteBuilder,
            Self::Curl => SourceFormat::Curl,
        }
    }
}

/// Imports.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let side = args.side.into();
    // Wrong options and wrong files are told before anything is written.
    let (mut redactor, secrets) = recording::redactor(recording::machine_key()?, &args.secrets)?;
    let inputs = recording::inputs(&[], None, args.config.as_deref(), secrets, &mut redactor)?;
    let import = import::open(&args.file, args.from.map(From::format))?;
    let opening = opening(&import, recording::opening(side, Tool::Import, &[], inputs, &redactor), &redactor);
    let path = paths::capture(args.output.as_deref(), side)?;
    let writer = Writer::create(&path, args.force, &opening)?;
    let mut taking = Taking {
        args,
        writer,
        redactor,
        clues: clues::Reader::new(),
        taken: 0,
        unwritten: 0,
        withheld: 0,
        failed: None,
    };
    let read = read(&import, side, &mut taking);
    let taken = taking.finish(&import)?;
    read?;
    let closing = record::closing_line(side, &path, taken);
    output::note(&closing.replace(" recorded in ", " imported into "));
    Ok(ExitCode::SUCCESS)
}

/// Exchanges that are read ahead of those that are redacted.
const AHEAD: usize = 64;

/// Reads what the file tells on a thread of its own: to take a large file apart takes long, and to redact it takes longer.
fn read(import: &Import, side: Side, taking: &mut Taking<'_>) -> Result<(), ImportError> {
    thread::scope(|scope| {
        let (tell, told) = mpsc::sync_channel(AHEAD);
        // Nobody listens any more where writing has failed.
        let reading = move || import.read(side, &mut |read| drop(tell.send(read)));
        match thread::Builder::new().spawn_scoped(scope, reading) {
            Ok(thread) => {
                for told in told {
                    taking.take(told);
                }
                thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            }
            // Where there is no thread to be had, this one does it.
            Err(_) => import.read(side, &mut |told| taking.take(told)),
        }
    })
}

/// The opening of the capture: what is known of the source stands in the place of a run.
fn opening(import: &Import, capture: Capture, redactor: &Redactor) -> Capture {
    let survey = import.survey();
    let source = Source {
        format: import.format(),
        program: match &survey.program {
            Some(program) if survey.is_known_program => Text::shown(program.as_str()),
            Some(program) => redactor.prose(program),
            None => Text::default(),
        },
        lacks: survey.lacks.clone(),
        skipped: survey.skipped,
    };
    let run = Run {
        source: Some(source),
        interception: Interception::default(),
        started_at: survey.began.unwrap_or(capture.run.started_at),
        ..capture.run
    };
    Capture { run, ..capture }
}

struct Taking<'a> {
    args: &'a Args,
    writer: Writer,
    redactor: Redactor,
    clues: clues::Reader,
    taken: u32,
    unwritten: u32,
    withheld: u32,
    failed: Option<anyhow::Error>,
}

impl Taking<'_> {
    fn take(&mut self, told: Told) {
        if self.failed.is_some() {
            return;
        }
        let done = match told {
            Told::Exchange(raw) => self.exchange(*raw),
            Told::Output(said) => self.output(&said),
        };
        self.failed = done.err();
    }

    fn exchange(&mut self, mut raw: RawExchange) -> anyhow::Result<()> {
        let authority = raw.authority.as_deref().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let matches = |patterns: &[HostPattern]| patterns.iter().any(|pattern| pattern.matches(host));
        if matches(&self.args.ignored_hosts) || !self.args.hosts.is_empty() && !matches(&self.args.hosts) {
            let host = self.redactor.name(host);
            *self.writer.completeness().ignored.entry(host).or_default() += 1;
            return Ok(());
        }
        self.limit(&mut raw.request.body);
        if let RawOutcome::Answered(answer) = &mut raw.outcome {
            self.limit(&mut answer.body);
        }
        let exchange = self.redactor.exchange(&raw);
        let entry = Entry::new(&exchange).context("a request could not be rendered")?;
        if self.redactor.check(entry.as_bytes()).is_err() {
            self.withhold();
            return Ok(());
        }
        self.writer.push(&entry);
        self.taken += 1;
        self.unwritten += 1;
        if self.unwritten == BATCH {
            self.unwritten = 0;
            self.writer.flush()?;
        }
        Ok(())
    }

    /// Of what is beyond the limit only length and digest are kept, as of a recorded body.
    fn limit(&self, body: &mut RawBody) {
        let limit = self.args.body_limit.0;
        if body.told != BodyTold::Not && body.bytes.len() > limit {
            let mut digest = Digest::default();
            digest.update(&body.bytes);
            body.digest = Some(self.redactor.tag(&digest));
            body.bytes = Bytes::copy_from_slice(&body.bytes[..limit]);
        }
    }

    fn output(&mut self, said: &Output) -> anyhow::Result<()> {
        let mut found = self.clues.read(said, &self.redactor);
        found.extend(self.clues.finish(&self.redactor));
        for clue in found {
            if clue.kind == ClueKind::LastWords && self.taken > 0 {
                continue;
            }
            let note = Note::clue(&clue).context("a clue could not be rendered")?;
            if self.redactor.check(note.as_bytes()).is_ok() {
                self.writer.note(&note);
            } else {
                self.withhold();
            }
        }
        Ok(())
    }

    fn withhold(&mut self) {
        self.withheld += 1;
        self.writer.completeness().withheld += 1;
    }

    /// Closes the capture; one into which nothing could be read is not left behind.
    fn finish(mut self, import: &Import) -> anyhow::Result<u32> {
        let survey = import.survey();
        let path = self.writer.path().to_owned();
        let none_taken = self.taken == 0 && survey.exchanges > 0 && self.failed.is_none();
        self.writer.end(survey.ended.unwrap_or_else(Timestamp::now), None);
        let redactor = &self.redactor;
        let finished = self.writer.finish(|bytes| redactor.check(bytes).is_ok());
        if let Some(problem) = self.failed {
            return Err(problem);
        }
        self.withheld += finished?;
        if none_taken && self.withheld == 0 {
            std::fs::remove_file(&path).context("cannot remove the empty capture")?;
            bail!(
                "none of the {} goes to a host that --host and --ignore-host let in: look at the hosts in the file",
                record::count(survey.exchanges, "request")
            );
        }
        if self.withheld > 0 {
            bail!(
                "{} not written, because a known secret was found in it; please report this",
                record::count(self.withheld, "request")
            );
        }
        if survey.skipped > 0 {
            output::note(&format!(
                "samewire: {} left out that never went over the network (answers from a cache, data: URLs)",
                record::count(survey.skipped, "request")
            ));
        }
        Ok(self.taken)
    }
}
