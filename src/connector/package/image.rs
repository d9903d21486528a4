//! A container image as an engine saves it: Docker's archive, or the OCI layout. Layers are read as they come and put together by
//! the image's own list.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;

use serde_json::Value;
use zeroize::Zeroizing;

use super::archive::UNFOLDED;
use super::{Files, Form, PackageError, clean, read_up_to};

/// Longer documents are no descriptions of images.
const LONGEST_DOCUMENT: u64 = 4 << 20;
/// Folders of the system, in which no connector lies.
const SYSTEM: [&str; 14] = [
    "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "media", "mnt", "proc", "run", "sbin", "sys", "var",
];

/// How an image starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageFacts {
    /// Its entrypoint and command.
    pub starts: Vec<String>,
    /// The folder it starts in.
    pub folder: String,
}

/// What a saved image is made of, as it comes.
#[derive(Default)]
pub(super) struct Parts {
    documents: BTreeMap<String, Vec<u8>>,
    layers: BTreeMap<String, Layer>,
    links: BTreeMap<String, String>,
    remarks: Vec<String>,
    unfolded: u64,
}

/// One layer: files that it brings and what it takes away, in order.
#[derive(Default)]
struct Layer {
    changes: Vec<Change>,
}

enum Change {
    Add(String, Option<Zeroizing<Vec<u8>>>),
    Remove(String),
    Empty(String),
}

/// Reads what an engine's `save` writes.
pub(super) fn read(name: &Path, reader: impl Read) -> Result<Files, PackageError> {
    let damaged = |error: &io::Error| PackageError::Damaged { path: name.to_owned(), why: error.to_string() };
    let mut archive = tar::Archive::new(reader);
    let mut parts = Parts::default();
    for entry in archive.entries().map_err(|error| damaged(&error))? {
        let mut entry = entry.map_err(|error| damaged(&error))?;
        let Some(within) = entry.path().ok().and_then(|path| clean(&path)) else { continue };
        if is_part(&within) {
            parts.take(&within, &mut entry).map_err(|error| damaged(&error))?;
        }
    }
    parts.assemble(name)
}

/// Whether a name in a tar archive is one of a saved image.
pub(super) fn is_part(name: &str) -> bool {
    let hexadecimal = |text: &str| text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match name.split('/').collect::<Vec<_>>().as_slice() {
        ["manifest.json" | "index.json" | "oci-layout" | "repositories"] | ["blobs", "sha256", _] => true,
        [config] => config.strip_suffix(".json").is_some_and(hexadecimal),
        [layer, "layer.tar" | "json" | "VERSION"] => hexadecimal(layer),
        _ => false,
    }
}

impl Parts {
    /// True once there is a list of layers.
    pub(super) fn is_image(&self) -> bool {
        self.documents.contains_key("index.json")
            || (self.documents.contains_key("manifest.json") && !self.layers.is_empty())
    }

    /// Takes one entry of the archive.
    pub(super) fn take(&mut self, name: &str, entry: &mut tar::Entry<'_, impl Read>) -> io::Result<()> {
        if let Some(target) = entry.link_name()? {
            let folder = Path::new(name).parent().unwrap_or(Path::new(""));
            self.links.insert(name.to_owned(), resolved(&folder.join(target)));
            return Ok(());
        }
        let mut start = vec![0; 512];
        let length = read_up_to(&mut *entry, &mut start)?;
        start.truncate(length);
        let rest = io::Cursor::new(start.clone()).chain(entry);
        if start.starts_with(b"\x1f\x8b") {
            self.layer(name, flate2::read::MultiGzDecoder::new(rest))
        } else if start.starts_with(b"\x28\xb5\x2f\xfd") {
            self.remarks.push(
                "a layer is compressed with zstd and was not looked into; save the image with Docker"
                    .to_owned(),
            );
            Ok(())
        } else if start.get(257..262) == Some(b"ustar") {
            self.layer(name, rest)
        } else {
            let mut document = Vec::new();
            rest.take(LONGEST_DOCUMENT).read_to_end(&mut document)?;
            self.documents.insert(name.to_owned(), document);
            Ok(())
        }
    }

