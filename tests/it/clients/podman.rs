//! `samewire record SIDE -- podman run ...` with the real podman.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use samewire::model::{Exchange, Reached};

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, text};
use super::engine::{import, unique};

/// What podman asks of a machine whose own limits are low.
const LIMITS: [&str; 4] = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];

struct Rig {
    bench: Bench,
    image: String,
    curl: PathBuf,
}

impl Rig {
    /// `None` where podman is not there, or cannot run a container.
    fn new() -> Option<Self> {
        program("podman")?;
        let curl = fs::canonicalize(program("curl")?).unwrap();
        let bench = Bench::new();
        let image = format!("localhost/{}:1", unique("podman"));
        let made = import("podman", &bench.path(""), &[&curl], &[], &image);
        let rig = Self { bench, image, curl };
        let mut line = vec!["run", "--rm"];
        line.extend(LIMITS);
        line.extend([rig.image.as_str(), rig.curl.to_str().unwrap(), "--version"]);
        let tried = Command::new("podman").args(&line).output().unwrap();
        if !made.status.success() || !tried.status.success() {
            eprintln!("skipped: podman runs no container on this machine: {}{}", text(&made), text(&tried));
            return None;
        }
        Some(rig)
    }
}

impl Drop for Rig {
    fn drop(&mut self) {
        let _ = Command::new("podman").args(["rmi", "--force", &self.image]).output();
    }
}

#[test]
fn a_container_of_podman_is_captured_on_its_own_network_and_on_this_machines() {
    let Some(rig) = Rig::new() else { return };
    let header = format!("Authorization: Bearer {TOKEN}");
    let url = format!("https://{HOST}/v1/lots");
    let call = [rig.curl.to_str().unwrap(), "-sS", "--fail", "-o", "/dev/null", "-H", &header, &url];
    for flags in [&[][..], &["--network", "host"], &["--user", "1000", "--read-only"]] {
        let line: Vec<&str> = ["podman", "run", "--rm"]
            .iter()
            .chain(&LIMITS)
            .chain(flags)
            .chain([&rig.image.as_str()])
            .chain(&call)
            .copied()
            .collect();
        let ran = rig.bench.recording("runtime", "r.har", &[], &line).output().unwrap();
        assert!(ran.status.success(), "{flags:?}: {}", text(&ran));
        let capture = samewire::capture::read(&rig.bench.path("r.har")).unwrap();
        assert_eq!(capture.exchanges.len(), 1, "{flags:?}: {}", text(&ran));
        assert!(capture.exchanges.iter().all(Exchange::succeeded), "{flags:?}");
        assert_eq!(capture.completeness.coverage.reached, Some(Reached::Inside), "{flags:?}: {}", text(&ran));
        assert_eq!(capture.inputs.image.expect("the image is told").reference.to_string(), rig.image);
    }
    let left = Command::new("podman")
        .args(["ps", "--all", "--quiet", "--filter", &format!("ancestor={}", rig.image)])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&left.stdout), "", "nothing is left behind");
}
