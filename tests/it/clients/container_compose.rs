//! `samewire record SIDE -- docker-compose run|up` with the real engine.

use std::fs;
use std::process::{Command, Output};

use samewire::model::{Capture, Exchange};

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, text};
use super::engine::{Image, bridge, told, unique};

/// A project of two services that call the API, one of which needs the other.
struct Project {
    bench: Bench,
    image: Image,
    name: String,
}

impl Project {
    fn new() -> Option<Self> {
        bridge()?;
        program("docker-compose")?;
        let curl = fs::canonicalize(program("curl")?).unwrap();
        let shell = fs::canonicalize("/bin/sh").unwrap();
        let bench = Bench::new();
        let image = Image::make(&bench.path(""), &[&curl, &shell], &["ENV NO_PROXY=*"]);
        let call = serde_json::json!([
            curl,
            "-sS",
            "--fail",
            "-o",
            "/dev/null",
            "-H",
            format!("Authorization: Bearer {TOKEN}"),
            format!("https://{HOST}/v1/lots")
        ]);
        let project = serde_json::json!({
            "version": "3.3",
            "services": {
                "first": {"image": image.0, "command": call, "environment": {"HTTPS_PROXY": "http://127.0.0.1:9"}},
                "second": {
                    "image": image.0, "command": call, "depends_on": ["first"], "env_file": "service.env",
                    "volumes": ["./secrets:/secrets:ro"]
                }
            }
        });
        bench.write("docker-compose.yml", &project.to_string());
        bench.write("service.env", "https_proxy=http://127.0.0.1:9\n");
        bench.write("secrets/config.json", r#"{"kind": "compose"}"#);
        Some(Self { bench, image, name: unique("project").to_lowercase() })
    }

    fn record(&self, words: &[&str]) -> Output {
        let line = [&["docker-compose", "-p", &self.name], words].concat();
        self.bench.recording("runtime", "r.har", &[], &line).output().unwrap()
    }

    fn capture(&self) -> Capture {
        samewire::capture::read(&self.bench.path("r.har")).unwrap()
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        let down = Command::new("docker-compose")
            .args(["-p", &self.name, "down", "-t", "0"])
            .current_dir(self.bench.path(""))
            .output();
        assert!(down.unwrap().status.success());
    }
}

#[test]
fn up_captures_every_service_and_run_the_one_and_what_it_needs() {
    let Some(project) = Project::new() else { return };
    let ran = project.record(&["up"]);
    assert!(ran.status.success(), "{}", text(&ran));
    let capture = project.capture();
    assert_eq!(capture.exchanges.len(), 2, "{}", text(&ran));
    assert!(capture.exchanges.iter().all(Exchange::succeeded));

    let ran = project.record(&["run", "--rm", "--no-deps", "-e", "https_proxy=http://127.0.0.1:9", "second"]);
    assert!(ran.status.success(), "{}", text(&ran));
    let capture = project.capture();
    assert_eq!(capture.exchanges.len(), 1, "{}", text(&ran));
    assert_eq!(capture.inputs.image.unwrap().reference.to_string(), project.image.0);
    let content = fs::read_to_string(project.bench.path("r.har")).unwrap();
    assert!(!content.contains(TOKEN) && !content.contains(&TOKEN[..16]));

    let ran = project.record(&[
        "run",
        "--rm",
        "--no-deps",
        "second",
        "/bin/sh",
        "-c",
        "exit 9",
        "--config",
        "/secrets/config.json",
    ]);
    assert_ne!(ran.status.code(), Some(125), "{}", text(&ran));
    assert!(
        project.capture().inputs.config.is_some(),
        "the config is found where the project mounts it from"
    );
}

#[test]
fn what_compose_leaves_running_or_does_not_know_is_refused() {
    let Some(project) = Project::new() else { return };
    for (words, why) in [
        (&["up", "-d"][..], "cannot record with --detach"),
        (&["run", "third"], "it has no service third"),
        (&["run", "--frobnicate", "first"], "the flag --frobnicate is not known"),
        (&["-f", "nowhere.yml", "up"], "nowhere.yml"),
    ] {
        let ran = project.record(words);
        assert_eq!(ran.status.code(), Some(125), "{}", text(&ran));
        assert!(String::from_utf8_lossy(&ran.stderr).contains(why), "{why}: {}", text(&ran));
    }
    let label = format!("label=com.docker.compose.project={}", project.name);
    assert_eq!(told(&["ps", "-a", "-q", "--filter", &label]), "");
}
