//! `samewire ca new DIR`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use crate::proxy::Authority;

use super::{output, private};

/// The certificate's name in the folder, and the key's.
const FILES: [&str; 2] = ["ca.pem", "ca-key.pem"];

/// A certificate authority that outlives one run.
///
/// Each run makes an authority of its own, whose key is in memory only. Where a client's trust store cannot be changed for each run, keep
/// one: whoever reads its key can pass for any host to every client that trusts it. See docs/security.md.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Make one: DIR/ca.pem for trust stores, DIR/ca-key.pem for samewire. It is valid for a year.
    New(New),
}

/// Makes a new authority.
#[derive(Debug, clap::Args)]
pub struct New {
    /// The folder for both files; made for its owner only.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
}

/// Runs the command.
pub(super) fn run(command: &Command) -> anyhow::Result<ExitCode> {
    let Command::New(New { folder }) = command;
    let authority = Authority::new().context("cannot make the certificate authority")?;
    private::folder(folder)?;
    let [certificate, key] = FILES.map(|name| folder.join(name));
    private::write_new(&key, &authority.key_pem(), 0o600)?;
    private::write_new(&certificate, authority.certificate_pem(), 0o644)?;
    output::note(&format!(
        "samewire: clients must trust {}; record and proxy take --ca {} --ca-key {}",
        certificate.display(),
        certificate.display(),
        key.display()
    ));
    output::note(
        "samewire: whoever can read the key can pass for any host to these clients: remove it when it is no longer used",
    );
    Ok(ExitCode::SUCCESS)
}

/// Reads one that was made.
pub(super) fn read(certificate: &Path, key: &Path) -> anyhow::Result<Authority> {
    let text = std::fs::read_to_string(certificate)
        .with_context(|| format!("--ca: cannot read {}", certificate.display()))?;
    let key = private::read(key).context("--ca-key")?;
    Authority::from_pem(&text, &key).with_context(|| format!("--ca {} cannot be used", certificate.display()))
}
