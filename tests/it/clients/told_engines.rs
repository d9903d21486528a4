//! Engines that this machine does not have: scripts in their place that answer as they are documented to, and keep what they are asked.
//!
//! Sources: Docker's engine API (`info`, `network inspect`), its documentation of rootless mode and of Docker Desktop; podman-info(1);
//! nerdctl's command reference; Compose's command reference.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;

use samewire::model::Reached;
use serde_json::Value;

use super::bench::{Bench, text};

const IMAGE: &str = r#"[{"Id": "sha256:0123", "Architecture": "amd64", "RepoDigests": ["acme/source@sha256:4567"],
    "Config": {"User": "airbyte", "Env": ["PATH=/bin"], "Entrypoint": ["python", "main.py"], "WorkingDir": "/airbyte"}}]"#;
const VERSION: (&str, &str) = ("--version", "Docker version 28.2.2, build e6534b4");
const LOCAL: (&str, &str) = ("context inspect *", "unix:///run/user/1000/docker.sock");

/// An engine that is a script.
struct Engine {
    bench: Bench,
    name: &'static str,
}

impl Engine {
    /// `answers` are patterns of the shell for a question's words, and what is said to it; `@NAME` stands for the content of a file. What starts a container ends with 7.
    fn new(name: &'static str, answers: &[(&str, &str)]) -> Self {
        let bench = Bench::new();
        let mut script =
            String::from("#!/bin/sh\nprintf '%s\\n' \"$*\" >> \"$HOME/asked\"\ncase \"$*\" in\n");
        for (question, answer) in answers {
            let question = question.replace(' ', "\\ ").replace('{', "\\{").replace('}', "\\}");
            let arm = match answer.strip_prefix('@') {
                Some(file) => format!("{question}) cat \"$HOME/{file}\";;\n"),
                None => format!("{question}) cat <<'END'\n{answer}\nEND\n;;\n"),
            };
            script += &arm;
        }
        script.push_str(
            "*__probe*) echo no such thing here >&2; exit 125;;
run\\ *|compose\\ *up*)
    for word; do
        printf '%s\\n' \"$word\"
        [ \"$last\" = --file ] && cp \"$word\" \"$HOME/generated\"
        last=$word
    done > \"$HOME/line\"
    env > \"$HOME/environment\"
    exit 7;;
*) echo \"not known: $*\" >&2; exit 1;;
esac
",
        );
        let file = bench.write(&format!("bin/{name}"), &script);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
        Self { bench, name }
    }

    fn record(&self, words: &[&str]) -> Output {
        let line = [&[self.name], words].concat();
        let mut command = self.bench.recording("runtime", "r.har", &[], &line);
        let path = std::env::var("PATH").unwrap();
        command.env("PATH", format!("{}:{path}", self.bench.path("bin").display()));
        command.env("HTTPS_PROXY", "http://proxy.corp.test:3128").output().unwrap()
    }

    /// Records, and gives the words that the engine was started with.
    fn started(&self, words: &[&str]) -> (Output, Vec<String>) {
        let ran = self.record(words);
        assert_eq!(ran.status.code(), Some(7), "the exit status is kept: {}", text(&ran));
        let environment = fs::read_to_string(self.bench.path("environment")).unwrap();
        let proxy = environment.lines().find(|line| line.starts_with("HTTPS_PROXY="));
        assert_eq!(proxy, Some("HTTPS_PROXY=http://proxy.corp.test:3128"), "the client's own way stays");
        assert!(!environment.contains("SSL_CERT_FILE="), "{environment}");
        let line = fs::read_to_string(self.bench.path("line")).unwrap();
        (ran, line.lines().map(str::to_owned).collect())
    }

    /// It is refused, and nothing was started.
    fn refused(&self, words: &[&str]) -> String {
        let ran = self.record(words);
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        assert!(!self.bench.path("line").exists(), "nothing is started: {}", text(&ran));
        assert!(!self.bench.path("r.har").exists());
        String::from_utf8_lossy(&ran.stderr).into_owned()
    }

    fn reached(&self) -> Option<Reached> {
        samewire::capture::read(&self.bench.path("r.har")).unwrap().completeness.coverage.reached
    }
}

/// The variables of `--env`, and the words without them.
fn split(line: &[String]) -> (BTreeMap<&str, &str>, Vec<&str>) {
    let (mut variables, mut rest, mut words) = (BTreeMap::new(), Vec::new(), line.iter());
    while let Some(word) = words.next() {
        match word.as_str() {
            "--env" => variables.extend(words.next().unwrap().split_once('=')),
            word => rest.push(word),
        }
    }
    (variables, rest)
}

