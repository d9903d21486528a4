//! The pages keep step with the house.

mod guides;
mod page;
mod printed;
mod terminal;

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    let mut folders = vec![root().join("docs")];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                pages.push(path);
            }
        }
    }
    pages
}

/// The targets of a page's links that are files of the repository.
fn links(page: &str) -> impl Iterator<Item = &str> {
    page.split("](").skip(1).filter_map(|rest| {
        let target = rest.split(')').next()?.split('#').next()?;
        (!target.is_empty() && !target.contains("://")).then_some(target)
    })
}

#[test]
fn links_lead_somewhere() {
    for path in pages() {
        let page = fs::read_to_string(&path).unwrap();
        for link in links(&page) {
            assert!(path.with_file_name(link).exists(), "{}: {link}", path.display());
        }
    }
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let design = fs::read_to_string(root().join("docs/design.md")).unwrap();
    let tables = manifest.split("\n[").filter(|table| table.contains("dependencies]\n"));
    let dependencies: Vec<&str> = tables
        .flat_map(|table| table.lines().skip(1))
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| !name.starts_with('#'))
        .collect();
    assert!(dependencies.contains(&"hyper") && dependencies.contains(&"insta"), "{dependencies:?}");
    for name in dependencies {
        assert!(design.contains(&format!("`{name}`")), "docs/design.md gives no reason for {name}");
    }
}

#[test]
fn the_readme_begins_with_two_commands() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let block = readme.split("```").nth(1).unwrap();
    let commands: Vec<&str> = block.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(commands.len(), 2, "{block}");
    assert!(commands[0].starts_with("cargo run -- demo"));
    assert!(commands[1].starts_with("tests/run"));
}

/// The lines of a page's code blocks that call samewire.
fn commands(page: &str) -> Vec<Vec<String>> {
    let page = fs::read_to_string(root().join("docs").join(page)).unwrap();
    let blocks = page.split("```").skip(1).step_by(2);
    let lines = blocks.flat_map(str::lines).filter_map(|line| line.split("samewire ").nth(1));
    lines
        .map(|line| line.split(" -- ").next().unwrap().split_whitespace().map(str::to_owned).collect())
        .collect()
}

#[test]
fn the_commands_of_import_export_and_archive_are_understood() {
    let mut count = 0;
    for page in ["import.md", "archive.md"] {
        for mut words in commands(page) {
            if words.first().is_some_and(|word| word == "record") {
                words.extend(["--".into(), "true".into()]);
            }
            let args = std::iter::once("samewire".to_owned()).chain(words.clone()).map(Into::into);
            assert!(samewire::cli::parse(args).is_ok(), "{page}: {words:?}");
            count += 1;
        }
    }
    assert!(count >= 10, "{count}");
}

#[test]
fn the_examples_of_export_and_archive_run() {
    for words in commands("import.md").into_iter().chain(commands("archive.md")) {
        if !words.iter().any(|word| word.starts_with("captures/samples/")) || words.contains(&"-o".to_owned())
        {
            continue;
        }
        let output = std::process::Command::new(env!("CARGO_BIN_EXE_samewire"))
            .args(&words)
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{words:?}");
    }
}
