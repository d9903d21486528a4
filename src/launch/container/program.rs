//! samewire's own program inside a container of somebody else's image: mounted from this machine, with the libraries it is linked to. Nothing
//! of the image runs, nothing is made and nothing is pulled for it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// Where samewire and its libraries stand inside.
pub(super) const INSIDE: &str = "/.samewire";

/// samewire's own program, and what it needs to run where nothing else is.
pub(super) struct Program {
    file: PathBuf,
    /// Reads a program and its libraries; absent for a program that needs none.
    loader: Option<PathBuf>,
    folders: Vec<PathBuf>,
}

impl Program {
    /// This process's. `None` where its files are no longer what runs, or are not for the engine's machine.
    pub(super) fn own() -> Option<Self> {
        if !cfg!(target_os = "linux") {
            return None;
        }
        let file = std::env::current_exe().ok().filter(|file| file.exists())?;
        let maps = fs::read_to_string("/proc/self/maps").ok()?;
        Self::of(file, &maps)
    }

    /// `maps` is the text of `/proc/PID/maps`: files that are mapped to be run are the program, its loader, its libraries.
    fn of(file: PathBuf, maps: &str) -> Option<Self> {
        let mut program = Self { file, loader: None, folders: Vec::new() };
        for line in maps.lines() {
            // address perms offset dev inode path
            let mut columns = line.splitn(6, ' ');
            let runs = columns.nth(1).is_some_and(|rights| rights.contains('x'));
            let path = columns.nth(3).map(str::trim_start).filter(|path| runs && path.starts_with('/'));
            let Some(path) = path.map(Path::new).filter(|path| *path != program.file) else { continue };
            let name = path.file_name()?.to_str()?;
            if ["ld-", "ld.", "ld64."].iter().any(|start| name.starts_with(start)) {
                program.loader = Some(path.to_owned());
            }
            let folder = path.parent()?.to_owned();
            // Either would be read as something else in what follows.
            if folder.to_str()?.contains([':', ',']) || name.ends_with(" (deleted)") {
                return None;
            }
            if !program.folders.contains(&folder) {
                program.folders.push(folder);
            }
        }
        (program.loader.is_some() || program.folders.is_empty()).then_some(program)
    }

    /// Adds the flags to `words` that bring it into the container, and the image; returns the words that run it there, after these.
    pub(super) fn arguments(&self, words: &mut Vec<OsString>, image: &OsStr) -> Vec<OsString> {
        let program = format!("{INSIDE}/samewire");
        words.push(volume(&self.file, &program));
        let at = |number: usize| format!("{INSIDE}/lib{number}");
        for (number, folder) in self.folders.iter().enumerate() {
            words.push(volume(folder, &at(number)));
        }
        let found = self.loader.as_ref().and_then(|loader| {
            let number = self.folders.iter().position(|folder| Some(folder.as_path()) == loader.parent())?;
            Some(Path::new(&at(number)).join(loader.file_name()?))
        });
        let Some(loader) = found else {
            words.extend([format!("--entrypoint={program}").into(), image.to_owned()]);
            return Vec::new();
        };
        let mut entrypoint = OsString::from("--entrypoint=");
        entrypoint.push(loader);
        words.extend([entrypoint, image.to_owned()]);
        let folders: Vec<String> = (0..self.folders.len()).map(at).collect();
        vec!["--library-path".into(), folders.join(":").into(), program.into()]
    }
}

fn volume(outside: &Path, inside: &str) -> OsString {
    let mut word = OsString::from("--volume=");
    word.push(outside);
    word.push(format!(":{inside}:ro"));
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAPS: &str = "\
55d0-55d1 r--p 00000000 fe:00 11 /opt/samewire
55d1-55d2 r-xp 00001000 fe:00 11                     /opt/samewire
7f00-7f01 r-xp 00026000 fe:00 12                     /usr/lib/x86_64-linux-gnu/libc-2.31.so
7f02-7f03 r-xp 00001000 fe:00 13                     /usr/lib/x86_64-linux-gnu/ld-2.31.so
7f04-7f05 rw-p 00000000 00:00 0 
7f06-7f07 r--s 00000000 fe:00 14                     /usr/share/locale/x
7ffe-7fff r-xp 00000000 00:00 0                      [vdso]
";

    fn line(maps: &str) -> Option<String> {
        let own = Program::of("/opt/samewire".into(), maps)?;
        let mut words = Vec::new();
        let arguments = own.arguments(&mut words, "IMAGE".as_ref());
        words.extend(arguments);
        Some(words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn the_program_is_run_by_its_own_loader_among_its_own_libraries() {
        assert_eq!(
            line(MAPS).unwrap(),
            "--volume=/opt/samewire:/.samewire/samewire:ro --volume=/usr/lib/x86_64-linux-gnu:/.samewire/lib0:ro \
             --entrypoint=/.samewire/lib0/ld-2.31.so IMAGE --library-path /.samewire/lib0 /.samewire/samewire"
        );
        let without_libraries: Vec<&str> = MAPS.lines().filter(|line| !line.contains("/usr/lib")).collect();
        assert_eq!(
            line(&without_libraries.join("\n")).unwrap(),
            "--volume=/opt/samewire:/.samewire/samewire:ro --entrypoint=/.samewire/samewire IMAGE"
        );
        assert_eq!(
            line(&MAPS.replace("libc-2.31.so", "libc-2.31.so (deleted)")),
            None,
            "replaced while it runs"
        );
        assert_eq!(line(&MAPS.replace("/ld-2.31.so", "/other.so")), None, "no loader");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_is_one() {
        assert!(Program::own().is_some());
    }
}
