//! Where captures are put and found.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::{Context as _, bail};
use jiff::Timestamp;

use crate::bundle;
use crate::model::Side;

use super::repeat;

/// The folder for captures, in the current folder.
pub(super) const FOLDER: &str = "captures";

/// Where a capture goes: the file that was asked for, or a new one in the folder for captures, which is made where it is missing.
/// Any other folder is to be there: a name that was mistyped makes none.
pub(super) fn capture(asked: Option<&Path>, side: Side) -> anyhow::Result<PathBuf> {
    let folder = Path::new(FOLDER);
    let Some(path) = asked else { return new_capture(folder, side, Timestamp::now()) };
    if path.parent() == Some(folder) {
        make(folder)?;
    }
    Ok(path.to_owned())
}

fn make(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder)
        .with_context(|| format!("cannot make the folder {}; say -o FILE", folder.display()))
}

/// `captures/<side>-<time>.har`, a name that is free.
pub(super) fn new_capture(folder: &Path, side: Side, now: Timestamp) -> anyhow::Result<PathBuf> {
    make(folder)?;
    let time = now.strftime("%Y%m%dT%H%M%SZ");
    let mut path = folder.join(format!("{side}-{time}.har"));
    let mut again = 2;
    while path.exists() {
        path = folder.join(format!("{side}-{time}-{again}.har"));
        again += 1;
    }
    Ok(path)
}

/// The newest capture of a side in a folder, by the time in its name, then by its time on disk.
pub(super) fn newest(folder: &Path, side: Side) -> Option<PathBuf> {
    let prefix = format!("{side}-");
    let entries = fs::read_dir(folder).ok()?;
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let of_side = name.starts_with(&prefix) && entry.path().extension() == Some("har".as_ref());
            let changed = entry.metadata().and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
            // Of a capture set the first stands for all.
            let first = repeat::first_of(&entry.path()).is_none_or(|first| !first.exists());
            (of_side && first).then(|| (changed, name, entry.path()))
        })
        .max()
        .map(|(_, _, path)| path)
}

/// The two captures to compare: those named, or the newest of each side.
pub(super) fn pair(named: &[PathBuf]) -> anyhow::Result<(PathBuf, PathBuf)> {
    match named {
        [sandbox, runtime] => Ok((sandbox.clone(), runtime.clone())),
        [both] if bundle::is_bundle(both) => Ok((both.clone(), both.clone())),
        [] => {
            let folder = Path::new(FOLDER);
            let find = |side: Side| {
                newest(folder, side).with_context(|| {
                    format!(
                        "no capture of the {side} in {FOLDER}/; make one: samewire record {side} -- COMMAND"
                    )
                })
            };
            Ok((find(Side::Sandbox)?, find(Side::Runtime)?))
        }
        _ => bail!(
            "name both captures, SANDBOX and RUNTIME, or one bundle, or none for the newest capture of each side"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_taken_gets_a_number() {
        let folder = tempfile::tempdir().unwrap();
        let now = Timestamp::from_second(1_700_000_000).unwrap();
        let first = new_capture(folder.path(), Side::Runtime, now).unwrap();
        assert_eq!(first.file_name().unwrap(), "runtime-20231114T221320Z.har");
        fs::write(&first, "").unwrap();
        let second = new_capture(folder.path(), Side::Runtime, now).unwrap();
        assert_eq!(second.file_name().unwrap(), "runtime-20231114T221320Z-2.har");
        assert_eq!(newest(folder.path(), Side::Runtime), Some(first));
        fs::write(folder.path().join("runtime-20231114T221320Z.2.har"), "").unwrap();
        assert_eq!(
            newest(folder.path(), Side::Runtime),
            Some(folder.path().join("runtime-20231114T221320Z.har"))
        );
        assert_eq!(newest(folder.path(), Side::Sandbox), None);
    }
}
