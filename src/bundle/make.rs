//! Captures to a bundle.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use jiff::civil::Date;
use thiserror::Error;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::contents::{
    MANIFEST, Manifest, RELATIONS, REPORT, REQUESTS, Recorded, SCHEMA, SUMS, Scanned, TEXT, capture_name,
};
use super::essence::Essence;
use super::hosts::Pseudonyms;
use super::read::{Contents, Runs};
use super::unreadable::ContentError;
use super::{hosts, ordinals, read, relations, sums, text};
use crate::capture;
use crate::compare::{Comparison, Expectation, compare_sets};
use crate::diagnose::{Case, diagnose};
use crate::export::{self, Form};
use crate::model::{Capture, Side};
use crate::report::{self, Page, Report};

/// What a bundle is made of.
pub struct Making<'a> {
    /// The captures of both sides.
    pub contents: Contents,
    /// Host names and addresses become pseudonyms.
    pub pseudonymize_hosts: bool,
    /// Differences that the project expects.
    pub expected: &'a [Expectation],
    /// The day on which it does.
    pub today: Date,
    /// Looks into every file for what must not be there.
    pub scanner: &'a dyn Scanner,
}

/// Looks for secrets in what is about to be written.
pub trait Scanner {
    /// Who looks: name and version.
    fn name(&self) -> String;
    /// How many secrets it knows by value.
    fn known_secrets(&self) -> usize;
    /// What is in a file that must not be there.
    fn scan(&self, file: &str, content: &[u8]) -> Vec<Hit>;
}

/// Something that must not be in a bundle. Says where it is, never what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The file in the bundle.
    pub file: String,
    /// The place in it: `line 3, column 14`.
    pub place: String,
    /// What kind of thing it is.
    pub what: String,
}

/// A bundle.
#[derive(Debug)]
pub struct Bundle {
    /// The file's bytes: equal for equal captures.
    pub zip: Vec<u8>,
    /// Markdown for the bug report that it is attached to.
    pub text: String,
    /// What the leak scan looked at.
    pub scanned: Scanned,
}

