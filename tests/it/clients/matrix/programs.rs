//! How each client is called: on this machine, and in a container.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;

use super::super::airbyte;
use super::super::bench::{Bench, TOKEN, program, python, text};
use super::super::engine::{Image, clients_image};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Program {
    Curl,
    /// A client of `call.py`.
    Python(&'static str),
    /// A client of `call.mjs`.
    Node(&'static str),
    /// A client of `Call.java`.
    Java(&'static str),
    /// A client of `call.go`.
    Go(&'static str),
    /// source-declarative-manifest.
    AirbyteCdk,
}

impl Program {
    /// Program and arguments for one call on this machine; why not, where the client is not there.
    pub(super) fn on_this_machine(self, bench: &Bench, url: &str) -> Result<Vec<String>, String> {
        let script = |name: &str| file(&sources().join(name));
        match self {
            Self::Curl => {
                let authorization = format!("Authorization: Bearer {TOKEN}");
                Ok(words(&[&file(&system("curl")?), "-sS", "--fail", "-H", &authorization, url]))
            }
            Self::Python(client) => {
                let python = python().ok_or("no Python clients")?;
                Ok(words(&[&file(&python), &script("call.py"), client, url]))
            }
            Self::Node(client) => Ok(words(&[&file(&node()?), &script("call.mjs"), client, url])),
            Self::Java(client) => {
                let (java, classes) = (system("java")?, java_classes()?);
                Ok(words(&[&file(&java), "-cp", &file(&classes), "Call", client, url]))
            }
            Self::Go(client) => Ok(words(&[&file(&go_binary()?), client, url])),
            Self::AirbyteCdk => {
                let program =
                    python().ok_or("no Python clients")?.with_file_name("source-declarative-manifest");
                let (config, manifest) = connector(bench, url);
                let (config, manifest) = (file(&config), file(&manifest));
                Ok(words(&[&file(&program), "check", "--config", &config, "--manifest-path", &manifest]))
            }
        }
    }

    /// The same by `docker run`; an image of its own stays as long as the second value.
    pub(super) fn in_a_container(
        self,
        bench: &Bench,
        url: &str,
    ) -> Result<(Vec<String>, Option<Image>), String> {
        let image = clients_image()?;
        let mut run = words(&["docker", "run", "--rm", "-e", &format!("CALL_TOKEN={TOKEN}")]);
        for name in ["CALL_INSECURE", "NODE_TLS_REJECT_UNAUTHORIZED", "AIRBYTE_TELEMETRY_MODE"] {
            run.extend(words(&["-e", name]));
        }
        let mut mount = |from: &Path| run.extend(words(&["-v", &format!("{}:/clients:ro", from.display())]));
        let inside = match self {
            Self::Go(client) => {
                let go = go_binary()?;
                let entry = format!(r#"ENTRYPOINT ["{}"]"#, go.display());
                let image = Image::make(&bench.path("go"), &[&go], &[&entry]);
                run.extend(words(&[&image.0, client, url]));
                return Ok((run, Some(image)));
            }
            Self::Curl => {
                let authorization = format!("Authorization: Bearer {TOKEN}");
                words(&["curl", "-sS", "--fail", "-H", &authorization, url])
            }
            Self::Python(client) => {
                mount(&sources());
                words(&["python3", "/clients/call.py", client, url])
            }
            Self::Node(client) => {
                node()?;
                mount(&sources());
                words(&["node", "/clients/call.mjs", client, url])
            }
            Self::Java(client) => {
                mount(&java_classes()?);
                words(&["java", "-cp", "/clients", "Call", client, url])
            }
            Self::AirbyteCdk => {
                mount(connector(bench, url).0.parent().unwrap());
                let program = "source-declarative-manifest";
                let (config, manifest) = ("/clients/config.json", "/clients/manifest.yaml");
                words(&[program, "check", "--config", config, "--manifest-path", manifest])
            }
        };
        run.push(image);
        run.extend(inside);
        Ok((run, None))
    }
}

fn file(path: &Path) -> String {
    path.display().to_string()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// The config and the manifest of a connector that makes the call.
fn connector(bench: &Bench, url: &str) -> (PathBuf, PathBuf) {
    let config = bench.write("cdk/config.json", &json!({"api_key": TOKEN}).to_string());
    (config, bench.write("cdk/manifest.yaml", &airbyte::manifest(url, true).to_string()))
}

/// Where the clients' sources are.
pub(super) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

fn system(name: &str) -> Result<PathBuf, String> {
    program(name).ok_or(format!("no {name} on this machine"))
}

/// A Node of those that read no proxy variable: 22.21 and 24 do, so neither is taken.
fn node() -> Result<PathBuf, String> {
    let node = system("node")?;
    let version = String::from_utf8(Command::new(&node).arg("--version").output().unwrap().stdout).unwrap();
    let major = version.trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
    match major {
        Some(18..22) => Ok(node),
        _ => Err(format!("the table is of Node 18 to 21, this machine has {}", version.trim())),
    }
}

/// The Go client as a static binary, built once a run.
pub(super) fn go_binary() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build_go).clone()
}

fn build_go() -> Result<PathBuf, String> {
    let go = system("go")?;
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go/root/call");
    let output = Command::new(go)
        .args(["build", "-trimpath", "-o"])
        .arg(&built)
        .arg(sources().join("call.go"))
        .envs([("CGO_ENABLED", "0"), ("GO111MODULE", "off"), ("GOFLAGS", ""), ("GOTOOLCHAIN", "local")])
        .env("GOCACHE", Path::new(env!("CARGO_TARGET_TMPDIR")).join("go/cache"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    Ok(built)
}

/// The folder of the Java client's class file, compiled once a run.
pub(super) fn java_classes() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(compile_java).clone()
}

fn compile_java() -> Result<PathBuf, String> {
    let javac = system("javac")?;
    let classes = Path::new(env!("CARGO_TARGET_TMPDIR")).join("java");
    let output = Command::new(javac)
        .args(["--release", "17", "-d"])
        .arg(&classes)
        .arg(sources().join("Call.java"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output));
    Ok(classes)
}
