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

/// The packages of the environment that `python` belongs to.
pub(super) fn of_python(python: &Path) -> Vec<ClientVersion> {
    let mut versions = Vec::new();
    let Some(root) = python.parent().and_then(Path::parent) else { return versions };
    for library in folder(&root.join("lib")) {
        let Some(version) = library.strip_prefix("python") else { continue };
        let entries = folder(&root.join("lib").join(&library).join("site-packages"));
        if entries.is_empty() {
            continue;
        }
        versions.push(ClientVersion { name: "python".into(), version: version.into() });
        for entry in &entries {
            let Some((package, version)) =
                entry.strip_suffix(".dist-info").and_then(|entry| entry.rsplit_once('-'))
            else {
                continue;
            };
            if let Some((_, name)) =
                PACKAGES.iter().find(|(spelling, _)| spelling.eq_ignore_ascii_case(package))
            {
                versions.push(ClientVersion { name: (*name).into(), version: version.into() });
            }
        }
        break;
    }
    versions
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
        let found: Vec<_> = of_python(&root.path().join("bin/python"))
            .into_iter()
            .map(|client| format!("{} {}", client.name, client.version))
            .collect();
        assert_eq!(found, ["python 3.13", "airbyte-cdk 7.39.1", "requests 2.34.0"]);
        assert!(of_python(Path::new("/nowhere/bin/python")).is_empty());
    }
}
