//! `samewire inspect PATH|IMAGE`

mod engine;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{ColorChoice, ValueEnum};

use crate::connector::{self, Files, Package};
use crate::diagnose::Severity;
use crate::inspect;
use crate::record;
use crate::redact::{Key, Redactor};
use crate::report;

use super::options::ReportOptions;
use super::output;

/// Read a connector's package without running it: spec, manifest, config references.
///
/// PATH is a connector's folder, its manifest, a wheel, an sdist or a saved image; a word that is no path names a container image.
/// Nothing is run, started or unpacked.
///
/// Exit status: 0 nothing that keeps it from working (warnings do not count), 1 errors found, 2 usage or input.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A folder, manifest.yaml, a wheel, an sdist, a saved image (.tar), or the name of a container image.
    #[arg(value_name = "PATH|IMAGE")]
    package: PathBuf,

    /// Judge this config too [default: secrets/config.json in the folder].
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    #[command(flatten)]
    report: ReportOptions<Format>,
}

/// Formats of an inspection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Terminal,
    /// For programs: the schema `samewire.inspect/1`.
    Json,
    /// A test suite, for build servers.
    Junit,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub's actions.
    Github,
}

/// Inspects and reports.
pub(super) fn run(args: &Args, color: ColorChoice) -> anyhow::Result<ExitCode> {
    let files = files(&args.package)?;
    let config = match &args.config {
        Some(path) => {
            let content =
                std::fs::read(path).with_context(|| format!("--config: cannot read {}", path.display()))?;
            Some((path.to_string_lossy().into_owned(), zeroize::Zeroizing::new(content)))
        }
        None => None,
    };
    let named = config.as_ref().map(|(path, content)| (path.as_str(), content.as_slice()));
    let mut project = connector::read_project(&files, named);

    // Nothing of a capture is compared with what this redactor hides: any key will do.
    let mut redactor = Redactor::new(Key::generate()?);
    let package = Package {
        config: project.config.take(),
        spec: project.spec.as_ref().and_then(|file| file.spec.clone()),
        ..Package::default()
    };
    let inputs = record::inputs(&package, &mut redactor);
    let target = args.package.to_string_lossy();
    let Some(found) = inspect::inspect(&target, &files, &project, inputs.config.as_ref(), &redactor) else {
        bail!(
            "there is no connector in {target}: no manifest.yaml, no Python package source_*, no Lakeflow connector; name the connector's own folder"
        );
    };
    let file = args.report.output.as_deref();
    let text = match args.report.format {
        Format::Terminal => report::inspection(&found, output::style(color, file)),
        Format::Json => report::inspection_json(&found),
        Format::Junit => report::inspection_junit(&found),
        Format::Sarif => report::inspection_sarif(&found),
        Format::Github => report::inspection_github(&found),
    };
    redactor.check(text.as_bytes())?;
    output::report(&text, file)?;
    Ok(ExitCode::from(u8::from(found.worst() == Some(Severity::Error))))
}

fn files(package: &Path) -> anyhow::Result<Files> {
    if package.exists() {
        return Ok(connector::open(package)?);
    }
    let name = package.to_str().filter(|name| engine::is_image_name(name));
    match name {
        Some(name) => engine::read(name),
        None => bail!("{} is not there, and it is no name of a container image", package.display()),
    }
}
