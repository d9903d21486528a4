//! The clients: one table, with what is to become of each.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use serde_json::json;

use super::super::airbyte;
use super::super::bench::{Bench, TOKEN, program, python, text};
use super::ways::Expected::{self, Captured, Missed};

/// A client, and what is to become of it in each way, in the order of the ways.
pub(super) struct Client {
    pub(super) name: &'static str,
    pub(super) program: Program,
    /// What it is compared with, recorded by variables: itself, or the same client told of the proxy by its own code.
    pub(super) reference: Program,
    pub(super) target: Target,
    pub(super) expected: [Expected; 1],
}

/// What it calls.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// A name that only samewire leads to the API.
    Name,
    /// The API's own address, on this machine's loopback.
    Loopback,
}

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

const fn honours(name: &'static str, program: Program) -> Client {
    Client { name, program, reference: program, target: Target::Name, expected: [Captured] }
}

const fn ignores(name: &'static str, program: Program, reference: Program) -> Client {
    Client { name, program, reference, target: Target::Name, expected: [Missed] }
}

pub(super) static CLIENTS: &[Client] = &[
    honours("curl", Program::Curl),
    honours("Python requests", Program::Python("requests")),
    honours("Python httpx", Program::Python("httpx")),
    honours("Python urllib", Program::Python("urllib")),
    honours("Python aiohttp, trust_env=True", Program::Python("aiohttp-trust-env")),
    ignores("Python aiohttp", Program::Python("aiohttp"), Program::Python("aiohttp-trust-env")),
    honours("Airbyte CDK (source-declarative-manifest)", Program::AirbyteCdk),
    honours("airbyte-agent-github", Program::Python("airbyte-agent")),
    ignores("Node 20 fetch", Program::Node("fetch"), Program::Node("fetch-agent")),
    ignores("Node 20 http, https", Program::Node("https"), Program::Node("https-agent")),
    honours("Node 20 with a proxy agent", Program::Node("fetch-agent")),
    honours("Java 17 HttpClient", Program::Java("HttpClient")),
    honours("Java 17 URLConnection", Program::Java("URLConnection")),
    honours("Go net/http", Program::Go("default")),
    Client {
        name: "Go net/http to a loopback address",
        program: Program::Go("default"),
        reference: Program::Go("proxy-url"),
        target: Target::Loopback,
        expected: [Missed],
    },
];

impl Program {
    /// Program and arguments for one call on this machine; why not, where the client is not there.
    pub(super) fn on_this_machine(self, bench: &Bench, url: &str) -> Result<Vec<String>, String> {
        let file = |path: &Path| path.display().to_string();
        let script = |name: &str| file(&sources().join(name));
        let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        let system = |name: &str| program(name).ok_or(format!("no {name} on this machine"));
        match self {
            Self::Curl => {
                let authorization = format!("Authorization: Bearer {TOKEN}");
                Ok(words(&[&file(&system("curl")?), "-sS", "--fail", "-H", &authorization, url]))
            }
            Self::Python(client) => {
                let python = python().ok_or("no Python clients")?;
                Ok(words(&[&file(&python), &script("call.py"), client, url]))
            }
            Self::Node(client) => Ok(words(&[&file(&system("node")?), &script("call.mjs"), client, url])),
            Self::Java(client) => {
                let (java, classes) = (system("java")?, java_classes()?);
                Ok(words(&[&file(&java), "-cp", &file(&classes), "Call", client, url]))
            }
            Self::Go(client) => Ok(words(&[&file(&go_binary()?), client, url])),
            Self::AirbyteCdk => {
                let program =
                    python().ok_or("no Python clients")?.with_file_name("source-declarative-manifest");
                let config = bench.write("cdk/config.json", &json!({"api_key": TOKEN}).to_string());
                let manifest = bench.write("cdk/manifest.yaml", &airbyte::manifest(url, true).to_string());
                let (config, manifest) = (file(&config), file(&manifest));
                Ok(words(&[&file(&program), "check", "--config", &config, "--manifest-path", &manifest]))
            }
        }
    }
}

/// Where the clients' sources are.
pub(super) fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The Go client as a static binary, built once a run.
pub(super) fn go_binary() -> Result<PathBuf, String> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    BUILT.get_or_init(build_go).clone()
}

fn build_go() -> Result<PathBuf, String> {
    let go = program("go").ok_or("no go on this machine")?;
    let built = Path::new(env!("CARGO_TARGET_TMPDIR")).join("go/call");
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
    let javac = program("javac").ok_or("no javac on this machine")?;
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