/// The host that the container is told, and the words around what differs from run to run.
fn told_host<'a>(line: &'a [String], mount: &str) -> &'a str {
    let (variables, rest) = split(line);
    assert_eq!(rest[..3], ["run", "--rm", "--cidfile"], "{rest:?}");
    assert_eq!((rest[4], rest[6..].to_vec()), ("--volume", vec!["acme/source", "check"]), "{rest:?}");
    assert!(rest[5].ends_with(mount), "{rest:?}");
    assert_eq!(variables["SSL_CERT_FILE"], "/samewire/bundle.pem");
    assert_eq!(variables["NO_PROXY"], "localhost,127.0.0.1,::1");
    let url = variables["HTTPS_PROXY"].strip_prefix("http://").expect("a URL");
    url.rsplit('@').next().unwrap().rsplit_once(':').expect("a port").0
}

/// This machine's own address, if it has one by which others reach it.
fn own_address() -> Option<String> {
    let socket = std::net::UdpSocket::bind("0.0.0.0:0").unwrap();
    let found = socket.connect("203.0.113.1:9").and_then(|()| socket.local_addr());
    if found.is_err() {
        eprintln!("skipped: this machine has no way to others");
    }
    found.ok().map(|address| address.ip().to_string())
}

#[test]
fn nerdctl_whose_bridge_comes_with_its_first_container_is_told_this_machines_address() {
    let Some(own) = own_address() else { return };
    let engine = Engine::new(
        "nerdctl",
        &[
            (
                "info --format {{json .}}",
                r#"{"OperatingSystem": "Debian", "SecurityOptions": ["name=seccomp"]}"#,
            ),
            (
                "network inspect bridge",
                r#"[{"Name": "bridge", "IPAM": {"Config": [{"Subnet": "203.0.113.0/24"}]}}]"#,
            ),
            ("image inspect acme/source", IMAGE),
        ],
    );
    let (ran, line) = engine.started(&["run", "--rm", "acme/source", "check"]);
    assert_eq!(told_host(&line, ":/samewire:ro"), own);
    let said = text(&ran);
    assert!(said.contains("not checked from inside the container's network"), "{said}");
    assert_eq!(engine.reached(), Some(Reached::Outside));
}

#[test]
fn docker_without_root_is_told_this_machines_address_and_hides_that_of_its_container() {
    let Some(own) = own_address() else { return };
    let info = r#"{"OperatingSystem": "Debian", "SecurityOptions": ["name=seccomp,profile=builtin", "name=rootless", "name=cgroupns"]}"#;
    let answers = [VERSION, LOCAL, ("info --format {{json .}}", info), ("image inspect acme/source", IMAGE)];
    let engine = Engine::new("docker", &answers);
    let (ran, line) = engine.started(&["run", "--rm", "acme/source", "check"]);
    assert_eq!(told_host(&line, ":/samewire:ro"), own);
    assert!(text(&ran).contains("runs without root and hides the container's address"), "{}", text(&ran));
}

#[test]
fn podman_without_root_is_told_its_own_name_for_this_machine_and_files_get_a_label() {
    if own_address().is_none() {
        return;
    }
    let info =
        r#"{"host": {"serviceIsRemote": false, "security": {"rootless": true, "selinuxEnabled": true}}}"#;
    let answers = [("info --format json", info), ("image inspect acme/source", IMAGE)];
    let engine = Engine::new("podman", &answers);
    let (_, line) = engine.started(&["run", "--rm", "acme/source", "check"]);
    assert_eq!(told_host(&line, ":/samewire:ro,z"), "host.containers.internal");

    // The same where podman answers under docker's name.
    let answers = [("--version", "podman version 5.4.0"), answers[0], answers[1]];
    let engine = Engine::new("docker", &answers);
    let (_, line) = engine.started(&["run", "--rm", "acme/source", "check"]);
    assert_eq!(told_host(&line, ":/samewire:ro,z"), "host.containers.internal");
}

#[test]
fn docker_desktop_is_told_its_own_name_for_this_machine() {
    let info = r#"{"OperatingSystem": "Docker Desktop", "SecurityOptions": ["name=seccomp"]}"#;
    let answers = [
        VERSION,
        ("context inspect *", "unix:///home/me/.docker/desktop/docker.sock"),
        ("info --format {{json .}}", info),
        ("image inspect acme/source", IMAGE),
    ];
    let engine = Engine::new("docker", &answers);
    let (_, line) = engine.started(&["run", "--rm", "acme/source", "check"]);
    assert_eq!(told_host(&line, ":/samewire:ro"), "host.docker.internal");
    assert_eq!(engine.reached(), Some(Reached::Outside));
}

