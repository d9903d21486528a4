//! Versions of clients and frameworks, from the names of their folders. Nothing is run.

use std::fs;
use std::path::Path;

use super::ClientVersion;

/// Packages whose version may matter, as their `.dist-info` folders spell them.
const PACKAGES: [(&str, &str); 7] = [
    ("airbyte_cdk", "airbyte-cdk"),
    ("requests", "requests"),
    ("httpx", "httpx"),
    ("aiohttp", "aiohttp"),
    ("urllib3", "urllib3"),
    ("certifi", "certifi"),
    ("jinja2", "jinja2"),
];

/// Python and its packages, of the environment that the program `python` belongs to.
pub fn python_clients(python: &Path) -> Vec<ClientVersion> {
    let mut versions = Vec::new();
    let Some(root) = python.parent().and_then(Path::parent) else { return versions };
    // A system may have several: the one that the program's name leads to.
    let real = python.canonicalize().ok();
    let named = real.as_deref().and_then(|file| file.file_name()?.to_str()?.strip_prefix("python"));
    let named = named.filter(|version| version.contains('.'));
    let mut found: Vec<(String, Vec<String>)> = folder(&root.join("lib"))
        .iter()
        .filter_map(|library| library.strip_prefix("python"))
        .map(|version| (version.to_owned(), packages(root, version)))
        .filter(|(version, packages)| !packages.is_empty() || named == Some(version.as_str()))
        .collect();
    found.sort_by_key(|(version, _)| named != Some(version.as_str()));
    let Some((version, packages)) = found.into_iter().next() else { return versions };
    if !version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return versions;
    }
    versions.push(ClientVersion { name: "python".into(), version });
    for (package, version) in packages.iter().filter_map(|entry| entry.rsplit_once('-')) {
        if let Some((_, name)) = PACKAGES.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(package))
        {
            versions.push(ClientVersion { name: (*name).into(), version: version.into() });
        }
    }
    versions
}

/// Packages of a Python, `NAME-VERSION`. Debian keeps its own elsewhere (Debian's Python Policy, Module Path).
fn packages(root: &Path, version: &str) -> Vec<String> {
    let library = format!("lib/python{version}");
    let mut folders = vec![root.join(&library).join("site-packages")];
    if root == Path::new("/usr") {
        folders.push(Path::new("/usr/local").join(&library).join("dist-packages"));
        folders.push(root.join("lib/python3/dist-packages"));
    }
    let entries = folders.iter().flat_map(|path| folder(path));
    let suffixed = entries.filter_map(|entry| {
        let name = entry.strip_suffix(".dist-info").or_else(|| entry.strip_suffix(".egg-info"))?;
        Some(name.to_owned())
    });
    suffixed.collect()
}

/// The names in a folder, sorted; none where it cannot be read.
fn folder(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_the_names_of_folders() {
        let root = tempfile::tempdir().unwrap();
        let packages = root.path().join("lib/python3.13/site-packages");
        for name in ["airbyte_cdk-7.39.1.dist-info", "requests-2.34.0.dist-info", "numpy-2.0.dist-info"] {
            fs::create_dir_all(packages.join(name)).unwrap();
        }
        let found: Vec<_> = python_clients(&root.path().join("bin/python"))
            .into_iter()
            .map(|client| format!("{} {}", client.name, client.version))
            .collect();
        assert_eq!(found, ["python 3.13", "airbyte-cdk 7.39.1", "requests 2.34.0"]);
        assert!(python_clients(Path::new("/nowhere/bin/python")).is_empty());
    }
}
