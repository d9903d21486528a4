//! The quickstart and the guides do what they say: their commands run in order, with the files that they show, and print what they show.

use std::fs;
use std::path::PathBuf;

use super::page::{Numbered, Step, steps};
use super::terminal::Terminal;
use crate::clients::bench::python;
use crate::clients::engine::{Image, clients_image};

/// What is on machines of others and cannot run here, by page and first words.
const ELSEWHERE: [(&str, &str); 2] = [
    ("docs/guides/airbyte-platform.md", "abctl local install"),
    ("docs/guides/lakeflow.md", "CONNECTOR_TEST_MODE=live"),
];

/// Works through one page. Without the clients, or without a container engine where the page starts containers, it is skipped.
fn work_through(page: &str) {
    let Some(python) = python() else { return };
    let steps = steps(&super::root().join(page));
    let starts_containers = steps.iter().any(|step| match &step.step {
        Step::Run { script: text, .. } | Step::File { content: text, .. } => text.contains("docker run"),
        _ => false,
    });
    let image = match starts_containers.then(clients_image) {
        None => None,
        Some(Ok(base)) => Some(connector(&base)),
        Some(Err(why)) => return eprintln!("skipped: {why}"),
    };
    Terminal::open(&python, image.as_ref()).work_through(page, &steps);
}

/// An image that starts as `airbyte/source-declarative-manifest` and the images made of it do.
fn connector(base: &str) -> Image {
    let folder = tempfile::tempdir().unwrap();
    let changes = [
        "USER airbyte",
        "WORKDIR /airbyte/integration_code",
        r#"ENTRYPOINT ["python", "/airbyte/integration_code/main.py"]"#,
    ];
    Image::over(base, folder.path(), &changes)
}

/// All pages whose commands are run.
fn pages() -> Vec<String> {
    let guides = super::root().join("docs/guides");
    let guides = fs::read_dir(guides).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut pages: Vec<String> = guides.map(|name| format!("docs/guides/{name}")).collect();
    pages.extend(["docs/quickstart.md".to_owned(), "docs/ci.md".to_owned()]);
    pages.sort();
    pages
}

/// A test a page, and one that fails where a page has none.
macro_rules! pages {
    ($($name:ident: $page:literal,)*) => {
        $(#[test]
        fn $name() {
            work_through($page);
        })*

        #[test]
        fn every_guide_is_worked_through() {
            assert_eq!(pages(), [$($page),*]);
        }
    };
}

pages! {
    ci: "docs/ci.md",
    agents: "docs/guides/agents.md",
    airbyte_cdk: "docs/guides/airbyte-cdk.md",
    airbyte_low_code: "docs/guides/airbyte-low-code.md",
    airbyte_platform: "docs/guides/airbyte-platform.md",
    lakeflow: "docs/guides/lakeflow.md",
    pre_commit: "docs/guides/pre-commit.md",
    quickstart: "docs/quickstart.md",
}

#[test]
fn what_does_not_run_here_is_a_handful() {
    let mut found = Vec::new();
    for page in pages() {
        for step in steps(&super::root().join(&page)) {
            if let Step::Elsewhere(script) = step.step {
                found.push((page.clone(), script));
            }
        }
    }
    assert_eq!(found.len(), ELSEWHERE.len(), "{found:#?}");
    for ((page, script), (listed, words)) in found.iter().zip(ELSEWHERE) {
        assert!(page == listed && script.starts_with(words), "{page} has another one: {script}");
    }
}

/// The README's own use: the files are those of the quickstart.
#[test]
fn the_readme_s_commands_find_what_it_says() {
    let Some(python) = python() else { return };
    let readme = fs::read_to_string(super::root().join("README.md")).unwrap();
    let block = readme.split("```").find(|block| block.contains("\nsamewire diff\n")).unwrap();
    let commands = block.trim_start_matches(|letter| letter != '\n');
    let mut terminal = Terminal::open(&python, None);
    terminal.work_through("docs/quickstart.md", &files_and_builder());
    let script = format!("cp secrets/builder.json .\n{commands}");
    let printed = "error[token-empty]: runtime sends `Bearer` with nothing after it, while sandbox sends config.api_key";
    let steps = [Step::Run { script, exit: 1, then_ctrl_c: false }, Step::Printed(vec![printed.to_owned()])];
    terminal.work_through("README.md", &steps.map(|step| Numbered { line: 0, step }));
}

/// The quickstart's files, and its command that makes the builder's config; the README has that in the folder itself.
fn files_and_builder() -> Vec<Numbered> {
    let quickstart: PathBuf = super::root().join("docs/quickstart.md");
    let wanted = |step: &Step| match step {
        Step::File { .. } => true,
        Step::Run { script, .. } => script.contains("__injected_declarative_manifest"),
        _ => false,
    };
    steps(&quickstart).into_iter().filter(|step| wanted(&step.step)).collect()
}
