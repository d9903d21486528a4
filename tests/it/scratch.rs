//! A folder of its own for a test. What samewire wrote there is kept for the scanners when `SAMEWIRE_TEST_PRODUCED` names a folder.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::{env, fs, thread};

use samewire::bundle;
use tempfile::TempDir;

/// How a capture begins. Files that tests write by themselves, to be read, hold what they please.
const CAPTURE: &[u8] = br#"{"log":{"version":"1.2","creator":{"name":"samewire","#;

/// Commands whose output is samewire's own from beginning to end; others pass on what the recorded command says.
const SPEAK_FOR_THEMSELVES: [&str; 8] =
    ["diff", "list", "bundle", "export", "import", "inspect", "verify", "env"];

pub(crate) struct Scratch(TempDir);

impl Scratch {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    fn keep(&self, below: &Path, to: &Path) {
        for path in fs::read_dir(below).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() && !path.is_symlink() {
                self.keep(&path, to);
            } else if path.is_file() && is_samewires(&path) {
                let to = to.join(path.strip_prefix(self.path()).unwrap());
                fs::create_dir_all(to.parent().unwrap()).unwrap();
                fs::copy(&path, to).unwrap();
            }
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        if let Some(folder) = produced().filter(|_| !thread::panicking()) {
            let folder = folder.join(COUNT.fetch_add(1, Ordering::Relaxed).to_string());
            self.keep(self.path(), &folder);
        }
    }
}

/// Keeps what a command of samewire said.
pub(crate) fn said(args: &[&str], output: &Output) {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let Some(folder) = produced() else { return };
    if args.first().is_some_and(|command| SPEAK_FOR_THEMSELVES.contains(command)) {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        fs::create_dir_all(&folder).unwrap();
        let name = |stream: &str| folder.join(format!("{number}.{}.{stream}", args[0]));
        fs::write(name("stdout"), &output.stdout).unwrap();
        fs::write(name("stderr"), &output.stderr).unwrap();
    }
}

/// The folder of this test, in the one that the variable names.
fn produced() -> Option<PathBuf> {
    let test = thread::current().name().unwrap_or("main").replace("::", ".");
    env::var_os("SAMEWIRE_TEST_PRODUCED").map(|folder| Path::new(&folder).join(test))
}

fn is_samewires(path: &Path) -> bool {
    let mut start = [0; CAPTURE.len()];
    let read = fs::File::open(path).and_then(|mut file| file.read_exact(&mut start));
    read.is_ok() && (start == CAPTURE || bundle::is_bundle(path) && bundle::read(path).is_ok())
}
