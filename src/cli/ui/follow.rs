//! Which captures are followed, and whether they have changed: what the system tells of the files, without reading them.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::capture;
use crate::cli::{paths, repeat};
use crate::model::Side;

/// A file that was written so lately may have been written again without another time.
const COARSE: Duration = Duration::from_millis(100);

/// The captures that are followed.
pub(super) struct Followed {
    /// The folder whose newest captures they are; absent where they were named.
    folder: Option<PathBuf>,
    /// The folder as it was when it was last searched.
    searched: Option<Stamp>,
    sandbox: Option<PathBuf>,
    runtime: Option<PathBuf>,
}

/// What is to be seen of both sides. Equal sights show equal captures.
#[derive(PartialEq)]
pub(super) struct Sight {
    pub(super) sandbox: Seen,
    pub(super) runtime: Seen,
}

/// What is to be seen of a side.
#[derive(PartialEq)]
pub(super) struct Seen {
    /// Its capture, or that of the first of its runs; absent where there is none yet.
    pub(super) path: Option<PathBuf>,
    /// Somebody is still writing it, or a further run of it.
    pub(super) written: bool,
    runs: Vec<Stamp>,
}

/// What tells one state of a file from another.
#[derive(Clone, Copy, PartialEq)]
struct Stamp {
    inode: u64,
    length: u64,
    changed: Option<SystemTime>,
    /// It may change without another stamp.
    is_fresh: bool,
}

impl Followed {
    /// The newest capture of each side in a folder, which need not be there yet.
    pub(super) fn newest(folder: PathBuf) -> Self {
        Self { folder: Some(folder), searched: None, sandbox: None, runtime: None }
    }

    /// These two, which need not be there yet.
    pub(super) fn named((sandbox, runtime): (PathBuf, PathBuf)) -> Self {
        Self { folder: None, searched: None, sandbox: Some(sandbox), runtime: Some(runtime) }
    }

    /// Looks at the files.
    pub(super) fn look(&mut self) -> Sight {
        if let Some(folder) = &self.folder {
            let stamp = Stamp::of(folder);
            // A folder changes when a file comes or goes.
            if stamp.is_none_or(|stamp| stamp.is_fresh) || stamp != self.searched {
                self.sandbox = paths::newest(folder, Side::Sandbox);
                self.runtime = paths::newest(folder, Side::Runtime);
                self.searched = stamp;
            }
        }
        Sight { sandbox: Seen::of(self.sandbox.as_deref()), runtime: Seen::of(self.runtime.as_deref()) }
    }
}

impl Seen {
    fn of(path: Option<&Path>) -> Self {
        // An empty file is one that its writer has made a moment ago.
        let begun = |path: &&Path| Stamp::of(path).is_some_and(|stamp| stamp.length > 0);
        let Some(path) = path.filter(begun) else {
            return Self { path: None, written: false, runs: Vec::new() };
        };
        let further = (2..).map(|number| repeat::nth(path, number)).take_while(|path| path.is_file());
        let files: Vec<PathBuf> = [path.to_owned()].into_iter().chain(further).collect();
        // Asked before the stamps are taken: what is written in between shows in them.
        let written = files.iter().any(|file| file.is_file() && capture::is_written(file));
        let runs = files.iter().filter_map(|file| Stamp::of(file)).collect();
        Self { path: Some(path.to_owned()), written, runs }
    }
}

impl Stamp {
    fn of(path: &Path) -> Option<Self> {
        let found: Metadata = fs::metadata(path).ok()?;
        let changed = found.modified().ok();
        let age = changed.and_then(|changed| SystemTime::now().duration_since(changed).ok());
        let is_fresh = age.is_none_or(|age| age < COARSE);
        Some(Self { inode: found.ino(), length: found.len(), changed, is_fresh })
    }
}
