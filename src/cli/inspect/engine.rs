//! Images that a container engine has: saved through its command line, never started.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::connector::{self, Files};

/// Engines with Docker's command line, in the order in which they are asked.
const ENGINES: [&str; 3] = ["docker", "podman", "nerdctl"];

/// Whether a word may name an image: a path never begins so, and an option neither.
pub(super) fn is_image_name(name: &str) -> bool {
    !name.is_empty()
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "._-/:@".contains(c))
        && !name.contains("//")
        && !name.ends_with('/')
}

/// Reads an image through the first engine that has it.
pub(super) fn read(name: &str) -> anyhow::Result<Files> {
    let mut answered = Vec::new();
    for engine in ENGINES {
        match has(engine, name) {
            Some(true) => return save(engine, name),
            Some(false) => answered.push(engine),
            None => {}
        }
    }
    match answered.as_slice() {
        [] => bail!(
            "{name} is no path, and no container engine answers that could know an image of that name; save it elsewhere (docker save -o image.tar {name}) and name the file"
        ),
        engines => bail!(
            "{name} is no path, and {} has no image of that name; pull or build it first",
            engines.join(", ")
        ),
    }
}

/// Whether an engine has an image; `None` where it does not answer.
fn has(engine: &str, name: &str) -> Option<bool> {
    let run = |args: &[&str]| {
        let status = Command::new(engine)
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        status.ok().map(|status| status.success())
    };
    if run(&["image", "inspect", "--", name])? {
        return Some(true);
    }
    run(&["version"])?.then_some(false)
}

fn save(engine: &str, name: &str) -> anyhow::Result<Files> {
    let mut child = Command::new(engine)
        .args(["image", "save", "--", name])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {engine}"))?;
    let mut out = child.stdout.take().context("the engine has no output")?;
    let files = connector::read_image(Path::new(name), &mut out);
    // What the reader left would keep the engine waiting.
    std::io::copy(&mut out, &mut std::io::sink()).context("cannot read what the engine saves")?;
    let mut said = String::new();
    if let Some(errors) = child.stderr.take() {
        let _ = errors.take(2000).read_to_string(&mut said);
    }
    let status = child.wait().with_context(|| format!("{engine} does not end"))?;
    if !status.success() {
        bail!("{engine} image save {name} failed: {}", said.trim());
    }
    Ok(files?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_images_are_told_from_paths_and_options() {
        for name in ["source-acme", "airbyte/source-acme:dev", "localhost:5000/a/b@sha256:ab"] {
            assert!(is_image_name(name), "{name}");
        }
        for name in ["./source-acme", "/tmp/x", "--help", "a b", "", "../x", "source-acme/"] {
            assert!(!is_image_name(name), "{name}");
        }
    }
}
