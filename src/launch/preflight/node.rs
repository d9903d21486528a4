//! Node: whether it reads proxy variables depends on its version.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time that Node may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is asked whether it has.
const STEP: Duration = Duration::from_millis(2);

/// The version of a Node, without `v`: from its folder's name, as version managers have it, or from itself.
pub(super) fn version(program: &Path) -> Option<String> {
    let real = program.canonicalize().ok()?;
    let named = real.iter().rev().skip(1).find_map(|part| plain(part.to_str()?.strip_prefix('v')?));
    named.or_else(|| said(&real))
}

/// Node alone runs, with an empty environment: nothing of the user's is loaded.
fn said(program: &Path) -> Option<String> {
    let mut child = Command::new(program)
        .arg("--version")
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    let started = Instant::now();
    while child.try_wait().ok()?.is_none() {
        if started.elapsed() > PATIENCE {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(STEP);
    }
    let output = child.wait_with_output().ok()?;
    plain(std::str::from_utf8(&output.stdout).ok()?.trim().strip_prefix('v')?)
}

/// True where it reads the proxy variables once `NODE_USE_ENV_PROXY=1` is set: 24.0.0 and 22.21.0 on.
pub(super) fn reads_variables(version: &str) -> bool {
    let mut numbers = version.split('.').map(|number| number.parse::<u32>().unwrap_or_default());
    let (major, minor) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    major >= 24 || (major == 22 && minor >= 21)
}

/// A version of three numbers.
fn plain(text: &str) -> Option<String> {
    let numbers: Vec<&str> = text.split('.').collect();
    let sound = |number: &&str| {
        !number.is_empty() && number.len() <= 4 && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    (numbers.len() == 3 && numbers.iter().all(sound)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_that_read_the_variables() {
        for (version, reads) in
            [("20.20.2", false), ("22.20.0", false), ("22.21.0", true), ("23.5.0", false), ("24.0.0", true)]
        {
            assert_eq!(reads_variables(version), reads, "{version}");
        }
    }

    #[test]
    fn a_version_stands_in_a_folders_name() {
        let folder = tempfile::tempdir().unwrap();
        let bin = folder.path().join("v18.19.1/bin");
        std::fs::create_dir_all(&bin).unwrap();
        std::fs::write(bin.join("node"), "no program").unwrap();
        assert_eq!(version(&bin.join("node")).as_deref(), Some("18.19.1"));
        assert_eq!(version(Path::new("/bin/true")), None, "a program that tells no version");
    }
}
