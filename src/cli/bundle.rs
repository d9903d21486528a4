//! `samewire bundle [SANDBOX RUNTIME]`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

use crate::bundle::{self, Contents, Hit, MakeError, Making};
use crate::connector::{self, Overrides};
use crate::model::Reference;
use crate::record;
use crate::redact::{Key, Known, Redactor};
use crate::report;
use crate::scan;

use super::options::Unread;
use super::repeat::Runs;
use super::reviewed::Expect;
use super::{output, paths};

/// The bundle's name where none is given.
const FILE: &str = "samewire-bundle.zip";

/// Exit status where the leak scan found something.
const EXIT_FOUND: u8 = 1;

/// Pack both captures and their report into one file for a public bug report.
///
/// Tags become ordinals (S1, S2 ...), so that `samewire diff BUNDLE` finds the same on any machine, without this machine's key. Every file is
/// searched for secrets before anything is written. Its report does not count differences that `samewire.toml` expects, and names them. The text for the bug report goes to standard output.
///
/// Exit status: 0 written, 1 something was found and nothing was written, 2 usage or input.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// SANDBOX and RUNTIME [default: the newest capture of each side in captures/].
    #[arg(value_name = "CAPTURE", num_args = 0..=2)]
    captures: Vec<PathBuf>,

    /// The bundle to write [default: samewire-bundle.zip].
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write the Markdown text there instead of to standard output.
    #[arg(long, value_name = "FILE")]
    text: Option<PathBuf>,

    /// Replace host names and addresses by host-1.example and the like, everywhere.
    #[arg(long)]
    pseudonymize_hosts: bool,

    /// A secret to search for in all encodings, from a variable or a file; may be given more than once.
    #[arg(long = "secret", value_name = "NAME=env:VAR|file:PATH")]
    secrets: Vec<Unread>,

    /// A config whose secrets are searched for in all encodings; may be given more than once.
    #[arg(long = "config", value_name = "FILE")]
    configs: Vec<PathBuf>,

    /// Overwrite the bundle if it is there.
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    expect: Expect,
}

/// Makes the bundle and writes it.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let (sandbox, runtime) = paths::pair(&args.captures)?;
    let path = args.output.clone().unwrap_or_else(|| PathBuf::from(FILE));
    if !args.force && path.symlink_metadata().is_ok() {
        bail!("{} exists already: name another file with -o, or say --force to replace it", path.display());
    }
    let [sandbox, runtime] = Runs::read_both(&sandbox, &runtime)?;
    let contents = Contents { sandbox: sandbox.for_bundle(), runtime: runtime.for_bundle() };
    let scanner = Scanner::new(args)?;
    let reviewed = args.expect.read()?;
    let making = Making {
        contents,
        pseudonymize_hosts: args.pseudonymize_hosts,
        expected: &reviewed.expected,
        today: jiff::Zoned::now().date(),
        scanner: &scanner,
    };
    let made = match bundle::make(making) {
        Err(MakeError::Found(hits)) => {
            output::line("samewire: no bundle was written, because the leak scan found something:");
            for Hit { file, place, what } in &hits {
                output::line(&format!("samewire:   {file}, {place}: {}", report::inert(what)));
            }
            output::line(
                "samewire: record again, with --secret or --config for what was found; please report a leak in a capture",
            );
            return Ok(ExitCode::from(EXIT_FOUND));
        }
        other => other?,
    };
    write(&path, &made.zip, args.force)?;
    output::report(&made.text, args.text.as_deref())?;
    output::note(&format!(
        "samewire: {} written ({} bytes); {} files scanned, nothing found. Attach it, and paste the text",
        path.display(),
        made.zip.len(),
        made.scanned.files
    ));
    Ok(ExitCode::SUCCESS)
}

/// Whole or not at all, for its owner only, and never through a link.
fn write(path: &Path, bytes: &[u8], force: bool) -> anyhow::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let cannot_write = || format!("cannot write {}: check the folder, or name another file", path.display());
    let mut file = NamedTempFile::new_in(folder).with_context(cannot_write)?;
    file.write_all(bytes).with_context(cannot_write)?;
    let kept = if force { file.persist(path) } else { file.persist_noclobber(path) };
    kept.map(drop).with_context(cannot_write)
}

/// Searches for the secrets that the user names, in all encodings.
struct Scanner {
    redactor: Redactor,
    known: usize,
}

impl Scanner {
    fn new(args: &Args) -> anyhow::Result<Self> {
        // Nothing that is tagged here is kept.
        let mut redactor = Redactor::new(Key::generate()?);
        let mut known = args.secrets.len();
        for secret in &args.secrets {
            let secret = secret.secret()?;
            redactor.refer(Reference::Named(secret.name().to_owned()), &secret.read()?, Known::Secret);
        }
        let folder = std::env::current_dir().context("the current folder cannot be told")?;
        for config in &args.configs {
            std::fs::File::open(config)
                .with_context(|| format!("--config: cannot read {}", config.display()))?;
            let overrides = Overrides { config: Some(config.clone()), ..Overrides::default() };
            let inputs = record::inputs(&connector::find(&[], &folder, &overrides), &mut redactor);
            let values = inputs.config.map(|config| config.values).unwrap_or_default();
            known += values.iter().filter(|value| value.secret).count();
        }
        Ok(Self { redactor, known })
    }
}

impl bundle::Scanner for Scanner {
    fn name(&self) -> String {
        format!("samewire {}", env!("CARGO_PKG_VERSION"))
    }

    fn known_secrets(&self) -> usize {
        self.known
    }

    fn scan(&self, file: &str, content: &[u8]) -> Vec<Hit> {
        let found = scan::Scanner::new(&self.redactor).bytes(file, content);
        let hits = found.hits.into_iter().map(|hit| Hit {
            file: file.to_owned(),
            place: format!("line {}, column {}", hit.place.line, hit.place.column),
            what: hit.name.map_or_else(|| hit.what.to_owned(), |name| format!("{} ({name})", hit.what)),
        });
        let unread = found.unread.into_iter().map(|unread| Hit {
            file: file.to_owned(),
            place: "somewhere".to_owned(),
            what: format!("could not be looked into: {}", unread.why),
        });
        hits.chain(unread).collect()
    }
}
