//! A package as a folder, or as one file.

use std::fs;
use std::io;
use std::path::Path;

use super::{Files, Form, PackageError, clean};

/// How deep folders are followed.
const DEPTH: usize = 16;

/// Folders that hold nothing of the connector's own.
const SKIPPED: [&str; 8] = [
    "node_modules",
    "__pycache__",
    "target",
    "build",
    "dist",
    "site-packages",
    "captures",
    "acceptance_tests",
];

/// Reads the files below `path`.
pub(super) fn read(path: &Path) -> Result<Files, PackageError> {
    let mut files = Files::new(Form::Directory);
    let root = fs::canonicalize(path).map_err(|source| unreadable(path, source))?;
    walk(&root, &root, &mut files, 0)?;
    Ok(files)
}

/// Reads a manifest or a spec on its own.
pub(super) fn single(path: &Path) -> Result<Files, PackageError> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let known = path.extension().is_some_and(|end| end == "yaml" || end == "yml" || end == "json");
    if !known {
        return Err(PackageError::Unknown(path.to_owned()));
    }
    let mut files = Files::new(Form::Directory);
    let size = fs::metadata(path).map_err(|source| unreadable(path, source))?.len();
    let file = fs::File::open(path).map_err(|source| unreadable(path, source))?;
    let content = files.content(name, size, file).map_err(|source| unreadable(path, source))?;
    files.entries.insert(name.to_owned(), content);
    Ok(files)
}

fn unreadable(path: &Path, source: io::Error) -> PackageError {
    PackageError::Unreadable { path: path.to_owned(), source }
}

fn walk(folder: &Path, root: &Path, files: &mut Files, depth: usize) -> Result<(), PackageError> {
    if depth > DEPTH {
        return Ok(());
    }
    let entries = fs::read_dir(folder).map_err(|source| unreadable(folder, source))?;
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    let is_environment = entries.iter().any(|entry| entry.file_name() == "pyvenv.cfg");
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        // What a link leads to belongs to the package where it lies within.
        let Ok(target) = fs::canonicalize(&path) else { continue };
        let Ok(facts) = fs::metadata(&target) else { continue };
        if is_environment {
            installed(&path, root, files);
        } else if facts.is_dir() {
            let linked = target != path;
            if !name.starts_with('.') && !linked && !SKIPPED.contains(&name.as_ref()) {
                walk(&path, root, files, depth + 1)?;
            } else if name == ".venv" {
                installed(&path, root, files);
            }
        } else if facts.is_file() && target.starts_with(root) {
            let Some(within) = path.strip_prefix(root).ok().and_then(clean) else { continue };
            let file = match fs::File::open(&target) {
                Ok(file) => file,
                Err(error) => {
                    files.remarks.push(format!("{within} cannot be read: {}", error.kind()));
                    continue;
                }
            };
            let fits = files.add(within, facts.len(), file).map_err(|source| unreadable(&path, source))?;
            if !fits {
                return Err(PackageError::Large(root.to_owned()));
            }
        }
    }
    Ok(())
}

/// The versions of packages in a virtual environment, which the names of their folders tell.
fn installed(environment: &Path, root: &Path, files: &mut Files) {
    let library = if environment.ends_with("lib") { environment.to_owned() } else { environment.join("lib") };
    for version in fs::read_dir(library).into_iter().flatten().flatten() {
        for package in fs::read_dir(version.path().join("site-packages")).into_iter().flatten().flatten() {
            let path = package.path();
            let Some(within) = path.strip_prefix(root).ok().and_then(clean) else { continue };
            if within.ends_with(".dist-info") {
                files.entries.insert(format!("{within}/METADATA"), None);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_read_without_what_is_not_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::NamedTempFile::new().unwrap();
        for name in [
            "source_a",
            ".git",
            "__pycache__",
            ".venv/lib/python3.13/site-packages/airbyte_cdk-7.0.0.dist-info",
        ] {
            fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        for name in ["source_a/manifest.yaml", ".git/manifest.yaml", "__pycache__/x.py", "logo.svg"] {
            fs::write(folder.path().join(name), "x").unwrap();
        }
        std::os::unix::fs::symlink(outside.path(), folder.path().join("spec.yaml")).unwrap();
        let files = read(folder.path()).unwrap();
        assert_eq!(
            files.paths().collect::<Vec<_>>(),
            [
                ".venv/lib/python3.13/site-packages/airbyte_cdk-7.0.0.dist-info/METADATA",
                "logo.svg",
                "source_a/manifest.yaml"
            ]
        );
        assert_eq!(files.text("source_a/manifest.yaml"), Some("x"));
        assert_eq!(files.text("logo.svg"), None);
    }
}
