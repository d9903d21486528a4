//! Packages in archives: wheels (zip) and sdists (tar).

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::{Files, Form, PackageError, clean, image};

/// A compressed archive may unfold to this many bytes.
pub(super) const UNFOLDED: u64 = 2 << 30;

/// Reads a wheel.
pub(super) fn zip(path: &Path, file: File) -> Result<Files, PackageError> {
    let damaged =
        |why: &dyn std::fmt::Display| PackageError::Damaged { path: path.to_owned(), why: why.to_string() };
    let mut archive = zip::ZipArchive::new(file).map_err(|error| damaged(&error))?;
    let mut files = Files::new(Form::Wheel);
    for at in 0..archive.len() {
        let entry = archive.by_index(at).map_err(|error| damaged(&error))?;
        if !entry.is_file() {
            continue;
        }
        let Some(within) = entry.name().ok().and_then(|name| clean(Path::new(name.as_ref()))) else {
            files.remarks.push("a file whose path leads out of the archive was left out".to_owned());
            continue;
        };
        let size = entry.size();
        if !files.add(within, size, entry).map_err(|error| damaged(&error))? {
            return Err(PackageError::Large(path.to_owned()));
        }
    }
    Ok(files)
}

/// Reads a tar archive: an sdist, or an image that an engine saved.
pub(super) fn tar_or_image(path: &Path, reader: Box<dyn Read>) -> Result<Files, PackageError> {
    let damaged =
        |why: &dyn std::fmt::Display| PackageError::Damaged { path: path.to_owned(), why: why.to_string() };
    let mut archive = tar::Archive::new(reader.take(UNFOLDED));
    let mut files = Files::new(Form::Sdist);
    let mut parts = image::Parts::default();
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let name = entry.path().ok().and_then(|name| clean(&name));
        let Some(name) = name else {
            if entry.header().entry_type().is_file() {
                files.remarks.push("a file whose path leads out of the archive was left out".to_owned());
            }
            continue;
        };
        if image::is_part(&name) {
            parts.take(&name, &mut entry).map_err(|error| damaged(&error))?;
        } else if entry.header().entry_type().is_file() {
            let size = entry.size();
            if !files.add(name, size, entry).map_err(|error| damaged(&error))? {
                return Err(PackageError::Large(path.to_owned()));
            }
        }
    }
    if parts.is_image() { parts.assemble(path) } else { Ok(files.without_top()) }
}