/// An image with a manifest built in; the engine says no more of it than what is asked.
fn with_manifest(name: &'static str, cp: &str) -> Engine {
    let info = r#"{"OperatingSystem": "Docker Desktop", "SecurityOptions": ["name=seccomp"]}"#;
    let engine = Engine::new(
        name,
        &[
            VERSION,
            ("context inspect *", "unix:///home/me/.docker/desktop/docker.sock"),
            ("info --format {{json .}}", info),
            ("image inspect acme/source", IMAGE),
            ("create *", "0123"),
            (cp, "@manifest.tar"),
            ("rm --force *", "0123"),
        ],
    );
    let manifest = "version: 6.0.0\ntype: DeclarativeSource\nstreams:\n  - retriever:\n      requester:\n        authenticator:\n          \
                    type: BearerAuthenticator\n          api_token: \"{{ config['api_key'] }}\"\nspec:\n  type: Spec\n  \
                    connection_specification:\n    type: object\n    required:\n      - region\n    properties:\n      api_key:\n        \
                    type: string\n      region:\n        type: string\n";
    let mut archive = tar::Builder::new(fs::File::create(engine.bench.path("manifest.tar")).unwrap());
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, "manifest.yaml", manifest.as_bytes()).unwrap();
    archive.finish().unwrap();
    engine
}

