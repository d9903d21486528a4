//! Programs that Go built, known by the section that its linker writes (`debug/buildinfo`).

use std::fs::File;
use std::path::Path;

use object::read::{Object as _, ObjectSection as _, ReadCache};

/// What the section begins with.
const MAGIC: &[u8] = b"\xff Go buildinf:";
/// Set where the version stands in the section itself, as since Go 1.18.
const INLINE: u8 = 2;
/// Where it then stands.
const VERSION_AT: usize = 32;

/// The version of Go that built a program: `go1.22.5`; empty where an older Go does not tell it. `None`: Go did not build it.
pub fn go_version(program: &Path) -> Option<String> {
    let file = File::open(program).ok().filter(|file| file.metadata().is_ok_and(|found| found.is_file()))?;
    let cache = ReadCache::new(file);
    let program = object::File::parse(&cache).ok()?;
    let section =
        program.section_by_name(".go.buildinfo").or_else(|| program.section_by_name("__go_buildinfo"))?;
    let data = section.data_range(section.address(), section.size().min(256)).ok()??;
    Some(version(data)?.to_owned())
}

fn version(data: &[u8]) -> Option<&str> {
    let flags = *data.strip_prefix(MAGIC)?.get(1)?;
    if flags & INLINE == 0 {
        return Some("");
    }
    let (length, text) = data.get(VERSION_AT..)?.split_first()?;
    let version = std::str::from_utf8(text.get(..usize::from(*length))?).ok()?;
    let number = version.split([' ', '-', '+']).next().unwrap_or_default();
    let plain = number.len() <= 16 && number.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.');
    Some(if plain { number } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_behind_the_magic() {
        let mut data = MAGIC.to_vec();
        data.extend([8, INLINE]);
        data.resize(VERSION_AT, 0);
        data.push(8);
        data.extend(b"go1.22.5");
        assert_eq!(version(&data), Some("go1.22.5"));
        data[15] = 0;
        assert_eq!(version(&data), Some(""));
        assert_eq!(version(b"\x7fELF"), None);
    }

    #[test]
    fn other_programs_are_told_apart() {
        assert_eq!(go_version(&std::env::current_exe().unwrap()), None);
        assert_eq!(go_version(Path::new("/dev/null")), None);
        assert_eq!(go_version(Path::new("/nowhere")), None);
    }
}
