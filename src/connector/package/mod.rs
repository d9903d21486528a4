//! A connector's package as a set of files, wherever it lies: directory, wheel, sdist or container image. Nothing is run and nothing
//! is unpacked to disk; what a hostile archive could blow up is limited.

mod archive;
mod directory;
mod image;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

pub use image::ImageFacts;

/// Most files that are taken note of.
const MOST_FILES: usize = 50_000;
/// Longer files are not looked into, in bytes.
const LONGEST: u64 = 8 << 20;
/// How much text is kept of one package, in bytes.
const MOST_TEXT: u64 = 128 << 20;

/// What kind of thing a package is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A folder, or one file.
    Directory,
    /// A Python wheel.
    Wheel,
    /// A source distribution, a tar archive.
    Sdist,
    /// A container image.
    Image,
}

impl Form {
    /// Its name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::Wheel => "wheel",
            Self::Sdist => "sdist",
            Self::Image => "image",
        }
    }
}

/// The files of a package: all their paths, and the content of those that say something of a connector.
pub struct Files {
    /// What it was read from.
    pub form: Form,
    /// Of an image: how it starts.
    pub image: Option<ImageFacts>,
    /// What could not be looked into, in words.
    pub remarks: Vec<String>,
    entries: BTreeMap<String, Option<Zeroizing<Vec<u8>>>>,
    kept: u64,
}

/// Why a package could not be read.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    /// It, or a part of it, cannot be read.
    #[error("cannot read {}", path.display())]
    Unreadable {
        /// What.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is none of the forms that are known.
    #[error(
        "{} is no connector's package that samewire knows: name a folder, a manifest, a wheel (.whl), an sdist (.tar.gz) or a saved image (.tar)",
        .0.display()
    )]
    Unknown(PathBuf),
    /// An archive is broken.
    #[error("{} is damaged: {why}; make it anew", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// It has more files than anyone's connector.
    #[error("{} holds more than {MOST_FILES} files; name the connector's own folder", .0.display())]
    Large(PathBuf),
}

/// Reads the package at `path`.
pub fn open(path: &Path) -> Result<Files, PackageError> {
    let unreadable = |source| PackageError::Unreadable { path: path.to_owned(), source };
    let facts = std::fs::metadata(path).map_err(unreadable)?;
    if facts.is_dir() {
        return directory::read(path);
    }
    let mut file = std::fs::File::open(path).map_err(unreadable)?;
    let mut magic = [0; 2];
    let length = read_up_to(&mut file, &mut magic).map_err(unreadable)?;
    let file = std::fs::File::open(path).map_err(unreadable)?;
    match &magic[..length] {
        b"PK" => archive::zip(path, file),
        b"\x1f\x8b" => archive::tar_or_image(path, Box::new(flate2::read::MultiGzDecoder::new(file))),
        _ if path.extension().is_some_and(|extension| extension == "tar") => {
            archive::tar_or_image(path, Box::new(file))
        }
        _ => directory::single(path),
    }
}

/// Reads what an engine's `save` writes.
pub fn read_image(name: &Path, reader: impl Read) -> Result<Files, PackageError> {
    image::read(name, reader)
}

impl Files {
    fn new(form: Form) -> Self {
        Self { form, image: None, remarks: Vec::new(), entries: BTreeMap::new(), kept: 0 }
    }

