//! What the command needs of samewire: an address that answers, and files that it may read.

use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

/// Longest time for a connection on one machine.
const PATIENCE: Duration = Duration::from_secs(2);

/// True where a connection to this address is accepted. Nothing is sent on it: the proxy takes it for a port that was tried.
pub fn answers(address: SocketAddr) -> bool {
    TcpStream::connect_timeout(&address, PATIENCE).is_ok()
}

/// True where every user may read this file.
pub fn readable_by_others(file: &Path) -> bool {
    let mode = |path: &Path| path.metadata().map_or(0, |found| found.permissions().mode());
    mode(file) & 0o004 != 0 && file.ancestors().skip(1).all(|folder| mode(folder) & 0o001 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn a_port_answers_while_somebody_listens() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        assert!(answers(address));
        drop(listener);
        assert!(!answers(address));
    }

    #[test]
    fn a_private_folder_keeps_others_out() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(!readable_by_others(&file));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        assert!(readable_by_others(&file));
    }
}
