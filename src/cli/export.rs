//! `samewire export CAPTURE [N]`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::ValueEnum;

use crate::capture;
use crate::export::{self, Form};
use crate::model::Exchange;

use super::{output, record};

/// Write a capture, or one exchange of it, for other programs: plain HAR 1.2, curl, HTTPie, Python.
///
/// The capture holds no secrets, so command lines and code have variables in their place (`$API_KEY`), named by the config's key where
/// that is known. They say what to fill in, and stop where it is missing.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The capture.
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,

    /// The exchange to write; exchanges count from 1 [default: all].
    #[arg(value_name = "N")]
    number: Option<u32>,

    /// What to write.
    #[arg(long, value_enum)]
    format: Format,

    /// Write there instead of to standard output.
    #[arg(short, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// What an exchange can be written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// HAR 1.2 without samewire's own members; hidden values show as `‹...›`.
    Har,
    /// A curl command line.
    Curl,
    /// An HTTPie command line.
    Httpie,
    /// Python code for requests.
    Requests,
}

/// Exports.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let capture = capture::read(&args.capture)?;
    let wanted = |exchange: &&Exchange| args.number.is_none_or(|number| exchange.number == number);
    let exchanges: Vec<&Exchange> = capture.exchanges.iter().filter(wanted).collect();
    if exchanges.is_empty() {
        let count = u32::try_from(capture.exchanges.len()).unwrap_or(u32::MAX);
        bail!(
            "there is nothing to export in {0}: it has {1}; `samewire show {0}` lists them",
            args.capture.display(),
            record::count(count, "exchange")
        );
    }
    let form = match args.format {
        Format::Har => None,
        Format::Curl => Some(Form::Curl),
        Format::Httpie => Some(Form::Httpie),
        Format::Requests => Some(Form::Requests),
    };
    let text = if let Some(form) = form {
        let of_side: Vec<_> = exchanges.iter().map(|exchange| (capture.side, *exchange)).collect();
        export::export(&of_side, form)
    } else {
        let bytes = capture::plain(&capture, &exchanges).context("the HAR could not be rendered")?;
        String::from_utf8(bytes).context("the HAR could not be rendered")?
    };
    output::report(&text, args.output.as_deref())?;
    Ok(ExitCode::SUCCESS)
}
