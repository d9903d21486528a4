//! Files that nobody else may read: made so, and refused otherwise.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use rustix::fs::OFlags;
use zeroize::Zeroizing;

/// Reads a file that holds a secret; refuses one that others can read, that belongs to another user or is a link.
pub(super) fn read(path: &Path) -> anyhow::Result<Zeroizing<String>> {
    let cannot_read = || format!("cannot read {}", path.display());
    let no_follow = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file =
        OpenOptions::new().read(true).custom_flags(no_follow).open(path).with_context(cannot_read)?;
    let facts = file.metadata().with_context(cannot_read)?;
    if !facts.is_file() {
        bail!("{} is not a regular file", path.display());
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        bail!("{} belongs to another user; a key is used by its owner only", path.display());
    }
    let mode = facts.mode() & 0o777;
    if mode & 0o077 != 0 {
        bail!(
            "{} may be read by others (mode {mode:03o}); run `chmod 600` on it, and make a new one if it was read",
            path.display()
        );
    }
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(facts.len()).unwrap_or(0) + 1));
    file.read_to_string(&mut text).with_context(cannot_read)?;
    Ok(text)
}

/// Writes a new file of this mode; one that is there stays as it is.
pub(super) fn write_new(path: &Path, text: &str, mode: u32) -> anyhow::Result<()> {
    let cannot_write = || format!("cannot write {}", path.display());
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    if file.as_ref().is_err_and(|error| error.kind() == std::io::ErrorKind::AlreadyExists) {
        bail!("{} exists already; name another place, or remove it first", path.display());
    }
    if let Ok(file) = &mut file {
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).with_context(cannot_write)?;
    }
    file.map(drop).with_context(cannot_write)
}

/// Makes a folder for its owner only; refuses one that others may write to.
pub(super) fn folder(path: &Path) -> anyhow::Result<()> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.with_context(|| format!("cannot make the folder {}", path.display()))?;
    let facts = fs::metadata(path).with_context(|| format!("cannot look at {}", path.display()))?;
    if facts.mode() & 0o077 != 0 {
        bail!("the folder {} is open to others; run `chmod 700` on it, or name another one", path.display());
    }
    Ok(())
}