    /// Files with this content, for tests and for what is no package.
    pub fn of<'a>(form: Form, content: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut files = Self::new(form);
        for (path, content) in content {
            files.entries.insert(path.to_owned(), Some(Zeroizing::new(content.to_owned())));
        }
        files
    }

    /// All paths, in order; `/` separates names.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Whether there is such a file.
    pub fn has(&self, path: &str) -> bool {
        self.entries.contains_key(path)
    }

    /// Whether there is a file below this folder.
    pub fn has_folder(&self, path: &str) -> bool {
        let below = format!("{path}/");
        self.entries.range(below.clone()..).next().is_some_and(|(known, _)| known.starts_with(&below))
    }

    /// The content of a file that says something of a connector.
    pub fn bytes(&self, path: &str) -> Option<&[u8]> {
        self.entries.get(path).and_then(Option::as_ref).map(|content| content.as_slice())
    }

    /// The same as text.
    pub fn text(&self, path: &str) -> Option<&str> {
        self.bytes(path).and_then(|content| std::str::from_utf8(content).ok())
    }

    /// Takes note of a file, and of its content where that is wanted. False where there are too many.
    fn add(&mut self, path: String, size: u64, read: impl Read) -> io::Result<bool> {
        if self.entries.len() >= MOST_FILES {
            return Ok(false);
        }
        let content = if is_wanted(&path) { self.content(&path, size, read)? } else { None };
        self.entries.insert(path, content);
        Ok(true)
    }

    fn content(&mut self, path: &str, size: u64, read: impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
        if size > LONGEST || self.kept + size > MOST_TEXT {
            self.remarks.push(format!("{path} is too long to be looked into"));
            return Ok(None);
        }
        // What an archive says of a length is not believed.
        let mut content = Zeroizing::new(Vec::new());
        read.take(LONGEST + 1).read_to_end(&mut content)?;
        if content.len() as u64 > LONGEST {
            self.remarks.push(format!("{path} is too long to be looked into"));
            return Ok(None);
        }
        self.kept += content.len() as u64;
        Ok(Some(content))
    }

    /// Takes the one folder off in which all files are, as in an sdist.
    fn without_top(mut self) -> Self {
        let top = self.paths().next().and_then(|path| path.split_once('/')).map(|(top, _)| format!("{top}/"));
        let Some(top) = top.filter(|top| self.paths().all(|path| path.starts_with(top))) else { return self };
        let entries = std::mem::take(&mut self.entries);
        self.entries =
            entries.into_iter().map(|(path, content)| (path[top.len()..].to_owned(), content)).collect();
        self
    }
}

/// Whether a file's content says something of a connector.
fn is_wanted(path: &str) -> bool {
    const NAMES: [&str; 16] = [
        "manifest.yaml",
        "manifest.yml",
        "manifest.json",
        "spec.yaml",
        "spec.json",
        "spec.yml",
        "metadata.yaml",
        "connector_spec.yaml",
        "pyproject.toml",
        "poetry.lock",
        "uv.lock",
        "setup.cfg",
        "MANIFEST.in",
        "METADATA",
        "PKG-INFO",
        ".gitignore",
    ];
    let name = path.rsplit('/').next().unwrap_or(path);
    let ends = |end: &str| Path::new(name).extension().is_some_and(|extension| extension == end);
    NAMES.contains(&name)
        || ends("py")
        || (name.starts_with("requirements") && ends("txt"))
        || (ends("json") && path.starts_with("secrets/"))
}

/// A path within a package, its parts separated by `/`; `None` where it leads out of it or is not UTF-8.
fn clean(path: &Path) -> Option<String> {
    let mut parts = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::Normal(name) => parts.push(name.to_str()?),
            std::path::Component::CurDir | std::path::Component::RootDir => {}
            std::path::Component::ParentDir | std::path::Component::Prefix(_) => return None,
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// Fills `buffer` as far as there is something to read.
fn read_up_to(mut reader: impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_stay_within_the_package() {
        assert_eq!(clean(Path::new("./a//b.py")), Some("a/b.py".into()));
        assert_eq!(clean(Path::new("/etc/passwd")), Some("etc/passwd".into()));
        assert_eq!(clean(Path::new("a/../../b")), None);
        assert_eq!(clean(Path::new(".")), None);
    }

    #[test]
    fn the_folder_around_an_sdist_is_taken_off() {
        let files = Files::of(Form::Sdist, [("p-1.0/a.py", &b""[..]), ("p-1.0/b/c.py", b"x")]).without_top();
        assert_eq!(files.paths().collect::<Vec<_>>(), ["a.py", "b/c.py"]);
        assert!(files.has_folder("b") && !files.has_folder("a"));
        assert_eq!(files.text("b/c.py"), Some("x"));
    }
}