/// Why a bundle cannot be made.
#[derive(Debug, Error)]
pub enum MakeError {
    /// The leak scan found something.
    #[error("the leak scan found something in what would have been written, so nothing was")]
    Found(Vec<Hit>),
    /// The bundle would not say what the captures say.
    #[error("the bundle would lead to another diagnosis ({what}), so it was not written: {remedy}")]
    Changed {
        /// What is another.
        what: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// What was made cannot be read again.
    #[error("what was made is beyond the limits of a bundle: record less, with --host or --body-limit")]
    Unreadable(#[source] ContentError),
    /// A part could not be rendered.
    #[error("cannot render a part of the bundle: please report this as a defect of samewire")]
    Render(#[from] serde_json::Error),
    /// The archive could not be made.
    #[error("cannot make the archive: please report this as a defect of samewire")]
    Zip(#[from] zip::result::ZipError),
}

/// Makes a bundle. What it would lead others to find is compared with what the captures say before anything is given out.
pub fn make(making: Making<'_>) -> Result<Bundle, MakeError> {
    let Making { mut contents, pseudonymize_hosts, expected, today, scanner } = making;
    let mut reviewed = compared(&contents);
    reviewed.expect(&contents.sandbox.first, &contents.runtime.first, expected, today);
    let before = Essence::of(&examine(&contents, &reviewed).report);
    let mut captures: Vec<&mut Capture> =
        contents.sandbox.captures_mut().chain(contents.runtime.captures_mut()).collect();
    let values = ordinals::replace(&mut captures);
    let pseudonyms = if pseudonymize_hosts { hosts::replace(&mut captures) } else { Pseudonyms::default() };
    let keys = ordinals::name_keys(&mut captures)?;
    let mut comparison = compared(&contents);
    comparison.expect_as(&reviewed);
    let Examined { report, page } = examine(&contents, &comparison);
    if let Some(what) = before.differs_from(&Essence::of(&report)) {
        let remedy = if pseudonymize_hosts {
            "leave --pseudonymize-hosts out, and please report this as a defect of samewire"
        } else {
            "please report this as a defect of samewire"
        };
        return Err(MakeError::Changed { what, remedy });
    }

    let mut files = captures_of(&contents)?;
    let lines = requests_of(&contents, &report);
    files.push((RELATIONS.to_owned(), relations::graph(&contents)?));
    files.extend(reports(&report, &page));
    files.push((REQUESTS.to_owned(), lines.clone().into_bytes()));
    let mut manifest = Manifest {
        schema: SCHEMA.to_owned(),
        samewire: env!("CARGO_PKG_VERSION").to_owned(),
        platform: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        sandbox: recorded(Side::Sandbox, &contents.sandbox),
        runtime: recorded(Side::Runtime, &contents.runtime),
        keys,
        values,
        pseudonymized_hosts: pseudonymize_hosts,
        scan: scanned(scanner, &files),
    };
    // The text and the manifest tell of the scan, and are looked into themselves: so much is known before.
    manifest.scan.files += 2;
    let text = text::text(&report, &manifest, &lines);
    files.push((TEXT.to_owned(), text.clone().into_bytes()));
    let mut about = serde_json::to_vec_pretty(&manifest)?;
    about.push(b'\n');
    files.push((MANIFEST.to_owned(), about));
    let hits = hits(scanner, &pseudonyms, &files);
    if !hits.is_empty() {
        return Err(MakeError::Found(hits));
    }
    let scanned = manifest.scan;
    files.sort();
    let listed = files.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
    files.push((SUMS.to_owned(), sums::write(listed).into_bytes()));
    let zip = archive(&files)?;
    let read = read::from_slice(&zip).map_err(MakeError::Unreadable)?;
    if read != contents {
        return Err(MakeError::Changed {
            what: "a capture reads back as another one",
            remedy: "please report this as a defect of samewire",
        });
    }
    Ok(Bundle { zip, text, scanned })
}

/// What two captures say, and the exchanges behind it.
struct Examined {
    report: Report,
    page: Page,
}

fn compared(contents: &Contents) -> Comparison {
    compare_sets(contents.sandbox.set(), contents.runtime.set())
}

fn examine(contents: &Contents, comparison: &Comparison) -> Examined {
    let Contents { sandbox, runtime } = contents;
    let case = Case { sandbox: &sandbox.first, runtime: &runtime.first, comparison };
    let diagnosis = diagnose(&case);
    let mut report = Report::new(&case, &diagnosis);
    report.notes.extend(sandbox.notes.iter().chain(&runtime.notes).cloned());
    let page = Page::new(&case, &diagnosis);
    Examined { report, page }
}

type Named = (String, Vec<u8>);

fn captures_of(contents: &Contents) -> Result<Vec<Named>, MakeError> {
    let sides = [(Side::Sandbox, &contents.sandbox), (Side::Runtime, &contents.runtime)];
    let mut files = Vec::new();
    for (side, runs) in sides {
        for (at, capture) in runs.captures().enumerate() {
            files.push((capture_name(side, at), capture::to_vec(capture)?));
        }
    }
    Ok(files)
}

/// The report in every format that stands by itself.
fn reports(report: &Report, page: &Page) -> Vec<Named> {
    [("html", report::html(report, page)), ("json", report::json(report)), ("md", report::markdown(report))]
        .map(|(format, text)| (format!("{REPORT}.{format}"), text.into_bytes()))
        .into()
}

/// Both requests of the first finding as curl lines; without one, those of the first difference, or the first.
fn requests_of(contents: &Contents, report: &Report) -> String {
    let sides = [(Side::Sandbox, &contents.sandbox), (Side::Runtime, &contents.runtime)];
    let mut silent = String::new();
    let mut requests = Vec::new();
    for (side, runs) in sides {
        let evidence = report.findings.iter().flat_map(|finding| &finding.evidence);
        let found = evidence.filter(|place| place.side == side).find_map(|place| place.exchange);
        let differs = || match (side, report.differences.first()) {
            (Side::Sandbox, Some(first)) => first.sandbox,
            (Side::Runtime, Some(first)) => first.runtime,
            (_, None) => None,
        };
        let number = found.or_else(differs).unwrap_or(1);
        match runs.first.exchanges.iter().find(|exchange| exchange.number == number) {
            Some(exchange) => requests.push((side, exchange)),
            None => {
                let _ = writeln!(silent, "# {side}: no request");
            }
        }
    }
    silent + &export::export(&requests, Form::Curl)
}

fn recorded(side: Side, runs: &Runs) -> Recorded {
    let first = &runs.first;
    Recorded {
        captures: (0..=runs.others.len()).map(|at| capture_name(side, at)).collect(),
        by: format!("samewire {}, {}", first.run.version, first.run.platform),
        clients: first.inputs.clients.iter().map(|one| format!("{} {}", one.name, one.version)).collect(),
        notes: runs.notes.clone(),
    }
}

fn scanned(scanner: &dyn Scanner, files: &[Named]) -> Scanned {
    Scanned {
        by: scanner.name(),
        files: files.len(),
        bytes: files.iter().map(|(_, content)| content.len() as u64).sum(),
        known_secrets: scanner.known_secrets(),
        found: 0,
    }
}

fn hits(scanner: &dyn Scanner, pseudonyms: &Pseudonyms, files: &[Named]) -> Vec<Hit> {
    let mut hits = Vec::new();
    for (file, content) in files {
        hits.extend(scanner.scan(file, content));
        hits.extend(pseudonyms.missed(content).map(|at| Hit {
            file: file.clone(),
            place: place_of(content, at),
            what: "a host name that should have become a pseudonym".to_owned(),
        }));
    }
    hits
}

/// `line 3, column 14`, from 1, in bytes.
pub fn place_of(content: &[u8], at: usize) -> String {
    let before = &content[..at.min(content.len())];
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    let column = before.len() - memchr::memrchr(b'\n', before).map_or(0, |end| end + 1) + 1;
    format!("line {line}, column {column}")
}

fn archive(files: &[Named]) -> Result<Vec<u8>, MakeError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        // Equal captures make equal bundles, whenever.
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(name.as_str(), options)?;
        archive.write_all(content).map_err(zip::result::ZipError::from)?;
    }
    Ok(archive.finish()?.into_inner())
}
