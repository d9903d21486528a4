//! A client in a container, with the options that `samewire env --format docker` prints.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::api::HOST;
use super::bench::{Bench, TOKEN, program, text};
use super::engine::{Image, bridge};

#[test]
fn a_client_in_a_container_is_captured() {
    let (Some(bridge), Some(curl)) = (bridge(), program("curl")) else { return };
    let bench = Bench::new();
    let curl = fs::canonicalize(curl).unwrap();
    let image = Image::make(&bench.path(""), &[&curl], &[]);
    let listen = format!("{bridge}:0");
    let mut proxy = bench
        .command(&["proxy", "--listen", &listen, "-o", "r.har"])
        .args(bench.way_to_the_api())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(proxy.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.any(|line| line.contains("Ctrl-C")), "the proxy is up");
    let printed = bench.samewire(&["env", "runtime", "--format", "docker"]);
    assert!(printed.status.success(), "{}", text(&printed));
    let printed = String::from_utf8(printed.stdout).unwrap();
    let options: Vec<&str> = printed.lines().filter(|line| !line.starts_with('#')).collect();
    for url in [format!("http://{HOST}/v1/lots"), format!("https://{HOST}/v1/lots")] {
        let line = format!(
            "docker run --rm --read-only --user 1000 {} {} {} -sS --fail -H 'Authorization: Bearer {TOKEN}' {url}",
            options.join(" "),
            image.0,
            curl.display()
        );
        let ran = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(ran.status.success(), "{}", text(&ran));
    }
    let pid = rustix::process::Pid::from_raw(i32::try_from(proxy.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    lines.for_each(drop);
    assert!(proxy.wait().unwrap().success());
    let capture = samewire::capture::read(&bench.path("r.har")).unwrap();
    assert_eq!(capture.exchanges.len(), 2);
    assert!(capture.exchanges.iter().all(samewire::model::Exchange::succeeded));
    let content = fs::read_to_string(bench.path("r.har")).unwrap();
    assert!(!content.contains(TOKEN) && !content.contains(&TOKEN[..16]));
}
