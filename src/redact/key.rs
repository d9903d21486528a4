//! The key of the tags: 32 random bytes of this machine, never inside a capture.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::{env, fmt, process};

use rustix::fs::OFlags;
use thiserror::Error;
use zeroize::Zeroizing;

use super::fingerprint::Tagger;

pub(super) const LENGTH: usize = 32;

/// The key under which values are tagged. Two captures can be compared tag by tag when they were made under one key.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<[u8; LENGTH]>,
    id: String,
}

/// Why there is no key.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The file or its folder cannot be read or made.
    #[error(
        "cannot use the key file {path}: {source}; make the folder writable or point XDG_STATE_HOME elsewhere"
    )]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file may be read by others, so that tags made under it could be guessed by them.
    #[error(
        "the key file {path} may be read by others (mode {mode:03o}): run `chmod 600` on it, or delete it to get a new one"
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// The file belongs to another user.
    #[error("the key file {path} belongs to another user: point XDG_STATE_HOME to a folder of your own")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// It does not hold 32 bytes.
    #[error(
        "the key file {path} does not hold {LENGTH} bytes: delete it to get a new one (older captures are then not comparable tag by tag)"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a new key: {0}")]
    Random(getrandom::Error),
}

impl Key {
    /// Reads the key, or makes one when there is none. Two processes that do so at once end with the same key.
    ///
    /// # Errors
    ///
    /// When the file cannot be used, belongs to another user or may be read by others.
    pub fn load_or_create(path: &Path) -> Result<Self, KeyError> {
        if let Some(key) = Self::load(path)? {
            return Ok(key);
        }
        make_folder(path)?;
        create(path)?;
        load(path)
    }

    /// Reads the key; `None` where there is none.
    ///
    /// # Errors
    ///
    /// When the file cannot be used, belongs to another user or may be read by others.
    pub fn load(path: &Path) -> Result<Option<Self>, KeyError> {
        match load(path) {
            Err(KeyError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            other => other.map(Some),
        }
    }

    /// Puts this key in the place of the one at `path`, or where none is.
    ///
    /// # Errors
    ///
    /// When the file or its folder cannot be written.
    pub fn store(&self, path: &Path) -> Result<(), KeyError> {
        make_folder(path)?;
        put(path, &*self.bytes, |draft| fs::rename(draft, path))
    }

    pub(super) fn bytes(&self) -> &[u8; LENGTH] {
        &self.bytes
    }

    /// Where this user's key is: `$XDG_STATE_HOME/samewire/key`, else `~/.local/state/samewire/key`; `None` where there is no home folder.
    ///
    /// `~` is `$HOME` where a key is there already, else the account's own home folder, where that can be written: harnesses and
    /// containers' scripts give each run a `HOME` of its own, and the two sides of one comparison must not get two keys by that.
    pub fn default_path() -> Option<PathBuf> {
        key_path(|name| env::var_os(name), account_home())
    }

    /// A key that is kept nowhere: captures made under it compare with each other only.
    ///
    /// # Errors
    ///
    /// When the system gives no random bytes.
    pub fn generate() -> Result<Self, KeyError> {
        let mut bytes = [0; LENGTH];
        getrandom::fill(&mut bytes).map_err(KeyError::Random)?;
        Ok(Self::from_bytes(bytes))
    }

    /// A key of known bytes, for tests and for keys that are kept elsewhere.
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let id = Tagger::new(&bytes).key_id();
        Self { bytes, id }
    }