    fn layer(&mut self, name: &str, reader: impl Read) -> io::Result<()> {
        let mut layer = Layer::default();
        let mut reader = reader.take(8 * UNFOLDED - self.unfolded);
        let mut kept = Files::new(Form::Image);
        for entry in tar::Archive::new(&mut reader).entries()? {
            let entry = entry?;
            self.unfolded = self.unfolded.saturating_add(entry.size());
            let Some(path) = entry.path().ok().and_then(|path| clean(&path)) else { continue };
            let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
            if file == ".wh..wh..opq" {
                layer.changes.push(Change::Empty(folder.to_owned()));
            } else if let Some(gone) = file.strip_prefix(".wh.") {
                let gone = if folder.is_empty() { gone.to_owned() } else { format!("{folder}/{gone}") };
                layer.changes.push(Change::Remove(gone));
            } else if is_of_a_connector(&path) && entry.header().entry_type().is_file() {
                let size = entry.size();
                kept.add(path.clone(), size, entry)?;
                let content = kept.entries.remove(&path).flatten();
                layer.changes.push(Change::Add(path, content));
            }
        }
        self.remarks.append(&mut kept.remarks);
        self.layers.insert(name.to_owned(), layer);
        Ok(())
    }

    /// Puts the layers on each other.
    pub(super) fn assemble(mut self, path: &Path) -> Result<Files, PackageError> {
        let (config, layers) = self.list().ok_or_else(|| PackageError::Damaged {
            path: path.to_owned(),
            why: "it has no list of layers".to_owned(),
        })?;
        let mut files = Files::new(Form::Image);
        files.image = self.documents.get(&config).map(|config| facts(config));
        for name in layers {
            let name = self.links.get(&name).cloned().unwrap_or(name);
            let Some(layer) = self.layers.remove(&name) else { continue };
            for change in layer.changes {
                match change {
                    Change::Add(path, content) => {
                        files.entries.insert(path, content);
                    }
                    Change::Remove(path) => {
                        let below = format!("{path}/");
                        files.entries.retain(|known, _| *known != path && !known.starts_with(&below));
                    }
                    Change::Empty(folder) => {
                        let below = format!("{folder}/");
                        files.entries.retain(|known, _| !known.starts_with(&below));
                    }
                }
            }
        }
        files.remarks = self.remarks;
        Ok(files)
    }

    /// The names of the configuration and of the layers, lowest first.
    fn list(&self) -> Option<(String, Vec<String>)> {
        if let Some(list) = self.json("manifest.json") {
            let image = list.get(0)?;
            let layers = image.get("Layers")?.as_array()?;
            let layers = layers.iter().filter_map(Value::as_str).map(str::to_owned).collect();
            return Some((image.get("Config")?.as_str()?.to_owned(), layers));
        }
        let mut document = self.json("index.json")?;
        // An index may list another one, one entry a platform.
        for _ in 0..3 {
            let Some(first) = document.get("manifests").and_then(|list| list.get(0)) else { break };
            document = self.json(&blob(first)?)?;
        }
        let layers = document.get("layers")?.as_array()?.iter().filter_map(blob).collect();
        Some((blob(document.get("config")?)?, layers))
    }

    fn json(&self, name: &str) -> Option<Value> {
        serde_json::from_slice(self.documents.get(name)?).ok()
    }
}

fn blob(descriptor: &Value) -> Option<String> {
    let digest = descriptor.get("digest")?.as_str()?;
    Some(format!("blobs/{}", digest.replacen(':', "/", 1)))
}

fn facts(config: &[u8]) -> ImageFacts {
    let document: Value = serde_json::from_slice(config).unwrap_or_default();
    let config = document.get("config").unwrap_or(&Value::Null);
    let words = |name: &str| {
        let list = config.get(name).and_then(Value::as_array).into_iter().flatten();
        list.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>()
    };
    let folder = config.get("WorkingDir").and_then(Value::as_str).unwrap_or_default();
    ImageFacts {
        starts: [words("Entrypoint"), words("Cmd")].concat(),
        folder: folder.trim_matches('/').to_owned(),
    }
}

/// Whether a file of an image may belong to a connector, or tells a package's version.
fn is_of_a_connector(path: &str) -> bool {
    if let Some((_, installed)) = path.split_once("/site-packages/") {
        let package = installed.split('/').next().unwrap_or_default();
        return package.starts_with("source_")
            || package.starts_with("destination_")
            || (package.ends_with(".dist-info") && installed.ends_with("/METADATA"));
    }
    let first = path.split('/').next().unwrap_or_default();
    !SYSTEM.contains(&first) && first != "usr" && !path.contains("/.cache/")
}

/// A path with `..` worked out.
fn resolved(path: &Path) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.to_str().unwrap_or_default().split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
