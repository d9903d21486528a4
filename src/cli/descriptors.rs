//! How many files samewire may have open: a connection through it takes two.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What is open besides connections, with room to spare.
const OTHERS: u64 = 64;

/// Below this many connections at a time a user should know.
const ENOUGH: u64 = 1024;

/// Takes as many as the system lets this process have, and says so when that is few. Programs that samewire starts
/// would inherit it: for a proxy that starts none.
pub(super) fn raise() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        tracing::debug!(%error, "cannot raise the limit of open files");
    }
    let Some(files) = getrlimit(Resource::Nofile).current else { return };
    let connections = files.saturating_sub(OTHERS) / 2;
    if connections < ENOUGH {
        tracing::warn!(
            "samewire may have {files} files open, enough for some {connections} connections at a time; `ulimit -Hn` of its shell allows more"
        );
    }
}
