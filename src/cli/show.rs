//! `samewire show CAPTURE [N]`

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;

use crate::{capture, report};

use super::{output, record};

/// Show a capture's exchanges, one a line, or one of them as it was sent, redacted.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The capture.
    #[arg(value_name = "CAPTURE")]
    capture: PathBuf,

    /// The exchange to show; exchanges count from 1.
    #[arg(value_name = "N")]
    number: Option<u32>,
}

/// Shows.
pub(super) fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let capture = capture::read(&args.capture)?;
    let Some(number) = args.number else {
        output::report(&report::exchanges(&capture), None)?;
        return Ok(ExitCode::SUCCESS);
    };
    let Some(exchange) = capture.exchanges.iter().find(|exchange| exchange.number == number) else {
        let count = u32::try_from(capture.exchanges.len()).unwrap_or(u32::MAX);
        bail!(
            "there is no exchange {number} in {0}: it has {1}; `samewire show {0}` lists them",
            args.capture.display(),
            record::count(count, "exchange")
        );
    };
    output::report(&report::exchange(&capture, exchange), None)?;
    Ok(ExitCode::SUCCESS)
}
