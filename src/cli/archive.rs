//! A folder of captures: which files in it are captures of ours.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context as _;

use crate::capture::{self, Glance};

/// A capture in a folder.
pub(super) struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub glance: Glance,
    /// Its size on disk.
    pub bytes: u64,
    /// When it was last written.
    pub written: SystemTime,
    /// The file itself, whatever its name leads to later.
    pub inode: (u64, u64),
}

/// What a folder holds.
#[derive(Default)]
pub(super) struct Folder {
    /// Its captures, newest first.
    pub captures: Vec<Found>,
    /// How many `.har` files in it are no captures of ours.
    pub others: u32,
}

/// Looks into a folder. Only its own level is searched, and links are not followed.
pub(super) fn look(folder: &Path) -> anyhow::Result<Folder> {
    let entries = fs::read_dir(folder)
        .with_context(|| format!("cannot look into {}; name a folder of captures", folder.display()))?;
    let mut found = Folder::default();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.extension() != Some("har".as_ref()) {
            continue;
        }
        let Ok(data) = fs::symlink_metadata(&path) else { continue };
        if !data.is_file() {
            continue;
        }
        match capture::glance(&path) {
            Ok(Some(glance)) => found.captures.push(Found {
                glance,
                bytes: data.len(),
                written: data.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                inode: (data.dev(), data.ino()),
                path,
            }),
            Ok(None) | Err(_) => found.others += 1,
        }
    }
    found.captures.sort_by(|one, other| {
        let key = |found: &Found| (found.glance.capture.run.started_at, found.path.clone());
        key(other).cmp(&key(one))
    });
    Ok(found)
}