#[test]
fn a_manifest_in_the_image_is_copied_out_of_a_container_that_never_runs() {
    let built_in = "/airbyte/integration_code/source_declarative_manifest/manifest.yaml";
    let engine = with_manifest("docker", &format!("cp *:{built_in} -"));
    engine.bench.write("secrets/config.json", r#"{"apiKey": "k9QxT2vLpR7aWzY3bN8c"}"#);
    let secrets = format!("{}:/secrets", engine.bench.path("secrets").display());
    engine.started(&["run", "-v", &secrets, "acme/source", "check", "--config", "/secrets/config.json"]);
    let inputs = samewire::capture::read(&engine.bench.path("r.har")).unwrap().inputs;
    let manifest = inputs.manifest.expect("a manifest");
    assert_eq!(
        (manifest.path.to_string(), manifest.version.as_deref()),
        (built_in.to_owned(), Some("6.0.0"))
    );
    let require = manifest.repairs.iter().find(|repair| repair.config.as_deref() == Some("/api_key"));
    assert!(
        require.is_some_and(|repair| repair.patch.contains("+      - api_key")),
        "{:#?}",
        manifest.repairs
    );
    assert!(inputs.spec.is_some());

    let asked = fs::read_to_string(engine.bench.path("asked")).unwrap();
    let of = |verb: &str| asked.lines().find(|line| line.starts_with(verb)).unwrap().to_owned();
    let name = of("create").split_whitespace().nth(4).unwrap().to_owned();
    assert_eq!(of("create"), format!("create --network none --name {name} acme/source samewire"));
    assert_eq!(of("rm"), format!("rm --force {name}"), "it is removed");
}

#[test]
fn what_is_mounted_over_a_manifest_is_read_in_its_place() {
    let engine = with_manifest("docker", "cp *");
    engine.bench.write("own/manifest.yaml", "version: 7.0.0\ntype: DeclarativeSource\n");
    let mount = format!(
        "{}:/airbyte/integration_code/source_declarative_manifest/manifest.yaml",
        engine.bench.path("own/manifest.yaml").display()
    );
    engine.started(&["run", "-v", &mount, "acme/source", "check"]);
    let inputs = samewire::capture::read(&engine.bench.path("r.har")).unwrap().inputs;
    assert_eq!(inputs.manifest.expect("a manifest").version.as_deref(), Some("7.0.0"));
    let asked = fs::read_to_string(engine.bench.path("asked")).unwrap();
    assert!(!asked.contains("create"), "nothing is made for what is not used: {asked}");
}

#[test]
fn an_image_that_cannot_be_copied_from_runs_all_the_same() {
    let engine = with_manifest("docker", "cp nothing");
    engine.started(&["run", "acme/source", "check"]);
    let inputs = samewire::capture::read(&engine.bench.path("r.har")).unwrap().inputs;
    assert!(inputs.manifest.is_none());
    assert!(fs::read_to_string(engine.bench.path("asked")).unwrap().contains("rm --force"));
}

#[test]
fn compose_as_dockers_plugin_gets_one_more_file() {
    let info = r#"{"OperatingSystem": "Debian", "SecurityOptions": []}"#;
    // The loopback address is a gateway that every machine has.
    let network =
        r#"[{"Name": "bridge", "Driver": "bridge", "IPAM": {"Config": [{"Gateway": "127.0.0.1"}]}}]"#;
    let project = "name: shop\nservices:\n  api:\n    image: acme/source\n    environment:\n      A: b\n  idle:\n    image: acme/idle\n    network_mode: none\n";
    let answers = [
        VERSION,
        LOCAL,
        ("info --format {{json .}}", info),
        ("network inspect bridge", network),
        ("image inspect acme/source", IMAGE),
        ("compose --file */compose.yaml config", project),
    ];
    let engine = Engine::new("docker", &answers);
    engine.bench.write("compose.yaml", project);
    let (ran, line) = engine.started(&["compose", "up", "--no-color", "api"]);
    assert_eq!((line[0].as_str(), line[1].as_str(), line[3].as_str()), ("compose", "--file", "--file"));
    assert!(line[2].ends_with("/compose.yaml") && line[4].ends_with("/samewire.yml"), "{line:?}");
    assert_eq!(line[5..], ["up", "--no-color", "api"]);
    let generated: Value =
        serde_json::from_slice(&fs::read(engine.bench.path("generated")).unwrap()).unwrap();
    let api = &generated["services"]["api"];
    assert_eq!(api["environment"]["SSL_CERT_FILE"], "/samewire/bundle.pem");
    assert!(api["environment"]["HTTPS_PROXY"].as_str().unwrap().starts_with("http://"), "{api:#}");
    assert!(api["volumes"][0].as_str().unwrap().ends_with(":/samewire:ro"), "{api:#}");
    assert!(text(&ran).contains("nothing is captured of idle"), "{}", text(&ran));
    assert!(text(&ran).contains("Compose makes the network when it starts"), "{}", text(&ran));
}

#[test]
fn engines_on_other_machines_are_refused_with_what_to_do_by_hand() {
    let remote = r#"{"host": {"serviceIsRemote": true, "security": {"rootless": false}}}"#;
    let elsewhere = r#"[{"Driver": "bridge", "IPAM": {"Config": [{"Gateway": "203.0.113.1"}]}}]"#;
    let info = ("info --format {{json .}}", r#"{"OperatingSystem": "Debian", "SecurityOptions": []}"#);
    let down = r#"{"ServerErrors": ["Cannot connect to the Docker daemon at unix:///var/run/docker.sock."]}"#;
    for (name, answers, words) in [
        (
            "docker",
            vec![VERSION, ("context inspect *", "ssh://me@build.example.com")],
            "runs elsewhere (ssh://me@build.example.com)",
        ),
        (
            "docker",
            vec![VERSION, ("context inspect *", "tcp://192.0.2.7:2376")],
            "runs elsewhere (tcp://192.0.2.7:2376)",
        ),
        ("podman", vec![("info --format json", remote)], "runs elsewhere (podman's remote service)"),
        (
            "docker",
            vec![VERSION, LOCAL, info, ("network inspect bridge", elsewhere)],
            "its gateway is no address of this machine",
        ),
    ] {
        let engine = Engine::new(name, &answers);
        let said = engine.refused(&["run", "--rm", "acme/source", "check"]);
        assert!(said.contains(words) && said.contains("samewire env --format docker"), "{words}: {said}");
        let asked = fs::read_to_string(engine.bench.path("asked")).unwrap();
        assert!(!asked.contains("pull") && !asked.contains("__probe"), "{asked}");
    }
    let engine = Engine::new("docker", &[VERSION, LOCAL, ("info --format {{json .}}", down)]);
    let said = engine.refused(&["run", "--rm", "acme/source", "check"]);
    assert!(said.contains("start it, or check DOCKER_HOST and the context: Cannot connect"), "{said}");
}

#[test]
fn a_container_in_the_background_is_refused_with_the_flag_to_leave_out() {
    let engine = Engine::new("docker", &[VERSION, LOCAL]);
    for flags in [&["-d"][..], &["--detach"], &["-itd"], &["--detach=true"]] {
        let words = [&["run"], flags, &["acme/source"]].concat();
        let said = engine.refused(&words);
        assert!(said.contains("leave out -d (--detach)"), "{said}");
    }
}
