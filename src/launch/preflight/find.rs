//! A program's file, and what runs it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Longest first line that is read, as in the kernel (`BINPRM_BUF_SIZE`).
const LONGEST: usize = 256;

/// Where a shell would find the program.
pub(super) fn file(name: &OsStr, folder: &Path, path: Option<OsString>) -> Option<PathBuf> {
    if name.as_encoded_bytes().contains(&b'/') {
        return Some(folder.join(name)).filter(|file| file.is_file());
    }
    let path = path?;
    let executable = |file: &PathBuf| {
        file.metadata().is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
    };
    std::env::split_paths(&path).map(|one| folder.join(one).join(name)).find(executable)
}

/// The interpreter that a script's first line names, and whether that line has a name for `PATH` only: `#!/usr/bin/env node`.
///
/// Installers of Python packages write `#!/bin/sh` and `'''exec' /the/python ...` below it where the path is long.
pub(super) fn interpreter(script: &Path) -> Option<OsString> {
    let mut bytes = [0; 2 * LONGEST];
    let length = File::open(script).ok()?.read(&mut bytes).ok()?;
    let text = bytes.get(..length)?.strip_prefix(b"#!")?;
    let text =
        std::str::from_utf8(text).or_else(|error| std::str::from_utf8(&text[..error.valid_up_to()])).ok()?;
    let mut lines = text.lines();
    let mut words = lines.next()?.split_ascii_whitespace();
    let program = words.next()?;
    if let Some(inner) = lines.next().and_then(|line| line.strip_prefix("'''exec' ")) {
        let inner = inner.trim_start();
        let path = match inner.strip_prefix(['"', '\'']) {
            Some(quoted) => quoted.split(['"', '\'']).next(),
            None => inner.split_ascii_whitespace().next(),
        };
        return path.map(OsString::from);
    }
    if Path::new(program).file_name() == Some(OsStr::new("env")) {
        let named = words.find(|word| !word.starts_with('-') && !word.contains('='))?;
        return Some(named.into());
    }
    Some(program.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_lines_name_interpreters() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("script");
        for (text, expected) in [
            ("#!/opt/venv/bin/python\nimport x\n", Some("/opt/venv/bin/python")),
            ("#!/usr/bin/env -S node --no-warnings\n", Some("node")),
            (
                "#!/bin/sh\n'''exec' \"/a long/venv/bin/python3\" \"$0\" \"$@\"\n' '''\n",
                Some("/a long/venv/bin/python3"),
            ),
            ("#!/bin/sh\necho\n", Some("/bin/sh")),
            ("import x\n", None),
            ("", None),
        ] {
            std::fs::write(&script, text).unwrap();
            assert_eq!(interpreter(&script), expected.map(OsString::from), "{text:?}");
        }
    }

    #[test]
    fn names_are_looked_for_on_the_path() {
        let found = file(OsStr::new("sh"), Path::new("/"), Some("/nowhere:/bin".into())).unwrap();
        assert_eq!(found, Path::new("/bin/sh"));
        assert_eq!(file(OsStr::new("no-such-program"), Path::new("/"), Some("/bin".into())), None);
        assert_eq!(file(OsStr::new("bin/sh"), Path::new("/"), None), Some("/bin/sh".into()));
    }
}
