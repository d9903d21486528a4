//! `samewire verify FILE|DIR...`

use std::fs::{self, File};
use std::io;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::str::FromStr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use anyhow::{Context as _, bail};
use clap::{ColorChoice, ValueEnum};

use crate::connector::{self, Overrides};
use crate::model::Reference;
use crate::record;
use crate::redact::{Key, Known, Redactor};
use crate::report::{self, Verification};
use crate::scan::{Hit, Scan, Scanner, Unread};
use crate::threads::processors;

use super::options::{ReportOptions, Unread as Late};
use super::output;

/// Look for secrets in any files: captures, HAR files of others, logs, archives, whole folders.
///
/// Finds tokens by their vendors' forms, random values under names that speak of secrets, private keys, passwords in URLs, and what
/// --secret and --config name in every encoding; archives, gzip, zstd, base64 and escapes are opened. The secrets themselves are never shown.
///
/// Exit status: 0 clean, 1 secrets found, 2 usage, input, or something that could not be looked into.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Files and folders; `-` is standard input.
    #[arg(value_name = "FILE|DIR", required = true)]
    paths: Vec<PathBuf>,

    /// A secret to look for in every encoding, from a variable or a file; may be given more than once.
    #[arg(long = "secret", value_name = "NAME=env:VAR|file:PATH")]
    secrets: Vec<Late>,

    /// Look for this config's secrets in every encoding, too.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Let a rule's finds be in a file or folder that holds made-up secrets; never those of --secret and --config.
    #[arg(long, value_name = "RULE@PATH")]
    allow: Vec<Allowed>,

    #[command(flatten)]
    report: ReportOptions<Format>,
}

/// Formats of the report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Terminal,
    /// For programs: the schema `samewire.verify/1`.
    Json,
}

/// Finds of a rule below a path, which do not count.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Allowed {
    rule: String,
    path: String,
}

impl FromStr for Allowed {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (rule, path) = text.split_once('@').ok_or("say RULE@PATH, as in private-key@tests/fixtures")?;
        if rule.is_empty() || path.is_empty() {
            return Err("say RULE@PATH, as in private-key@tests/fixtures");
        }
        let path = path.strip_prefix("./").unwrap_or(path);
        Ok(Self { rule: rule.to_owned(), path: path.trim_end_matches('/').to_owned() })
    }
}

impl Allowed {
    fn lets(&self, hit: &Hit) -> bool {
        let path = hit.place.path.strip_prefix("./").unwrap_or(&hit.place.path);
        hit.name.is_none()
            && hit.rule == self.rule
            && path
                .strip_prefix(&self.path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '!']))
    }
}

/// Searches and reports.
pub(super) fn run(args: &Args, color: ColorChoice) -> anyhow::Result<ExitCode> {
    let (redactor, not_searched) = known(args)?;
    let mut walk = Walk::default();
    let mut found = Scan::default();
    for path in &args.paths {
        if path.as_os_str() == "-" {
            let scanner = Scanner::new(&redactor).on_threads(processors());
            found.merge(scanner.stream("-", io::stdin().lock()));
        } else {
            fs::metadata(path).with_context(|| format!("cannot look into {}", path.display()))?;
            walk.path(path, true);
        }
    }
    found.merge(walk.scan(&redactor));
    let found = Verification::new(found, walk.left_out, not_searched, |hit| {
        args.allow.iter().any(|allowed| allowed.lets(hit))
    });
    let file = args.report.output.as_deref();
    let text = match args.report.format {
        Format::Terminal => report::verification(&found, output::style(color, file)),
        Format::Json => report::verification_json(&found),
    };
    output::report(&text, file)?;
    Ok(ExitCode::from(if !found.hits.is_empty() {
        1
    } else if found.clean {
        0
    } else {
        2
    }))
}