    /// Names the key without telling anything of it.
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn tagger(&self) -> Tagger {
        Tagger::new(&self.bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}

fn key_path(variable: impl Fn(&str) -> Option<OsString>, account: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let within = |state: PathBuf| state.join("samewire").join("key");
    let of_home = |home: PathBuf| within(home.join(".local").join("state"));
    if let Some(state) = absolute("XDG_STATE_HOME") {
        return Some(within(state));
    }
    let home = absolute("HOME").map(of_home);
    if home.as_ref().is_some_and(|path| path.exists()) {
        return home;
    }
    account.map(of_home).or(home)
}

/// The home folder of the account that this process runs as, where it can be written.
fn account_home() -> Option<PathBuf> {
    let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).ok()??;
    let writable = rustix::fs::access(&user.dir, rustix::fs::Access::WRITE_OK).is_ok();
    (user.dir.is_absolute() && writable).then_some(user.dir)
}

fn load(path: &Path) -> Result<Key, KeyError> {
    let failed = |source| KeyError::Io { path: path.to_owned(), source };
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        return Err(KeyError::Foreign { path: path.to_owned() });
    }
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Exposed { path: path.to_owned(), mode });
    }
    let mut bytes = Zeroizing::new([0; LENGTH]);
    let malformed = || KeyError::Malformed { path: path.to_owned() };
    if metadata.len() != LENGTH as u64 {
        return Err(malformed());
    }
    (&file).read_exact(bytes.as_mut()).map_err(|_| malformed())?;
    Ok(Key::from_bytes(*bytes))
}

fn make_folder(path: &Path) -> Result<(), KeyError> {
    let Some(folder) = path.parent() else { return Ok(()) };
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    made.map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

/// Puts a whole new key at `path`, unless there is one.
fn create(path: &Path) -> Result<(), KeyError> {
    let mut bytes = Zeroizing::new([0; LENGTH]);
    getrandom::fill(bytes.as_mut()).map_err(KeyError::Random)?;
    put(path, bytes.as_ref(), |draft| match fs::hard_link(draft, path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other,
    })
}

/// Written under another name first, so that nobody sees half of it; `place` then gives it its own.
fn put(path: &Path, bytes: &[u8], place: impl Fn(&Path) -> io::Result<()>) -> Result<(), KeyError> {
    let mut suffix = [0; 8];
    getrandom::fill(&mut suffix).map_err(KeyError::Random)?;
    let draft = path.with_extension(format!("{}-{:016x}", process::id(), u64::from_ne_bytes(suffix)));
    let written = write(&draft, bytes).and_then(|()| place(&draft));
    // The draft may not exist; there is nothing to do about it here either way.
    let _ = fs::remove_file(&draft);
    written.map_err(|source| KeyError::Io { path: path.to_owned(), source })
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::thread;

    use super::*;

    #[test]
    fn racing_processes_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("key");
        let ids: Vec<String> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Key::load_or_create(&path).unwrap().id().to_owned())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(ids.windows(2).all(|pair| pair[0] == pair[1]), "{ids:?}");
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "no draft stays behind");
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        Key::load_or_create(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(Key::load_or_create(&path), Err(KeyError::Exposed { mode: 0o640, .. })));
    }

    #[test]
    fn a_short_key_and_a_linked_key_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let short = folder.path().join("short");
        write(&short, b"too short").unwrap();
        assert!(matches!(Key::load_or_create(&short), Err(KeyError::Malformed { .. })));
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&short, &link).unwrap();
        assert!(matches!(Key::load_or_create(&link), Err(KeyError::Io { .. })));
    }

    #[test]
    fn the_key_belongs_to_the_account() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        let variables = |state: Option<&str>| {
            let (state, home) = (state.map(OsString::from), home.clone());
            move |name: &str| match name {
                "XDG_STATE_HOME" => state.clone(),
                "HOME" => Some(home.clone().into_os_string()),
                _ => None,
            }
        };
        let account = || Some(PathBuf::from("/home/dev"));
        let of_home = home.join(".local/state/samewire/key");
        let of_account = PathBuf::from("/home/dev/.local/state/samewire/key");
        assert_eq!(key_path(variables(Some("/state")), account()), Some("/state/samewire/key".into()));
        assert_eq!(key_path(variables(Some("state")), account()), Some(of_account.clone()));
        assert_eq!(key_path(variables(None), account()), Some(of_account.clone()));
        assert_eq!(key_path(variables(None), None), Some(of_home.clone()));
        assert_eq!(key_path(|_| None, None), None);
        Key::load_or_create(&of_home).unwrap();
        assert_eq!(key_path(variables(None), account()), Some(of_home), "a key that is there is used");
    }
}
