//! `samewire demo`: an embedded API, an embedded connector as a real child process, the real proxy, two scenes.

mod api;
pub(super) mod connector;

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{ColorChoice, Parser};

use crate::expect::Reviewed;
use crate::launch::{Command, Sinks};
use crate::model::Side;
use crate::proxy::Settings;
use crate::redact::Key;

use super::diff::{self, Format};
use super::options::{Recording, ReportOptions};
use super::output;
use super::recording::{self, Plan};

use api::{Api, HOST};

/// The whole job on an embedded API and an embedded connector.
///
/// Two scenes: the runtime's config names the key differently and nothing requires it, so an empty token goes out; then
/// the runtime's manifest has no spec, so nothing goes out. Nothing is left behind but the captures.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder for the captures.
    #[arg(long, value_name = "DIR", default_value = "captures/demo")]
    out_dir: PathBuf,
}

/// A connector's files, and what goes wrong with them at run time.
struct Scene {
    name: &'static str,
    title: &'static str,
    runtime_config: &'static str,
    runtime_manifest: &'static str,
    explain: &'static str,
}

const SECRET: &str = "demo_3fJq81LzTnYw0bXc7RkVh52MsGdPe9Ua6oBi";
const CONFIG: &str = r#"{"api_key": "SECRET", "store": 10}"#;
const RENAMED: &str = r#"{"apiKey": "SECRET", "store": 10}"#;
const MANIFEST: &str = include_str!("manifest.yaml");

const SCENES: [Scene; 2] = [
    Scene {
        name: "renamed-key",
        title: "it works in the builder, and the container gets a 403",
        runtime_config: RENAMED,
        runtime_manifest: MANIFEST,
        explain: "token-empty",
    },
    Scene {
        name: "spec-not-loaded",
        title: "it works in the builder, and the container asks nothing at all",
        runtime_config: CONFIG,
        runtime_manifest: "",
        explain: "spec-missing",
    },
];

/// Plays both scenes.
pub(super) fn run(args: &Args, color: ColorChoice) -> anyhow::Result<ExitCode> {
    let api = Api::start(SECRET).context("cannot start the embedded API")?;
    let key = Key::generate().context("cannot draw a random key")?;
    for (number, scene) in SCENES.iter().enumerate() {
        output::report(
            &format!("{}scene {}: {}\n\n", if number == 0 { "" } else { "\n" }, number + 1, scene.title),
            None,
        )?;
        play(scene, &args.out_dir, &api, &key, color)?;
    }
    output::report(
        "\nthe captures hold no secret: open them, or attach them to a bug report.\n\
         next: samewire record sandbox -- COMMAND, samewire record runtime -- COMMAND, samewire diff\n",
        None,
    )?;
    Ok(ExitCode::SUCCESS)
}

fn play(scene: &Scene, folder: &Path, api: &Api, key: &Key, color: ColorChoice) -> anyhow::Result<()> {
    let folder = folder.join(scene.name);
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot make the folder {}; say --out-dir DIR", folder.display()))?;
    let manifest = if scene.runtime_manifest.is_empty() {
        without_spec(MANIFEST)
    } else {
        scene.runtime_manifest.to_owned()
    };
    let sides =
        [(Side::Sandbox, CONFIG, MANIFEST.to_owned()), (Side::Runtime, scene.runtime_config, manifest)];
    let mut captures = Vec::new();
    for (side, config, manifest) in sides {
        let work = Work::new(folder.join(side.as_str()))?;
        fs::write(work.0.join("config.json"), config.replace("SECRET", SECRET))?;
        fs::write(work.0.join("manifest.yaml"), manifest)?;
        let path = folder.join(format!("{side}.har"));
        captures.push(record(side, &work.0, path, api, key)?);
    }
    output::report("\n", None)?;
    let options = ReportOptions { format: Format::Terminal, output: None };
    let nothing = Reviewed::default();
    diff::compare_files(&captures[0], &captures[1], &nothing, &options, color)?;
    output::report(
        &format!(
            "\ncaptures: {} {}\nagain:    samewire diff {0} {1}\nmore:     samewire explain {}\n",
            captures[0].display(),
            captures[1].display(),
            scene.explain
        ),
        None,
    )
}

/// A connector's folder, which goes when this does.
struct Work(PathBuf);

impl Work {
    fn new(path: PathBuf) -> anyhow::Result<Self> {
        fs::create_dir(&path).with_context(|| {
            format!("cannot make the folder {}; remove it, or say --out-dir DIR", path.display())
        })?;
        Ok(Self(path))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn record(side: Side, work: &Path, path: PathBuf, api: &Api, key: &Key) -> anyhow::Result<PathBuf> {
    let command: Vec<OsString> = vec![
        std::env::current_exe().context("samewire's own program cannot be found")?.into(),
        "demo-connector".into(),
        "check".into(),
        "--config".into(),
        work.join("config.json").into(),
        "--manifest-path".into(),
        work.join("manifest.yaml").into(),
    ];
    let ca = work.join("api-ca.pem");
    fs::write(&ca, api.certificate())?;
    let settings =
        Settings { connect_to: vec![api.connect_to()?], upstream_ca: vec![ca], ..Settings::default() };
    let config = work.join("config.json");
    output::note(&format!("$ samewire record {side} -- demo-connector check --config {}", config.display()));
    let plan = Plan {
        side,
        command: Command::new(command).context("no command")?,
        path: path.clone(),
        repeat: None,
        listen: None,
        transparent: false,
        settings,
        key: key.clone(),
        sinks: Sinks::inherited(output::screen())?,
        preflight: false,
    };
    let options = Defaults::try_parse_from(["demo", "--force"])?.recording;
    let recorded = recording::record(plan, &options)?;
    recorded.exit.with_context(|| format!("the embedded connector did not start for the {side}"))?;
    Ok(path)
}

/// The recording options as they are when nothing is said.
#[derive(Parser)]
struct Defaults {
    #[command(flatten)]
    recording: Recording,
}

/// The manifest as it was exported: without its last section, the spec.
fn without_spec(manifest: &str) -> String {
    manifest.split("\nspec:").next().unwrap_or(manifest).to_owned() + "\n"
}

/// The URL that the connector calls.
fn url() -> String {
    format!("https://{HOST}/v1/lots")
}