/// What is to be looked for besides what anyone would know, and the names of what is too short for that.
fn known(args: &Args) -> anyhow::Result<(Redactor, Vec<String>)> {
    // Nothing is compared under this key.
    let mut redactor = Redactor::new(Key::generate()?);
    for given in &args.secrets {
        let source = given.secret()?;
        let value = source.read()?;
        redactor.refer(Reference::Named(source.name().to_owned()), &value, Known::Secret);
    }
    let too_short = redactor.not_searched();
    if let Some(name) = too_short.first() {
        bail!(
            "--secret {name}: it is a placeholder or shorter than six bytes, which occur by chance; check its source"
        );
    }
    if let Some(path) = &args.config {
        let folder = std::env::current_dir().context("the working folder cannot be read")?;
        let overrides = Overrides { config: Some(path.clone()), ..Overrides::default() };
        let package = connector::find(&[], &folder, &overrides);
        let config = package.config.as_ref();
        if let Some(why) = config.and_then(|config| config.unreadable.as_deref()) {
            bail!("--config {}: {why}", path.display());
        }
        record::inputs(&package, &mut redactor);
    }
    let too_short = redactor.not_searched();
    Ok((redactor, too_short))
}

/// What is to be looked into, in order.
#[derive(Default)]
struct Walk {
    files: Vec<PathBuf>,
    unread: Vec<Unread>,
    left_out: Vec<String>,
}

impl Walk {
    /// A file, or all that is below a folder. Links are followed only where they were named.
    fn path(&mut self, path: &Path, named: bool) {
        let facts = if named { fs::metadata(path) } else { fs::symlink_metadata(path) };
        let outcome = facts.and_then(|facts| {
            if facts.is_dir() && (named || path.file_name().is_none_or(|name| name != ".git")) {
                return self.folder(path);
            }
            if facts.is_file() {
                self.files.push(path.to_owned());
            } else {
                self.left_out.push(path.to_string_lossy().into_owned());
            }
            Ok(())
        });
        if let Err(error) = outcome {
            self.unread.push(unread(path, &error));
        }
    }

    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<_>>()?;
        entries.sort();
        for entry in entries {
            self.path(&entry, false);
        }
        Ok(())
    }

    /// Looks into the files, one on each processor; of few files, at several parts of each. What was found stands in the order of the files.
    fn scan(&mut self, redactor: &Redactor) -> Scan {
        let (next, files) = (AtomicUsize::new(0), &self.files);
        let workers = processors().min(files.len()).max(1);
        let scanner = &Scanner::new(redactor).on_threads(processors().div_ceil(workers));
        let worker = || {
            let mut found = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(path) = files.get(at) else { return found };
                found.push((at, scanned(scanner, path)));
            }
        };
        let mut found: Vec<(usize, Scan)> = thread::scope(|scope| {
            let running: Vec<_> = (0..workers).map(|_| scope.spawn(worker)).collect();
            let ended =
                running.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
            ended.flatten().collect()
        });
        found.sort_by_key(|(at, _)| *at);
        let mut all = Scan { unread: std::mem::take(&mut self.unread), ..Scan::default() };
        for (_, one) in found {
            all.merge(one);
        }
        all
    }
}

fn scanned(scanner: &Scanner<'_>, path: &Path) -> Scan {
    match File::open(path) {
        Ok(file) => scanner.file(&path.to_string_lossy(), file),
        Err(error) => Scan { unread: vec![unread(path, &error)], ..Scan::default() },
    }
}

fn unread(path: &Path, error: &io::Error) -> Unread {
    Unread { path: path.to_string_lossy().into_owned(), why: in_words(error) }
}

fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "no permission to read it".to_owned(),
        io::ErrorKind::NotFound => "it went away".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use crate::scan::Place;

    use super::*;

    #[test]
    fn what_is_allowed_is_below_a_path() {
        let hit = |rule, path: &str, name: Option<&str>| Hit {
            rule,
            what: "x",
            name: name.map(str::to_owned),
            place: Place { path: path.into(), line: 1, column: 1, pointer: None, within: Vec::new() },
            checksum: None,
        };
        let allowed: Allowed = "jwt@./tests/data/".parse().unwrap();
        assert!(allowed.lets(&hit("jwt", "tests/data/a.har", None)));
        assert!(allowed.lets(&hit("jwt", "./tests/data/a.zip!b", None)));
        assert!(!allowed.lets(&hit("jwt", "tests/database", None)));
        assert!(!allowed.lets(&hit("password", "tests/data/a.har", None)));
        assert!(!allowed.lets(&hit("jwt", "tests/data/a.har", Some("secret.x"))));
        assert!("jwt".parse::<Allowed>().is_err() && "@x".parse::<Allowed>().is_err());
    }
}
