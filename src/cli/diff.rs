//! `samewire diff [SANDBOX RUNTIME]`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{ColorChoice, ValueEnum};

use crate::diagnose::{self, Case, Diagnosis, Verdict};
use crate::expect::Reviewed;
use crate::report::{self, Differing, Page, Report};

use super::options::ReportOptions;
use super::progress::Progress;
use super::repeat::{self, Runs};
use super::reviewed::{self, Expect};
use super::{output, paths, verdicts};

/// Pairs that are shown side by side; the rest is counted.
const PAIRS: usize = 3;

/// Compare two captures: verdict, root cause, differences.
///
/// Where a side was recorded several times (`record --repeat`), name the first capture; the others are found beside it. A bundle (`samewire
/// bundle`) alone is compared as it is; in the place of a capture it stands for its capture of that side.
/// Differences that `samewire.toml` expects do not count; the report names them.
/// Exit status: 0 same, 1 differs, 2 usage or input, 3 inconclusive.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// SANDBOX and RUNTIME, or one bundle [default: the newest capture of each side in captures/].
    #[arg(value_name = "CAPTURE", num_args = 0..=2)]
    captures: Vec<PathBuf>,

    #[command(flatten)]
    report: ReportOptions<Format>,

    #[command(flatten)]
    expect: Expect,
}

/// Report formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people.
    #[default]
    Terminal,
    /// For programs: the schema `samewire.report/1`.
    Json,
    /// For an issue or a pull request.
    Markdown,
    /// One page for a browser: every request of both sides beside each other.
    Html,
    /// A test suite, for build servers.
    Junit,
    /// For code scanning: SARIF 2.1.0.
    Sarif,
    /// Annotations of GitHub's actions.
    Github,
}

/// Compares and reports.
pub(super) fn run(args: &Args, color: ColorChoice) -> anyhow::Result<ExitCode> {
    let (sandbox, runtime) = paths::pair(&args.captures)?;
    let reviewed = args.expect.read()?;
    let diagnosis = compare_files(&sandbox, &runtime, &reviewed, &args.report, color)?;
    Ok(conclude(&sandbox, &runtime, &diagnosis))
}

/// Reads two captures, compares them and writes the report.
pub(super) fn compare_files(
    sandbox: &Path,
    runtime: &Path,
    reviewed: &Reviewed,
    options: &ReportOptions<Format>,
    color: ColorChoice,
) -> anyhow::Result<Diagnosis> {
    let progress = Progress::of_comparison(&[sandbox, runtime]);
    let [sandbox, runtime] = Runs::read_both(sandbox, runtime)?;
    progress.comparing(sandbox.first.exchanges.len(), runtime.first.exchanges.len());
    let file = options.output.as_deref();
    let (text, diagnosis) = judge(&sandbox, &runtime, reviewed, |case, diagnosis, report| {
        let text = match options.format {
            Format::Terminal => match output::style(color, file) {
                style if style.width >= report::SIDE_BY_SIDE => {
                    report::terminal_side_by_side(report, &Differing::new(case, PAIRS), style)
                }
                style => report::terminal(report, style),
            },
            Format::Json => report::json(report),
            Format::Markdown => report::markdown(report),
            Format::Html => report::html(report, &Page::new(case, &diagnosis)),
            Format::Junit => report::junit(report),
            Format::Sarif => report::sarif(report),
            Format::Github => report::github(report),
        };
        (text, diagnosis)
    });
    drop(progress);
    output::report(&text, file)?;
    // The process ends soon, and taking large captures apart takes as long as comparing them.
    std::mem::forget([sandbox, runtime]);
    Ok(diagnosis)
}

/// Compares both sides and diagnoses; `tell` makes of it what is wanted.
pub(super) fn judge<T>(
    sandbox: &Runs,
    runtime: &Runs,
    reviewed: &Reviewed,
    tell: impl FnOnce(&Case<'_>, Diagnosis, &Report) -> T,
) -> T {
    let mut comparison = repeat::compare(sandbox, runtime);
    reviewed::apply(reviewed, &mut comparison, &sandbox.first, &runtime.first);
    let case = Case { sandbox: &sandbox.first, runtime: &runtime.first, comparison: &comparison };
    let diagnosis = diagnose::diagnose(&case);
    let mut report = Report::new(&case, &diagnosis);
    report.notes.extend(sandbox.notes.iter().chain(&runtime.notes).cloned());
    tell(&case, diagnosis, &report)
}

/// Notes what came of a comparison for `list`, and tells the exit status.
pub(super) fn conclude(sandbox: &Path, runtime: &Path, diagnosis: &Diagnosis) -> ExitCode {
    verdicts::keep(sandbox, runtime, diagnosis);
    ExitCode::from(match diagnosis.verdict {
        Verdict::Same => 0,
        Verdict::Differs => 1,
        Verdict::Inconclusive(_) => 3,
    })
}
