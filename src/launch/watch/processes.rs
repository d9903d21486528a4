//! The processes that a command has started, from `/proc`.
//!
//! Not every kernel lists a process's children, so new processes are looked for by number: `/proc/loadavg` ends with the number
//! given out last, and only numbers since the look before can be new.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

/// Numbers that are tried one by one; where more were given out, the folder of processes is listed instead.
const FEW: u32 = 512;

/// The command's process and all that came of it, as far as they were seen alive.
#[derive(Debug)]
pub(super) struct Tree {
    /// Process numbers, and whether their descriptors can be read.
    members: BTreeMap<u32, bool>,
    last: u32,
}

impl Tree {
    /// The tree below this process.
    pub(super) fn of(root: u32) -> Self {
        Self { members: BTreeMap::from([(root, true)]), last: root }
    }

    /// The processes known by now, those that have ended left out.
    pub(super) fn members(&self) -> impl Iterator<Item = u32> {
        self.members.keys().copied()
    }

    /// How many of them do not let their descriptors be read.
    pub(super) fn unreadable(&self) -> u32 {
        u32::try_from(self.members.values().filter(|readable| !**readable).count()).unwrap_or(u32::MAX)
    }

    /// Looks for new processes. True while any is alive.
    pub(super) fn refresh(&mut self) -> bool {
        if let Some(last) = last_number().filter(|last| *last != self.last) {
            if last > self.last && last - self.last <= FEW {
                for number in self.last + 1..=last {
                    self.take(number);
                }
            } else {
                for number in all_numbers() {
                    self.take(number);
                }
            }
            self.last = last;
        }
        !self.members.is_empty()
    }

    /// The inodes of a member's sockets; a member that has ended leaves the tree.
    pub(super) fn sockets(&mut self, process: u32) -> Vec<u64> {
        let folder = PathBuf::from(format!("/proc/{process}/fd"));
        match fs::read_dir(folder) {
            Ok(entries) => {
                let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
                links.filter_map(|link| inode(link.to_str()?)).collect()
            }
            Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
                self.members.insert(process, false);
                Vec::new()
            }
            Err(_) => {
                self.members.remove(&process);
                Vec::new()
            }
        }
    }

    /// A child of a member is a member. Children have higher numbers than their parents but where the numbers begin anew; then the next
    /// listing finds them.
    fn take(&mut self, number: u32) {
        if self.members.contains_key(&number) {
            return;
        }
        let Ok(status) = fs::read_to_string(format!("/proc/{number}/status")) else { return };
        // Threads have numbers of the same kind.
        if value(&status, "Tgid:") == Some(number)
            && value(&status, "PPid:").is_some_and(|parent| self.members.contains_key(&parent))
        {
            self.members.insert(number, true);
        }
    }
}

/// The file name of a process's program: of its executable, or what it calls itself where that cannot be read.
pub(super) fn program(process: u32) -> Option<(String, Option<PathBuf>)> {
    let executable = fs::read_link(format!("/proc/{process}/exe")).ok();
    let named = executable.as_deref().and_then(|path| path.file_name()).and_then(|name| name.to_str());
    // A program that was replaced while it ran.
    let named = named.map(|name| name.trim_end_matches(" (deleted)").to_owned());
    let name = named.or_else(|| {
        let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
        Some(name.trim_end().to_owned())
    })?;
    // The executable as that process sees it: it may have a file system of its own.
    Some((name, executable.map(|_| PathBuf::from(format!("/proc/{process}/exe")))))
}

/// The number in `socket:[NUMBER]`.
fn inode(link: &str) -> Option<u64> {
    link.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

fn last_number() -> Option<u32> {
    fs::read_to_string("/proc/loadavg").ok()?.split_ascii_whitespace().last()?.parse().ok()
}

fn all_numbers() -> Vec<u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    numbers.sort_unstable();
    numbers
}

fn value(status: &str, name: &str) -> Option<u32> {
    status.lines().find_map(|line| line.strip_prefix(name)).and_then(|value| value.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptors_and_status_are_read() {
        assert_eq!(inode("socket:[4711]"), Some(4711));
        assert_eq!(inode("/dev/null"), None);
        assert_eq!(inode("pipe:[4711]"), None);
        let status = "Name:\tsh\nTgid:\t12\nPid:\t12\nPPid:\t7\n";
        assert_eq!((value(status, "Tgid:"), value(status, "PPid:")), (Some(12), Some(7)));
    }

    #[test]
    fn children_join_and_the_dead_leave() {
        use std::io::Read as _;
        use std::process::{Command, Stdio};
        let mut child = Command::new("sh")
            .args(["-c", "exec 3<&0; cat <&3 & echo; wait"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut tree = Tree::of(child.id());
        // A byte: cat has been started.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        assert!(tree.refresh());
        assert_eq!(tree.members().count(), 2, "{tree:?}");
        drop(child.stdin.take());
        child.wait().unwrap();
        for process in tree.members().collect::<Vec<_>>() {
            tree.sockets(process);
        }
        assert!(!tree.refresh(), "{tree:?}");
    }
}
