//! The process that holds a container's network: `samewire __hold FOLDER`, the only one of a container that has nothing else to do. It
//! runs in that container, so it needs no rights on this machine, and it ends with samewire: then the engine removes the container.

use std::io::Read as _;
use std::os::unix::net::UnixStream;
use std::path::Path;

use super::addresses::NAMES;
use super::handover::{SOCKET, tell};
use super::inside;

/// Makes the network, hands samewire what leads into it, and stays until samewire is gone.
pub fn hold(folder: &Path, with_v6: bool) {
    let Ok(mut samewire) = UnixStream::connect(folder.join(SOCKET)) else { return };
    let sent = match inside::open(NAMES, with_v6) {
        // Only samewire keeps what leads into the network: without it there is no way out.
        Ok(ready) => ready.send(&samewire),
        Err(failed) => tell(&samewire, failed),
    };
    if sent.is_ok() {
        let _ = samewire.read(&mut [0]);
    }
}
