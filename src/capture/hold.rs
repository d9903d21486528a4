//! Whether somebody is still writing a capture: its writer holds a lock on the file, which the system takes back when it ends, however it ends.

use std::fs::File;
use std::path::Path;

use rustix::fs::{FlockOperation, fcntl_lock};
use rustix::io::Errno;
use rustix::process::{Flock, FlockType, fcntl_getlk};

/// Marks the file as being written. Nothing is lost where a file system knows no locks, so a failure is no error.
pub(super) fn hold(file: &File) {
    let _ = fcntl_lock(file, FlockOperation::NonBlockingLockExclusive);
}

/// True while another process writes the capture, and where that cannot be told. The file is asked, not locked.
pub fn is_written(path: &Path) -> bool {
    let Ok(file) = File::open(path) else { return false };
    match fcntl_getlk(&file, &Flock::from(FlockType::ReadLock)) {
        Ok(holder) => holder.is_some(),
        Err(Errno::NOLCK | Errno::NOTSUP | Errno::INVAL) => true,
        Err(_) => false,
    }
}
